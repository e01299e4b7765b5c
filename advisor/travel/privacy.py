"""Takes names of people, machines and folders out of what leaves with a record."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_HOMES = re.compile(r"(?:/home|/Users|[A-Za-z]:\\+Users)[/\\]+[^/\\\s'\":,;]+|/root\b")
SHORTEST_NAME = 3
"""A shorter name of a user or machine would be cut out of ordinary words."""


def impersonal(value: Any) -> Any:
    """Plain data without home folders, user and host names, at any depth."""
    if isinstance(value, str):
        return _impersonal_text(value)
    if isinstance(value, Mapping):
        return {key: impersonal(item) for key, item in value.items()}
    return [impersonal(item) for item in value] if isinstance(value, (list, tuple)) else value


def _impersonal_text(text: str) -> str:
    home = str(Path.home())
    text = _HOMES.sub("~", text.replace(home, "~") if len(home) > 1 else text)
    for pattern, word in _names():
        text = pattern.sub(word, text)
    return text


@cache
def _names() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns for this machine's name, and for its user's as a part of a path or an address."""
    patterns = []
    for host in {socket.gethostname(), socket.gethostname().partition(".")[0]}:
        if len(host) >= SHORTEST_NAME and host != "localhost":
            patterns.append((re.compile(rf"\b{re.escape(host)}\b"), "host"))
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return tuple(patterns)
    if len(user) >= SHORTEST_NAME:
        folder = rf"(?<=[/\\]){re.escape(user)}(?=[/\\@\s]|$)|\b{re.escape(user)}@"
        patterns.append((re.compile(folder), "user"))
    return tuple(patterns)
