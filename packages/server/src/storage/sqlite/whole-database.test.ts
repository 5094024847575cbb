import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Checks that the tables of logs in a closed data directory say the same. */
export function assertWhole(directory: string): void {
  const file = join(directory, "rookery.sqlite");
  if (!existsSync(file)) return;
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const all = (sql: string): unknown[] =>
      db
        .prepare(sql)
        .all()
        .map((row) => ({ ...row }));
    assert.deepEqual(all("pragma integrity_check"), [{ integrity_check: "ok" }]);
    const owned = `select e.body, ifnull(e.seq, e.body) seq, e.at, e.id,
      json_extract(o.value, '$[0]') list from entry e, json_each(e.owners) o`;
    assert.deepEqual(
      all(`with owned as (${owned}) select * from owned o where body <= (select body from indexed)
        and not exists (select 1 from place p where p.list = o.list and p.at = o.at
          and p.seq = o.seq and p.body = o.body)`),
      [],
      "every entry that counts as indexed is in the index",
    );
    assert.deepEqual(
      all(`with owned as (${owned}) select * from place p where not exists
        (select 1 from owned o where o.body = p.body and o.list = p.list and o.at = p.at
          and o.seq = p.seq)`),
      [],
      "the index names what is there",
    );
    assert.deepEqual(
      all(`select list, at, seq from place except select list, at, seq from place_id union all
        select * from (select list, at, seq from place_id except select list, at, seq from place)`),
      [],
      "both indexes have the same entries",
    );
    assert.deepEqual(all("select body from entry where owners = '[]'"), [], "nothing is left over");
    const lists = "select id from list union all select list from dropped";
    assert.deepEqual(
      all(`with owned as (${owned}) select * from owned where list not in (${lists})`),
      [],
      "every log is someone's, or waits to be removed",
    );
  } finally {
    db.close();
  }
}
