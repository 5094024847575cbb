import type { DatabaseSync } from "node:sqlite";
import { Entries } from "./entries.ts";
import { Places } from "./places.ts";
import { query } from "./query.ts";

type OldRow = readonly [number, number, number, string, string | null, number | null, string];

/**
 * Layout 1 kept each entry in one table `log`, in the order of its log. Moves them to the tables
 * of layout 2, all in the index. Entries that the text index has keep their number there (`doc`),
 * for it keeps no text to be made from again.
 */
export function carryOverLayout1(db: DatabaseSync): void {
  const entries = new Entries(db);
  const places = new Places(db);
  const highest = query<readonly [number | null]>(db, "select max(doc) from log");
  let last = highest.get()?.[0] ?? 0;
  const select = db.prepare(
    "select list, at, seq, id, peer, doc, value from log order by list, at, seq",
  );
  select.setReturnArrays(true);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- SQL has no types here
  for (const row of select.iterate() as Iterable<unknown> as Iterable<OldRow>) {
    const [list, at, seq, id, peer, doc, value] = row;
    const body = doc ?? ++last;
    const found = doc !== null;
    entries.insert({ body, seq, at, id, owners: [[list, peer]], found, value });
    const place = { list, at, seq, id, peer, body };
    places.insert(place);
    places.insertId(place);
  }
  entries.flush();
  places.flush();
  db.prepare("update indexed set body = ?").run(last);
  db.exec("drop table log; drop table log_staged");
}
