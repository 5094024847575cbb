/**
 * A component of our own kit, driven by lines of JSON as the one of slixmpp is; see
 * `../slixmpp/component.py`.
 */
import { createInterface } from "node:readline";
import type { Component } from "@rookery/client";
import { connectComponent } from "@rookery/client/node";
import { body, Jid, StreamError } from "@rookery/protocol";

interface Connect {
  readonly domain: string;
  readonly secret: string;
  readonly port: number;
  readonly name?: string;
}

interface Message {
  readonly sender: string;
  readonly to: string;
  readonly body: string;
}

interface Line {
  readonly call: number;
  readonly do: string;
}

let component: Component | undefined;

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The connection comes about later, or fails: events tell. */
function connect({ domain, secret, port, name = "" }: Connect): void {
  const ended = (error: unknown): void => {
    if (error instanceof StreamError) tell({ event: "stream-error", condition: error.condition });
    tell({ event: "disconnected" });
  };
  connectComponent({ domain, secret, host: "127.0.0.1", port }, (own) => {
    component = own;
    own.onConnected(() => tell({ event: "connected" }));
    own.onDisconnected(({ error }) => ended(error));
    own.onMessage((message) => {
      const heard = body.in(message);
      if (heard === undefined) return;
      const { type, id, from: to, to: from } = message;
      const children = [body.write({ text: name + heard.text })];
      return own.send({ kind: "message", type, id, from, to, children });
    });
  }).catch(ended);
}

function message({ sender, to, body: text }: Message): void {
  const children = [body.write({ text })];
  const [from, whom] = [Jid.parse(sender), Jid.parse(to)];
  void component?.send({ kind: "message", type: "chat", from, to: whom, children });
}

const commands = createInterface({ input: process.stdin });
commands.on("line", (text) => {
  const line = JSON.parse(text) as Line;
  try {
    if (line.do === "connect") connect(line as Line & Connect);
    else message(line as Line & Message);
    tell({ call: line.call, result: {} });
  } catch (error) {
    tell({ call: line.call, error: String(error) });
  }
});
commands.on("close", () => process.exit());
