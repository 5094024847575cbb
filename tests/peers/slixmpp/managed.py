"""What an application adds to slixmpp's stream management (XEP-0198) for its session to go on."""

import asyncio

from slixmpp.plugins.xep_0198 import stanza as sm
from slixmpp.stanza import Message

#: Seconds from the loss of a connection to the next one.
PAUSE = 0.2


class Managed:
    """Comes back when the connection is lost, and says again what the server has not got.

    tell: takes what happens, as {"event": "sm", "what": "enabled"}.
    connect: begins to connect.
    """

    def __init__(self, xmpp, tell, connect):
        self.xmpp = xmpp
        self.tell = tell
        self.connect = connect
        self.leaving = False
        self.acked = 0
        #: Set while there is a session. What is said while there is none, slixmpp 1.8 would say
        #: before what it has to say again, and would take one for the other.
        self.ready = asyncio.Event()
        #: What was not acknowledged when the former session was asked for, with its number.
        self.unacked = []
        #: What a session that is gone has not brought to the server.
        self.lost = []
        self.plugin = xmpp["xep_0198"]
        xmpp.del_filter("out_sync", self.plugin._handle_outgoing)
        xmpp.add_filter("out_sync", self._on_outgoing)
        xmpp.add_event_handler("sm_enabled", lambda _: tell({"event": "sm", "what": "enabled"}))
        xmpp.add_event_handler("session_resumed", self._on_resumed)
        xmpp.add_event_handler("sm_failed", self._on_failed)
        xmpp.add_event_handler("session_start", self._on_session)
        xmpp.add_event_handler("stanza_acked", self._on_acked)
        xmpp.add_event_handler("disconnected", self._on_disconnected)

    def _on_outgoing(self, stanza):
        resumes = isinstance(stanza, sm.Resume)
        if resumes:
            self.unacked = list(self.plugin.unacked_queue)
        stanza = self.plugin._handle_outgoing(stanza)
        if resumes:
            # slixmpp 1.8 has just forgotten what it is about to be asked for
            self.plugin.unacked_queue.extend(self.unacked)
        return stanza

    def _on_resumed(self, _):
        self.ready.set()
        self.tell({"event": "sm", "what": "resumed"})

    def _on_failed(self, failed):
        # XEP-0198 §5: the server may tell how much of the former session it has handled
        h = failed.xml.get("h")
        handled = self.plugin.last_ack if h is None else int(h)
        self.lost += [
            stanza
            for number, stanza in self.unacked
            if number > handled and isinstance(stanza, Message)
        ]
        condition = next((child.tag.partition("}")[2] for child in failed.xml), "")
        self.tell({"event": "sm", "what": "failed", "condition": condition, "h": h})

    def _on_session(self, _):
        lost, self.lost = self.lost, []
        for stanza in lost:
            stanza.send()
        self.ready.set()
        self.tell({"event": "session", "again": [stanza["id"] for stanza in lost]})

    def _on_acked(self, stanza):
        if isinstance(stanza, Message):
            self.acked += 1

    def _on_disconnected(self, _):
        self.ready.clear()
        if not self.leaving:
            asyncio.get_running_loop().call_later(PAUSE, self.connect)

    async def settled(self):
        """Waits until the server has acknowledged everything; gives the number of messages."""
        while not self.ready.is_set() or self.plugin.unacked_queue:
            await self.ready.wait()
            self.plugin.request_ack()
            await asyncio.sleep(0.05)
        return {"acked": self.acked}
