import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { befriend, conversation, Person, type Scene, TestServer } from "@rookery/testkit";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const LAST = "<query xmlns='jabber:iq:last'/>";

const ask = (to: string, id = "last1"): string =>
  `<iq type='get' id='${id}' to='${to}'>${LAST}</iq>`;
const error = (type: string, condition: string, text = ""): string =>
  `<error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>${text}</error>`;
const answer = (seconds: number, status = ""): string =>
  `<iq type='result' id='last1' from='juliet@example.org'>
    <query xmlns='jabber:iq:last' seconds='${seconds}'>${status}</query></iq>`;

async function friends({ romeo, juliet }: Scene<typeof cast>): Promise<void> {
  await romeo.comesOnline();
  await juliet.comesOnline();
  await befriend(romeo, juliet);
}

test(
  "XEP-0012 §3: how long ago a contact logged out, and with which status",
  conversation(cast, async (scene) => {
    const { romeo, juliet, stage } = scene;
    await friends(scene);
    await juliet.sends("<presence type='unavailable'><status>Heading Home</status></presence>");
    await juliet.client.close();
    await romeo.ignoresAll();
    stage.clock.advance(93_999);
    await romeo.sends(ask("juliet@example.org"));
    await romeo.receives(answer(93, "Heading Home"));
  }),
);

test(
  "XEP-0012 §3: one whose connection broke has no status",
  conversation(cast, async (scene) => {
    const { romeo, juliet, stage } = scene;
    await friends(scene);
    juliet.client.cut();
    await romeo.receives("<presence type='unavailable' from='juliet@example.org/chamber'/>");
    stage.clock.advance(5000);
    await romeo.sends(ask("juliet@example.org"));
    await romeo.receives(answer(5));
  }),
);

test(
  "XEP-0012 §3: zero while a resource is online, also after another one left",
  conversation(cast, async (scene) => {
    const { romeo, juliet, stage } = scene;
    await friends(scene);
    await romeo.sends(ask("juliet@example.org"));
    await romeo.receives(answer(0));
    const garden = new Person(await stage.login("juliet@example.org/garden"), stage);
    await garden.comesOnline();
    await juliet.sends("<presence type='unavailable'><status>In the garden</status></presence>");
    await romeo.ignoresAll();
    stage.clock.advance(60_000);
    await romeo.sends(ask("juliet@example.org"));
    await romeo.receives(answer(0));
  }),
);

test(
  "a resource that says it is unavailable is not told of, though it is connected",
  conversation(cast, async (scene) => {
    const { romeo, juliet, stage } = scene;
    await friends(scene);
    await juliet.sends("<presence type='unavailable'><status>Hiding</status></presence>");
    await romeo.ignoresAll();
    stage.clock.advance(60_000);
    await romeo.sends(ask("juliet@example.org"));
    await romeo.receives(answer(60, "Hiding"));
    await juliet.ignoresAll();
    await juliet.client.close();
    stage.clock.advance(1000);
    await romeo.sends(ask("juliet@example.org"));
    await romeo.receives(answer(61, "Hiding"));
  }),
);

test(
  "XEP-0012 §3, §8: without a subscription it is forbidden, alike for accounts that there are and that there are not",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    for (const to of ["juliet@example.org", "nobody@example.org"]) {
      await romeo.sends(ask(to));
      await romeo.receives(
        `<iq type='error' id='last1' from='${to}'>${LAST}${error("auth", "forbidden")}</iq>`,
      );
    }
  }),
);

test(
  "XEP-0012 §4: without a subscription no request reaches a resource",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    for (const to of [
      "juliet@example.org/chamber",
      "juliet@example.org/x",
      "nobody@example.org/x",
    ]) {
      await romeo.sends(ask(to));
      await romeo.receives(
        `<iq type='error' id='last1' from='${to}'>${LAST}${error("auth", "forbidden")}</iq>`,
      );
    }
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0012 §4: a contact's client answers for itself",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await friends(scene);
    await romeo.sends(ask("juliet@example.org/chamber"));
    await juliet.receives(
      `<iq type='get' id='last1' from='romeo@example.org/balcony'>${LAST}</iq>`,
    );
    await juliet.sends(`<iq type='result' id='last1' to='romeo@example.org/balcony'>
      <query xmlns='jabber:iq:last' seconds='123'/></iq>`);
    await romeo.receives(`<iq type='result' from='juliet@example.org/chamber' id='last1'>
      <query xmlns='jabber:iq:last' seconds='123'/></iq>`);
  }),
);

test(
  "an account may ask about itself; what was never online has no last activity",
  conversation(cast, async ({ juliet }) => {
    await juliet.sends(`<iq type='get' id='last1'>${LAST}</iq>`);
    await juliet.receives(
      `<iq type='error' id='last1'>${LAST}${error(
        "cancel",
        "item-not-found",
        "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text>",
      )}</iq>`,
    );
    await juliet.comesOnline();
    await juliet.sends(`<iq type='get' id='last1'>${LAST}</iq>`);
    await juliet.receives(answer(0));
  }),
);

test(
  "XEP-0012 §5: how long the server has been up",
  conversation(cast, async ({ romeo, stage }) => {
    stage.clock.advance(123_456);
    await romeo.sends(ask("example.org"));
    await romeo.receives(`<iq type='result' id='last1' from='example.org'>
      <query xmlns='jabber:iq:last' seconds='123'/></iq>`);
    await stage.server.host("example.org").modules.reload("last-activity", {});
    await romeo.sends(ask("example.org"));
    await romeo.receives(`<iq type='result' id='last1' from='example.org'>
      <query xmlns='jabber:iq:last' seconds='123'/></iq>`);
  }),
);

test(
  "a status that is no line for people is cut, never within a character",
  conversation(cast, async (scene) => {
    const { romeo, juliet } = scene;
    await friends(scene);
    const long = `${"x".repeat(1023)}🐦🐦`;
    await juliet.sends(`<presence type='unavailable'><status>${long}</status></presence>`);
    await romeo.ignoresAll();
    await romeo.sends(ask("juliet@example.org"));
    await romeo.receives(answer(0, "x".repeat(1023)));
  }),
);

test("the time of the last activity survives a restart", async () => {
  const data = mkdtempSync(join(tmpdir(), "last-activity-"));
  const config = { storage: "sqlite", data } as const;
  try {
    let clock: TestServer["clock"];
    {
      await using stage = await TestServer.start({ config });
      clock = stage.clock;
      const juliet = new Person(await stage.login("juliet@example.org/chamber"), stage);
      await juliet.comesOnline();
    }
    clock.advance(42_000);
    await using stage = await TestServer.start({ config, clock });
    const juliet = new Person(await stage.login("juliet@example.org/chamber"), stage);
    await juliet.sends(`<iq type='get' id='last1'>${LAST}</iq>`);
    await juliet.receives(answer(42));
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});
