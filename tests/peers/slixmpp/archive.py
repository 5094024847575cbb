"""A slixmpp client that reads its archive (XEP-0313, XEP-0441), driven by lines of JSON as driver.py tells."""

import asyncio

from slixmpp import JID, ClientXMPP

from driver import drive, reach, tell

PLUGINS = ("xep_0030", "xep_0199", "xep_0203", "xep_0313", "xep_0359", "xep_0441")


def entry(message):
    """What the archive says of one message."""
    result = message["mam_result"]
    inside = result["forwarded"]["stanza"]
    return {
        "id": result["id"],
        "stamp": result["forwarded"]["delay"]["stamp"].isoformat(),
        "from": str(inside["from"]),
        "to": str(inside["to"]),
        "body": inside["body"],
    }


class Client:
    """What a person does with the history of a chat program; each public name is a command."""

    def __init__(self):
        self.xmpp = None

    async def login(self, jid, password, port, tls, ca):
        xmpp = ClientXMPP(jid, password)
        self.xmpp = xmpp
        for plugin in PLUGINS:
            xmpp.register_plugin(plugin)
        xmpp.init_plugins()
        reach(xmpp, port, ca)
        started = asyncio.get_running_loop().create_future()
        xmpp.add_event_handler(
            "session_start", lambda _: started.done() or started.set_result(None)
        )
        xmpp.add_event_handler("message", self._on_message)
        xmpp.connect(address=("localhost", port), use_ssl=tls == "direct")
        await started

    def _on_message(self, message):
        if message["body"]:
            stanza_id = message["stanza_id"]
            tell(
                {
                    "event": "message",
                    "body": message["body"],
                    "id": stanza_id["id"],
                    "by": str(stanza_id["by"]),
                }
            )

    async def presence(self):
        self.xmpp.send_presence()

    async def talk(self, to, first, count):
        """Says the numbers from the first on, and waits until the server has them."""
        for number in range(first, first + count):
            self.xmpp.send_message(mto=to, mbody=str(number), mtype="chat")
        await self.ping("localhost")

    async def ping(self, to):
        await self.xmpp["xep_0199"].send_ping(to)

    async def features(self):
        account = self.xmpp.boundjid.bare
        info = await self.xmpp["xep_0030"].get_info(jid=account)
        return {"features": sorted(info["disco_info"]["features"])}

    async def history(self, peer=None, reverse=False, amount=50):
        """Goes through the archive page by page."""
        found = self.xmpp["xep_0313"].iterate(
            with_jid=peer and JID(peer), reverse=reverse, rsm={"max": amount}
        )
        return {"messages": [entry(message) async for message in found]}

    async def fields(self):
        form = await self.xmpp["xep_0313"].get_fields()
        return {"fields": sorted(form.get_fields())}

    async def metadata(self):
        found = (await self.xmpp["xep_0313"].get_archive_metadata())["mam_metadata"]
        return {name: found[name]["id"] for name in ("start", "end")}

    async def preferences(self):
        unlisted, always, never = await self.xmpp["xep_0441"].get_preferences()
        return {
            "default": unlisted,
            "always": sorted(str(jid) for jid in always),
            "never": sorted(str(jid) for jid in never),
        }

    async def set_preferences(self, default, always, never):
        await self.xmpp["xep_0441"].set_preferences(
            default, [JID(jid) for jid in always], [JID(jid) for jid in never]
        )

    async def logout(self):
        await self.xmpp.disconnect()


drive(Client())
