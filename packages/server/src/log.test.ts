import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogLevel } from "./config/config.ts";
import { jsonLog } from "./json-log.ts";
import { terminalLog } from "./terminal-log.ts";

describe("jsonLog", () => {
  it("writes one line of JSON with level, time, part, text and facts", () => {
    const { lines, options } = sink("info");
    const log = jsonLog(options);
    log.debug("not important enough");
    log
      .part("c2s")
      .part("tls")
      .warn("slow\nhandshake", { ms: 12, error: new TypeError("broken") });
    const [line, ...others] = lines.map((text) => JSON.parse(text) as { [name: string]: unknown });
    assert.equal(others.length, 0);
    assert.deepEqual([line?.["level"], line?.["part"], line?.["ms"]], ["warn", "c2s/tls", 12]);
    assert.equal(line?.["msg"], "slow\nhandshake");
    assert.equal(new Date(String(line?.["time"])).toISOString(), line?.["time"]);
    assert.equal((line?.["error"] as { message?: string } | undefined)?.message, "broken");
    assert.equal(lines[0]?.indexOf("\n"), (lines[0]?.length ?? 0) - 1);
  });
});

describe("terminalLog", () => {
  const clock = { now: () => new Date(2026, 0, 2, 3, 4, 5).getTime(), after: () => assert.fail() };

  it("writes short lines, with the facts behind and the stack of an error below", () => {
    const { lines, options } = sink("info");
    const log = terminalLog({ ...options, clock });
    log.debug("not important enough");
    log.part("c2s").info("a client came", { jid: "romeo@x", n: 1, none: undefined });
    log.warn("odd", { error: new Error("why") });
    log.error("failed", { error: new Error("why") });
    assert.equal(lines[0], '03:04:05 info  c2s: a client came jid="romeo@x" n=1\n');
    assert.equal(lines[1], '03:04:05 warn  odd error="why"\n');
    assert.match(lines[2] ?? "", /^03:04:05 error failed\nError: why\n {4}at /);
    assert.equal(lines.length, 3);
  });

  it("lets nothing that was received steer the terminal or forge a line", () => {
    const { lines, options } = sink("info");
    terminalLog({ ...options, clock }).info("\u001b[2J\u202Ex\n03:04:05 info  forged", {
      name: "a\u009bb\u2028c",
    });
    assert.equal(
      lines[0],
      '03:04:05 info  \\u{1b}[2J\\u{202e}x\\u{a}03:04:05 info  forged name="a\\u{9b}b\\u{2028}c"\n',
    );
  });
});

function sink(level: LogLevel): {
  readonly lines: string[];
  readonly options: Parameters<typeof jsonLog>[0];
} {
  const lines: string[] = [];
  return { lines, options: { level, sink: { write: (line) => void lines.push(line) } } };
}
