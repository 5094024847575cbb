import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Client, Rpc } from "@rookery/client";
import { connectClient, connectComponent } from "@rookery/client/node";
import {
  body,
  COMMANDS_NS,
  command,
  dataForm,
  discoInfo,
  discoItems,
  Jid,
  RpcFault,
  StanzaError,
} from "@rookery/protocol";
import { createServer } from "@rookery/server";
import { echo } from "./index.ts";

const ECHO = Jid.parse("echo.localhost");

/** Romeo, the component, and a server between them, all by TCP. */
async function play(run: (romeo: Client) => Promise<void>): Promise<void> {
  const server = await createServer({
    domains: [{ name: "localhost" }],
    storage: "memory",
    listen: {
      c2s: "127.0.0.1:0",
      c2sTls: false,
      component: "127.0.0.1:0",
      http: false,
      https: false,
    },
    components: { "echo.localhost": { secret: "parrots are birds" } },
  });
  try {
    await server.listen();
    await server.host("localhost").accounts.create(Jid.parse("romeo@localhost"), "secret");
    const host = "127.0.0.1";
    const [port = 0] = server.ports.component;
    const as = { domain: "echo.localhost", secret: "parrots are birds" };
    await using component = await connectComponent({ host, port, ...as }, echo);
    assert.ok(component.isConnected);
    const ca = server.certificates.certificate("localhost")?.toString() ?? "";
    await using romeo = await connectClient({
      host,
      port: server.ports.c2s[0] ?? 0,
      ca,
      jid: "romeo@localhost/balcony",
      password: "secret",
    });
    await romeo.send({ kind: "presence" });
    await run(romeo);
  } finally {
    await server.stop();
  }
}

test("what is said to any address of the component comes back from it", () =>
  play(async (romeo) => {
    const heard = Promise.withResolvers<string>();
    romeo.onMessage((message) => heard.resolve(`${message.from}: ${body.in(message)?.text}`));
    const to = Jid.parse("parrot@echo.localhost");
    const children = [body.write({ text: "Hello & good night" })];
    await romeo.send({ kind: "message", type: "chat", to, children });
    assert.equal(await heard.promise, "parrot@echo.localhost: Hello & good night");
  }));

test("the component tells what it is and has a command with a form", () =>
  play(async (romeo) => {
    const empty = { identities: [], features: [], forms: [] };
    const info = await romeo.request(
      { type: "get", to: ECHO, payload: discoInfo.write(empty) },
      discoInfo,
    );
    assert.deepEqual(
      info.identities.map(({ category, type, name }) => [category, type, name]),
      [
        ["component", "generic", "Echo"],
        ["automation", "rpc", undefined],
      ],
    );
    const { items } = await romeo.request(
      { type: "get", to: ECHO, payload: discoItems.write({ node: COMMANDS_NS, items: [] }) },
      discoItems,
    );
    assert.deepEqual(
      items.map(({ node, name }) => [node, name]),
      [["say", "Say something"]],
    );
    const execute = { node: "say", notes: [], payload: [] };
    const shown = await romeo.request(
      { type: "set", to: ECHO, payload: command.write(execute) },
      command,
    );
    assert.equal(shown.status, "executing");
    const filledIn = dataForm.write({
      type: "submit",
      fields: [
        { var: "text", values: ["hello"] },
        { var: "loud", values: ["1"] },
      ],
    });
    const submit = { ...execute, sessionId: shown.sessionId, payload: [filledIn] };
    const done = await romeo.request(
      { type: "set", to: ECHO, payload: command.write(submit) },
      command,
    );
    assert.equal(done.status, "completed");
    assert.deepEqual(done.notes, [{ type: "info", text: "HELLO" }]);
    await assert.rejects(
      romeo.request({ type: "set", to: ECHO, payload: command.write(submit) }),
      (error) => error instanceof StanzaError && error.specific?.name === "session-expired",
    );
  }));

test("programs call its function", () =>
  play(async (romeo) => {
    const rpc = new Rpc(romeo, (error) => assert.fail(String(error)));
    assert.equal(await rpc.call(ECHO, "countWords", ["Art thou not Romeo?"], "int"), 4);
    await assert.rejects(rpc.call(ECHO, "countWords", [1]), RpcFault);
    await assert.rejects(rpc.call(ECHO, "nothing", []), RpcFault);
  }));

test("the documentation shows this example as it is", () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  assert.ok(read("../../docs/components.md").includes(`\`\`\`ts\n${read("./index.ts")}\`\`\`\n`));
});
