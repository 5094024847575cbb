import type { Jid, VcardNames } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { type Signal, signal } from "../../hooks.ts";
import type { ModuleRef } from "../../host.ts";

/** What the module offers to others. */
export interface Vcards {
  /** The vCard of an account, whoever may see it; undefined if it has none. */
  get(account: Jid): Promise<Element | undefined>;
  /** Accounts of the host that chose the class PUBLIC, in the order of their addresses. */
  listed(): AsyncIterable<ListedVcard>;
}

/** An account that wants to be found. */
export interface ListedVcard {
  readonly account: Jid;
  readonly names: VcardNames;
}

/** A vCard that was stored, or taken away. */
export interface VcardChange {
  readonly account: Jid;
  readonly card: Element | undefined;
  /** What it says of itself in public, if its owner chose so. */
  readonly names: VcardNames | undefined;
}

/** Told after the commit. */
export const vcardChanged: Signal<VcardChange> = signal("vcard/changed");

/** For `requires` and `host.use`. */
export const vcards: ModuleRef<Vcards> = { name: "vcard" };
