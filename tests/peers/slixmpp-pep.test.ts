import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Peer } from "./support/peer.ts";
import { Rookery } from "./support/rookery.ts";

const LIMIT = { timeout: 60_000 };
const TUNE = "http://jabber.org/protocol/tune";

/** A client of slixmpp that wants to hear of tunes, nicknames and avatars. */
function slixmpp(t: TestContext): Peer {
  const script = fileURLToPath(import.meta.resolve("./slixmpp/pep.py"));
  const python = "/usr/bin/python3";
  return new Peer(t, [python, "-u", "-W", "ignore::DeprecationWarning", script], {});
}

test(
  "slixmpp publishes tunes, nicknames and avatars, and its own clients and contacts are told",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["romeo", "juliet"]);
    const [chamber, garden, romeo] = [slixmpp(t), slixmpp(t), slixmpp(t)];
    await chamber.login(rookery, "juliet@localhost/chamber", "starttls");
    await garden.login(rookery, "juliet@localhost/garden", "direct");
    await romeo.login(rookery, "romeo@localhost/orchard", "starttls");
    await garden.next("presence", { from: "juliet@localhost/chamber" });

    await chamber.call("tune", { title: "Introduction" });
    for (const own of [chamber, garden]) {
      const told = await own.next("user_tune");
      assert.deepEqual(
        [told["from"], told["ids"], told["text"], told["late"]],
        ["juliet@localhost", ["current"], "Gerald FinziIntroduction", false],
      );
    }
    await chamber.call("nick", { nick: "Ἰουλιέττα" });
    assert.equal((await garden.next("user_nick"))["text"], "Ἰουλιέττα");

    await romeo.call("subscribe", { to: "juliet@localhost" });
    const last = await romeo.next("user_tune");
    assert.deepEqual([last["from"], last["late"]], ["juliet@localhost", true]);
    assert.equal((await romeo.next("user_nick"))["text"], "Ἰουλιέττα");

    const { id } = await chamber.call("avatar", { size: 60_000 });
    const avatar = await romeo.next("avatar_metadata");
    assert.deepEqual(avatar["ids"], [id]);
    assert.deepEqual(await romeo.call("get_avatar", { jid: "juliet@localhost", id }), { id });
    const { nodes } = await romeo.call("nodes", { jid: "juliet@localhost" });
    assert.deepEqual(nodes, [
      "http://jabber.org/protocol/nick",
      TUNE,
      "urn:xmpp:avatar:data",
      "urn:xmpp:avatar:metadata",
    ]);
  },
);

test(
  "what slixmpp published is there after a restart, and given to a client that comes online",
  LIMIT,
  async (t) => {
    const rookery = await Rookery.start(t, ["juliet"]);
    const chamber = slixmpp(t);
    await chamber.login(rookery, "juliet@localhost/chamber", "direct");
    await chamber.call("tune", { title: "Introduction" });
    await rookery.stop("SIGKILL");
    await rookery.start();
    const again = slixmpp(t);
    await again.login(rookery, "juliet@localhost/chamber", "direct");
    const told = await again.next("user_tune");
    assert.deepEqual([told["text"], told["late"]], ["Gerald FinziIntroduction", true]);
    const configuration = await again.call("configuration", { node: TUNE });
    assert.equal(configuration["pubsub#access_model"], "presence");
    await again.call("delete", { node: TUNE });
    assert.deepEqual(await again.call("nodes", { jid: "juliet@localhost" }), { nodes: [] });
  },
);
