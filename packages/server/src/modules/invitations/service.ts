import {
  type InvitationLinks,
  invitationUri,
  Jid,
  quoted,
  type Stanza,
  StanzaError,
} from "@rookery/protocol";
import { AccountError } from "../../accounts/accounts.ts";
import type { Host } from "../../host.ts";
import { StorageConflict } from "../../storage/api.ts";
import type { Registration, RegistrationPass } from "../registration/contract.ts";
import {
  type Invitation,
  type Invitations,
  type InvitedRegistrant,
  LANDING_PATH,
  type MadeInvitation,
  type NewInvitation,
} from "./contract.ts";
import { type InvitationOptions, MOST_DAYS } from "./options.ts";
import type { InvitationRecord } from "./record.ts";
import type { InvitationStore, Kept } from "./store.ts";
import { digestOf, idOf, isId, makeToken } from "./token.ts";

const DAY = 86_400_000;
/** A whole school, and no more by a slip of the finger. */
const MOST_USES = 1000;
/** So often others may win the race for an invitation of several uses. */
const TRIES = 8;

/** The invitations of one domain: making, using and administering them. */
export class InvitationService implements Invitations {
  readonly #host: Host;
  readonly #options: InvitationOptions;
  readonly #store: InvitationStore;
  readonly #registration: Registration;
  /** Invitations are made one after the other, so that many at once do not pass a bound together. */
  #turn: Promise<unknown> = Promise.resolve();
  #sweptAt = 0;

  constructor(
    host: Host,
    options: InvitationOptions,
    store: InvitationStore,
    registration: Registration,
  ) {
    this.#host = host;
    this.#options = options;
    this.#store = store;
    this.#registration = registration;
  }

  // ── making and administering ───────────────────────────────────────────────

  create(wanted: NewInvitation): Promise<MadeInvitation> {
    const made = this.#turn.then(() => this.#create(wanted));
    this.#turn = made.catch(() => {});
    return made;
  }

  async #create(wanted: NewInvitation): Promise<MadeInvitation> {
    const { inviter, kind, first = false } = wanted;
    this.#check(wanted);
    if (first) await this.#revokeFirst();
    await this.#checkRoom(inviter);
    const username = await this.#freeName(wanted.username);
    const now = this.#host.clock.now();
    const record: InvitationRecord = {
      kind,
      username,
      admin: wanted.admin ?? false,
      subscribe: wanted.subscribe ?? true,
      first,
      uses: wanted.uses ?? 1,
      created: now,
      expires: now + (wanted.days ?? this.#options.days) * DAY,
    };
    const maker = (inviter ?? this.#host.domain).toString();
    const token = makeToken(this.#host.random);
    const digest = digestOf(token) as string;
    await this.#store.put(maker, digest, record);
    const invitation = this.#shown({ digest, maker, record, version: 1 });
    this.#host.log.info("an invitation was made", {
      id: invitation.id,
      by: maker,
      kind,
      admin: record.admin,
      uses: record.uses,
    });
    return { invitation, token, links: this.links(invitation, token) };
  }

  async list(inviter?: Jid): Promise<readonly Invitation[]> {
    const kept = inviter ? await this.#store.of(inviter.toString()) : await this.#store.all();
    return kept
      .map((one) => this.#shown(one))
      .toSorted((one, other) => one.created - other.created);
  }

  async revoke(id: string, inviter?: Jid): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      const kept = isId(id) ? await this.#store.find(id) : undefined;
      if (kept === undefined) return false;
      if (inviter !== undefined && kept.maker !== inviter.toString()) return false;
      try {
        await this.#host.batch(await this.#store.removal(kept));
        this.#host.log.info("an invitation was taken back", { id, of: kept.maker });
        return true;
      } catch (error) {
        if (!(error instanceof StorageConflict) || tries >= TRIES) throw error;
      }
    }
  }

  // ── using ──────────────────────────────────────────────────────────────────

  async lookUp(token: string): Promise<Invitation | undefined> {
    const kept = await this.#find(token);
    return kept && this.#shown(kept);
  }

  links(invitation: Invitation, token: string): InvitationLinks {
    const { kind, inviter, username, domain, register, expires } = invitation;
    const uri =
      kind === "contact" && inviter !== undefined
        ? invitationUri({ kind, jid: inviter, token, register })
        : invitationUri({ kind: "account", jid: Jid.of(username ?? "", domain.domain), token });
    return { uri, landingUrl: this.#host.webUrl(`${LANDING_PATH}${token}`), expires };
  }

  async register({ token, name, password, address }: InvitedRegistrant): Promise<Jid> {
    const pass = await this.passOf(token, address);
    return this.#registration.register({ name, password, address, pass });
  }

  /**
   * What a token lets its holder make.
   * @throws StanzaError `item-not-found` if it is no good for an account, and counts it as a try.
   */
  async passOf(token: string, address: string): Promise<RegistrationPass> {
    this.#registration.checkTries(address);
    const kept = await this.#find(token);
    if (kept !== undefined && this.#shown(kept).register) return this.#passOf(kept);
    this.#registration.failed(address);
    throw unknown();
  }

  /** True if an invitation keeps a localpart for somebody else than who has this pass. */
  async isHeld({ local }: Jid, pass: RegistrationPass | undefined): Promise<boolean> {
    return pass?.username !== local && (await this.#store.holder(local)) !== undefined;
  }

  /**
   * True if a subscription is asked for with an invitation of the account, which is used by it
   * (XEP-0379 §3.5).
   */
  async grants(account: Jid, token: string, request: Stanza): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      const kept = await this.#find(token);
      if (kept?.record.kind !== "contact" || kept.maker !== account.toString()) return false;
      try {
        await this.#host.batch(await this.#store.use(kept));
        this.#used(kept, request.from.bare);
        return true;
      } catch (error) {
        if (!(error instanceof StorageConflict)) throw error;
        if (tries >= TRIES) return false;
      }
    }
  }

  async #find(token: string): Promise<Kept | undefined> {
    const digest = digestOf(token);
    const kept = digest === undefined ? undefined : await this.#store.get(digest);
    return kept && (await this.#isInGoodStanding(kept)) ? kept : undefined;
  }

  /** Nobody comes by the invitations of an account that is switched off. */
  async #isInGoodStanding(kept: Kept): Promise<boolean> {
    const { inviter } = this.#shown(kept);
    const { administration } = this.#host;
    if (inviter === undefined || !administration.managed) return true;
    try {
      return !(await administration.status(inviter)).disabled;
    } catch (error) {
      if (error instanceof AccountError) return false;
      throw error;
    }
  }

  #passOf(kept: Kept): RegistrationPass {
    return {
      username: kept.record.username,
      admin: kept.record.admin,
      redeem: async () => {
        const now = await this.#store.again(kept);
        if (now === undefined || !(await this.#isInGoodStanding(now))) throw unknown();
        return this.#store.use(now);
      },
      redeemed: (account) => this.#redeemed(kept, account),
    };
  }

  /** XEP-0401 §5.5: inviter and new account are contacts from the beginning. */
  async #redeemed(kept: Kept, account: Jid): Promise<void> {
    this.#used(kept, account);
    const { inviter, subscribe } = this.#shown(kept);
    if (inviter === undefined || !subscribe) return;
    try {
      await this.#host.befriend(inviter, account);
    } catch (error) {
      // the account is there all the same
      const facts = { account: account.toString(), inviter: inviter.toString(), error };
      this.#host.log.warn("inviter and new account are no contacts", facts);
    }
  }

  #used({ digest, maker }: Kept, by: Jid): void {
    const facts = { id: idOf(digest), of: maker, by: by.toString() };
    this.#host.log.info("an invitation was used", facts);
  }

  #shown({ digest, maker, record }: Kept): Invitation {
    const { kind, username, admin, subscribe, uses, created, expires } = record;
    const { domain } = this.#host;
    const inviter = maker === domain.toString() ? undefined : Jid.parse(maker);
    return {
      id: idOf(digest),
      kind,
      domain,
      inviter,
      username,
      admin,
      register: this.#mayRegister(kind, inviter),
      subscribe,
      uses,
      created,
      expires,
    };
  }

  /** As things stand: the mode may have changed, and who was an administrator. */
  #mayRegister(kind: Invitation["kind"], inviter: Jid | undefined): boolean {
    const { administration, registration } = this.#host;
    if (registration.mode === "closed" || !administration.managed) return false;
    if (inviter === undefined || this.#host.isAdmin(inviter)) return true;
    return kind === "contact" && this.#options.accounts;
  }

  // ── checks ─────────────────────────────────────────────────────────────────

  #check({ kind, inviter, admin, uses = 1, days = 1, username }: NewInvitation): void {
    if (kind === "account" && !this.#mayRegister(kind, inviter)) {
      const { administration, domain } = this.#host;
      throw new StanzaError(
        "not-allowed",
        administration.managed
          ? `nobody can make an account of ${domain}; set \`registration\` to invite or open`
          : `the accounts of ${domain} are not kept by this server; make them where they come from`,
      );
    }
    if (kind === "contact" && (inviter === undefined || username !== undefined || admin)) {
      throw new StanzaError(
        "bad-request",
        "somebody invites to be in touch, for no certain account",
      );
    }
    checkWhole("uses", uses, username === undefined ? MOST_USES : 1);
    checkWhole("days", days, MOST_DAYS);
  }

  async #checkRoom(inviter: Jid | undefined): Promise<void> {
    const { invitations, invitationsPerAccount } = this.#host.limits;
    if (inviter !== undefined && !this.#host.isAdmin(inviter)) {
      const open = await this.#store.of(inviter.toString());
      if (open.length >= invitationsPerAccount) throw tooMany(inviter, invitationsPerAccount);
    }
    const now = this.#host.clock.now();
    // what has expired goes now and then, and when there is no room for more
    if (now - this.#sweptAt < DAY && (await this.#store.count()) < invitations) return;
    this.#sweptAt = now;
    const open = await this.#store.all();
    if (open.length >= invitations) throw tooMany(this.#host.domain, invitations);
  }

  /** The prepared localpart, if it is to be had. */
  async #freeName(name: string | undefined): Promise<string | undefined> {
    if (name === undefined) return undefined;
    const account = Jid.of(name, this.#host.domain.domain);
    if (account.local === "") throw new StanzaError("bad-request", "an empty name is none");
    if (await this.#host.accounts.exists(account)) {
      throw new StanzaError("conflict", `the account ${account} exists already`);
    }
    if (await this.isHeld(account, undefined)) {
      const text = `the name ${quoted(account.local)} is kept for somebody who is invited already`;
      throw new StanzaError("conflict", text);
    }
    return account.local;
  }

  async #revokeFirst(): Promise<void> {
    for (const kept of await this.#store.of(this.#host.domain.toString())) {
      if (kept.record.first) await this.#host.batch(await this.#store.removal(kept));
    }
  }
}

function checkWhole(what: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  throw new StanzaError("bad-request", `${what} is a whole number from 1 to ${most}, not ${value}`);
}

function tooMany(who: Jid, most: number): StanzaError {
  return new StanzaError(
    "resource-constraint",
    `${who} has ${most} open invitations; take some back, or wait until they are used`,
    { type: "wait" },
  );
}

/** The same for what never was, what is used up and what has expired (XEP-0445 §4). */
function unknown(): StanzaError {
  return new StanzaError("item-not-found", "the invitation is not valid, or not any more");
}
