/** A module of an operator's own: greets each account once, with a text from the configuration. */
import { body, Stanza } from "@rookery/protocol";
import { defineModule, type MapSpec, type Module, sessionTakesMessages } from "@rookery/server";
import { z } from "zod";

export interface WelcomeOptions {
  readonly greeting: string;
}

const options: z.ZodType<WelcomeOptions> = z.strictObject({
  greeting: z.string().default("Welcome!").describe("What every account is told once."),
});

const greeted: MapSpec<true> = {
  shape: "map",
  name: "welcome/greeted",
  version: 1,
  codec: { encode: () => "", decode: () => true },
};

const welcome: Module<WelcomeOptions, void> = defineModule({
  name: "welcome",
  implements: [],
  options,

  async setup(host, { greeting }) {
    const store = await host.mapStore(greeted);
    host.on(sessionTakesMessages, async (session) => {
      const account = session.jid.bare;
      if (await store.get(account.toString(), "greeted")) return;
      await store.put(account.toString(), "greeted", true);
      await host.send(
        new Stanza({
          kind: "message",
          type: "normal",
          from: host.domain,
          to: account,
          children: [body.write({ text: greeting })],
        }),
      );
    });
  },
});

export default welcome;
