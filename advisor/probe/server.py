"""A plain client of OpenAI-compatible servers: bounded answers, time limits, no redirects, the key
only over TLS.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from advisor.core.errors import AdvisorError, UsageError
from advisor.core.text import printable

MAX_LINE_BYTES = 1024**2
MAX_ANSWER_BYTES = 8 * 1024**2
SHOWN = 160


class ServerError(AdvisorError):
    """The server could not be asked, or its answer not be used; one line.

    `status` is 0 where there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    """One streamed answer.

    Times in seconds from sending; `usage` is empty where the server counts nothing.
    """

    first_token_seconds: float | None
    total_seconds: float
    usage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is. `key` never appears in what this prints or raises."""

    host: str
    port: int | None
    path: str
    tls: bool
    key: str = ""
    timeout_seconds: float = 60.0

    def __repr__(self) -> str:
        return f"Server({self.address})"

    @property
    def address(self) -> str:
        """As the user wrote it, without anything secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "https" if self.tls else "http"
        port = f":{self.port}" if self.port else ""
        return f"{scheme}://{host}{port}{self.path}"

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def key_is_sent(self) -> bool:
        """A key goes over TLS, or stays on this machine."""
        return bool(self.key) and (self.tls or self.is_local)

    def models(self) -> tuple[str, ...]:
        """The ids that the server lists. Raises ServerError."""
        with _Exchange(self, "GET", "/models", None) as exchange:
            try:
                listed = json.loads(exchange.whole())["data"]
                return tuple(str(model["id"])[:200] for model in listed)
            except (ValueError, KeyError, TypeError, RecursionError):
                raise ServerError(
                    f"{self.address}/models: the answer is not a list of models"
                ) from None

    def chat(self, body: Mapping[str, Any]) -> Reply:
        """Ask once, as a stream, and take the times. Raises ServerError."""
        began = time.perf_counter()
        first = None
        usage = dict[str, Any]()
        with _Exchange(self, "POST", "/chat/completions", body) as exchange:
            for event in exchange.events():
                if first is None and _has_text(event):
                    first = time.perf_counter() - began
                counts = event.get("usage")
                usage = counts if isinstance(counts, dict) else usage
        return Reply(first, time.perf_counter() - began, usage)


def server_at(url: str, key: str = "", timeout_seconds: float = 60.0) -> Server:
    """The server behind a base address such as https://api.openai.com/v1. Raises UsageError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(
            f"{url}: not an address; give one such as http://localhost:8000/v1"
        ) from None
    if parts.username or parts.password:
        raise UsageError(
            "the address holds a user or password; leave it out and set OPENAI_API_KEY"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url}: not an address; give one such as http://localhost:8000/v1")
    if parts.query or parts.fragment:
        raise UsageError(
            f"{parts.hostname}: leave out what follows ? or # in the address; a key belongs in "
            "OPENAI_API_KEY"
        )
    if not key.isascii() or not key.isprintable():
        raise UsageError("OPENAI_API_KEY holds characters that no key has; set it again")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return Server(
        parts.hostname, port, path or "/v1", parts.scheme == "https", key, timeout_seconds
    )


class _Exchange:
    """A request and its answer, bounded in size and time. Raises ServerError."""

    def __init__(
        self, server: Server, method: str, path: str, body: Mapping[str, Any] | None
    ) -> None:
        self._server = server
        self._read = 0
        self._late = False
        self._open = contextlib.ExitStack()
        self._watch = threading.Timer(server.timeout_seconds, self._expire)
        self._watch.daemon = True
        kind = http.client.HTTPSConnection if server.tls else http.client.HTTPConnection
        self._connection = kind(server.host, server.port, timeout=server.timeout_seconds)
        self._open.callback(self._connection.close)
        headers = {"Accept": "application/json, text/event-stream", "User-Agent": "advisor"}
        if server.key_is_sent:
            headers["Authorization"] = f"Bearer {server.key}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            data = None if body is None else json.dumps(body).encode()
            self._connection.connect()
            self._socket = self._connection.sock
            self._watch.start()
            self._connection.request(method, server.path + path, data, headers)
            self._answer = self._connection.getresponse()
            self._open.callback(self._answer.close)  # one that ends the connection keeps the socket
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self.close()
            raise ServerError(f"{server.address}: {self._reason(error)}") from None

    def __enter__(self) -> _Exchange:
        if self._answer.status != 200:
            try:
                raise ServerError(self._refusal(), self._answer.status)
            finally:
                self.close()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._watch.cancel()
        self._open.close()

    def _expire(self) -> None:
        """Cut the line, from another thread: a server that drips bytes would else hold us for
        ever.
        """
        self._late = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _reason(self, error: Exception) -> str:
        if self._late:
            return (
                f"no whole answer within {self._server.timeout_seconds:g} s; try a longer --timeout"
            )
        return _why(error)

    def whole(self) -> bytes:
        """The answer as a whole."""
        return b"".join(self._lines())

    def events(self) -> Iterator[dict[str, Any]]:
        """The objects of an event stream; a server that does not stream gives its one object."""
        if "event-stream" not in (self._answer.getheader("Content-Type") or ""):
            yield self._object(self.whole())
            return
        for raw in self._lines():
            text = raw.strip()
            if text == b"data: [DONE]" or text == b"data:[DONE]":
                return
            if text.startswith(b"data:"):
                yield self._object(text[5:])

    def _object(self, raw: bytes) -> dict[str, Any]:
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise ServerError(f"{self._server.address}: the answer is not JSON: {_shown(raw)}")
        if document.get("error"):
            raise ServerError(f"{self._server.address}: {_message(document)}")
        return document

    def _lines(self) -> Iterator[bytes]:
        while True:
            try:
                raw = self._answer.readline(MAX_LINE_BYTES + 1)
            except (OSError, http.client.HTTPException) as error:
                raise ServerError(f"{self._server.address}: {self._reason(error)}") from None
            self._read += len(raw)
            if self._read > MAX_ANSWER_BYTES or len(raw) > MAX_LINE_BYTES:
                raise ServerError(f"{self._server.address}: the answer has no end; stopped reading")
            if self._late:
                raise ServerError(f"{self._server.address}: {self._reason(TimeoutError())}")
            if not raw:
                return
            yield raw

    def _refusal(self) -> str:
        status = self._answer.status
        server = self._server
        if 300 <= status < 400:
            return (
                f"{server.address}: sends us elsewhere (HTTP {status}); give the address it really "
                "has"
            )
        if status in (401, 403):
            if server.key and not server.key_is_sent:
                return (
                    f"{server.address}: wants a key, which is not sent without https; use the "
                    "https address"
                )
            demand = (
                "refuses the key in OPENAI_API_KEY"
                if server.key
                else "wants a key; set OPENAI_API_KEY"
            )
            return f"{server.address}: {demand} (HTTP {status})"
        raw = b""
        try:
            raw = self._answer.read(64 * 1024)
            message = _message(json.loads(raw))
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            message = _shown(raw) if raw.strip() else "no reason given"
        return f"{server.address}: HTTP {status}: {message}"


def _has_text(event: Mapping[str, Any]) -> bool:
    """Whether an event brings the first of an answer: text, or the thoughts of a reasoning
    model.
    """
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    part = (first.get("delta") or first.get("message")) if isinstance(first, dict) else None
    kinds = ("content", "reasoning_content", "reasoning", "tool_calls")
    return isinstance(part, dict) and any(part.get(kind) for kind in kinds)


def _message(document: Any) -> str:
    error = document.get("error", document) if isinstance(document, dict) else document
    message = error.get("message", error) if isinstance(error, dict) else error
    return printable(str(message))[:SHOWN]


def _shown(raw: bytes) -> str:
    return printable(raw[:SHOWN].decode("utf-8", "replace")) or "nothing"


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time; try a longer --timeout"
    message = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return f"cannot be reached: {printable(message)[:SHOWN]}"
