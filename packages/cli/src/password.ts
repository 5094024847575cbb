import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { CommandError, EXIT } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

export interface PasswordOptions {
  readonly password?: string;
  readonly passwordStdin?: boolean;
}

/** Characters; far more than any password that the server takes. */
const LONGEST_INPUT = 65_536;

/**
 * The password of a user: as given on the command line, from standard input, or asked for twice on
 * a terminal, which does not show it.
 */
export async function readPassword(
  jid: string,
  options: PasswordOptions,
  terminal: Terminal,
): Promise<string> {
  if (options.password !== undefined) return options.password;
  if (options.passwordStdin === true) return readAll(terminal);
  if (terminal.stdin.isTTY !== true) {
    throw new CommandError(
      "there is no terminal to ask for the password; give --password-stdin or --password",
      EXIT.wrongUse,
    );
  }
  const [first, again] = await ask([`Password of ${jid}: `, "Again: "], terminal);
  if (first !== again)
    throw new CommandError("these are two different passwords; nothing was done");
  return first ?? "";
}

/** Everything up to the end, without the line feed that `echo` adds. */
async function readAll({ stdin }: Terminal): Promise<string> {
  let text = "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > LONGEST_INPUT)
        throw new CommandError("standard input is no password: too long");
    }
    text += decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new CommandError("the password is not UTF-8");
    throw error;
  }
  return text.replace(/\r?\n$/, "");
}

/** Asks questions one after the other, without showing what is typed. */
async function ask(questions: readonly string[], terminal: Terminal): Promise<string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: terminal.stdin, output: nowhere, terminal: true });
  const given = new Promise<never>((_resolve, reject) => {
    const cancel = (): void => {
      terminal.stderr.write("\n");
      reject(new CommandError("cancelled; nothing was done", EXIT.cancelled));
    };
    lines.once("SIGINT", cancel); // Ctrl-C
    lines.once("close", cancel); // Ctrl-D
  });
  try {
    const answers: string[] = [];
    for (const question of questions) {
      terminal.stderr.write(question);
      const answer = new Promise<string>((resolve) => {
        lines.once("line", resolve);
      });
      answers.push(await Promise.race([answer, given]));
      terminal.stderr.write("\n");
    }
    return answers;
  } finally {
    given.catch(() => {});
    lines.removeAllListeners("close");
    lines.close();
  }
}
