import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { befriend, conversation } from "@rookery/testkit";

const cast = { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" } as const;
const EMPTY = "<vCard xmlns='vcard-temp'/>";
const JULIET = `<vCard xmlns='vcard-temp' version='3.0'><FN>Juliet Capulet</FN>
  <N><FAMILY>Capulet</FAMILY><GIVEN>Juliet</GIVEN><MIDDLE/></N>
  <PHOTO><TYPE>image/png</TYPE><BINVAL>iVBORw0KGgo=</BINVAL></PHOTO>
  <x xmlns='urn:example:unknown' b='2' a='1'>&lt;kept&gt; <y/></x></vCard>`;

const error = (type: string, condition: string): string => `<error type='${type}'>
  <${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
  <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text></error>`;
const unavailable = (to: string): string =>
  `<iq type='error' id='v3' from='${to}'>${EMPTY}${error("cancel", "service-unavailable")}</iq>`;
const get = (to: string): string => `<iq type='get' id='v3' to='${to}'>${EMPTY}</iq>`;

test(
  "XEP-0054 §3.1, §3.2: an account keeps its vCard and gets it back with all that is in it",
  conversation(cast, async ({ juliet }) => {
    await juliet.sends(`<iq type='set' id='v2'>${JULIET}</iq>`);
    await juliet.receives("<iq type='result' id='v2' to='juliet@example.org/chamber'/>");
    await juliet.sends(`<iq type='get' id='v1'>${EMPTY}</iq>`);
    const received = await juliet.receives(`<iq type='result' id='v1'>${JULIET}</iq>`);
    const unknown = received.child("vcard-temp")?.child("urn:example:unknown");
    assert.deepEqual(unknown?.attrs, ["b", "2", "a", "1"]);
    assert.equal(unknown?.children[0], "<kept> ");
  }),
);

test(
  "XEP-0054 §3.1: who has no vCard is told so; an empty one takes it away",
  conversation(cast, async ({ juliet }) => {
    const none = `<iq type='error' id='v1'>${EMPTY}<error type='cancel'>
      <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
    await juliet.sends(`<iq type='get' id='v1'>${EMPTY}</iq>`);
    await juliet.receives(none);
    await juliet.sends(`<iq type='set' id='v2'>${JULIET}</iq>`);
    await juliet.ignoresAll();
    await juliet.sends(`<iq type='set' id='v2'>${EMPTY}</iq>`);
    await juliet.receives("<iq type='result' id='v2'/>");
    await juliet.sends(`<iq type='get' id='v1'>${EMPTY}</iq>`);
    await juliet.receives(none);
  }),
);

test(
  "XEP-0054 §3.2: nobody changes the vCard of another, and no account looks like one",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    for (const to of ["juliet@example.org", "nobody@example.org"]) {
      await romeo.sends(`<iq type='set' id='v2' to='${to}'>${JULIET}</iq>`);
      await romeo.receives(
        `<iq type='error' id='v2' from='${to}'>${JULIET}${error("auth", "forbidden")}</iq>`,
      );
    }
    await juliet.receivesNothing();
    await juliet.sends(`<iq type='set' id='v2' to='juliet@example.org'>${JULIET}</iq>`);
    await juliet.receives("<iq type='result' id='v2'/>");
  }),
);

test(
  "XEP-0054 §3.3: others get a vCard from the server, not from the client",
  conversation(cast, async ({ romeo, juliet }) => {
    await juliet.comesOnline();
    await juliet.sends(`<iq type='set' id='v2'>${JULIET}</iq>`);
    await juliet.ignoresAll();
    await romeo.sends(get("juliet@example.org"));
    await romeo.receives(`<iq type='result' id='v3' from='juliet@example.org'>${JULIET}</iq>`);
    await juliet.receivesNothing();
  }),
);

test(
  "XEP-0054 §3.3: no vCard and no account look the same",
  conversation(cast, async ({ romeo }) => {
    for (const to of ["juliet@example.org", "nobody@example.org"]) {
      await romeo.sends(get(to));
      await romeo.receives(unavailable(to));
    }
  }),
);

test(
  "with visibility: contacts, strangers see nothing and contacts do",
  conversation(
    cast,
    async ({ romeo, juliet }) => {
      await romeo.comesOnline();
      await juliet.comesOnline();
      await juliet.sends(`<iq type='set' id='v2'>${JULIET}</iq>`);
      await juliet.ignoresAll();
      for (const to of ["juliet@example.org", "nobody@example.org"]) {
        await romeo.sends(get(to));
        await romeo.receives(unavailable(to));
      }
      await befriend(romeo, juliet);
      await romeo.sends(get("juliet@example.org"));
      await romeo.receives(`<iq type='result' id='v3' from='juliet@example.org'>${JULIET}</iq>`);
    },
    { config: { modules: { vcard: { visibility: "contacts" } } } },
  ),
);

test(
  "the limit vcardBytes bounds a vCard; what was there before stays",
  conversation(
    cast,
    async ({ juliet }) => {
      await juliet.sends(`<iq type='set' id='v1'>${JULIET}</iq>`);
      await juliet.receives("<iq type='result' id='v1'/>");
      const large = `<vCard xmlns='vcard-temp'><DESC>${"ü".repeat(600)}</DESC></vCard>`;
      await juliet.sends(`<iq type='set' id='v2'>${large}</iq>`);
      await juliet.receives(
        `<iq type='error' id='v2'>${large}${error("modify", "not-acceptable")}</iq>`,
      );
      await juliet.sends(`<iq type='get' id='v3'>${EMPTY}</iq>`);
      await juliet.receives(`<iq type='result' id='v3'>${JULIET}</iq>`);
    },
    { config: { limits: { vcardBytes: 1000 } } },
  ),
);

test(
  "XEP-0054 §4: host and accounts announce it",
  conversation(cast, async ({ stage }) => {
    const host = stage.server.host("example.org");
    assert.ok(host.features("host").includes("vcard-temp"));
    assert.ok(host.features("account").includes("vcard-temp"));
  }),
);

test(
  "the next owner of a name inherits no vCard",
  conversation({ romeo: cast.romeo }, async ({ romeo, stage }) => {
    const juliet = await stage.login(cast.juliet);
    juliet.send(`<iq type='set' id='v2'>${JULIET}</iq>`);
    await juliet.sync();
    await juliet.close();
    const host = stage.server.host("example.org");
    await host.removeAccount(Jid.parse("juliet@example.org"));
    await stage.accounts("juliet@example.org");
    await romeo.sends(get("juliet@example.org"));
    await romeo.receives(unavailable("juliet@example.org"));
  }),
);
