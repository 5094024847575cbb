/** Starts the gateway to the echo network. */
import { connectComponent } from "@rookery/client/node";
import { EchoNetwork } from "./echo-network.ts";
import { gateway } from "./gateway.ts";
import { MemoryRegistrations } from "./registrations.ts";

const { GATEWAY_SECRET: secret = "" } = process.env;
let close = async (): Promise<void> => {};
const component = await connectComponent(
  // everybody who is online logs in at once after a start
  { port: 5347, domain: "gateway.localhost", secret, maxWorking: 10_000 },
  (own) => {
    close = gateway(own, {
      network: new EchoNetwork(),
      registrations: new MemoryRegistrations(),
      allows: (user) => user.domain === "localhost",
      onError: (error) => console.error(error),
    });
  },
);
process.once("SIGTERM", () => void stop());

async function stop(): Promise<void> {
  await close();
  await component.stop();
}
