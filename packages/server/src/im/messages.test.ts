import { test } from "node:test";
import { conversation } from "@rookery/testkit";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

test(
  "RFC 6121 §8.5.2.1.1: a chat message to the bare JID reaches an available resource",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await romeo.sends(
      "<message to='juliet@example.org' type='chat' id='m1'><body>hi</body></message>",
    );
    await juliet.receives(`
      <message from='romeo@example.org/balcony' to='juliet@example.org' type='chat' id='m1'>
        <body>hi</body>
      </message>`);
    await romeo.receivesNothing();
  }),
);
