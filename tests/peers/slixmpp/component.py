"""A slixmpp component driven by lines of JSON as driver.py tells.

It sends back what it is told. Commands: connect, message. Events: connected, disconnected,
stream-error.
"""

from slixmpp.componentxmpp import ComponentXMPP

from driver import drive, tell


class Component:
    """Each method with a public name is a command."""

    def __init__(self):
        self.xmpp = None

    async def connect(self, domain, secret, port, name=""):
        """name: comes before each text that is sent back."""
        xmpp = ComponentXMPP(domain, secret, "127.0.0.1", port)
        self.xmpp = xmpp
        xmpp.register_plugin("xep_0030")
        xmpp.register_plugin("xep_0199")
        xmpp.use_aiodns = False
        xmpp.use_ipv6 = False
        xmpp.add_event_handler("session_start", lambda _: tell({"event": "connected"}))
        xmpp.add_event_handler("disconnected", lambda _: tell({"event": "disconnected"}))
        xmpp.add_event_handler(
            "stream_error",
            lambda error: tell({"event": "stream-error", "condition": error["condition"]}),
        )

        def echo(message):
            if message["type"] in ("chat", "normal"):
                answer = message.reply(name + message["body"])
                answer["id"] = message["id"]
                answer.send()

        xmpp.add_event_handler("message", echo)
        xmpp.connect()

    async def message(self, sender, to, body):
        self.xmpp.make_message(mto=to, mfrom=sender, mbody=body, mtype="chat").send()


drive(Component(), in_turn=True)
