import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CsvError, type CsvRecord, readCsv } from "./csv.ts";

describe("readCsv", () => {
  it("gives records with the lines they begin on, without comments and empty lines", async () => {
    const text = '# users\n\na@x,1\r\n  \n"b@x","two\nlines"\r\nc@x,3';
    assert.deepEqual(await records(text), [
      { line: 3, fields: ["a@x", "1"] },
      { line: 5, fields: ["b@x", "two\nlines"] },
      { line: 7, fields: ["c@x", "3"] },
    ]);
  });

  it("keeps spaces, commas and doubled quotes in quotes (RFC 4180 §2)", async () => {
    assert.deepEqual(
      (await records('a, b \n"x,y","say ""hi"""\n,\n"",z\n')).map((r) => r.fields),
      [
        ["a", " b "],
        ["x,y", 'say "hi"'],
        ["", ""],
        ["", "z"],
      ],
    );
  });

  it("leaves out a byte order mark", async () => {
    assert.deepEqual(await records("\uFEFFa,b\n"), [{ line: 1, fields: ["a", "b"] }]);
  });

  it("tells of a record of a wrong form, and goes on after it", async () => {
    const found = await records('a,b"c\n"d"e,f\ng,h\n"i');
    assert.deepEqual(
      found.map(({ line, problem }) => [line, problem !== undefined]),
      [
        [1, true],
        [2, true],
        [3, false],
        [4, true],
      ],
    );
    assert.match(found[0]?.problem ?? "", /write "…" around it/);
    assert.match(found[3]?.problem ?? "", /left open/);
  });

  it("does not let an open quote take the whole file", async () => {
    await assert.rejects(records(`ok,1\n"${"x\n".repeat(20_000)}`), {
      name: "CsvError",
      message: /^line 2: longer than 16384 characters; is a quote left open\?/,
    });
  });

  it("takes comments of any length", async () => {
    assert.deepEqual(await records(`#${"x".repeat(50_000)}\na,b`), [
      { line: 2, fields: ["a", "b"] },
    ]);
  });

  it("refuses what is not UTF-8", async () => {
    const bytes = Buffer.concat([Buffer.from("a,b\n"), Buffer.from([0x61, 0xff, 0x0a])]);
    await assert.rejects(collect(readCsv(chunksOf(bytes, 3))), CsvError);
  });

  it("reads back what was written, in whatever pieces it comes", async () => {
    const field = fc.string({ unit: "grapheme", maxLength: 8 });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
        const text = rows.map((row) => row.map((f) => `"${f.replaceAll('"', '""')}"`).join(","));
        const bytes = Buffer.from(text.join("\r\n"));
        const read = await collect(readCsv(chunksOf(bytes, size)));
        assert.deepEqual(
          read.map((r) => r.fields),
          rows,
        );
      }),
    );
  });
});

function records(text: string): Promise<CsvRecord[]> {
  return collect(readCsv(chunksOf(Buffer.from(text), 7)));
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(found: AsyncIterable<CsvRecord>): Promise<CsvRecord[]> {
  const all: CsvRecord[] = [];
  for await (const record of found) all.push(record);
  return all;
}
