"""Fetches one file over HTTPS: bounded in size and time, no redirects, no keys."""

from __future__ import annotations

from urllib.parse import urlsplit

from advisor.core.errors import UsageError
from advisor.endpoint.address import Address
from advisor.endpoint.exchange import Exchange

SECONDS = 60.0


def is_url(text: str) -> bool:
    """Whether a word is an address and not a file."""
    return text.startswith(("https://", "http://"))


def download(url: str) -> bytes:
    """The content of a file, at most 8 MiB. Raises UsageError, ServerError.

    Plain http is for servers of this machine only.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{url}: not an address") from None
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise UsageError(f"{url}: not a plain address, such as https://host/facts.json")
    server = Address(parts.hostname, port, "", parts.scheme == "https")
    if not server.tls and not server.is_local:
        raise UsageError(f"{url}: goes over https only")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    with Exchange(server, "GET", path, None, SECONDS) as exchange:
        return exchange.whole()
