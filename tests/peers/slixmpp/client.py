"""A slixmpp client driven by lines of JSON as driver.py tells."""

import asyncio
from functools import partial

from slixmpp import ClientXMPP

from driver import drive, reach, tell
from managed import Managed

PLUGINS = ("xep_0030", "xep_0092", "xep_0199", "xep_0202", "xep_0203")
ROSTER_QUERY = "{jabber:iq:roster}query"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"


def roster_items(iq):
    return {
        str(jid): {
            "name": item["name"],
            "subscription": item["subscription"],
            "ask": item["ask"] or "",
            "groups": sorted(item["groups"]),
        }
        for jid, item in iq["roster"]["items"].items()
    }


class Client:
    """What a person does with a chat program; each method with a public name is a command."""

    def __init__(self):
        self.xmpp = None
        self.managed = None

    async def login(self, jid, password, port, tls, ca, **options):
        """Connects and logs in, without becoming available.

        ca: file with the certificate to trust; null: what the system trusts.
        options: mechanism (the only one to use), no_binding (as of a client without channel
        binding), tls12 (TLS 1.2 at most), managed (with stream management, and comes back when the
        connection is lost).
        """
        xmpp = ClientXMPP(jid, password, sasl_mech=options.get("mechanism"))
        self.xmpp = xmpp
        for plugin in PLUGINS:
            xmpp.register_plugin(plugin)
        xmpp["xep_0092"].software_name = "Peer"
        xmpp.init_plugins()
        xmpp.auto_authorize = None
        xmpp.auto_subscribe = False
        reach(xmpp, port, ca)
        if options.get("tls12"):
            xmpp.ssl_context.maximum_version = 0x0303
        if options.get("no_binding"):
            self._without_binding()
        connect = partial(xmpp.connect, address=("localhost", port), use_ssl=tls == "direct")
        if options.get("managed"):
            xmpp.register_plugin("xep_0198")
            self.managed = Managed(xmpp, tell, connect)
        return await self._connect(connect)

    def _without_binding(self):
        mechanisms = self.xmpp["feature_mechanisms"]
        credentials = mechanisms.sasl_callback
        if not mechanisms.use_mech:
            mechanisms.use_mechs = {"SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"}
        mechanisms.sasl_callback = lambda required, optional: credentials(
            required, set(optional) - {"channel_binding"}
        )

    async def _connect(self, connect):
        xmpp = self.xmpp
        started = asyncio.get_running_loop().create_future()

        def fail(why):
            if not started.done():
                started.set_exception(RuntimeError(why))

        failures = []
        xmpp.add_event_handler(
            "session_start", lambda _: started.done() or started.set_result(None)
        )
        xmpp.add_event_handler("failed_auth", lambda stanza: failures.append(stanza["condition"]))
        xmpp.add_event_handler("ssl_invalid_chain", lambda error: fail(f"untrusted: {error}"))
        xmpp.add_event_handler("connection_failed", lambda error: fail(f"no connection: {error}"))
        xmpp.add_event_handler("disconnected", lambda why: fail(f"disconnected: {why} {failures}"))
        self._tell_events()
        connect()
        try:
            await started
        except RuntimeError:
            xmpp.cancel_connection_attempt()
            raise
        return {
            "jid": str(xmpp.boundjid),
            "mechanism": xmpp["feature_mechanisms"].mech.name,
            "failures": failures,
            "tls": xmpp.socket.version(),
            "rosterver": "rosterver" in xmpp.features,
        }

    def _tell_events(self):
        on = self.xmpp.add_event_handler
        on("message", self._on_message)
        on("message_error", self._on_message)
        on("roster_update", self._on_roster)
        on("stream_error", lambda error: tell({"event": "stream-error", "condition": error["condition"]}))
        on("disconnected", lambda _: tell({"event": "disconnected"}))
        # slixmpp tells of each presence under the name of its kind only
        for kind in (
            "available", "away", "chat", "dnd", "xa", "unavailable", "error",
            "subscribe", "subscribed", "unsubscribe", "unsubscribed",
        ):
            on(f"presence_{kind}", self._on_presence)

    def _on_message(self, message):
        event = {
            "event": "message",
            "from": str(message["from"]),
            "to": str(message["to"]),
            "type": message["type"],
            "id": message["id"],
            "body": message["body"],
        }
        if message.get_plugin("delay", check=True) is not None:
            delay = message["delay"]
            event["delay"] = {"from": str(delay["from"] or ""), "stamp": delay["stamp"].isoformat()}
        stanza_id = message.xml.find(STANZA_ID)
        if stanza_id is not None:
            event["stanzaId"] = stanza_id.get("id")
        if message["type"] == "error":
            event["condition"] = message["error"]["condition"]
        tell(event)

    def _on_presence(self, presence):
        tell(
            {
                "event": "presence",
                "from": str(presence["from"]),
                "type": presence.xml.get("type", "available"),
                "show": presence["show"],
                "status": presence["status"],
                "priority": presence["priority"],
            }
        )

    def _on_roster(self, iq):
        if iq["type"] == "set":
            tell({"event": "roster", "ver": iq["roster"]["ver"], "items": roster_items(iq)})

    async def roster(self, ver=None):
        self.xmpp.client_roster.version = ver or ""
        iq = await self.xmpp.get_roster()
        query = iq.xml.find(ROSTER_QUERY)  # slixmpp adds it where the answer is empty
        if query is None or "ver" not in query.keys():
            return {"changed": False, "ver": ver or "", "items": {}}
        return {"changed": True, "ver": iq["roster"]["ver"], "items": roster_items(iq)}

    async def roster_set(self, jid, name="", groups=()):
        await self.xmpp.update_roster(jid, name=name, subscription="none", groups=list(groups))

    async def roster_remove(self, jid):
        await self.xmpp.del_roster_item(jid)

    async def presence(self, type=None, to=None, show=None, status=None, priority=None):
        self.xmpp.send_presence(
            ptype=type, pto=to, pshow=show, pstatus=status, ppriority=priority
        )

    async def message(self, to, body, type="chat", id=None):
        if self.managed:
            await self.managed.ready.wait()
        message = self.xmpp.make_message(mto=to, mbody=body, mtype=type)
        if id is not None:
            message["id"] = id
        message.send()

    async def ping(self, to):
        # not the plugin's `ping`, which takes an error of one's own server for an answer
        await self.xmpp["xep_0199"].send_ping(to)

    async def version(self, to):
        iq = await self.xmpp["xep_0092"].get_version(to)
        return {"name": iq["software_version"]["name"], "version": iq["software_version"]["version"]}

    async def time(self, to):
        iq = await self.xmpp["xep_0202"].get_entity_time(to)
        # the text, as the plugin cannot read the date that it writes itself
        entity_time = iq["entity_time"].xml
        return {name: entity_time.findtext("{urn:xmpp:time}" + name) for name in ("utc", "tzo")}

    async def disco_info(self, jid, node=None):
        info = (await self.xmpp["xep_0030"].get_info(jid=jid, node=node))["disco_info"]
        return {
            "identities": sorted([category, kind] for category, kind, _, _ in info["identities"]),
            "features": sorted(info["features"]),
        }

    async def disco_items(self, jid):
        items = (await self.xmpp["xep_0030"].get_items(jid=jid))["disco_items"]["items"]
        return {"items": sorted(str(jid) for jid, _, _ in items)}

    async def carbons(self):
        """Gets copies of what other clients of the account send and receive (XEP-0280)."""
        xmpp = self.xmpp
        xmpp.register_plugin("xep_0280")
        for direction in ("sent", "received"):
            xmpp.add_event_handler(f"carbon_{direction}", partial(self._on_carbon, direction))
        await xmpp["xep_0280"].enable()

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

    async def settled(self):
        """Waits until the server has acknowledged what was sent, with stream management."""
        return await self.managed.settled()

    async def logout(self):
        if self.managed:
            self.managed.leaving = True
        await self.xmpp.disconnect()

    async def cut(self):
        """Loses the connection."""
        self.xmpp.transport.abort()


drive(Client())
