import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid, Stanza } from "@rookery/protocol";
import { type ConfigInput, createServer, type Server } from "@rookery/server";
import { type ChannelBindingType, deriveScramKeys, SaslError, webCrypto } from "@rookery/stream";
import { ByteChannel } from "../byte-channel.ts";
import { type Client, type LoginOptions, startClient } from "../client.ts";
import type { FastToken, TokenStore } from "../negotiation/step.ts";
import { openTcp } from "./tcp.ts";

const PHONE = { id: "d4565fa7-4d72-4749-b3d3-740edbf87770", software: "Test", device: "Phone" };
const PASSWORD = "secret";
const JID = "romeo@localhost";

/** A server with romeo@localhost, and a way to log in to it that tells what the client says. */
class Stage implements AsyncDisposable {
  readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(config: ConfigInput = {}): Promise<Stage> {
    const server = await createServer({
      domains: [{ name: "localhost" }],
      storage: "memory",
      ...config,
      listen: { c2s: "127.0.0.1:0", c2sTls: "127.0.0.1:0", http: false, https: false },
    });
    await server.listen();
    await server.host("localhost").accounts.create(Jid.parse(JID), PASSWORD);
    return new Stage(server);
  }

  /** Logs in over direct TLS; what the client sends, and that something has come, is noted in order. */
  async login(options: Omit<LoginOptions, "jid">, jid = JID): Promise<[Client, string[]]> {
    const said: string[] = [];
    const client = await startClient(
      async (signal) => {
        const ca = this.server.certificates.certificate("localhost")?.toString() ?? "";
        const port = this.server.ports.c2sTls[0] ?? 0;
        const target = { host: "127.0.0.1", port, tls: "direct", domain: "localhost", ca } as const;
        const channel = new ByteChannel(await openTcp(target, signal));
        const open = channel.open.bind(channel);
        const send = channel.send.bind(channel);
        const next = channel.next.bind(channel);
        channel.open = (header) => {
          said.push("<stream>");
          open(header);
        };
        channel.send = (what) => {
          if (!(what instanceof Stanza)) said.push(what.attr("mechanism") ?? what.name);
          send(what);
        };
        channel.next = async () => {
          const item = await next();
          if (said.at(-1) !== "…") said.push("…");
          return item;
        };
        return channel;
      },
      { jid, ...options },
    );
    return [client, said];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}

/** Keeps a token in memory. */
function kept(): TokenStore & { token: FastToken | undefined } {
  return {
    token: undefined,
    load() {
      return this.token;
    },
    save(token) {
      this.token = token;
    },
  };
}

const VERSIONS = [
  ["TLSv1.3", ["tls-exporter", "tls-server-end-point"]],
  ["TLSv1.2", ["tls-unique", "tls-server-end-point"]],
] as const;

for (const [maxVersion, types] of VERSIONS) {
  for (const type of types) {
    test(`by ${maxVersion} every SCRAM and HT is bound by ${type}`, async () => {
      await using stage = await Stage.start({ tls: { maxVersion } });
      const channelBindings: readonly ChannelBindingType[] = [type];
      for (const hash of ["SHA-1", "SHA-256", "SHA-512"]) {
        const name = `SCRAM-${hash}-PLUS`;
        const options = { password: PASSWORD, channelBindings, mechanisms: [name] };
        const [client, said] = await stage.login(options);
        assert.ok(said.includes(name), said.join(" "));
        await client.close();
      }
      const tokens = kept();
      const options = { channelBindings, tokens, userAgent: PHONE };
      await (await stage.login({ ...options, password: PASSWORD }))[0].close();
      assert.match(tokens.token?.mechanism ?? "", /-(?:EXPR|ENDP|UNIQ)$/);
      await (await stage.login(options))[0].close();
    });
  }
}

for (const mechanism of ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"]) {
  test(`${mechanism} without a binding; who wishes for a resource binds it as of old`, async () => {
    await using stage = await Stage.start();
    const options = { password: PASSWORD, channelBindings: [], mechanisms: [mechanism] };
    const [client, said] = await stage.login(options);
    assert.equal(said.filter((what) => what === "<stream>").length, 1, "no stream restart");
    assert.ok(said.includes(mechanism));
    await client.close();
    const [other] = await stage.login(options, `${JID}/balcony`);
    assert.equal(other.jid.toString(), `${JID}/balcony`);
    await other.close();
  });
}

test("XEP-0484: who comes back is online in one round trip, and so again with the token that follows", async () => {
  await using stage = await Stage.start();
  const tokens = kept();
  const options = { tokens, userAgent: PHONE, tag: "Test" };
  const [first] = await stage.login({ ...options, password: PASSWORD });
  const { jid } = first;
  await first.close();
  for (let i = 1; i <= 3; i++) {
    const [client, said] = await stage.login(options);
    // all that is said is said before anything comes
    assert.deepEqual(said, ["<stream>", "HT-SHA-256-EXPR", "…"]);
    assert.equal(tokens.token?.count, i);
    assert.equal(client.jid.toString(), jid.toString(), "a client keeps its resource");
    await client.close();
  }
});

test("a token that is refused is forgotten, and the password used on the same stream", async () => {
  await using stage = await Stage.start();
  const tokens = kept();
  const options = { tokens, userAgent: PHONE };
  await (await stage.login({ ...options, password: PASSWORD }))[0].close();
  const { token } = tokens;
  await stage.server.host("localhost").devices.revokeAll(Jid.parse(JID));
  const [client, said] = await stage.login({ ...options, password: PASSWORD });
  assert.equal(said.filter((what) => what === "<stream>").length, 1);
  assert.ok(tokens.token !== undefined && tokens.token.token !== token?.token);
  await client.close();
  await stage.server.host("localhost").devices.revokeAll(Jid.parse(JID));
  await assert.rejects(
    stage.login(options),
    (error) => error instanceof SaslError && error.condition === "not-authorized",
  );
  assert.equal(tokens.token, undefined);
});

test("a wrong password is refused by SASL2 too", async () => {
  await using stage = await Stage.start();
  await assert.rejects(
    stage.login({ password: "wrong" }),
    (error) => error instanceof SaslError && error.condition === "not-authorized",
  );
});

test("XEP-0480: an account with keys for SHA-1 alone gets the others at its next login", async () => {
  await using stage = await Stage.start();
  const { accounts } = stage.server.host("localhost");
  const juliet = Jid.parse("juliet@localhost");
  const salt = webCrypto.randomBytes(16);
  const keys = await deriveScramKeys(webCrypto, "SHA-1", PASSWORD, salt, 4096);
  await accounts.createWithKeys(juliet, { "SHA-1": keys });
  const options = { password: PASSWORD };
  const weak = { ...options, mechanisms: ["SCRAM-SHA-1-PLUS"] };
  await (await stage.login(weak, juliet.toString()))[0].close();
  const [client, said] = await stage.login(options, juliet.toString());
  assert.ok(said.includes("SCRAM-SHA-512-PLUS"));
  await client.close();
});
