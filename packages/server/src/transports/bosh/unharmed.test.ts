import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HTTPBIND } from "./namespaces.ts";
import { BoshStage, message, type Response, rosterGet, turns } from "./stage.test.ts";

test("whatever is sent gets one answer, which is no fault of ours", async () => {
  await using stage = await BoshStage.start();
  const piece = fc.constantFrom(
    "<body",
    ` xmlns='${HTTPBIND}'`,
    " rid='1'",
    " to='example.org'",
    " sid='x'",
    " wait='60'",
    " hold='1'",
    " ver='1.11'",
    ">",
    "/>",
    "</body>",
    "<a>",
    "<!--",
    "&amp;",
    "0;key,",
    "é",
    "\0",
    "'",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece), async (pieces) => {
      const response = await stage.post(pieces.join(""));
      assert.ok([200, 400, 403, 404].includes(response.status));
    }),
    { numRuns: 200 },
  );
});

/** What a client may do next. */
type Step = "ask" | "say" | "twice" | "swapped" | "cut" | "time";

test("XEP-0124 §14: nothing is lost, doubled or out of order, whatever happens to the requests", async () => {
  const step = fc.constantFrom<Step>("ask", "say", "twice", "swapped", "cut", "time");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await using stage = await BoshStage.start({ config: { limits: { c2sBytesPerSecond: 0 } } });
      const romeo = await stage.login("romeo");
      const heard = new Map<number, readonly string[]>();
      const unanswered = new Set<number>();
      const ends = new Set<string>();
      let said = 0;
      const note = (rid: number, response: Response): void => {
        if (response.end !== "") {
          ends.add(response.end);
          return;
        }
        unanswered.delete(rid);
        heard.set(
          rid,
          response.payload
            .filter((stanza) => stanza.name === "message")
            .map((stanza) => stanza.elements()[0]?.text ?? ""),
        );
      };
      const post = (rid: number, text: string, signal?: AbortSignal): void => {
        unanswered.add(rid);
        void stage.post(text, signal ? { signal } : {}).then((response) => {
          if (signal?.aborted !== true) note(rid, response);
        });
      };
      const next = (content: string): [number, string] => [romeo.rid, romeo.request(content)];
      const words = (): string => message("romeo@example.org/balcony", `${said++}`);
      for (const what of [...steps, "say", "ask", "ask", "ask"] as const) {
        await turns();
        if (unanswered.size > 1) continue;
        const [rid, text] = next(what === "ask" || what === "time" ? "" : words());
        if (what === "swapped" && unanswered.size === 0) {
          const [later, second] = next(words());
          post(later, second);
          post(rid, text);
        } else if (what === "cut") {
          const cut = new AbortController();
          post(rid, text, cut.signal);
          await turns(said % 5);
          cut.abort();
          post(rid, text);
        } else {
          post(rid, text);
          if (what === "twice") post(rid, text);
        }
        stage.stage.clock.advance(what === "time" ? 30_000 : 5000);
      }
      await turns(20);
      ends.delete("error");
      assert.deepEqual([...ends], []);
      const all = [...heard].toSorted(([a], [b]) => a - b).flatMap(([, texts]) => texts);
      assert.deepEqual(
        all,
        Array.from({ length: said }, (_, i) => `${i}`),
      );
    }),
    { numRuns: 20 },
  );
});

test("a session that has ended leaves nothing behind", async () => {
  await using stage = await BoshStage.start();
  const { clock } = stage.stage;
  const before = clock.waiting;
  for (const how of ["terminate", "inactivity", "violation", "stream"] as const) {
    const romeo = await stage.login("romeo");
    await romeo.send(rosterGet("r"));
    if (how === "terminate") await romeo.send("", { type: "terminate" });
    else if (how === "violation") await romeo.send("", { rid: "1" });
    else if (how === "stream") await romeo.send("<oops xmlns='urn:example:oops'/>");
    else clock.advance(60_000);
    await turns();
    assert.equal(stage.bosh.size, 0, how);
    assert.equal(stage.stage.server.sessions.size, 0, how);
    assert.equal(clock.waiting, before, how);
  }
});
