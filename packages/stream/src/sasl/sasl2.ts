/** The elements of SASL2 (XEP-0388 1.0.4). */
import { type Codec, codec, Jid } from "@rookery/protocol";
import { type Element, el } from "@rookery/xml";
import { decodeBase64, encodeBase64 } from "../base64.ts";
import { SaslError } from "./error.ts";

/** The namespace of SASL2. */
export const SASL2_NS = "urn:xmpp:sasl:2";

/** What a server offers (§2.1). */
export interface Sasl2Offer {
  /** The names of the mechanisms, best first. */
  readonly mechanisms: readonly string[];
  /** What can be negotiated together with authentication. */
  readonly inline: readonly Element[];
  /** What may stand beside these, such as the upgrades of XEP-0480. */
  readonly others?: readonly Element[];
}

/** `<authentication/>`, a stream feature. */
export const sasl2Offer: Codec<Sasl2Offer> = codec<Sasl2Offer>({
  ns: SASL2_NS,
  name: "authentication",
  read: (element) => ({
    mechanisms: element.elements(SASL2_NS, "mechanism").map((child) => child.text),
    inline: element.child(SASL2_NS, "inline")?.elements() ?? [],
    others: element.elements().filter((child) => child.ns !== SASL2_NS),
  }),
  write: ({ mechanisms, inline, others = [] }) =>
    el(
      SASL2_NS,
      "authentication",
      {},
      ...mechanisms.map((name) => el(SASL2_NS, "mechanism", {}, name)),
      inline.length > 0 ? el(SASL2_NS, "inline", {}, ...inline) : undefined,
      ...others,
    ),
});

/** What a client says of itself (§2.3); told to nobody but the owner of the account. */
export interface UserAgent {
  /** A UUID that stays the same for one installation of the client; lower case once read. */
  readonly id?: string | undefined;
  /** The name of the program. */
  readonly software?: string | undefined;
  /** What its owner calls the device. */
  readonly device?: string | undefined;
}

/** What a client begins with (§2.3). */
export interface Sasl2Authenticate {
  readonly mechanism: string;
  /** Undefined if there is none, which is not the same as an empty one. */
  readonly initialResponse?: Uint8Array | undefined;
  readonly userAgent?: UserAgent | undefined;
  /** What is to be negotiated together with it: all elements of other namespaces. */
  readonly inline: readonly Element[];
}

/** `<authenticate/>`. Reading throws SaslError: `invalid-mechanism`, `malformed-request`, `incorrect-encoding`. */
export const sasl2Authenticate: Codec<Sasl2Authenticate> = codec<Sasl2Authenticate>({
  ns: SASL2_NS,
  name: "authenticate",
  read(element) {
    const mechanism = element.attr("mechanism");
    if (!mechanism) {
      throw new SaslError("invalid-mechanism", "<authenticate/> does not name a mechanism");
    }
    const agent = element.child(SASL2_NS, "user-agent");
    return {
      mechanism,
      initialResponse: readChild(element, "initial-response"),
      userAgent: agent && readUserAgent(agent),
      inline: element.elements().filter((child) => child.ns !== SASL2_NS),
    };
  },
  write: ({ mechanism, initialResponse, userAgent, inline }) =>
    el(
      SASL2_NS,
      "authenticate",
      { mechanism },
      writeChild("initial-response", initialResponse),
      userAgent && writeUserAgent(userAgent),
      ...inline,
    ),
});

/** `<challenge/>` (§2.5). Reading throws SaslError `incorrect-encoding`. */
export const sasl2Challenge: Codec<Uint8Array> = message("challenge");

/** `<response/>` (§2.5). Reading throws SaslError `incorrect-encoding`. */
export const sasl2Response: Codec<Uint8Array> = message("response");

/** How authentication ended well (§2.6.1). */
export interface Sasl2Success {
  /** What the mechanism says last. */
  readonly data?: Uint8Array | undefined;
  /** Who the client is now: a full JID if a resource is bound. */
  readonly identity: Jid;
  /** What came of the rest that was asked for. */
  readonly inline: readonly Element[];
}

/** `<success/>`. Reading throws SaslError `incorrect-encoding`, StanzaError `jid-malformed`. */
export const sasl2Success: Codec<Sasl2Success> = codec<Sasl2Success>({
  ns: SASL2_NS,
  name: "success",
  read: (element) => ({
    data: readChild(element, "additional-data"),
    identity: Jid.parse(element.child(SASL2_NS, "authorization-identifier")?.text ?? ""),
    inline: element.elements().filter((child) => child.ns !== SASL2_NS),
  }),
  write: ({ data, identity, inline }) =>
    el(
      SASL2_NS,
      "success",
      {},
      writeChild("additional-data", data),
      el(SASL2_NS, "authorization-identifier", {}, identity.toString()),
      ...inline,
    ),
});

/** `<failure/>` (§2.6.2). */
export const sasl2Failure: Codec<SaslError> = codec<SaslError>({
  ns: SASL2_NS,
  name: "failure",
  read: (element) => SaslError.read(element),
  write: (error) => error.toElement(SASL2_NS),
});

/** More is needed than the mechanism (§2.6.3). */
export interface Sasl2Continue {
  readonly data?: Uint8Array | undefined;
  /** The names of the tasks, one of which has to be done. */
  readonly tasks: readonly string[];
}

/** `<continue/>`. Reading throws SaslError `incorrect-encoding`. */
export const sasl2Continue: Codec<Sasl2Continue> = codec<Sasl2Continue>({
  ns: SASL2_NS,
  name: "continue",
  read: (element) => ({
    data: readChild(element, "additional-data"),
    tasks:
      element
        .child(SASL2_NS, "tasks")
        ?.elements(SASL2_NS, "task")
        .map((task) => task.text) ?? [],
  }),
  write: ({ data, tasks }) =>
    el(
      SASL2_NS,
      "continue",
      {},
      writeChild("additional-data", data),
      el(SASL2_NS, "tasks", {}, ...tasks.map((task) => el(SASL2_NS, "task", {}, task))),
    ),
});

/** `<next/>`: the task that the client begins (§2.6.3). */
export const sasl2Next: Codec<string> = codec<string>({
  ns: SASL2_NS,
  name: "next",
  read: (element) => element.attr("task") ?? "",
  write: (task) => el(SASL2_NS, "next", { task }),
});

/** `<task-data/>`: the elements that a task consists of (§2.6.3). */
export const sasl2TaskData: Codec<readonly Element[]> = codec<readonly Element[]>({
  ns: SASL2_NS,
  name: "task-data",
  read: (element) => element.elements(),
  write: (elements) => el(SASL2_NS, "task-data", {}, ...elements),
});

/** What may be in place of the next message of the client (§5.5). */
export function sasl2Abort(): Element {
  return el(SASL2_NS, "abort");
}

/** What an element says about who speaks; its names are cut, and a wrong id refused. */
function readUserAgent(element: Element): UserAgent {
  const id = element.attr("id")?.toLowerCase();
  if (id !== undefined && !UUID.test(id)) {
    throw new SaslError("malformed-request", "the id of <user-agent/> is a UUID (XEP-0388 §2.3)");
  }
  return { id, software: readName(element, "software"), device: readName(element, "device") };
}

function writeUserAgent({ id, software, device }: UserAgent): Element {
  return el(
    SASL2_NS,
    "user-agent",
    { id },
    software === undefined ? undefined : el(SASL2_NS, "software", {}, software),
    device === undefined ? undefined : el(SASL2_NS, "device", {}, device),
  );
}

function readName(element: Element, name: string): string | undefined {
  const text = element.child(SASL2_NS, name)?.text.replaceAll(/\s+/gu, " ").trim();
  return text ? Array.from(text).slice(0, NAME_CHARACTERS).join("") : undefined;
}

function message(name: "challenge" | "response"): Codec<Uint8Array> {
  return codec<Uint8Array>({
    ns: SASL2_NS,
    name,
    read: readData,
    write: (data) => el(SASL2_NS, name, {}, encodeBase64(data)),
  });
}

function readChild(element: Element, name: string): Uint8Array | undefined {
  const child = element.child(SASL2_NS, name);
  return child && readData(child);
}

function writeChild(name: string, data: Uint8Array | undefined): Element | undefined {
  return data && el(SASL2_NS, name, {}, encodeBase64(data));
}

/** §2.2: an empty element is data of no length. */
function readData(element: Element): Uint8Array {
  const data = element.elements().length > 0 ? undefined : decodeBase64(element.text);
  if (data !== undefined) return data;
  throw new SaslError("incorrect-encoding", `<${element.name}/> is not base64 (RFC 4648 §4)`);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;
/** Characters of a name that are kept. */
const NAME_CHARACTERS = 100;
