"""The process that plug-ins run in: a request per line of stdin, a reply per line of stdout.

`host` starts it. What a plug-in prints goes to stderr, and it reads an empty stdin.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint
from itertools import count
from typing import TYPE_CHECKING, Any, TextIO

from advisor.core import frozen_json
from advisor.core.plugins import loading
from advisor.core.plugins.records import (
    FUNCTIONS,
    PluggedTechnique,
    PluginFailure,
    PluginReply,
    PluginRequest,
)

if TYPE_CHECKING:
    from advisor.core.experiment import JsonObject

MOST_ROWS = 1000
MOST_SECONDS = 0.2
"""Rows, and time, of one reply."""

GRACE_SECONDS = 5
"""So much later than the host would end it, this process ends itself: the host may be gone."""


def main(seconds: float) -> None:
    """Serve until the host closes stdin; end where a request takes longer than `seconds`."""
    loading.load_here()
    requests, replies = _streams()
    server = Server()
    for line in requests:
        _end_after(seconds + GRACE_SECONDS)
        try:
            reply = frozen_json.dumps(server.reply(frozen_json.loads(line.encode())))
        except loading.FAILURES as error:
            reply = frozen_json.dumps(PluginReply(error=loading.reason_of(error)))
        replies.write(reply.decode() + "\n")
        replies.flush()
        _end_after(0)


def _streams() -> tuple[TextIO, TextIO]:
    """The pipes of the host, out of the reach of what plug-ins print and read."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies


def _end_after(seconds: float) -> None:
    if hasattr(signal, "setitimer"):  # Windows has none
        signal.setitimer(signal.ITIMER_REAL, seconds)


class Server:
    """Answers requests; rows that are being read stay open between them."""

    def __init__(self) -> None:
        self._open: dict[int, Iterator[object]] = {}
        self._numbers = count(1)

    def reply(self, request: PluginRequest) -> PluginReply:
        """Raises whatever the plug-in raises."""
        if request.do == "load":
            return PluginReply(_described(*request.point))
        if request.do == "more":
            return PluginReply(json.dumps(_next_rows(self._open[request.number]), default=str))
        if request.do == "close":
            self._open.pop(request.number, None)
            return PluginReply()
        record = _record(*request.point)
        answer = getattr(record, FUNCTIONS[type(record)])(*request.args)
        if request.do == "rows":
            number = next(self._numbers)
            self._open[number] = iter(answer)
            return PluginReply(number)
        if isinstance(answer, bytes):
            return PluginReply(b64encode(answer).decode(), in_base64=True)
        return PluginReply(answer)


@cache
def _record(group: str, name: str, value: str) -> Any:
    kind = loading.GROUPS[group]
    if kind is PluggedTechnique:
        import_module("advisor.core.techniques")  # while none is half read
    record = EntryPoint(name, value, group).load()
    if isinstance(record, kind) and type(record) is not kind:  # a subclass of a plug-in's own
        return kind(**{field.name: getattr(record, field.name) for field in fields(kind)})
    return record


def _described(group: str, name: str, value: str) -> JsonObject:
    """The fields of the record without its function. Raises PluginFailure."""
    try:
        record = _record(group, name, value)
    except loading.FAILURES as error:
        reason = loading.reason_of(error)
        raise PluginFailure(f"{value} cannot be loaded ({reason})") from None
    kind = loading.GROUPS[group]
    if not isinstance(record, kind):
        raise PluginFailure(f"{value} is not a {kind.__name__} of advisor.core.plugins")
    if fault := record.fault():
        raise PluginFailure(fault)
    names = [field.name for field in fields(kind) if field.name != FUNCTIONS[kind]]
    return {name: getattr(record, name) for name in names}


def _next_rows(rows: Iterator[object]) -> list[object]:
    """Some rows, none at the end; what is not an object with fields is an empty list."""
    batch: list[object] = []
    until = time.monotonic() + MOST_SECONDS
    for row in rows:
        batch.append(dict(row) if isinstance(row, Mapping) else [])
        if len(batch) == MOST_ROWS or time.monotonic() > until:
            break
    return batch
