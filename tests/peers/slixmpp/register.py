"""A slixmpp client that makes its account itself (XEP-0077), driven by lines of JSON as driver.py tells."""

import asyncio

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError
from slixmpp.xmlstream import ET

from driver import drive, reach, tell


class Client:
    """What somebody does who has no account yet; each method with a public name is a command."""

    def __init__(self):
        self.xmpp = None

    async def register(self, jid, password, port, ca, token=None):
        """Makes the account and logs in to it, all on one connection with STARTTLS.

        token: that of an invitation, shown before anything else (XEP-0445).
        """
        xmpp = ClientXMPP(jid, password)
        self.xmpp = xmpp
        for plugin in ("xep_0030", "xep_0077", "xep_0199"):
            xmpp.register_plugin(plugin)
        xmpp.init_plugins()
        xmpp.auto_authorize = None
        xmpp.auto_subscribe = False
        reach(xmpp, port, ca)
        # or slixmpp 1.8 keeps all IQs back until the login
        xmpp._always_send_everything = True
        done = asyncio.get_running_loop().create_future()

        def fail(why):
            if not done.done():
                done.set_exception(why)

        async def fill_in(form):
            reply = xmpp.Iq()
            reply["type"] = "set"
            reply["register"]["username"] = xmpp.boundjid.user
            reply["register"]["password"] = password
            try:
                await reply.send()
            except IqError as error:
                fail(error)

        ask = xmpp["xep_0077"].get_registration

        async def show_and_ask(*args, **options):
            try:
                if token is not None:
                    await self._show(token)
                return await ask(*args, **options)
            except IqError as error:
                fail(error)
                raise

        xmpp["xep_0077"].get_registration = show_and_ask
        xmpp.add_event_handler("register", fill_in)
        xmpp.add_event_handler("session_start", lambda _: done.done() or done.set_result(None))
        xmpp.add_event_handler("disconnected", lambda why: fail(RuntimeError(f"disconnected {why}")))
        xmpp.add_event_handler("stream_error", lambda e: tell({"event": "stream-error", "condition": e["condition"]}))
        xmpp.add_event_handler("roster_update", self._on_roster)
        xmpp.add_event_handler("disconnected", lambda _: tell({"event": "disconnected"}))
        xmpp.connect(address=("localhost", port))
        try:
            await done
        except Exception:
            xmpp.cancel_connection_attempt()
            xmpp.abort()
            raise
        return {"jid": str(xmpp.boundjid), "tls": xmpp.socket.version()}

    def _on_roster(self, iq):
        if iq["type"] == "set":
            tell({"event": "roster", "items": [str(jid) for jid in iq["roster"]["items"]]})

    async def _show(self, token):
        iq = self.xmpp.Iq()
        iq["type"] = "set"
        iq["to"] = self.xmpp.boundjid.domain
        iq.append(ET.Element("{urn:xmpp:pars:0}preauth", {"token": token}))
        await iq.send()

    async def roster(self):
        items = (await self.xmpp.get_roster())["roster"]["items"]
        return {"items": {str(jid): item["subscription"] for jid, item in items.items()}}

    async def invite(self):
        """Asks for an invitation (XEP-0401 §5.1); gives the fields of its form."""
        iq = self.xmpp.Iq()
        iq["type"] = "set"
        iq["to"] = self.xmpp.boundjid.domain
        node = {"node": "urn:xmpp:invite#invite", "action": "execute"}
        iq.append(ET.Element("{http://jabber.org/protocol/commands}command", node))
        fields = (await iq.send()).xml.iter("{jabber:x:data}field")
        return {field.get("var"): field.findtext("{jabber:x:data}value") for field in fields}

    async def change_password(self, password):
        await self.xmpp["xep_0077"].change_password(password)

    async def cancel(self):
        await self.xmpp["xep_0077"].cancel_registration()

    async def logout(self):
        await self.xmpp.disconnect()


drive(Client())
