"""A slixmpp client as it is on phones, or the app server of one, driven by lines of JSON as driver.py tells."""

import asyncio
from functools import partial
from xml.etree import ElementTree

from slixmpp import ClientXMPP
from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from driver import drive, reach, tell

PUBSUB = "{http://jabber.org/protocol/pubsub}"
DATA = "{jabber:x:data}"
PUSH = "urn:xmpp:push:0"


class Phone:
    """Each method with a public name is a command."""

    def __init__(self):
        self.xmpp = None

    async def login(self, jid, password, port, tls, ca):
        """Connects, logs in, and becomes available."""
        xmpp = ClientXMPP(jid, password)
        self.xmpp = xmpp
        for plugin in ("xep_0030", "xep_0199", "xep_0280", "xep_0352"):
            xmpp.register_plugin(plugin)
        reach(xmpp, port, ca)
        started = asyncio.get_running_loop().create_future()
        on = xmpp.add_event_handler
        on("session_start", lambda _: started.set_result(None))
        on("message", self._on_message)
        on("presence_available", partial(self._on_presence, "available"))
        on("presence_away", partial(self._on_presence, "away"))
        for direction in ("sent", "received"):
            on(f"carbon_{direction}", partial(self._on_carbon, direction))
        xmpp.connect(address=("localhost", port), use_ssl=tls == "direct")
        await started
        xmpp.send_presence()
        return {"jid": str(xmpp.boundjid), "csi": xmpp["xep_0352"].enabled}

    def _on_message(self, message):
        tell({"event": "message", "from": str(message["from"]), "body": message["body"]})

    def _on_presence(self, show, presence):
        tell({"event": "presence", "from": str(presence["from"]), "show": show})

    def _on_carbon(self, direction, message):
        inner = message[f"carbon_{direction}"]
        tell(
            {
                "event": "carbon",
                "direction": direction,
                "from": str(inner["from"]),
                "to": str(inner["to"]),
                "body": inner["body"],
            }
        )

    async def carbons(self, on=True):
        plugin = self.xmpp["xep_0280"]
        await (plugin.enable() if on else plugin.disable())

    async def state(self, active):
        plugin = self.xmpp["xep_0352"]
        if active:
            plugin.send_active()
        else:
            plugin.send_inactive()
        # the state itself is not answered
        await self.xmpp["xep_0199"].send_ping(self.xmpp.boundjid.domain)

    async def presence(self, show=None, to=None):
        self.xmpp.send_presence(pshow=show, pto=to)
        await self.xmpp["xep_0199"].send_ping(self.xmpp.boundjid.domain)

    async def message(self, to, body):
        self.xmpp.send_message(mto=to, mbody=body, mtype="chat")

    async def ping(self, to):
        await self.xmpp["xep_0199"].send_ping(to)

    async def push(self, jid, node, secret):
        """Asks to be woken by an app server; slixmpp has no plugin for that."""
        iq = self.xmpp.make_iq_set()
        enable = ElementTree.SubElement(iq.xml, f"{{{PUSH}}}enable", {"jid": jid, "node": node})
        form = ElementTree.SubElement(enable, f"{DATA}x", {"type": "submit"})
        options = "http://jabber.org/protocol/pubsub#publish-options"
        for name, text in (("FORM_TYPE", options), ("secret", secret)):
            field = ElementTree.SubElement(form, f"{DATA}field", {"var": name})
            ElementTree.SubElement(field, f"{DATA}value").text = text
        await iq.send()

    async def account_features(self):
        jid = self.xmpp.boundjid.bare
        info = (await self.xmpp["xep_0030"].get_info(jid=jid))["disco_info"]
        return {"features": sorted(info["features"])}

    async def logout(self):
        await self.xmpp.disconnect()

    async def serve(self, domain, secret, port):
        """Becomes an app server: an external component that tells what is published."""
        xmpp = ComponentXMPP(domain, secret, "127.0.0.1", port)
        self.xmpp = xmpp
        xmpp.register_plugin("xep_0199")
        xmpp.use_aiodns = False
        xmpp.use_ipv6 = False
        started = asyncio.get_running_loop().create_future()
        xmpp.add_event_handler("session_start", lambda _: started.set_result(None))
        path = f"{{jabber:component:accept}}iq/{PUBSUB}pubsub/{PUBSUB}publish"
        xmpp.register_handler(Callback("publish", MatchXPath(path), self._on_publish))
        xmpp.connect()
        await started

    def _on_publish(self, iq):
        fields = {
            field.get("var"): field.findtext(f"{DATA}value")
            for field in iq.xml.iter(f"{DATA}field")
            if field.get("var") != "FORM_TYPE"
        }
        node = iq.xml.find(f"{PUBSUB}pubsub/{PUBSUB}publish").get("node")
        tell({"event": "push", "from": str(iq["from"]), "node": node, "fields": fields})
        iq.reply().send()


drive(Phone())
