import { Jid } from "@rookery/protocol";
import { TestClient, type TestServer } from "@rookery/testkit";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

/** What came of a try to log in: the mechanisms that were offered, and the condition if it failed. */
export interface SignIn {
  readonly client: TestClient;
  readonly offered: readonly string[];
  readonly outcome: string;
}

/** Tries to log in with PLAIN. */
export function byPassword(stage: TestServer, username: string, password: string): Promise<SignIn> {
  return signIn(stage, "PLAIN", `\0${username}\0${password}`);
}

/** Tries to log in with OAUTHBEARER (RFC 7628 §3.1). */
export function byToken(stage: TestServer, token: string): Promise<SignIn> {
  return signIn(stage, "OAUTHBEARER", `n,,\u0001auth=Bearer ${token}\u0001\u0001`);
}

async function signIn(stage: TestServer, mechanism: string, message: string): Promise<SignIn> {
  const client = stage.connect();
  const { features } = await client.open("example.org");
  const offered = (features.child(SASL, "mechanisms")?.elements() ?? []).map(({ text }) => text);
  const data = Buffer.from(message).toString("base64");
  client.send(`<auth xmlns='${SASL}' mechanism='${mechanism}'>${data}</auth>`);
  let answer = await client.element();
  if (answer.name === "challenge") {
    // RFC 7628 §3.2.3: the client has to answer before it is told that it failed
    client.send(`<response xmlns='${SASL}'>AQ==</response>`);
    answer = await client.element();
  }
  const outcome = answer.name === "success" ? "success" : (answer.elements()[0]?.name ?? "");
  return { client, offered, outcome };
}

/** How a try ends; the connection does so, too. */
export async function outcomeOf(trying: Promise<SignIn>): Promise<string> {
  const { client, outcome } = await trying;
  if (outcome === "success") await client.open("example.org");
  await client.close();
  return outcome;
}

/** A bare JID of the domain that the tests are about. */
export function account(local: string): Jid {
  return Jid.of(local, "example.org");
}
