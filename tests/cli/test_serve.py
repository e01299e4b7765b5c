"""`advisor serve`: a browser of this machine that has the token gets the app, nobody else does."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")

from advisor.cli.serve import TOKEN_VARIABLE  # noqa: E402
from advisor.cli.web_server import is_local  # noqa: E402

TOKEN = "only-for-this-test"
BRIEF = Path(__file__).parents[2] / "profiles" / "briefs" / "customs-invoices.toml"
PATIENCE_SECONDS = 60


@pytest.fixture
def address(tmp_path, monkeypatch):
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    words = [sys.executable, "-m", "advisor", "serve", str(BRIEF), "--port", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert f"?token={TOKEN}".encode() in process.stderr.readline()
    yield f"127.0.0.1:{port}"
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert TOKEN.encode() not in said
    assert b"Traceback" not in said


async def answer(client, url: str, **headers: str) -> int:
    for _ in range(100):
        try:
            async with client.get(url, headers=headers, allow_redirects=False) as response:
                return response.status
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)
    raise AssertionError("the server never answered")


async def test_only_with_the_token_and_only_from_this_machine(address):
    async with aiohttp.ClientSession() as client:
        page = f"http://{address}/"
        assert await answer(client, page) == 403
        assert await answer(client, f"{page}?token=wrong") == 403
        assert await answer(client, f"{page}?token={TOKEN}", Host="evil.example") == 403
        assert await answer(client, f"{page}?token={TOKEN}", Origin="http://evil.example") == 403
        assert await answer(client, f"{page}ws") == 403
        assert await answer(client, f"{page}?token={TOKEN}") == 302
    host, _, port = address.partition(":")
    for lines in ("Cookie: advisor_token=\xff", "no header at all"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET / HTTP/1.1\r\n{lines}\r\n\r\n".encode("latin-1"))
        assert b" 400 " in await reader.readline()
        writer.close()


async def test_a_browser_sees_the_verdict(address):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        assert await answer(client, f"http://{address}/?token={TOKEN}") == 302
        async with client.get(f"http://{address}/") as page:
            text = await page.text()
            assert "/ws" in text
            assert ".focus()" in text
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        async with client.ws_connect(f"ws://{address}/ws?width=120&height=40") as terminal:
            seen = ""
            async with asyncio.timeout(PATIENCE_SECONDS):
                async for message in terminal:
                    data = message.data
                    seen += data.decode(errors="replace") if isinstance(data, bytes) else data
                    if "FINE-TUNE" in seen and "Customs data from invoices" in seen:
                        break
    assert "FINE-TUNE" in seen
    assert "Customs data from invoices" in seen


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost:8766", True),
        ("127.0.0.1:1", True),
        ("localhost", True),
        ("127.0.0.1:80@evil.example", False),
        ("127.0.0.1:", False),
        ("localhost.evil.example:8766", False),
        ("", False),
        ("10.0.0.1:8766", False),
    ],
)
def test_names_of_this_machine(host, local):
    assert is_local(host) is local
