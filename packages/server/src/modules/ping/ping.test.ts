import { test } from "node:test";
import { conversation } from "@rookery/testkit";

const PING = "<ping xmlns='urn:xmpp:ping'/>";

test(
  "XEP-0199 §4.2: a client pings the server, its own account and another client",
  conversation(
    { romeo: "romeo@example.org/balcony", juliet: "juliet@example.org/chamber" },
    async ({ romeo, juliet }) => {
      await romeo.sends(`<iq type='get' id='p1' to='example.org'>${PING}</iq>`);
      await romeo.receives("<iq type='result' id='p1' from='example.org'/>");

      await romeo.sends(`<iq type='get' id='p2'>${PING}</iq>`);
      await romeo.receives("<iq type='result' id='p2' from='romeo@example.org'/>");

      await romeo.sends(`<iq type='get' id='p3' to='juliet@example.org/chamber'>${PING}</iq>`);
      await juliet.receives(`<iq type='get' id='p3' from='romeo@example.org/balcony'>${PING}</iq>`);
      await juliet.sends("<iq type='result' id='p3' to='romeo@example.org/balcony'/>");
      await romeo.receives("<iq type='result' id='p3' from='juliet@example.org/chamber'/>");
    },
  ),
);

test(
  "XEP-0199 §7: another account does not tell by an answer that it exists",
  conversation({ romeo: "romeo@example.org/balcony" }, async ({ romeo, stage }) => {
    await stage.accounts("juliet@example.org");
    for (const local of ["juliet", "nobody"]) {
      await romeo.sends(`<iq type='get' id='p4' to='${local}@example.org'>${PING}</iq>`);
      await romeo.receives(`<iq type='error' id='p4' from='${local}@example.org'>${PING}
        <error type='cancel'>
          <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
          <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"ping" of "urn:xmpp:ping" is not offered here</text>
        </error></iq>`);
    }
  }),
);
