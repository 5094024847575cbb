import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend, conversation, type Person, type Scene } from "@rookery/testkit";

const cast = {
  romeo: "romeo@example.org/balcony",
  juliet: "juliet@example.org/chamber",
} as const;

const probe = (to: string): string => `<presence type='probe' to='${to}'/>`;

test(
  "RFC 6121 §4.3.2: a subscriber's probe is answered with what each available resource said last",
  conversation({ ...cast, garden: "juliet@example.org/garden" }, async (scene) => {
    const { romeo, juliet, garden } = scene;
    await befriend(romeo, juliet);
    await juliet.comesOnline("<presence><show>dnd</show></presence>");
    await garden.comesOnline("<presence><priority>-1</priority></presence>");
    await romeo.ignoresAll();
    await romeo.sends(probe("juliet@example.org"));
    await romeo.receivesAll(
      `<presence from='juliet@example.org/chamber' to='romeo@example.org/balcony'>
        <show>dnd</show></presence>`,
      `<presence from='juliet@example.org/garden' to='romeo@example.org/balcony'>
        <priority>-1</priority></presence>`,
    );
    await romeo.sends(probe("juliet@example.org/garden"));
    await romeo.receives(
      "<presence from='juliet@example.org/garden'><priority/></presence>".replace(
        "<priority/>",
        "<priority>-1</priority>",
      ),
    );
    await romeo.sends(probe("juliet@example.org/gone"));
    await romeo.receives("<presence type='unavailable' from='juliet@example.org/gone'/>");
    await romeo.receivesNothing();
    await juliet.ignoresAll();
  }),
);

test(
  "RFC 6121 §4.3.2: a contact that is offline says nothing to a subscriber of the same server",
  conversation(cast, async ({ romeo, juliet }) => {
    await befriend(romeo, juliet);
    await romeo.sends(probe("juliet@example.org"));
    await romeo.receivesNothing();
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.3.2: a stranger's probe is answered alike for one online, one offline and no account",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await juliet.comesOnline();
    await stage.accounts("offline@example.org");
    for (const local of ["juliet", "offline", "nobody"]) {
      await romeo.sends(probe(`${local}@example.org`));
      await romeo.sends(probe(`${local}@example.org/chamber`));
      // `unsubscribed` that changes nothing is not shown to the client (§3.2.3)
      await romeo.receivesNothing();
    }
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.3.2: a probe tells nothing of an unanswered request, whoever is there",
  conversation(cast, async ({ romeo, juliet, stage }) => {
    await juliet.comesOnline();
    await stage.accounts("offline@example.org");
    await romeo.asksForRoster();
    await romeo.comesOnline();
    for (const local of ["juliet", "offline", "nobody"]) {
      await romeo.sends(`<presence type='subscribe' to='${local}@example.org'/>`);
      await romeo.ignoresAll();
      await romeo.sends(probe(`${local}@example.org`));
      await romeo.receivesNothing();
    }
    assert.equal(await askOf(romeo, "juliet@example.org"), "subscribe");
  }),
);

test(
  "RFC 6121 §4.3.2: a probe of one who is subscribed no longer ends what the prober believes",
  conversation(cast, async (scene) => {
    const { romeo, juliet, stage } = scene;
    await befriend(romeo, juliet);
    await juliet.comesOnline();
    await romeo.asksForRoster();
    await losesRomeo(scene);
    await romeo.sends(probe("juliet@example.org"));
    await romeo.receives("<presence type='unsubscribed' from='juliet@example.org'/>");
    await romeo.receives(
      `<iq type='set'><query xmlns='jabber:iq:roster'>
        <item jid='juliet@example.org' subscription='from'/></query></iq>`,
    );
    await stage.settled();
  }),
);

test(
  "RFC 6121 §4.3: a session may probe its own account",
  conversation(cast, async ({ romeo, juliet }) => {
    await romeo.comesOnline();
    await romeo.sends(probe("romeo@example.org"));
    await romeo.receives("<presence from='romeo@example.org/balcony'/>");
    await juliet.receivesNothing();
  }),
);

test(
  "RFC 6121 §4.3: a probe to nobody in particular is dropped",
  conversation(cast, async ({ romeo }) => {
    for (const to of ["", "to='example.org'", "to='example.org/x'"]) {
      await romeo.sends(`<presence type='probe' ${to}/>`);
    }
    await romeo.receivesNothing();
  }),
);

/** Juliet's roster forgets Romeo without his hearing of it, as a restored backup would. */
async function losesRomeo({ stage, romeo, juliet }: Scene<typeof cast>): Promise<void> {
  const { rosters } = stage.server.host("example.org").im;
  await rosters.update(juliet.jid.bare, romeo.jid.bare, () => undefined);
}

async function askOf(person: Person, contact: string): Promise<string | undefined> {
  const roster = await person.asksForRoster();
  const items = roster.elements()[0]?.elements() ?? [];
  return items.find((item) => item.attr("jid") === contact)?.attr("ask");
}
