import { Element, type Node, serialize } from "@rookery/xml";
import { StanzaError } from "./errors.ts";
import { Jid } from "./jid.ts";
import { NS } from "./namespaces.ts";
import { REGISTER_NS } from "./payloads/register.ts";
import { quoted } from "./reading.ts";

export type StanzaKind = "message" | "presence" | "iq";

/** RFC 6121 §5.2.2. */
export type MessageType = "normal" | "chat" | "groupchat" | "headline" | "error";
/** RFC 6121 §4.7.1; `available` stands for the absence of the attribute. */
export type PresenceType =
  | "available"
  | "unavailable"
  | "subscribe"
  | "subscribed"
  | "unsubscribe"
  | "unsubscribed"
  | "probe"
  | "error";
/** RFC 6120 §8.2.3. */
export type IqType = "get" | "set" | "result" | "error";
export type StanzaType = MessageType | PresenceType | IqType;

/** What `Stanza.with` may change. */
export interface StanzaChange {
  readonly from?: Jid;
  readonly to?: Jid | undefined;
  readonly type?: StanzaType;
  readonly id?: string | undefined;
  readonly lang?: string | undefined;
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

/** The serialization of a stanza's children, once one of the copies that share it was written. */
interface PayloadXml {
  xml: string | undefined;
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
  /** Shared by all copies that have the same children; whoever writes first fills it. */
  #payload: PayloadXml | undefined;
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
   * @param streamLang the `xml:lang` of the stream, for a stanza that has none (RFC 6120 §8.1.5).
   * @param from who sent it, as the stream knows; the attribute `from` is not looked at.
   * @throws StanzaError `jid-malformed` for a bad `to`, `bad-request` for what RFC 6120 §8.2.3 or
   * RFC 6121 §4.7.1 do not allow; {@link Stanza.refuse} makes the answer. A message of an unknown
   * type is read as `normal` (RFC 6121 §5.2.2).
   */
  static read(element: Element, from: Jid, streamLang?: string): Stanza {
    const kind = stanzaKind(element);
    if (kind === undefined) {
      throw new StanzaError("bad-request", `${quoted(element.name)} is not a stanza`);
    }
    let id: string | undefined;
    let toText: string | undefined;
    let typeText: string | undefined;
    let lang = streamLang;
    let extra: string[] | undefined;
    const { attrs, children } = element;
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
    const type = readType(kind, typeText);
    if (kind === "iq") checkIq(id, type, children);
    const to = toText === undefined ? undefined : Jid.parse(toText);
    return new Stanza({ kind, type, id, from, to, lang, extra: extra ?? NO_EXTRA, children });
  }

  /**
   * The error for an element that {@link Stanza.read} refused (RFC 6120 §8.3), or undefined where
   * none may be sent: for an error, the result of an IQ, or what is not a stanza.
   *
   * @param from who sent the element.
   * @param by who answers; the `to` of the element cannot be, since it may be what is wrong.
   */
  static refuse(element: Element, from: Jid, by: Jid, error: StanzaError): Stanza | undefined {
    const kind = stanzaKind(element);
    const type = element.attr("type");
    if (kind === undefined || type === "error") return undefined;
    if (kind === "iq" && type === "result") return undefined;
    const id = element.attr("id");
    return new Stanza({
      kind,
      type: "error",
      id,
      from: by,
      to: from,
      children: [error.toElement()],
    });
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

  /** A changed copy; copies with the same payload share its serialization. */
  with(change: StanzaChange): Stanza {
    const copy = new Stanza({
      kind: this.kind,
      type: change.type ?? this.type,
      id: "id" in change ? change.id : this.id,
      from: change.from ?? this.from,
      to: "to" in change ? change.to : this.to,
      lang: "lang" in change ? change.lang : this.lang,
      extra: this.extra,
      children: change.children ?? this.children,
    });
    if (copy.children === this.children) copy.#payload = this.#payload ??= { xml: undefined };
    return copy;
  }

  /**
   * The answer to a request (RFC 6120 §8.2.3), with addresses turned round: it comes from the
   * account itself if the request named nobody (RFC 6120 §10.3.3).
   *
   * @throws TypeError if this is not a request: a result answers nothing else.
   */
  result(payload?: Element): Stanza {
    if (!this.isRequest) {
      throw new TypeError(`a result answers an IQ of type get or set, not <${this.#title}>`);
    }
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
   * IQ, the request inside. Undefined where none may be sent: nothing answers an error or the
   * result of an IQ (RFC 6120 §8.2.3, §8.3.1), since that could go back and forth for ever.
   */
  error(error: StanzaError): Stanza | undefined {
    if (this.type === "error" || this.type === "result") return undefined;
    const children: Element[] = [];
    // A request that is itself an <error/> is left out: an error has one of them; and so is one with
    // a password in it (XEP-0077 §3.3).
    for (const request of this.kind === "iq" ? this.payload : []) {
      if (!request.is(NS.client, "error") && request.ns !== REGISTER_NS) children.push(request);
    }
    children.push(error.toElement());
    return new Stanza({
      kind: this.kind,
      type: "error",
      id: this.id,
      from: this.to ?? this.from.bare,
      to: this.from,
      children,
    });
  }

  get #title(): string {
    return `${this.kind} type='${this.type}'`;
  }

  /** The stanza as an element of `jabber:client`. */
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
    const payload = this.#payloadXml();
    return payload === "" ? shell : `${shell.slice(0, -2)}>${payload}</${this.kind}>`;
  }

  #payloadXml(): string {
    const shared = (this.#payload ??= { xml: undefined });
    if (shared.xml === undefined) {
      let xml = "";
      for (const node of this.children) xml += serialize(node, NS.client);
      shared.xml = xml;
    }
    return shared.xml;
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
      return messageType(text);
    case "presence":
      return presenceType(text);
    case "iq":
      return iqType(text);
  }
}

/** RFC 6121 §5.2.2: what is absent or unknown is `normal`. */
function messageType(text: string | undefined): MessageType {
  switch (text) {
    case "chat":
    case "groupchat":
    case "headline":
    case "error":
      return text;
    default:
      return "normal";
  }
}

/** RFC 6121 §4.7.1. The attribute has no value "available". */
function presenceType(text: string | undefined): PresenceType {
  switch (text) {
    case undefined:
      return "available";
    case "unavailable":
    case "subscribe":
    case "subscribed":
    case "unsubscribe":
    case "unsubscribed":
    case "probe":
    case "error":
      return text;
    default:
      throw new StanzaError("bad-request", `${quoted(text)} is not a type of presence`);
  }
}

/** RFC 6120 §8.2.3. */
function iqType(text: string | undefined): IqType {
  switch (text) {
    case "get":
    case "set":
    case "result":
    case "error":
      return text;
    default:
      throw new StanzaError(
        "bad-request",
        `an IQ has type get, set, result or error, not ${quoted(text ?? "")}`,
      );
  }
}

/**
 * RFC 6120 §8.2.3: an id, exactly one child in a request and at most one in a result. An error is
 * taken as it comes, so that whoever waits for it hears of it.
 */
function checkIq(id: string | undefined, type: StanzaType, children: readonly Node[]): void {
  if (id === undefined || id === "") {
    throw new StanzaError("bad-request", "an IQ has a non-empty id");
  }
  if (type === "error") return;
  let elements = 0;
  for (const node of children) if (typeof node !== "string") elements += 1;
  if (type === "result" ? elements > 1 : elements !== 1) {
    throw new StanzaError(
      "bad-request",
      `an IQ of type ${type} has ${type === "result" ? "at most" : "exactly"} one child element, this one has ${elements}`,
    );
  }
}
