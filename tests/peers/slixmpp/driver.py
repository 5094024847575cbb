"""How tests drive a program by lines of JSON.

Commands come on standard input as {"call": 1, "do": "message", ...}; each is answered on standard
output by {"call": 1, "result": {...}} or {"call": 1, "error": "..."}. What happens besides is told as
{"event": "message", ...}. The program ends when its standard input does.
"""

import asyncio
import json
import sys
import traceback

from slixmpp.exceptions import IqError


def tell(line):
    print(json.dumps(line), flush=True)


def drive(subject, in_turn=False):
    """Runs the methods of the subject with public names as commands, until no more come.

    in_turn: each begins when the one before is done, not when it comes.
    """
    asyncio.run(_listen(subject, in_turn))


async def _listen(subject, in_turn):
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    running = set()
    while line := await commands.readline():
        task = loop.create_task(_perform(subject, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)
        if in_turn:
            await task


async def _perform(subject, line):
    call = line.pop("call")
    command = line.pop("do")
    try:
        if command.startswith("_"):
            raise AttributeError(command)
        tell({"call": call, "result": await getattr(subject, command)(**line) or {}})
    except IqError as error:
        tell({"call": call, "error": error.condition})
    except Exception as error:  # the test has to hear of any
        traceback.print_exc()
        tell({"call": call, "error": f"{type(error).__name__}: {error}"})


def reach(xmpp, port, ca):
    """Has a client trust this certificate, and look for "localhost" nowhere else and at this port."""
    xmpp.use_aiodns = False
    xmpp.use_ipv6 = False
    xmpp.default_port = port
    xmpp.ca_certs = ca
