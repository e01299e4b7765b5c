"""Where a server is, and whether a key may be sent there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from advisor.core.errors import UsageError

_SECRET = re.compile(r"key|token|secret|sig|pass|auth|code", re.IGNORECASE)
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com")


@dataclass(frozen=True, slots=True)
class Address:
    """A server's base address. `key` never appears in what this prints.

    `query` is sent with every request, such as Azure's `api-version`.
    """

    host: str
    port: int | None
    path: str
    tls: bool
    key: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_name: str = "OPENAI_API_KEY"

    def __str__(self) -> str:
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

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every request, with the key where it may be sent."""
        headers = {"Accept": "application/json, text/event-stream", "User-Agent": "advisor"}
        if self.key_is_sent:
            headers["Authorization"] = f"Bearer {self.key}"
            if self.host.endswith(_AZURE):
                headers["api-key"] = self.key
        return headers


def address_of(url: str, key: str = "", key_name: str = "OPENAI_API_KEY") -> Address:
    """The address behind a base URL such as https://api.openai.com/v1. Raises UsageError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(
            f"{url}: not an address; give one such as http://localhost:8000/v1"
        ) from None
    if parts.username or parts.password:
        raise UsageError(f"the address holds a user or password; leave it out and set {key_name}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url}: not an address; give one such as http://localhost:8000/v1")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.fragment or any(_SECRET.search(name) for name in query):
        raise UsageError(
            f"{parts.hostname}: the address holds what looks like a key; leave it out and set "
            f"{key_name}"
        )
    if not key.isascii() or not key.isprintable():
        raise UsageError(f"{key_name} holds characters that no key has; set it again")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return Address(
        parts.hostname, port, path or "/v1", parts.scheme == "https", key, query, key_name
    )
