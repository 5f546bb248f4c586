"""Find Firefox, and start it for playwright: tests and benchmarks drive it as they drive Chromium.

playwright speaks WebDriver BiDi to the Firefox that is installed, but begins with a command that the
release with extended support does not know yet. So it is given this file to start, which starts Firefox,
passes their messages on, and answers that command itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"]
MISSING = (
    "No Firefox was found: install the package firefox-esr (or firefox), or set PGCOMPANION_FIREFOX"
    " to its path."
)
UNKNOWN = "emulation.setMediaFeaturesOverride"
LISTENS = re.compile(r"(WebDriver BiDi listening on )(ws://\S+)")


def find() -> str | None:
    """The path of a Firefox on this machine."""
    names = [os.environ.get("PGCOMPANION_FIREFOX", ""), *NAMES]
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def launch(playwright: Playwright) -> Iterator[Browser]:
    """A Firefox without a window, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "firefox"
        start.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "{find()}" "$@"\n')
        start.chmod(0o700)
        browser = playwright.firefox.launch(channel="moz-firefox", executable_path=start)
        yield browser
        browser.close()


class Relay(WebSocketHandler):
    """Between playwright and a Firefox that listens at `address`."""

    def initialize(self, address: str) -> None:
        self.address = address

    async def open(self) -> None:
        self.firefox = await websocket_connect(self.address, on_message_callback=self.answer)

    async def on_message(self, message: str | bytes) -> None:
        asked = json.loads(message)
        if asked["method"] == UNKNOWN:
            self.answer(json.dumps({"type": "success", "id": asked["id"], "result": {}}))
        else:
            await self.firefox.write_message(message)

    def answer(self, message: str | bytes | None) -> None:
        if message is None:
            self.close()
        else:
            self.write_message(message)


async def main(*command: str) -> int:
    """Run Firefox, and say the relay's address where it says its own."""
    firefox = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    async for line in firefox.stderr:
        text = line.decode()
        if said := LISTENS.search(text):
            address = {"address": f"{said[2]}/session"}
            (socket,) = bind_sockets(0, "127.0.0.1")
            HTTPServer(Application([("/session", Relay, address)])).add_socket(socket)
            text = f"{said[1]}ws://127.0.0.1:{socket.getsockname()[1]}\n"
        print(text, end="", file=sys.stderr, flush=True)
    return await firefox.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
