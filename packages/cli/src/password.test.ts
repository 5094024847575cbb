import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { readPassword } from "./password.ts";
import type { Terminal } from "./terminal.ts";

describe("readPassword", () => {
  it("takes the password of the command line", async () => {
    const { terminal } = keyboard();
    assert.equal(await readPassword("a@x", { password: "pencil" }, terminal), "pencil");
  });

  it("reads standard input without the line feed at its end", async () => {
    const { terminal, stdin } = keyboard(false);
    stdin.end("pe ncil \n");
    assert.equal(await readPassword("a@x", { passwordStdin: true }, terminal), "pe ncil ");
  });

  it("asks twice on a terminal, and does not show what is typed", async () => {
    const { terminal, stdin, shown } = keyboard();
    const password = readPassword("a@x", {}, terminal);
    stdin.write("pencix\u007fl\r"); // a key taken back
    setImmediate(() => stdin.write("pencil\r"));
    assert.equal(await password, "pencil");
    assert.equal(shown(), "Password of a@x: \nAgain: \n");
  });

  it("refuses two different passwords", async () => {
    const { terminal, stdin } = keyboard();
    const password = readPassword("a@x", {}, terminal);
    stdin.write("pencil\r");
    setImmediate(() => stdin.write("stencil\r"));
    await assert.rejects(password, /two different passwords/);
  });

  it("ends on Ctrl-C and on Ctrl-D", async () => {
    for (const key of ["\u0003", "\u0004"]) {
      const { terminal, stdin } = keyboard();
      const password = readPassword("a@x", {}, terminal);
      stdin.write(key);
      await assert.rejects(password, { exitCode: 130 });
    }
  });

  it("says what to do where there is no terminal", async () => {
    const { terminal } = keyboard(false);
    await assert.rejects(readPassword("a@x", {}, terminal), {
      message: /--password-stdin/,
      exitCode: 2,
    });
  });
});

function keyboard(isTTY = true): {
  readonly terminal: Terminal;
  readonly stdin: PassThrough;
  readonly shown: () => string;
} {
  const stdin = new PassThrough();
  let text = "";
  const output = { write: (more: string) => (text += more) };
  const terminal: Terminal = {
    stdin: Object.assign(stdin, { isTTY }),
    stdout: output,
    stderr: output,
    env: {},
  };
  return { terminal, stdin, shown: () => text };
}
