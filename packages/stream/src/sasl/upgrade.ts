/** The elements by which an account gets SCRAM keys of a better hash (XEP-0480 0.2.0). */
import { type Codec, codec } from "@rookery/protocol";
import { el } from "@rookery/xml";
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { SaslError } from "./error.ts";
import { SCRAM_HASHES, type ScramHash, scramMechanism } from "./scram/names.ts";

const NAMESPACE = "urn:xmpp:sasl:upgrade:0";
const SCRAM_NAMESPACE = "urn:xmpp:scram-upgrade:0";

/** `<upgrade/>`: the name of a task, offered (§2.1) or asked for (§2.2). */
export const saslUpgrade: Codec<string> = codec<string>({
  ns: NAMESPACE,
  name: "upgrade",
  read: (element) => element.text,
  write: (task) => el(NAMESPACE, "upgrade", {}, task),
});

/** The name of the task that makes SCRAM keys of a hash (§3). */
export function upgradeTask(hash: ScramHash): string {
  return `UPGR-${scramMechanism(hash, false)}`;
}

/** The hash of such a task, or undefined if it is none. */
export function readUpgradeTask(task: string): ScramHash | undefined {
  return SCRAM_HASHES.find((hash) => task === upgradeTask(hash));
}

/** What the client makes the keys with (§3). */
export interface UpgradeSalt {
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** `<salt/>`. Reading throws SaslError `malformed-request`. */
export const upgradeSalt: Codec<UpgradeSalt> = codec<UpgradeSalt>({
  ns: SCRAM_NAMESPACE,
  name: "salt",
  read(element) {
    const iterations = element.attr("iterations") ?? "";
    if (!COUNT.test(iterations)) throw malformed("<salt/> has no number of iterations");
    return { salt: readBytes(element.text, "salt"), iterations: Number(iterations) };
  },
  write: ({ salt, iterations }) =>
    el(SCRAM_NAMESPACE, "salt", { iterations: iterations.toString() }, encodeBase64(salt)),
});

/** `<hash/>`: the salted password (§3). Reading throws SaslError `malformed-request`. */
export const upgradeHash: Codec<Uint8Array> = codec<Uint8Array>({
  ns: SCRAM_NAMESPACE,
  name: "hash",
  read: (element) => readBytes(element.text, "hash"),
  write: (salted) => el(SCRAM_NAMESPACE, "hash", {}, encodeBase64(salted)),
});

function readBytes(text: string, name: string): Uint8Array {
  const bytes = decodeBase64(text);
  if (bytes === undefined || bytes.length === 0) throw malformed(`<${name}/> is not base64`);
  return bytes;
}

function malformed(text: string): SaslError {
  return new SaslError("malformed-request", `${text} (XEP-0480 §3)`);
}

const COUNT = /^[1-9][0-9]{0,9}$/u;
