import { Element, type Node, serialize } from "@rookery/xml";
import { StanzaError } from "./errors.ts";
import { Jid } from "./jid.ts";
import { NS } from "./namespaces.ts";

export type StanzaKind = "message" | "presence" | "iq";

const MESSAGE_TYPES = ["normal", "chat", "groupchat", "headline", "error"] as const;
const PRESENCE_TYPES = [
  "available",
  "unavailable",
  "subscribe",
  "subscribed",
  "unsubscribe",
  "unsubscribed",
  "probe",
  "error",
] as const;
const IQ_TYPES = ["get", "set", "result", "error"] as const;

/** RFC 6121 §5.2.2. */
export type MessageType = (typeof MESSAGE_TYPES)[number];
/** RFC 6121 §4.7.1; `available` stands for the absence of the attribute. */
export type PresenceType = (typeof PRESENCE_TYPES)[number];
/** RFC 6120 §8.2.3. */
export type IqType = (typeof IQ_TYPES)[number];
export type StanzaType = MessageType | PresenceType | IqType;

/** What `Stanza.with` may change. */
export interface StanzaChange {
  readonly from?: Jid;
  readonly to?: Jid | undefined;
  readonly type?: StanzaType;
  readonly id?: string | undefined;
  readonly children?: readonly Node[];
}

/** What a stanza is made of; see {@link Stanza}. */
export interface StanzaFields {
  readonly kind: StanzaKind;
  readonly type: StanzaType;
  readonly id?: string | undefined;
  readonly from: Jid;
  readonly to?: Jid | undefined;
  readonly lang?: string | undefined;
  /** Attributes of the stanza that RFC 6120 does not define, flat as in `Element.attrs`. */
  readonly extra?: readonly string[];
  readonly children?: readonly Node[];
}

const NO_EXTRA: readonly string[] = [];
const NO_CHILDREN: readonly Node[] = [];

/**
 * A stanza (RFC 6120 §8): the envelope parsed once, the payload kept as XML.
 *
 * Immutable. Its elements are in `jabber:client` whatever stream they came by, so that one
 * serialization serves every stream whose default namespace is its content namespace.
 */
export class Stanza {
  readonly kind: StanzaKind;
  readonly type: StanzaType;
  readonly id: string | undefined;
  readonly from: Jid;
  readonly to: Jid | undefined;
  readonly lang: string | undefined;
  readonly extra: readonly string[];
  readonly children: readonly Node[];
  #payloadXml: string | undefined;
  #xml: string | undefined;

  constructor(fields: StanzaFields) {
    this.kind = fields.kind;
    this.type = fields.type;
    this.id = fields.id;
    this.from = fields.from;
    this.to = fields.to;
    this.lang = fields.lang;
    this.extra = fields.extra ?? NO_EXTRA;
    this.children = fields.children ?? NO_CHILDREN;
  }

  /**
   * Reads a stanza from an element of a stream.
   *
   * @param from who sent it, as the stream knows; the attribute `from` is not looked at.
   * @throws StanzaError `jid-malformed` for a bad `to`, `bad-request` for what RFC 6120 §8.2.3 or
   * RFC 6121 §4.7.1 do not allow. A message of an unknown type is read as `normal` (RFC 6121 §5.2.2).
   */
  static read(element: Element, from: Jid): Stanza {
    const kind = stanzaKind(element);
    if (kind === undefined) {
      throw new StanzaError("bad-request", `<${element.name}/> is not a stanza`);
    }
    let id: string | undefined;
    let toText: string | undefined;
    let typeText: string | undefined;
    let lang: string | undefined;
    let extra: string[] | undefined;
    const { attrs } = element;
    for (let i = 0; i < attrs.length; i += 2) {
      const value = attrs[i + 1] as string;
      switch (attrs[i]) {
        case "id":
          id = value;
          break;
        case "to":
          toText = value;
          break;
        case "type":
          typeText = value;
          break;
        case "xml:lang":
          lang = value;
          break;
        case "from":
          break;
        default:
          (extra ??= []).push(attrs[i] as string, value);
      }
    }
    const to = toText === undefined ? undefined : Jid.parse(toText);
    const type = readType(kind, typeText);
    const stanza = new Stanza({ kind, type, id, from, to, lang, extra, children: element.children });
    if (kind === "iq") checkIq(stanza);
    return stanza;
  }

  /** The child elements. */
  get payload(): Element[] {
    return this.children.filter((node) => typeof node !== "string");
  }

  /** True if there is a child element of this namespace and, if given, this name. */
  has(ns: string, name?: string): boolean {
    return this.child(ns, name) !== undefined;
  }

  /** The first child element of this namespace and, if given, this name. */
  child(ns: string, name?: string): Element | undefined {
    for (const node of this.children) {
      if (typeof node !== "string" && node.is(ns, name)) return node;
    }
    return undefined;
  }

  /** True for an IQ that asks for an answer. */
  get isRequest(): boolean {
    return this.kind === "iq" && (this.type === "get" || this.type === "set");
  }

  /** A changed copy; an unchanged payload keeps its serialization. */
  with(change: StanzaChange): Stanza {
    const copy = new Stanza({
      kind: this.kind,
      type: change.type ?? this.type,
      id: "id" in change ? change.id : this.id,
      from: change.from ?? this.from,
      to: "to" in change ? change.to : this.to,
      lang: this.lang,
      extra: this.extra,
      children: change.children ?? this.children,
    });
    if (change.children === undefined) copy.#payloadXml = this.#payloadXml ??= this.#writePayload();
    return copy;
  }

  /** The answer to a request (RFC 6120 §8.2.3), with addresses turned round. */
  result(payload?: Element): Stanza {
    return new Stanza({
      kind: "iq",
      type: "result",
      id: this.id,
      from: this.to ?? this.from.bare,
      to: this.from,
      children: payload ? [payload] : NO_CHILDREN,
    });
  }

  /**
   * The error that answers this stanza (RFC 6120 §8.3), with addresses turned round and, for an
   * IQ, the request inside.
   */
  error(error: StanzaError): Stanza {
    return new Stanza({
      kind: this.kind,
      type: "error",
      id: this.id,
      from: this.to ?? this.from.bare,
      to: this.from,
      children: [...(this.kind === "iq" ? this.payload : []), error.toElement()],
    });
  }

  toElement(): Element {
    return new Element(NS.client, this.kind, this.#attrs(), this.children);
  }

  /** The serialization for a stream whose default namespace is the content namespace; memoised. */
  toXml(): string {
    return (this.#xml ??= this.#write());
  }

  #attrs(): string[] {
    const attrs: string[] = [];
    if (this.type !== "available" && this.type !== "normal") attrs.push("type", this.type);
    if (this.id !== undefined) attrs.push("id", this.id);
    attrs.push("from", this.from.toString());
    if (this.to !== undefined) attrs.push("to", this.to.toString());
    if (this.lang !== undefined) attrs.push("xml:lang", this.lang);
    return this.extra.length === 0 ? attrs : attrs.concat(this.extra);
  }

  #write(): string {
    const shell = serialize(new Element(NS.client, this.kind, this.#attrs()), NS.client);
    const payload = (this.#payloadXml ??= this.#writePayload());
    return payload === "" ? shell : `${shell.slice(0, -2)}>${payload}</${this.kind}>`;
  }

  #writePayload(): string {
    let xml = "";
    for (const node of this.children) xml += serialize(node, NS.client);
    return xml;
  }
}

/** The kind of stanza an element is, or undefined if it is none. */
export function stanzaKind(element: Element): StanzaKind | undefined {
  if (element.ns !== NS.client) return undefined;
  const { name } = element;
  return name === "message" || name === "presence" || name === "iq" ? name : undefined;
}

function readType(kind: StanzaKind, text: string | undefined): StanzaType {
  switch (kind) {
    case "message":
      return MESSAGE_TYPES.find((t) => t === text) ?? "normal";
    case "presence": {
      if (text === undefined) return "available";
      const type = PRESENCE_TYPES.find((t) => t === text && t !== "available");
      if (type === undefined) {
        throw new StanzaError("bad-request", `"${text}" is not a type of presence`);
      }
      return type;
    }
    case "iq": {
      const type = IQ_TYPES.find((t) => t === text);
      if (type === undefined) {
        throw new StanzaError("bad-request", `an IQ has type get, set, result or error`);
      }
      return type;
    }
  }
}

/** RFC 6120 §8.2.3: an id, and exactly one payload in a request. */
function checkIq(iq: Stanza): void {
  if (iq.id === undefined || iq.id === "") {
    throw new StanzaError("bad-request", "an IQ has a non-empty id");
  }
  if (iq.isRequest && iq.payload.length !== 1) {
    throw new StanzaError("bad-request", "an IQ of type get or set has exactly one child element");
  }
  if (iq.type === "result" && iq.payload.length > 1) {
    throw new StanzaError("bad-request", "an IQ of type result has at most one child element");
  }
}
