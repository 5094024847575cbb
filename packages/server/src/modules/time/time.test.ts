import { test } from "node:test";
import { conversation } from "@rookery/testkit";

test(
  "XEP-0202 §3: the server tells its time in UTC",
  conversation({ romeo: "romeo@example.org/balcony" }, async ({ romeo }) => {
    await romeo.sends("<iq type='get' id='t1' to='example.org'><time xmlns='urn:xmpp:time'/></iq>");
    await romeo.receives(`<iq type='result' id='t1' from='example.org'>
      <time xmlns='urn:xmpp:time'><tzo>Z</tzo><utc>2026-01-01T00:00:00Z</utc></time></iq>`);
  }),
);

test(
  "XEP-0202 §5: a request that sets the time is refused",
  conversation({ romeo: "romeo@example.org/balcony" }, async ({ romeo }) => {
    await romeo.sends("<iq type='set' id='t1' to='example.org'><time xmlns='urn:xmpp:time'/></iq>");
    await romeo.receives(`<iq type='error' id='t1' from='example.org'>
      <time xmlns='urn:xmpp:time'/>
      <error type='cancel'>
        <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
        <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>*</text>
      </error></iq>`);
  }),
);
