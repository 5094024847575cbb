/** A component that sends back what it is told, with a command for people and a function for programs. */
import { type Component, rpcMethod } from "@rookery/client";
import { connectComponent } from "@rookery/client/node";
import { type AdHocCommand, body, defineCommand, defineForm } from "@rookery/protocol";

const words = defineForm({
  formType: "urn:example:echo",
  fields: {
    text: { type: "text-single", label: "What to say", required: true },
    loud: { type: "boolean", label: "Loudly" },
  },
});

const say: AdHocCommand = defineCommand({ node: "say", name: "Say something" })
  .stage("what", words)
  .run(({ values: { what } }) => ({ note: what.loud ? what.text?.toUpperCase() : what.text }));

const count = rpcMethod(["string"], (_caller, text) => text.split(/\s+/).filter(Boolean).length);

/** What the component does. */
export function echo(component: Component): void {
  component.disco.identity({ category: "component", type: "generic", name: "Echo" });
  component.onMessage((message) => {
    const heard = body.in(message);
    if (heard === undefined) return;
    const { type, from: to, to: from } = message;
    return component.send({ kind: "message", type, from, to, children: [body.write(heard)] });
  });
  component.command(say);
  component.rpc.serve({ countWords: count }, { allow: ({ from }) => from.domain === "localhost" });
}

if (import.meta.main) {
  const { ECHO_SECRET: secret } = process.env;
  if (secret === undefined) throw new Error("set ECHO_SECRET to the secret that the server knows");
  const component = await connectComponent({ port: 5347, domain: "echo.localhost", secret }, echo);
  component.onDisconnected(({ error, retryMs }) => console.error("disconnected", error, retryMs));
  process.once("SIGTERM", () => void component.stop());
}
