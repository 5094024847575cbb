/** What tests of SASL2 share: clients on TLS that say and hear its elements. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { Jid } from "@rookery/protocol";
import { sasl2Authenticate, sasl2Success } from "@rookery/stream";
import {
  describe,
  PASSWORD,
  stanzaXml,
  type TestClient,
  type TestServer,
  TLS,
} from "@rookery/testkit";
import type { Element } from "@rookery/xml";

export const PHONE = "d4565fa7-4d72-4749-b3d3-740edbf87770";
export const LAPTOP = "0b9e2f60-3c58-4d1a-9c5e-2f1f3a5b7c9d";
export const BIND = "<bind xmlns='urn:xmpp:bind:0'><tag>Test</tag></bind>";
export const REQUEST = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>";
export const FAST = "<fast xmlns='urn:xmpp:fast:0'/>";

export interface Ask {
  readonly user?: string;
  readonly password?: string;
  readonly device?: string | undefined;
  /** What is negotiated together with it. */
  readonly inline?: string;
}

/** A client on TLS whose stream is open. */
export async function secured(stage: TestServer, address?: string): Promise<TestClient> {
  const client = stage.connect(address, TLS);
  await client.open("example.org");
  return client;
}

/** `<authenticate/>` of some mechanism. */
export function authenticate(mechanism: string, message: Uint8Array, ask: Ask = {}): Element {
  const inline = stanzaXml(`<x>${ask.inline ?? ""}</x>`).elements();
  const userAgent = "device" in ask ? { id: ask.device, software: "Test", device: "Phone" } : {};
  return sasl2Authenticate.write({ mechanism, initialResponse: message, userAgent, inline });
}

/** `<authenticate/>` with PLAIN. */
export function byPassword({ user = "romeo", password = PASSWORD, ...ask }: Ask = {}): Element {
  return authenticate("PLAIN", Buffer.from(`\0${user}\0${password}`), ask);
}

/** `<authenticate/>` with a token. */
export function byToken(
  token: string,
  { user = "romeo", inline = FAST, ...ask }: Ask = {},
  { mechanism = "HT-SHA-256-NONE", bound = "" }: { mechanism?: string; bound?: string } = {},
): Element {
  const proof = createHmac("sha256", token).update(`Initiator${bound}`).digest();
  const message = Buffer.concat([Buffer.from(`${user}\0`), proof]);
  return authenticate(mechanism, message, { device: PHONE, ...ask, inline });
}

export interface Welcome {
  readonly identity: string;
  readonly data: Uint8Array | undefined;
  readonly inline: readonly Element[];
  /** What is offered on the stream from now on. */
  readonly features: Element;
  readonly token: string | undefined;
}

/** The client gets in: `<success/>`, and the features that follow it at once (XEP-0388 §2.6.1). */
export async function welcomed(client: TestClient): Promise<Welcome> {
  const success = await client.element();
  assert.equal(success.name, "success", describe(success));
  const { identity, data, inline } = sasl2Success.read(success);
  const features = await client.element();
  assert.equal(features.name, "features");
  if (!identity.isBare) client.jid = identity;
  const token = inline.find(({ name }) => name === "token")?.attr("token");
  return { identity: identity.toString(), data, inline, features, token };
}

/** The client is refused. @returns the condition */
export async function refused(client: TestClient): Promise<string> {
  const failure = await client.element();
  assert.ok(failure.is("urn:xmpp:sasl:2", "failure"), describe(failure));
  return failure.elements()[0]?.name ?? "";
}

/** The stream ends with an error. @returns the condition */
export async function ended(client: TestClient): Promise<string> {
  const error = await client.element();
  assert.equal(error.name, "error", describe(error));
  assert.equal(describe(await client.next()), "the end of the stream");
  return error.elements()[0]?.name ?? "";
}

/** Logs in by the password, and asks for a token. */
export async function withToken(
  stage: TestServer,
  { user = "romeo", device = PHONE }: Ask = {},
): Promise<string> {
  await stage.accounts(`${user}@example.org`);
  const client = await secured(stage);
  client.send(byPassword({ user, device, inline: REQUEST }));
  const { token } = await welcomed(client);
  assert.ok(token);
  await client.close();
  return token;
}

export function account(user = "romeo"): Jid {
  return Jid.of(user, "example.org");
}
