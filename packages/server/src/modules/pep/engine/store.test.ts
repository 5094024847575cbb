import assert from "node:assert/strict";
import { test } from "node:test";
import { Jid } from "@rookery/protocol";
import { conversation } from "@rookery/testkit";
import { el } from "@rookery/xml";
import { defineModule, type Host, type Module, type NoOptions } from "../../../host.ts";
import type { Relations } from "./access.ts";
import type { NodeConfig } from "./config.ts";
import type { Engine, Request } from "./engine.ts";
import { publish } from "./publish.ts";
import { retrieve } from "./retrieve.ts";
import { NodeStore } from "./store.ts";

const OWNER = Jid.parse("service.example.org");
const HAMLET = Jid.parse("hamlet@denmark.lit/elsinore");

const CONFIG: NodeConfig = {
  title: "",
  description: "",
  type: "",
  accessModel: "open",
  rosterGroups: [],
  persistItems: true,
  maxItems: "max",
  itemExpire: "max",
  sendLast: "never",
  deliverPayloads: true,
  notifyConfig: false,
  notifyDelete: true,
  notifyRetract: true,
  notificationType: "headline",
  itemReply: "none",
};

/** Hamlet owns everything, and nobody has presence. */
const RELATIONS: Relations = {
  isOwner: (asker) => asker.bare.equals(HAMLET.bare),
  seesPresence: () => false,
  groups: () => [],
};

/** An engine beside personal eventing, that keeps little in memory. */
async function engineOn(host: Host, cached: number): Promise<Engine> {
  const bounds = { nodes: 0, items: 0, itemBytes: 0, bytes: 0, subscribers: 0, affiliations: 0 };
  const store = await NodeStore.open(host, "service", cached);
  return { store, bounds, defaults: CONFIG, clock: host.clock, random: host.random };
}

test(
  "the engine serves other owners than accounts, and reads again what it did not keep in memory",
  conversation({}, async ({ stage }) => {
    let found: Host | undefined;
    const service: Module<NoOptions, void> = defineModule({
      name: "service",
      implements: [],
      setup: (host) => {
        found = host;
      },
    });
    await stage.server.host("example.org").modules.load(service, {});
    const engine = await engineOn(found as Host, 3);
    const request = async (owner: string): Promise<Request> => ({
      space: await engine.store.of(owner),
      asker: HAMLET,
      relations: RELATIONS,
    });
    const owners = Array.from({ length: 5 }, (_, i) => `${i}.${OWNER}`);
    for (const round of [1, 2]) {
      for (const owner of owners) {
        const items = [{ id: `${round}`, payload: el("urn:x", "x", {}, owner) }];
        const publication = { node: "n", items, conditions: {} };
        await publish(engine, await request(owner), publication).committed;
      }
    }
    for (const owner of owners) {
      const asked = { ...(await request(owner)), asker: Jid.parse("ophelia@denmark.lit") };
      const { items } = await retrieve(engine, asked, { node: "n", itemIds: [] });
      assert.deepEqual(
        items.map(({ id, payload }) => [id, payload?.text]),
        [
          ["1", owner],
          ["2", owner],
        ],
      );
    }
  }),
);

test(
  "two who read the nodes of one owner at once get the same",
  conversation({}, async ({ stage }) => {
    let found: Host | undefined;
    const service: Module<NoOptions, void> = defineModule({
      name: "service",
      implements: [],
      setup: (host) => {
        found = host;
      },
    });
    await stage.server.host("example.org").modules.load(service, {});
    const { store } = await engineOn(found as Host, 3);
    const [one, other] = await Promise.all([store.of("a"), store.of("a")]);
    assert.equal(one, other);
    assert.equal(store.of("a"), one, "at once, when it is in memory");
  }),
);
