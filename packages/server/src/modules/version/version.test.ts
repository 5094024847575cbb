import { test } from "node:test";
import { conversation } from "@rookery/testkit";
import { VERSION } from "../../version.ts";

const cast = { romeo: "romeo@example.org/balcony" } as const;
const ASK = "<iq type='get' id='v1' to='example.org'><query xmlns='jabber:iq:version'/></iq>";

test(
  "XEP-0092 §3: the server tells its name and version, and keeps its operating system to itself",
  conversation(cast, async ({ romeo }) => {
    await romeo.sends(ASK);
    await romeo.receives(`<iq type='result' id='v1' from='example.org'>
      <query xmlns='jabber:iq:version'><name>Rookery</name><version>${VERSION}</version></query></iq>`);
  }),
);

test(
  "XEP-0092 §5: the configuration decides what is told",
  conversation(
    cast,
    async ({ romeo }) => {
      await romeo.sends(ASK);
      await romeo.receives(`<iq type='result' id='v1' from='example.org'>
        <query xmlns='jabber:iq:version'><name>Rookery</name><version/><os>${process.platform}</os></query></iq>`);
    },
    { config: { modules: { version: { version: false, os: true } } } },
  ),
);
