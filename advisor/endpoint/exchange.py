"""One request and its answer over HTTP, bounded in size and time; redirects are never followed."""

from __future__ import annotations

import contextlib
import json
import math
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from advisor.core.experiment import JsonObject
from advisor.core.text import printable
from advisor.endpoint.address import Address
from advisor.endpoint.errors import ServerError, Trouble, trouble_of

if TYPE_CHECKING:
    import ssl

    import httpx2

MAX_LINE_BYTES = 1024**2
MAX_ANSWER_BYTES = 8 * 1024**2
MAX_REFUSAL_BYTES = 64 * 1024
SHOWN = 160


class Exchange:
    """A request under way. Raises ServerError with one line, which never holds the key."""

    def __init__(
        self, address: Address, method: str, path: str, body: JsonObject | None, seconds: float
    ) -> None:
        import httpx2

        self._address = address
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._late = False
        self._errors = (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, RuntimeError)
        # a proxy of the environment must not see the key of a server on this machine
        self._client = httpx2.Client(
            timeout=seconds,
            follow_redirects=False,
            trust_env=not address.is_local,
            verify=_trusted() if address.tls else False,
        )
        self._watch = threading.Timer(seconds, self._expire)
        self._watch.daemon = True
        request = self._client.build_request(
            method,
            f"{address}{path}",
            params=dict(address.query) or None,
            headers=address.headers,
            json=body,
        )
        self._watch.start()
        try:
            self._answer: httpx2.Response = self._client.send(request, stream=True)
        except self._errors as error:
            self.close()
            raise self._unreachable(error) from None

    def __enter__(self) -> Exchange:
        if self._answer.status_code != 200:
            try:
                raise self._refusal()
            finally:
                self.close()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._watch.cancel()
        with contextlib.suppress(*self._errors):
            self._client.close()

    def _expire(self) -> None:
        """From another thread: a server that drips bytes would else hold us for ever."""
        self._late = True
        with contextlib.suppress(*self._errors):
            self._client.close()

    def whole(self) -> bytes:
        """The answer as a whole."""
        return b"".join(self._chunks())

    def document(self) -> JsonObject:
        """The answer as a JSON object."""
        return self._object(self.whole())

    def events(self) -> Iterator[JsonObject]:
        """The objects of an event stream; a server that does not stream gives its one object."""
        if "event-stream" not in self._answer.headers.get("content-type", ""):
            yield self.document()
            return
        for line in self._lines():
            text = line.strip()
            if text in (b"data: [DONE]", b"data:[DONE]"):
                return
            if text.startswith(b"data:"):
                yield self._object(text[5:])

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                raise self._endless()
            yield from lines
        if rest:
            yield rest

    def _chunks(self, most: int = MAX_ANSWER_BYTES) -> Iterator[bytes]:
        size = 0
        try:
            for chunk in self._answer.iter_bytes():
                size += len(chunk)
                if size > most:
                    raise self._endless()
                if self._late or time.monotonic() > self._deadline:
                    raise self._too_late()
                yield chunk
        except self._errors as error:
            raise self._unreachable(error) from None

    def _object(self, raw: bytes) -> JsonObject:
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise ServerError(
                f"{self._address}: the answer is not JSON: {_shown(raw)}", 200, Trouble.BROKEN
            )
        if document.get("error"):
            message = message_in(document)
            trouble = trouble_of(int(_code(document)), message)
            if trouble is Trouble.OTHER:
                trouble = Trouble.BROKEN
            raise ServerError(f"{self._address}: {message}", 200, trouble)
        return document

    def _refusal(self) -> ServerError:
        """What a status other than 200 means, in a line."""
        status = self._answer.status_code
        address = self._address
        if 300 <= status < 400:
            return ServerError(
                f"{address}: sends us elsewhere (HTTP {status}); give the address it really has",
                status,
            )
        if status in (401, 403):
            return ServerError(f"{address}: {self._key_text(status)}", status, Trouble.KEY)
        raw = b""
        try:
            raw = b"".join(self._chunks(MAX_REFUSAL_BYTES))
            document = json.loads(raw)
            message = message_in(document)
            code = json.dumps(document)
        except (ServerError, ValueError, RecursionError):
            message = _shown(raw) if raw.strip() else "no reason given"
            code = message
        return ServerError(
            f"{address}: HTTP {status}: {self._without_key(message)}",
            status,
            trouble_of(status, code),
            retry_after(self._answer.headers.get("retry-after", "")),
        )

    def _key_text(self, status: int) -> str:
        address = self._address
        if address.key and not address.key_is_sent:
            return "wants a key, which is not sent without https; use the https address"
        if address.key:
            return f"refuses the key in {address.key_name} (HTTP {status})"
        return f"wants a key; set {address.key_name} (HTTP {status})"

    def _without_key(self, text: str) -> str:
        return text.replace(self._address.key, "***") if self._address.key else text

    def _endless(self) -> ServerError:
        return ServerError(
            f"{self._address}: the answer has no end; stopped reading", 200, Trouble.BROKEN
        )

    def _too_late(self) -> ServerError:
        return ServerError(
            f"{self._address}: no whole answer within {self._seconds:g} s; try a longer --timeout",
            trouble=Trouble.TIMEOUT,
        )

    def _unreachable(self, error: Exception) -> ServerError:
        if self._late:
            return self._too_late()
        if "Timeout" in type(error).__name__:
            return ServerError(
                f"{self._address}: no answer in time; try a longer --timeout",
                trouble=Trouble.TIMEOUT,
            )
        message = self._without_key(str(error) or type(error).__name__)
        return ServerError(
            f"{self._address}: cannot be reached: {printable(message)[:SHOWN]}",
            trouble=Trouble.UNREACHABLE,
        )


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted, read once: reading them takes longer than a short call."""
    import httpx2

    return httpx2.create_ssl_context()


def body_bytes(body: JsonObject) -> int:
    """How many bytes a request's body has on its way, without the headers."""
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def retry_after(value: str) -> float | None:
    """Seconds of a Retry-After header: a number, or a date (RFC 9110, section 10.2.3).

    None where it is neither, or not finite.
    """
    with contextlib.suppress(ValueError):
        seconds = float(value)
        return max(seconds, 0.0) if math.isfinite(seconds) else None
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    return None


def message_in(document: Any) -> str:
    """The message of an error as servers write it."""
    error = document.get("error", document) if isinstance(document, dict) else document
    message = error.get("message", error) if isinstance(error, dict) else error
    return printable(str(message))[:SHOWN]


def _code(document: JsonObject) -> int:
    error = document.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 0


def _shown(raw: bytes) -> str:
    return printable(raw[:SHOWN].decode("utf-8", "replace")) or "nothing"
