/** Registering with the gateway: XEP-0077 (2.4) as XEP-0100 §4.1 to §4.3 use it. */
import { type Jid, REGISTER_NS, registerQuery, type Stanza, StanzaError } from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import { addressOf } from "./addresses.ts";
import { NetworkError } from "./network.ts";
import type { GatewayParts } from "./parts.ts";
import type { Registration } from "./registrations.ts";
import { stanzaErrorOf } from "./stanza-errors.ts";

type Fields = { readonly username?: string; readonly password?: string };

/** What is kept of each user is to stay small. */
const LONGEST = 255;

export function serveRegistration(parts: GatewayParts): void {
  const { component, turns } = parts;
  component.disco.feature(REGISTER_NS);
  component.iq("get", registerQuery, async ({ iq }) => {
    checkAddressed(parts, iq);
    return form(parts, await parts.registrations.get(iq.from.bare));
  });
  component.iq("set", registerQuery, ({ query, iq }) => {
    checkAddressed(parts, iq);
    const user = iq.from.bare;
    return turns.take(user.toString(), () =>
      query.remove ? unregister(parts, user) : register(parts, user, query.fields),
    );
  });
}

/** What to fill in. The password is not shown again (XEP-0077 §3.1.1). */
function form({ network }: GatewayParts, registration: Registration | undefined): Element {
  return registerQuery.write({
    registered: registration !== undefined,
    instructions: `Please provide your name and password at the ${network.name}.`,
    fields: { username: registration?.username ?? "", password: "" },
  });
}

/** For the first time (XEP-0100 §4.1), or with other credentials (§4.2). */
async function register(parts: GatewayParts, user: Jid, fields: Fields): Promise<void> {
  const { registrations, sessions, component } = parts;
  const before = await registrations.get(user);
  const { username = "" } = fields;
  // an empty password does not replace the one that is known (XEP-0077 §3.3)
  const password = fields.password || (username === before?.username ? before.password : "");
  if (username === "" || password === "") {
    throw new StanzaError("not-acceptable", "name and password are needed");
  }
  if (username.length > LONGEST || password.length > LONGEST) {
    throw new StanzaError("not-acceptable", `name and password have ${LONGEST} characters at most`);
  }
  await checkCredentials(parts, { username, password });
  await sessions.logOut(user);
  const isOther = before !== undefined && before.username !== username;
  const contacts = isOther ? [] : (before?.contacts ?? []);
  await registrations.put({ user, username, password, contacts });
  afterAnswer(parts, async () => {
    if (isOther) await cancel(parts, user, before.contacts);
    // who has allowed that before is logged in with the answer
    await sessions.send(user, component.jid, before === undefined ? "subscribe" : "probe");
  });
}

/** XEP-0100 §4.3. */
async function unregister(parts: GatewayParts, user: Jid): Promise<void> {
  const { registrations, sessions, component } = parts;
  const registration = await registrations.get(user);
  if (registration === undefined) {
    throw new StanzaError("registration-required", "you are not registered (XEP-0077 §3.2)");
  }
  await sessions.logOut(user);
  await registrations.delete(user);
  afterAnswer(parts, async () => {
    await cancel(parts, user, registration.contacts);
    await part(parts, user, component.jid);
  });
}

/** Takes contacts out of the roster again. */
async function cancel(parts: GatewayParts, user: Jid, contacts: readonly string[]): Promise<void> {
  for (const contact of contacts) {
    await part(parts, user, addressOf(contact, parts.component.jid));
  }
}

async function part({ sessions }: GatewayParts, user: Jid, address: Jid): Promise<void> {
  await sessions.send(user, address, "unsubscribe");
  await sessions.send(user, address, "unsubscribed");
  await sessions.tell(user, address, undefined);
}

/** @throws StanzaError `not-acceptable` for a wrong password (XEP-0100 §4.1.2) */
async function checkCredentials(
  { network }: GatewayParts,
  credentials: { readonly username: string; readonly password: string },
): Promise<void> {
  try {
    await network.check(credentials);
  } catch (error) {
    if (error instanceof NetworkError && error.code === "wrong-password") {
      throw new StanzaError("not-acceptable", error.message);
    }
    throw stanzaErrorOf(error);
  }
}

/** Registering is for the gateway alone, and for those who may use it. @throws StanzaError */
function checkAddressed({ allows }: GatewayParts, { from, to }: Stanza): void {
  if (to?.local !== "") throw new StanzaError("service-unavailable", "ask the gateway itself");
  if (!allows(from.bare)) throw new StanzaError("forbidden", "this gateway is not for you");
}

/** What comes of a registration is sent when its answer is (XEP-0100 §4.1.1). */
function afterAnswer({ onError }: GatewayParts, action: () => Promise<void>): void {
  setImmediate(() => void action().catch(onError));
}
