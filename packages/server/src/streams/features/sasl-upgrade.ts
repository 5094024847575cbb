/** XEP-0480: an account that has keys for some hashes only gets those of others, from its client. */
import type { Jid } from "@rookery/protocol";
import {
  readUpgradeTask,
  type Sasl2Authenticate,
  SaslError,
  SCRAM_HASHES,
  type ScramHash,
  sasl2Continue,
  sasl2Next,
  sasl2TaskData,
  saslUpgrade,
  scramKeysOf,
  upgradeHash,
  upgradeSalt,
  upgradeTask,
} from "@rookery/stream";
import type { Element } from "@rookery/xml";
import { nodeCrypto } from "../../accounts/node-crypto.ts";
import type { C2sStream } from "../c2s.ts";
import type { Upgrade } from "../sasl-state.ts";

/** Lets a client in; see `sasl2-success.ts`. */
type LetIn = (
  stream: C2sStream,
  account: Jid,
  request: Sasl2Authenticate,
  data: Uint8Array | undefined,
) => Promise<void>;

/** Bytes of a salted password. */
const SALTED_BYTES: { readonly [hash in ScramHash]: number } = {
  "SHA-1": 20,
  "SHA-256": 32,
  "SHA-512": 64,
};
const SALT_BYTES = 16;

/** The tasks that there are, the same for all accounts (§2.1). SHA-1 is no improvement. */
export function offerUpgrades({ host }: C2sStream): readonly Element[] {
  if (host?.accounts.addScramKeys === undefined) return [];
  return SCRAM_HASHES.filter(isStronger).map((hash) => saslUpgrade.write(upgradeTask(hash)));
}

/**
 * Begins the tasks that a client has asked for and its account needs (§2.2), if it has proven to know
 * the password: who has a token or a certificate must not set another one.
 *
 * @returns whether there are any; then the client is told of the first.
 */
export async function beginUpgrade(
  stream: C2sStream,
  done: Omit<Upgrade, "hashes" | "salt"> & { readonly data: Uint8Array | undefined },
): Promise<boolean> {
  const { account, mechanism, request, data } = done;
  const { accounts } = stream.host ?? {};
  if (accounts?.addScramKeys === undefined || accounts.scram === undefined) return false;
  if (mechanism !== "PLAIN" && !mechanism.startsWith("SCRAM-")) return false;
  const hashes: ScramHash[] = [];
  for (const element of request.inline) {
    const hash = element.is(saslUpgrade.ns, "upgrade") ? readUpgradeTask(element.text) : undefined;
    if (hash === undefined || !isStronger(hash) || hashes.includes(hash)) continue;
    if ((await accounts.scram.scram(account.local, hash)) === undefined) hashes.push(hash);
  }
  const [first] = hashes;
  if (first === undefined || stream.closed) return false;
  stream.sasl.upgrade = { account, mechanism, request, hashes, salt: undefined };
  stream.sendElement(sasl2Continue.write({ data, tasks: [upgradeTask(first)] }));
  return true;
}

/** Takes what the client says of the task in hand (§2.3, §3). @throws SaslError */
export async function upgrade(stream: C2sStream, element: Element, letIn: LetIn): Promise<void> {
  const { sasl } = stream;
  const { upgrade: state } = sasl;
  const [hash, ...others] = state?.hashes ?? [];
  if (state === undefined || hash === undefined) throw unexpected(element);
  if (element.name === "next") {
    if (state.salt !== undefined || sasl2Next.read(element) !== upgradeTask(hash)) {
      throw unexpected(element);
    }
    const iterations = stream.host?.accounts.scram?.fake.iterations ?? 0;
    const salt = { salt: stream.services.random.bytes(SALT_BYTES), iterations };
    sasl.upgrade = { ...state, salt };
    stream.sendElement(sasl2TaskData.write([upgradeSalt.write(salt)]));
    return;
  }
  if (state.salt === undefined) throw unexpected(element);
  const salted = upgradeHash.in(element);
  if (salted?.length !== SALTED_BYTES[hash]) {
    throw new SaslError("malformed-request", "<hash/> is not as long as the hash (XEP-0480 §3)");
  }
  const keys = await scramKeysOf(nodeCrypto, hash, salted, state.salt);
  await stream.host?.accounts.addScramKeys?.(state.account, hash, keys);
  if (stream.closed) return;
  const [next] = others;
  if (next === undefined) return letIn(stream, state.account, state.request, undefined);
  sasl.upgrade = { ...state, hashes: others, salt: undefined };
  stream.sendElement(sasl2Continue.write({ tasks: [upgradeTask(next)] }));
}

function isStronger(hash: ScramHash): boolean {
  return hash !== "SHA-1";
}

function unexpected({ name }: Element): SaslError {
  return new SaslError("malformed-request", `<${name}/> is not part of the task in hand`);
}
