/** Why a text is not a JID. */
export class JidError extends Error {
  override readonly name: string = "JidError";
}

/**
 * An address (RFC 7622), prepared: localpart by UsernameCaseMapped, domainpart by IDNA, resourcepart
 * by OpaqueString. Immutable; two JIDs are equal exactly if their texts are.
 */
export class Jid {
  /** Empty where there is none. */
  readonly local: string;
  readonly domain: string;
  /** Empty where there is none. */
  readonly resource: string;
  readonly #text: string;
  #bare: Jid | undefined;

  private constructor(local: string, domain: string, resource: string) {
    this.local = local;
    this.domain = domain;
    this.resource = resource;
    this.#text = `${local && `${local}@`}${domain}${resource && `/${resource}`}`;
  }

  /** Reads and prepares an address. @throws StanzaError `jid-malformed` */
  static parse(text: string): Jid {
    // placeholder: the real one prepares and interns
    const slash = text.indexOf("/");
    const bare = slash < 0 ? text : text.slice(0, slash);
    const at = bare.indexOf("@");
    return new Jid(at < 0 ? "" : bare.slice(0, at), bare.slice(at + 1), slash < 0 ? "" : text.slice(slash + 1));
  }

  /** Prepares an address from its parts. @throws StanzaError `jid-malformed` */
  static of(local: string, domain: string, resource = ""): Jid {
    return new Jid(local, domain, resource);
  }

  /** This address without its resourcepart. */
  get bare(): Jid {
    if (this.resource === "") return this;
    return (this.#bare ??= new Jid(this.local, this.domain, ""));
  }

  get isBare(): boolean {
    return this.resource === "";
  }

  /** This account or domain with another resourcepart. @throws StanzaError `jid-malformed` */
  withResource(resource: string): Jid {
    return Jid.of(this.local, this.domain, resource);
  }

  equals(other: Jid | undefined): boolean {
    return other === this || other?.toString() === this.#text;
  }

  toString(): string {
    return this.#text;
  }
}
