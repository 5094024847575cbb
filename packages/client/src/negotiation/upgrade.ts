/** Gives the server keys of better hashes for the password: XEP-0480. */
import {
  readUpgradeTask,
  SASL2_NS,
  saltPassword,
  sasl2Continue,
  sasl2Next,
  sasl2TaskData,
  saslUpgrade,
  upgradeHash,
  upgradeSalt,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import { ClientError } from "../errors.ts";
import { nextElement, unexpected } from "./conversation.ts";
import type { Login } from "./step.ts";

/** Tasks that a server may set: there is one for each hash. */
const MAX_TASKS = 5;
/** RFC 7677 §4; and what takes no longer than a login may. */
const MIN_ITERATIONS = 4096;
const MAX_ITERATIONS = 10_000_000;

/** What to ask for, of what the server offers: all that is known, if there is a password (§2.2). */
export function wantedUpgrades(
  { credentials }: Login,
  offered: readonly Element[],
): readonly Element[] {
  if (credentials.password === undefined) return [];
  return offered.filter(
    (element) => element.is(saslUpgrade.ns, "upgrade") && readUpgradeTask(element.text),
  );
}

/** Does the tasks one after the other (§2.3). @returns what the server says when there is none left. */
export async function performUpgrades(login: Login, tasks: readonly string[]): Promise<Element> {
  let due = tasks;
  for (let n = 0; n < MAX_TASKS; n++) {
    const answer = await perform(login, due[0] ?? "");
    if (!answer.is(SASL2_NS, "continue")) return answer;
    due = sasl2Continue.read(answer).tasks;
  }
  throw new ClientError("protocol", `the server sets more than ${MAX_TASKS} tasks`);
}

async function perform({ channel, crypto, credentials }: Login, task: string): Promise<Element> {
  const hash = readUpgradeTask(task);
  const { password } = credentials;
  if (hash === undefined || password === undefined) {
    throw new ClientError(
      "protocol",
      `the server sets the task "${task}", which is not known here`,
    );
  }
  channel.send(sasl2Next.write(task));
  const answer = await nextElement(channel);
  if (!answer.is(SASL2_NS, "task-data")) return answer;
  const asked = upgradeSalt.in({ children: sasl2TaskData.read(answer) });
  if (asked === undefined) throw unexpected(answer, "a salt");
  const { salt, iterations } = asked;
  if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    const text = `the server asks for ${iterations} iterations, ${MIN_ITERATIONS} to ${MAX_ITERATIONS} are allowed`;
    throw new ClientError("protocol", text);
  }
  const salted = await saltPassword(crypto, hash, password, salt, iterations);
  channel.send(sasl2TaskData.write([upgradeHash.write(salted)]));
  return nextElement(channel);
}
