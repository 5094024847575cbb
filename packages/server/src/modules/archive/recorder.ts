import {
  allTexts,
  body,
  type Jid,
  messageParts,
  type Stanza,
  stanzaId,
  subject,
  withoutStanzaIds,
} from "@rookery/protocol";
import { after } from "@rookery/stream";
import type { Maybe } from "../../hooks.ts";
import type { Host } from "../../host.ts";
import type { MessageEvent } from "../../im/contract.ts";
import type { Session } from "../../sessions/session.ts";
import type { LogOwner } from "../../storage/api.ts";
import { streamStanzaCodec } from "../../storage/stanza-codec.ts";
import { type Draft, Drafts } from "./drafts.ts";
import { type ArchiveId, archiveId } from "./ids.ts";
import type { Preferences } from "./preferences.ts";
import type { ArchiveStore } from "./store.ts";
import { isWorthArchiving, needsItsResource } from "./worth.ts";

/** A clock that was put back by less than this, in milliseconds, does not disorder archives. */
const PUT_BACK_MS = 60_000;

/** A message in archives. */
export interface Recorded extends ArchiveId {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly stanza: Stanza;
  readonly owners: readonly LogOwner[];
}

interface RecorderServices {
  readonly store: ArchiveStore;
  readonly preferences: Preferences;
  /** Whether what messages say is indexed. */
  readonly search: boolean;
  /** Is told of each message whose write was asked for. */
  recorded(message: Recorded): void;
}

/**
 * Puts messages into archives (XEP-0313 §3): one entry for both sides of a conversation between
 * accounts of this server. It asks for the write and waits for nothing: what a client sent is
 * acknowledged once the writes are committed, and a write that fails is told to the sender.
 */
export class Recorder {
  readonly #host: Host;
  readonly #services: RecorderServices;
  readonly #drafts: Drafts = new Drafts();
  #latest = 0;

  constructor(host: Host, services: RecorderServices) {
    this.#host = host;
    this.#services = services;
  }

  /**
   * A session sends a message. If it is for its archive, `keeping` has its id there, which its other
   * sessions are to be told with their copies (XEP-0313 §3.5).
   */
  sent(event: MessageEvent): Maybe<Stanza | undefined> {
    const { account, session, keeping } = event;
    const { to } = event.stanza;
    if (session === undefined || to === undefined) return undefined;
    const stanza = withoutIdsBy(event.stanza, account);
    const changed = stanza === event.stanza ? undefined : stanza;
    if (!isWorthArchiving(stanza)) return changed;
    return after(this.#services.preferences.wants(account, to), (wanted) => {
      const sender = wanted ? { owner: account.toString(), with: to.bare.toString() } : undefined;
      const id = archiveId(stanza, session, this.#host.random);
      this.#drafts.add({ stanza, session, keeping, id, sender, appended: false });
      if (wanted) keeping.kept = { id: id.id, at: this.#host.clock.now() };
      return changed;
    });
  }

  /** A message came for an account. @returns it with its stanza-id, if it is archived. */
  received(event: MessageEvent): Maybe<Stanza | undefined> {
    const { stanza, account, targets } = event;
    const draft = this.#drafts.of(stanza);
    if (draft === undefined && !isWorthArchiving(stanza)) return undefined;
    if (needsItsResource(stanza) && targets().length === 0) return undefined;
    return after(this.#services.preferences.wants(account, stanza.from), (wanted) =>
      wanted ? this.#receive(event, draft?.appended === false ? draft : undefined) : undefined,
    );
  }

  #receive({ stanza, account, keeping }: MessageEvent, draft: Draft | undefined): Stanza {
    const { id, series } = draft?.id ?? { id: this.#host.random.id(), series: 0 };
    const at = this.#now();
    const mark = stanzaId.write({ id, by: account });
    const marked = stanza.with({ children: [...stanza.children, mark] });
    keeping.kept = { id, at };
    const recipient = { owner: account.toString(), with: stanza.from.bare.toString() };
    if (draft) draft.appended = true;
    const owners = draft?.sender ? [draft.sender, recipient] : [recipient];
    this.#append({ id, series, at, stanza: marked, owners }, stanza, draft?.session);
    return marked;
  }

  /** A message that was sent is on its way: if no recipient here keeps it, its sender may. */
  handedOn({ keeping }: MessageEvent): void {
    const draft = this.#drafts.take(keeping);
    if (draft?.sender === undefined || draft.appended) return;
    draft.appended = true;
    const { stanza, session, sender, id } = draft;
    this.#append({ ...id, at: this.#now(), stanza, owners: [sender] }, stanza, session);
  }

  /**
   * If there is a message of this id, it is the same, sent again after a loss, or another one that the
   * client named alike. The one is not kept twice, the other gets an id of its own.
   *
   * @param original as it is told to its sender if it cannot be kept.
   */
  #append(message: Recorded, original: Stanza, session: Session | undefined): void {
    const { store, search } = this.#services;
    const { id, series, at, stanza, owners } = message;
    const value = streamStanzaCodec.encode(stanza);
    const text = search ? textOf(stanza) : undefined;
    const sameBefore = session && Math.max(session.since, this.#host.since);
    store
      .appendShared(owners, { id, series, sameBefore, at, value, text })
      .catch((error: unknown) => this.#refuse(original, error));
    this.#services.recorded(message);
  }

  #refuse(original: Stanza, error: unknown): void {
    this.#host.log.error("a message could not be archived", { error });
    this.#host.refuse(original, error);
  }

  /** Archives are in the order of arrival (XEP-0313 §3.1), whatever becomes of the clock. */
  #now(): number {
    const now = this.#host.clock.now();
    const isPutBack = now < this.#latest && this.#latest - now < PUT_BACK_MS;
    if (!isPutBack) this.#latest = now;
    return this.#latest;
  }
}

/** The account alone gives stanza-ids in its name, to what it sends too (XEP-0359 §4, rule 2). */
function withoutIdsBy(message: Stanza, account: Jid): Stanza {
  const children = withoutStanzaIds(message.children, account);
  return children === message.children ? message : message.with({ children });
}

/** What a message says to people; undefined for one that says it to clients alone. */
function textOf(message: Stanza): string | undefined {
  if (messageParts(message).has("encrypted")) return undefined; // its body says only that it is
  const texts = [...allTexts(message.children, subject), ...allTexts(message.children, body)];
  return texts.length === 0 ? undefined : texts.map(({ text }) => text).join("\n");
}
