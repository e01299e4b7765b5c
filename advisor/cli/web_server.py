"""The server of `advisor serve`: textual-serve, bound to this machine and guarded by a token."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from advisor.core.errors import UsageError

HOST = "127.0.0.1"
COOKIE = "advisor_token"
LOCAL_NAMES = (HOST, "localhost")

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self' ws://127.0.0.1:* ws://localhost:*",
    )
)
"""The page may load nothing from elsewhere: that of textual-serve names a font on the web."""

FONT_ELSEWHERE = re.compile(r"<link\s[^>]*https://fonts[^>]*>")

FOCUS = """<script>
new MutationObserver((changes, observer) => {
  if (document.body.classList.contains("-first-byte")) {
    document.querySelector(".xterm-helper-textarea")?.focus();
    observer.disconnect();
  }
}).observe(document.body, { attributes: true });
</script>
</body>"""
"""Keys reach the app without a click first."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class GuardedServer(Server):  # type: ignore[misc]
    """Answers only requests that name this machine as host and origin, and carry the token.

    The host is checked because a page elsewhere may point a name of its own at this machine, the
    origin because a browser opens websockets across sites.
    """

    def __init__(self, command: str, port: int, token: str) -> None:
        super().__init__(command, HOST, port, title="advisor")
        self._token = token
        self._pages: set[asyncio.Task[object]] = set()

    def initialize_logging(self) -> None:
        """Requests hold the token, and malformed ones are for nobody to read: none is logged."""
        logging.getLogger("aiohttp").setLevel(logging.CRITICAL + 1)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    @web.middleware  # type: ignore[untyped-decorator]
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not (is_local(request.headers.get("Host", "")) and self._is_own_origin(request)):
            raise web.HTTPForbidden(text="advisor serve answers this machine only\n")
        if self._fits(request.query.get("token", "")):
            to_app = web.HTTPFound("/")
            to_app.set_cookie(
                f"{COOKIE}_{self.port}", self._token, httponly=True, samesite="Strict"
            )
            return to_app
        if not self._fits(request.cookies.get(f"{COOKIE}_{self.port}", "")):
            raise web.HTTPForbidden(text="open the address that advisor serve printed\n")
        answer = await handler(request)
        if isinstance(answer, web.Response) and answer.content_type == "text/html":
            answer.headers["Content-Security-Policy"] = POLICY
            page = FONT_ELSEWHERE.sub("", answer.text or "")
            answer.text = page.replace("</body>", FOCUS, 1)
        return answer

    def _fits(self, token: str) -> bool:
        stated = token.encode(errors="surrogateescape")
        return hmac.compare_digest(stated, self._token.encode())

    def _is_own_origin(self, request: web.Request) -> bool:
        origin = request.headers.get("Origin", "")
        return not origin or is_local(urlsplit(origin).netloc)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One page with its app, which ends with the server."""
        page = asyncio.current_task()
        assert page is not None
        self._pages.add(page)
        try:
            return await super().handle_websocket(request)
        finally:
            self._pages.discard(page)

    async def on_shutdown(self, app: web.Application) -> None:
        """Close the pages: aiohttp would wait a minute for them."""
        for page in self._pages:
            page.cancel()

    async def on_startup(self, app: web.Application) -> None:
        """Nothing but the address is printed, and that is known already."""


def is_local(host: str) -> bool:
    """Whether `name` or `name:port` names this machine."""
    return re.sub(r":[0-9]+$", "", host) in LOCAL_NAMES


def serve(command: str, port: int, token: str) -> None:
    """Serve until interrupted. Raises UsageError where the port is taken."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    try:
        GuardedServer(command, port, token).serve()
    except OSError as error:
        raise UsageError(f"--port {port}: {error.strerror or error}; name another port") from None
