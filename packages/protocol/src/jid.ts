import { StanzaError } from "./errors.ts";
import { Interned, ownText } from "./jid-intern.ts";
import { prepareDomainpart } from "./precis/domainpart.ts";
import { codePointName, PreparationError } from "./precis/preparation-error.ts";
import { opaqueString, usernameCaseMapped } from "./precis/profiles.ts";

/**
 * An address (RFC 7622), prepared: localpart by UsernameCaseMapped, domainpart by IDNA, resourcepart
 * by OpaqueString. Immutable; two JIDs are equal exactly if their texts are.
 *
 * ```ts
 * const jid = Jid.parse("Juliet@EXAMPLE.com/balcony");
 * jid.toString(); // "juliet@example.com/balcony"
 * jid.bare.toString(); // "juliet@example.com"
 * ```
 */
export class Jid {
  /** Empty where there is none. */
  readonly local: string;
  /** A domain name with U-labels, an IPv4 address, or an IPv6 address in brackets. */
  readonly domain: string;
  /** Empty where there is none. */
  readonly resource: string;
  readonly #text: string;
  #bare: Jid | undefined;

  private constructor(local: string, domain: string, resource: string, text: string) {
    this.local = local;
    this.domain = domain;
    this.resource = resource;
    this.#text = text;
  }

  /** Reads and prepares an address. @throws StanzaError `jid-malformed` */
  static parse(this: void, text: string): Jid {
    const known = interned.get(text);
    if (known !== undefined) return known;
    // before anything that takes time in its length, for it may be megabytes
    if (text.length > LONGEST_UNPREPARED) throw malformed(text, "it is too long (RFC 7622 §3.1)");
    const jid = Jid.#prepare(...split(text), text);
    if (text !== jid.#text) interned.set(ownText(text), jid);
    return jid;
  }

  /** As `parse`, but undefined for what is not an address. */
  static tryParse(this: void, text: string): Jid | undefined {
    try {
      return Jid.parse(text);
    } catch (error) {
      if (error instanceof StanzaError) return undefined;
      throw error;
    }
  }

  /**
   * Prepares an address from its parts.
   *
   * @param local may be empty, as the resource may: then there is none.
   * @throws StanzaError `jid-malformed`
   */
  static of(this: void, local: string, domain: string, resource = ""): Jid {
    const text = join(local, domain, resource);
    if (text.length > LONGEST_UNPREPARED) throw malformed(text, "it is too long (RFC 7622 §3.1)");
    const known = interned.get(text);
    if (known !== undefined && known.#consistsOf(local, domain, resource)) return known;
    return Jid.#prepare(local, domain, resource, text);
  }

  static #prepare(local: string, domain: string, resource: string, text: string): Jid {
    return Jid.#intern(
      local && prepare(text, "localpart", local, prepareLocalpart),
      prepare(text, "domainpart", domain, prepareDomainpart),
      resource && prepare(text, "resourcepart", resource, prepareResourcepart),
    );
  }

  /** The address of prepared parts. */
  static #intern(local: string, domain: string, resource: string): Jid {
    const text = ownText(join(local, domain, resource));
    const known = interned.get(text);
    if (known !== undefined) return known;
    // parts of the own text, for they may be parts of what was received
    const slash = resource === "" ? text.length : text.length - resource.length - 1;
    const jid = new Jid(
      text.slice(0, local.length),
      text.slice(local === "" ? 0 : local.length + 1, slash),
      text.slice(slash + 1),
      text,
    );
    interned.set(text, jid);
    return jid;
  }

  /** This address without its resourcepart. */
  get bare(): Jid {
    if (this.resource === "") return this;
    return (this.#bare ??= Jid.#intern(this.local, this.domain, ""));
  }

  get isBare(): boolean {
    return this.resource === "";
  }

  /**
   * This account or domain with another resourcepart, or with none if it is empty.
   *
   * @throws StanzaError `jid-malformed`
   */
  withResource(resource: string): Jid {
    return Jid.of(this.local, this.domain, resource);
  }

  equals(other: Jid | undefined): boolean {
    return other === this || other?.toString() === this.#text;
  }

  toString(): string {
    return this.#text;
  }

  #consistsOf(local: string, domain: string, resource: string): boolean {
    return this.local === local && this.domain === domain && this.resource === resource;
  }
}

/** Bytes of a localpart and of a resourcepart (RFC 7622 §3.3, §3.4); a domainpart has fewer. */
const LONGEST_PART = 1023;
/**
 * UTF-16 code units, of which each is a byte at least: three parts and what separates them. Preparing
 * may shorten a text, but one that is longer than this before is not somebody's address.
 */
const LONGEST_UNPREPARED = 3 * LONGEST_PART + 2;

/** Some 2 MB of usual addresses; 5 MB if all are as long as they may be. */
const interned = new Interned<Jid>(4096, 256);

const join = (local: string, domain: string, resource: string): string =>
  `${local && `${local}@`}${domain}${resource && `/${resource}`}`;

/** RFC 7622 §3.1: the resourcepart begins at the first "/", the localpart ends at the first "@". */
function split(text: string): [local: string, domain: string, resource: string] {
  const slash = text.indexOf("/");
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf("@");
  if (at === 0) throw malformed(text, 'it begins with "@": its localpart is empty (RFC 7622 §3.3)');
  if (slash === text.length - 1 && slash >= 0) {
    throw malformed(text, 'it ends with "/": its resourcepart is empty (RFC 7622 §3.4)');
  }
  return [
    at < 0 ? "" : bare.slice(0, at),
    bare.slice(at + 1),
    slash < 0 ? "" : text.slice(slash + 1),
  ];
}

function prepareLocalpart(text: string): string {
  const local = usernameCaseMapped(text, LONGEST_PART);
  const excluded = EXCLUDED.exec(local)?.[0];
  if (excluded !== undefined) {
    throw new PreparationError(
      `contains ${excluded} (${codePointName(excluded)}), which a localpart must not have (RFC 7622 §3.3.1); escape it (XEP-0106)`,
    );
  }
  return local;
}

function prepareResourcepart(text: string): string {
  return opaqueString(text, LONGEST_PART);
}

const EXCLUDED = /["&'/:<>@]/u;

type Part = "localpart" | "domainpart" | "resourcepart";

function prepare(
  text: string,
  part: Part,
  value: string,
  preparation: (value: string) => string,
): string {
  try {
    return preparation(value);
  } catch (error) {
    if (!(error instanceof PreparationError)) throw error;
    throw malformed(text, `its ${part} ${quote(value)} ${error.message}`);
  }
}

function malformed(text: string, why: string): StanzaError {
  return new StanzaError("jid-malformed", `${quote(text)} is not an address: ${why}`);
}

/** Shortened, and harmless in XML and on terminals. */
function quote(value: string): string {
  const start = value.slice(0, LONGEST_QUOTE);
  const safe = start.toWellFormed().replace(UNPRINTABLE, (c) => `{${codePointName(c)}}`);
  return `"${safe}${start === value ? "" : "…"}"`;
}

const LONGEST_QUOTE = 60;
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;
