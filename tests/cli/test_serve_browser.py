"""`advisor serve` in a real browser, headless: the page with the token shows the app, and keys
reach it; without the token there is nothing to see.

The browser is driven by its own debugging protocol over a websocket. It says what the page has
received, as xterm.js paints on a canvas; that something was painted is seen in a picture.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")

from tests.cli.test_serve import PATIENCE_SECONDS, TOKEN, address  # noqa: E402, F401

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
BLANK_BYTES = 15_000
"""More than a picture of an empty page takes."""

pytestmark = [
    pytest.mark.release,
    pytest.mark.skipif(BROWSER is None, reason="needs chromium"),
]


class Tab:
    """One page of the browser: commands go in, events come out."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.received = ""
        self.complaints: list[str] = []

    async def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._read()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not done():
                await self._read()

    async def open(self, url: str) -> None:
        """Go to an address, as soon as somebody answers there."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "errorText" in await self.ask("Page.navigate", url=url):
                await asyncio.sleep(0.1)
        self.complaints.clear()

    async def text(self) -> str:
        """What the page says in words, once it says something."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                answer = await self.ask("Runtime.evaluate", expression="document.body?.innerText")
                if text := answer["result"].get("value"):
                    return text
                await asyncio.sleep(0.1)

    async def _read(self) -> dict[str, Any]:
        message = json.loads((await self._socket.receive(PATIENCE_SECONDS)).data)
        what, about = message.get("method"), message.get("params", {})
        if what == "Network.webSocketFrameReceived":
            frame = about["response"]
            data = frame["payloadData"]
            binary = frame["opcode"] == 2
            self.received += base64.b64decode(data).decode(errors="replace") if binary else data
        elif what == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.complaints.append(about["entry"]["text"])
        return message


@pytest.fixture
async def tab(tmp_path):
    words = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    words += [f"--user-data-dir={tmp_path / 'browser'}", "--remote-debugging-port=0", "about:blank"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        port = await asyncio.to_thread(debugging_port, process)
        async with aiohttp.ClientSession() as client:
            async with client.get(f"http://127.0.0.1:{port}/json/list") as pages:
                page = next(one for one in await pages.json() if one["type"] == "page")
            async with client.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                tab = Tab(socket)
                for domain in ("Network", "Log", "Page"):
                    await tab.ask(f"{domain}.enable")
                yield tab
    finally:
        process.kill()
        process.communicate()


def debugging_port(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    for line in process.stderr:
        if "DevTools listening on" in line:
            return int(line.split(":")[2].split("/")[0])
    raise AssertionError("the browser did not start")


async def test_a_browser_shows_the_app_and_its_keys_reach_it(tab, address):  # noqa: F811
    await tab.open(f"http://{address}/")
    assert "open the address that advisor serve printed" in await tab.text()
    assert tab.received == ""
    await tab.open(f"http://{address}/?token={TOKEN}")
    await tab.until(lambda: "Customs data from invoices" in tab.received)
    await tab.until(lambda: "FINE-TUNE" in tab.received)
    assert "finds every command" not in tab.received
    for kind in ("rawKeyDown", "keyUp"):
        await tab.ask(
            "Input.dispatchKeyEvent", type=kind, key="F1", code="F1", windowsVirtualKeyCode=112
        )
    await tab.until(lambda: "finds every command" in tab.received)
    picture = await tab.ask("Page.captureScreenshot", format="png")
    assert len(base64.b64decode(picture["data"])) > BLANK_BYTES
    assert [line for line in tab.complaints if "Security Policy" in line] == []
