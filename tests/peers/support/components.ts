import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Peer } from "./peer.ts";

/** Starts a program that can be a component and is none yet; both kinds know the same commands. */
export type StartComponent = (t: TestContext) => Peer;

export const slixmppComponent: StartComponent = (t) => {
  const script = fileURLToPath(import.meta.resolve("../slixmpp/component.py"));
  return new Peer(t, ["/usr/bin/python3", "-u", "-W", "ignore::DeprecationWarning", script], {});
};

export const kitComponent: StartComponent = (t) => {
  const script = fileURLToPath(import.meta.resolve("../kit/component.ts"));
  return new Peer(t, [process.execPath, script], {});
};
