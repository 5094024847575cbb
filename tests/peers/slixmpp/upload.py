"""A slixmpp client that uploads files and fetches them (XEP-0363), driven by lines of JSON as driver.py tells."""

import asyncio
import hashlib
import io
import os
from pathlib import Path

import aiohttp
from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0363.http_upload import FileTooBig

from driver import drive, reach

PLUGINS = ("xep_0030", "xep_0128", "xep_0363")


class Client:
    """What a person does with files; each method with a public name is a command."""

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
        xmpp.connect(address=("localhost", port), use_ssl=tls == "direct")
        await started
        # slixmpp 1.8 gives coroutines to asyncio.wait in its own search, which Python 3.11 refuses
        xmpp["xep_0363"].find_upload_service = self._find_service

    async def _find_service(self, domain=None, **options):
        disco = self.xmpp["xep_0030"]
        items = await disco.get_items(jid=self.xmpp.boundjid.domain, **options)
        for jid, _, _ in items["disco_items"]["items"]:
            info = await disco.get_info(jid=jid, **options)
            if "urn:xmpp:http:upload:0" in info["disco_info"]["features"]:
                return info
        return None

    async def upload(self, name, size, type):
        """Uploads random bytes to the service that it finds; tells the address and the hash."""
        content = os.urandom(size)
        try:
            url = await self.xmpp["xep_0363"].upload_file(
                Path(name), size, type, input_file=io.BytesIO(content), timeout=10
            )
        except FileTooBig as error:
            return {"too_big": error.args[1]}
        return {"url": url, "hash": hashlib.sha256(content).hexdigest()}

    async def request(self, size):
        """Asks for a place without looking at how large a file may be."""
        try:
            await self.xmpp["xep_0363"].request_slot("upload.localhost", Path("a"), size)
        except IqError as error:
            return {"condition": error.condition}
        return {}

    async def fetch(self, url, range=None):
        headers = {} if range is None else {"Range": range}
        async with aiohttp.ClientSession() as session:
            async with session.get(url, headers=headers) as response:
                content = await response.read()
                return {
                    "status": response.status,
                    "type": response.content_type,
                    "size": len(content),
                    "hash": hashlib.sha256(content).hexdigest(),
                }


drive(Client(), in_turn=True)
