/** What tests of stream management share: a client that counts (XEP-0198 §4). */
import { Jid, NS, SM_NS } from "@rookery/protocol";
import { PASSWORD, type TestClient, type TestServer } from "@rookery/testkit";
import type { Element } from "@rookery/xml";

export interface ManagedClient {
  readonly client: TestClient;
  /** The SM-ID; empty if the session can not be resumed. */
  readonly id: string;
  /** The next element; `<r/>` is skipped. */
  next(): Promise<Element>;
  /** The next stanza; all are counted, pings and other elements are skipped. */
  stanza(): Promise<Element>;
  /** How many stanzas were received. */
  readonly received: number;
  /** Says how many were received. */
  acknowledge(): void;
  /** Asks how many the server has handled. */
  handled(): Promise<number>;
}

/** Logs in and switches stream management on. */
export async function managed(
  stage: TestServer,
  full: string,
  enable = `<enable xmlns='${SM_NS}' resume='true'/>`,
): Promise<ManagedClient> {
  const client = await stage.login(full);
  client.write(enable);
  return counting(client, (await client.element()).attr("id") ?? "", 0);
}

/** Logs in on a new connection, up to where a resource would be bound. */
export async function authenticated(stage: TestServer, account: string): Promise<TestClient> {
  const client = stage.connect();
  await client.authenticate(Jid.parse(account), PASSWORD);
  return client;
}

/** Asks for a former session. @returns what was answered, and the client if it was `<resumed/>`. */
export async function resumes(
  stage: TestServer,
  account: string,
  former: { readonly id: string; readonly received: number },
): Promise<{ readonly answer: Element; readonly client: ManagedClient }> {
  const client = await authenticated(stage, account);
  client.write(`<resume xmlns='${SM_NS}' previd='${former.id}' h='${former.received}'/>`);
  const answer = await client.element();
  return { answer, client: counting(client, former.id, former.received) };
}

function counting(client: TestClient, id: string, before: number): ManagedClient {
  let received = before;
  const next = async (): Promise<Element> => {
    for (;;) {
      const element = await client.element();
      if (element.is(SM_NS, "r")) continue;
      if (element.ns === NS.client) received++;
      return element;
    }
  };
  return {
    client,
    id,
    next,
    async stanza() {
      for (;;) {
        const element = await next();
        if (element.ns === NS.client && !isPing(element)) return element;
      }
    },
    get received() {
      return received;
    },
    acknowledge: () => client.write(`<a xmlns='${SM_NS}' h='${received}'/>`),
    async handled() {
      client.write(`<r xmlns='${SM_NS}'/>`);
      for (;;) {
        const element = await next();
        if (element.is(SM_NS, "a")) return Number(element.attr("h"));
      }
    },
  };
}

function isPing(element: Element): boolean {
  return element.name === "iq" && element.child("urn:xmpp:ping", "ping") !== undefined;
}
