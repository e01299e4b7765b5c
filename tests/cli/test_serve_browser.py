"""`advisor serve` in a headless browser: the app itself is reached, by the keys of the page."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from advisor import shipped

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
PATIENCE_SECONDS = 120
BINARY = 2
CONTROL = re.compile(r"\x1b\[[0-9;:?<>=]*[A-Za-z]")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not find_spec("textual_serve"), reason="textual-serve is not installed"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything that it started."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stderr is not None:
        process.stderr.close()


class Browser:
    """Chromium's debugging protocol, over one websocket.

    The page draws the terminal on a canvas, so what it shows is read from what it received.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._number = 0
        self._received = ""

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._connection.send_json(
            {"id": self._number, "method": method, "params": parameters}
        )
        while True:
            answer = await self._connection.receive_json()
            if answer.get("method") == "Network.webSocketFrameReceived":
                self._note(answer["params"]["response"])
            if answer.get("id") == self._number:
                return dict(answer.get("result", {}))

    def _note(self, frame: dict[str, Any]) -> None:
        data = frame["payloadData"]
        if frame["opcode"] == BINARY:
            data = base64.b64decode(data).decode(errors="replace")
        self._received += CONTROL.sub("", data)

    async def value(self, expression: str) -> Any:
        answer = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer.get("result", {}).get("value")

    async def press(self, text: str) -> None:
        self._received = ""
        await self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, key=text)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", key=text)

    async def until(self, condition: str) -> None:
        """Wait for an expression of the page."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self.value(condition):
                await asyncio.sleep(0.3)

    async def shows(self, words: str) -> None:
        """Wait until the terminal in the page got these words."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while words not in self._received:
                await asyncio.sleep(0.3)
                await self.value("1")


@asynccontextmanager
async def browser(folder: Path, address: str) -> AsyncIterator[Browser]:
    import aiohttp

    process = subprocess.Popen(
        [
            str(CHROMIUM),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            "--window-size=1400,900",
            f"--user-data-dir={folder}",
            "about:blank",
        ],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with aiohttp.ClientSession() as session:
            async with asyncio.timeout(PATIENCE_SECONDS):
                url = await page_of(folder / "DevToolsActivePort", session)
            async with session.ws_connect(url, max_msg_size=0) as connection:
                page = Browser(connection)
                await page.ask("Network.enable")
                await page.ask("Page.navigate", url=address)
                yield page
    finally:
        end(process)


async def page_of(ready: Path, session: Any) -> str:
    """The websocket of the first page, once the browser has started."""
    while not (ready.exists() and ready.read_text().strip()):
        await asyncio.sleep(0.2)
    port = ready.read_text().split()[0]
    while True:
        async with session.get(f"http://127.0.0.1:{port}/json") as answer:
            for page in await answer.json():
                if page["type"] == "page":
                    return str(page["webSocketDebuggerUrl"])
        await asyncio.sleep(0.2)


async def test_the_app_is_reached_in_a_browser(tmp_path: Path) -> None:
    port = free_port()
    example = shipped.folder("profiles") / "briefs" / "claims-triage.toml"
    brief = tmp_path / "claims.toml"
    shutil.copy(example, brief)
    server = subprocess.Popen(
        [sys.executable, "-m", "advisor", "serve", str(brief), "--port", str(port)],
        env={**os.environ, "ADVISOR_HOME": str(tmp_path / "home")},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert server.stderr is not None
        said = server.stderr.readline().decode()
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said)
        assert found, said
        async with browser(tmp_path / "chromium", found[0]) as page:
            await page.until("document.body.classList.contains('-first-byte')")
            await page.shows("1 Brief")
            await page.shows("best in")
            assert "token" not in str(await page.value("location.href"))
            await page.value("document.querySelector('textarea').focus()")
            await page.press("5")
            await page.shows("Options by")
        async with browser(tmp_path / "other", f"http://127.0.0.1:{port}/") as page:
            await page.until("document.body.innerText.includes('that advisor serve printed')")
    finally:
        end(server)
