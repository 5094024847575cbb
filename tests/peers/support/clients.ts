import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Peer } from "./peer.ts";
import type { Rookery } from "./rookery.ts";

/** Debian's Python, which sees Debian's packages; another may be first on the path. */
const PYTHON = "/usr/bin/python3";

/** A client of slixmpp; it trusts what its login is told to. */
export function slixmpp(t: TestContext): Peer {
  const script = fileURLToPath(import.meta.resolve("../slixmpp/client.py"));
  return new Peer(t, [PYTHON, "-u", "-W", "ignore::DeprecationWarning", script], {});
}

/** A client of xmpp.js, which trusts the certificate of a server. */
export function xmppJs(t: TestContext, rookery: Rookery): Peer {
  const script = fileURLToPath(import.meta.resolve("../xmppjs/client.ts"));
  return new Peer(t, [process.execPath, script], { NODE_EXTRA_CA_CERTS: rookery.certificate });
}
