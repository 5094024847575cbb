"""A slixmpp client with personal eventing (XEP-0163), driven by lines of JSON as driver.py tells."""

import asyncio

from slixmpp import ClientXMPP

from driver import drive, reach, tell

EVENTS = ("user_tune", "user_nick", "avatar_metadata")


class Client:
    """What a person does who tells others what they do; each method with a public name is a command."""

    def __init__(self):
        self.xmpp = None

    async def login(self, jid, password, port, tls, ca):
        """Connects, logs in and becomes available, interested in tunes, nicknames and avatars."""
        xmpp = ClientXMPP(jid, password)
        self.xmpp = xmpp
        for plugin in ("xep_0030", "xep_0084", "xep_0115", "xep_0118", "xep_0163", "xep_0172", "xep_0203"):
            xmpp.register_plugin(plugin)
        xmpp.init_plugins()
        xmpp.auto_authorize = True
        xmpp.auto_subscribe = True
        reach(xmpp, port, ca)
        started = asyncio.get_running_loop().create_future()

        def fail(why):
            if not started.done():
                started.set_exception(RuntimeError(why))

        xmpp.add_event_handler("session_start", lambda _: started.done() or started.set_result(None))
        xmpp.add_event_handler("ssl_invalid_chain", lambda error: fail(f"untrusted: {error}"))
        xmpp.add_event_handler("disconnected", lambda why: fail(f"disconnected: {why}"))
        xmpp.add_event_handler("presence_available", self._on_presence)
        for name in EVENTS:
            xmpp.add_event_handler(f"{name}_publish", self._teller(name))
            xmpp.add_event_handler(f"{name}_retract", self._teller(name))
        xmpp.connect(address=("localhost", port), use_ssl=tls == "direct")
        await started
        await xmpp.get_roster()
        await xmpp["xep_0115"].update_caps(broadcast=False)
        xmpp.send_presence()
        return {
            "jid": str(xmpp.boundjid),
            "mechanism": xmpp["feature_mechanisms"].mech.name,
            "tls": xmpp.socket.version(),
        }

    def _on_presence(self, presence):
        tell({"event": "presence", "from": str(presence["from"])})

    def _teller(self, name):
        def on(message):
            items = message["pubsub_event"]["items"]
            payload = [child for item in items.xml for child in item]
            tell(
                {
                    "event": name,
                    "from": str(message["from"]),
                    "ids": [item.get("id") for item in items.xml],
                    "text": "".join(text for child in payload for text in child.itertext()),
                    "late": message.get_plugin("delay", check=True) is not None,
                }
            )

        return on

    async def subscribe(self, to):
        self.xmpp.send_presence(pto=to, ptype="subscribe")

    async def tune(self, title):
        await self.xmpp["xep_0118"].publish_tune(artist="Gerald Finzi", title=title)

    async def nick(self, nick):
        await self.xmpp["xep_0172"].publish_nick(nick)

    async def avatar(self, size):
        data = bytes(index % 251 for index in range(size))
        plugin = self.xmpp["xep_0084"]
        await plugin.publish_avatar(data)
        info = {"id": plugin.generate_id(data), "type": "image/png", "bytes": size}
        await plugin.publish_avatar_metadata(info)
        return {"id": info["id"]}

    async def get_avatar(self, jid, id):
        iq = await self.xmpp["xep_0084"].retrieve_avatar(jid, id)
        data = iq["pubsub"]["items"]["item"]["avatar_data"]["value"]
        return {"id": self.xmpp["xep_0084"].generate_id(data)}

    async def nodes(self, jid):
        items = (await self.xmpp["xep_0030"].get_items(jid=jid))["disco_items"]["items"]
        return {"nodes": sorted(node for _, node, _ in items)}

    async def configuration(self, node):
        iq = await self.xmpp["xep_0060"].get_node_config(None, node)
        values = iq["pubsub_owner"]["configure"]["form"].get_values()
        return {key: value for key, value in values.items() if key.startswith("pubsub#")}

    async def delete(self, node):
        await self.xmpp["xep_0060"].delete_node(None, node)

    async def logout(self):
        await self.xmpp.disconnect()


drive(Client())
