import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readUtf8, utf8 } from "../bytes.ts";
import { type Crypto, webCrypto } from "../crypto.ts";
import type { Maybe } from "../maybe.ts";
import { nodeCrypto } from "../node-crypto.test.ts";
import type { ChannelBindings, ChannelBindingType } from "./channel-binding.ts";
import { chooseMechanism } from "./choose.ts";
import { preparePassword, prepareUsername } from "./credentials.ts";
import type { SaslCondition } from "./error.ts";
import type { ClientMechanism, SaslStep, SaslSuccess, ServerMechanism } from "./mechanism.ts";
import { scramVerifier } from "./plain.ts";
import { deriveScramKeys, type ScramKeys } from "./scram/keys.ts";
import { SCRAM_HASHES, type ScramHash, scramMechanism } from "./scram/names.ts";
import type { ScramSource } from "./scram/server.ts";
import { serverMechanism } from "./server.ts";

/** Lets a client and a server talk until the server has decided, and the client has checked it. */
export async function converse(
  client: ClientMechanism,
  server: ServerMechanism,
): Promise<SaslStep> {
  let step = await server.respond(client.start());
  for (let turns = 0; step.step === "challenge"; turns++) {
    assert.ok(turns < 5, "the exchange does not end");
    step = await server.respond(await client.respond(step.data));
  }
  if (step.step === "success") await client.finish(step.data);
  return step;
}

/** A result that has to be there at once. */
export function now<T>(value: Maybe<T>): T {
  assert.ok(!(value instanceof Promise), "a promise where none is needed");
  return value;
}

/** The text of a challenge or of the data of a success. */
export function said(step: SaslStep): string {
  assert.notEqual(step.step, "failure", step.step === "failure" ? step.error.message : "");
  const data = step.step === "failure" ? undefined : step.data;
  return readUtf8(data ?? new Uint8Array()) ?? "";
}

/** The condition of a failure. */
export function failed(step: SaslStep): SaslCondition {
  assert.ok(step.step === "failure", `${step.step} instead of a failure`);
  return step.error.condition;
}

export function succeeded(step: SaslStep): SaslSuccess {
  assert.ok(step.step === "success", step.step === "failure" ? step.error.message : step.step);
  return step;
}

/** Accounts with their passwords; keys are made with a few iterations only. */
export function accounts(
  passwords: Readonly<Record<string, string>>,
  { crypto = nodeCrypto, iterations = 4096 }: { crypto?: Crypto; iterations?: number } = {},
): ScramSource {
  const users = new Map(Object.entries(passwords));
  return {
    fake: { secret: utf8("secret of the server"), iterations },
    scram(username: string, hash: ScramHash): Maybe<ScramKeys | undefined> {
      const password = users.get(username);
      if (password === undefined) return undefined;
      return deriveScramKeys(crypto, hash, password, utf8(`salt of ${hash} 16b`), iterations);
    },
  };
}

/** Channel bindings of these types, with data that says which. */
export function bindingsOf(...types: ChannelBindingType[]): ChannelBindings {
  return { types, data: (type) => utf8(`data of ${type}`) };
}

const FEW = { min: 1, max: 10 };
const ALL = [
  ...SCRAM_HASHES.flatMap((hash) => [scramMechanism(hash, true), scramMechanism(hash, false)]),
  "PLAIN",
];

test("any user with any password signs in by every mechanism, and nobody with another", async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: "grapheme", maxLength: 20 }),
  );
  const username = fc
    .oneof(text, fc.constantFrom("a=2Cb", "x,y=z", "=,=,", "Ωmega", "ÅNGSTRÖM"))
    .filter((name) => prepareUsername(name) !== undefined);
  const password = fc
    .oneof(text, fc.constantFrom(",=,", "pass word", " ", "ﬁ½"))
    .filter((word) => preparePassword(word) !== undefined);
  const mechanism = fc.constantFrom(...ALL);
  await fc.assert(
    fc.asyncProperty(username, password, password, mechanism, async (name, word, other, offer) => {
      const canonical = prepareUsername(name) as string;
      const scram = accounts({ [canonical]: word }, { iterations: 2 });
      const bindings = offer.endsWith("-PLUS") ? bindingsOf("tls-exporter") : undefined;
      const attempt = (tried: string): Promise<SaslStep> => {
        const credentials = { username: name, password: tried, allowPlain: true, iterations: FEW };
        const client = chooseMechanism([offer], { crypto: nodeCrypto, bindings, ...credentials });
        assert.ok(client?.name === offer);
        const plain = scramVerifier(nodeCrypto, scram);
        const server = { offered: [offer], crypto: nodeCrypto, scram, plain, bindings };
        return converse(client, serverMechanism(offer, server));
      };
      assert.equal(succeeded(await attempt(word)).username, canonical);
      if (preparePassword(other) !== preparePassword(word)) {
        assert.equal(failed(await attempt(other)), "not-authorized");
      }
    }),
    { numRuns: 150 },
  );
});

test("the mechanisms work alike with cryptography that gives promises", async () => {
  const scram = accounts({ juliet: "wherefore" }, { crypto: webCrypto, iterations: 2 });
  const plain = scramVerifier(webCrypto, scram);
  const bindings = bindingsOf("tls-exporter");
  for (const name of ALL) {
    for (const [password, outcome] of [
      ["wherefore", "success"],
      ["romeo", "failure"],
    ] as const) {
      const client = chooseMechanism([name], {
        crypto: webCrypto,
        username: "juliet",
        password,
        allowPlain: true,
        iterations: FEW,
        bindings: name.endsWith("-PLUS") ? bindings : undefined,
      });
      const server = { offered: [name], crypto: webCrypto, scram, plain, bindings };
      const step = await converse(client as ClientMechanism, serverMechanism(name, server));
      assert.equal(step.step, outcome, name);
    }
  }
});

test("with cryptography that gives results at once the server never makes a promise", () => {
  const offered = ["SCRAM-SHA-256"];
  const scram = accounts({ juliet: "wherefore" });
  const server = serverMechanism("SCRAM-SHA-256", { offered, crypto: nodeCrypto, scram });
  const client = chooseMechanism(offered, {
    crypto: nodeCrypto,
    username: "juliet",
    password: "wherefore",
  });
  assert.ok(client);
  const challenge = now(server.respond(client.start()));
  assert.ok(challenge.step === "challenge");
  const success = now(server.respond(now(client.respond(challenge.data))));
  now(client.finish(succeeded(success).data));
});
