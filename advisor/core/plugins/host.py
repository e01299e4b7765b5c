"""Runs plug-ins in a process of their own, bounded in time: one that sleeps, loops, crashes or
takes the interpreter with it is left out, and the program goes on.
"""

from __future__ import annotations

import atexit
import json
import math
import os
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from advisor.core import frozen_json
from advisor.core.errors import UsageError
from advisor.core.plugins.records import (
    FUNCTIONS,
    STREAMED,
    PluginFailure,
    PluginReply,
    PluginRequest,
)
from advisor.core.system import apart

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from advisor.core.experiment import JsonObject

LIMIT = "ADVISOR_PLUGIN_SECONDS"
"""The environment variable with the seconds that a plug-in may take."""

SECONDS = 20.0
"""What a plug-in may take without it: at once, or in many calls one after the other."""

REGAINED = 0.1
"""Seconds of its limit that a plug-in gets back per second of the clock."""

START = "import sys; sys.path[:] = sys.argv[2:]; from advisor.core.plugins.child import main; "
START += "main(float(sys.argv[1]))"


@cache
def limit() -> float:
    """Seconds that a plug-in may take. Raises UsageError where the environment states nonsense."""
    stated = os.environ.get(LIMIT, "")
    try:
        seconds = float(stated or SECONDS)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 3600:
        raise UsageError(f"{LIMIT}: must be seconds, above 0 and at most 3600, such as 60")
    return seconds


@dataclass(frozen=True, slots=True)
class HostedFunction:
    """The function of a plug-in, run by the host. Raises PluginFailure."""

    point: tuple[str, str, str]
    is_streamed: bool

    def __call__(self, *args: object) -> Any:
        if self.is_streamed:
            return self._rows(args)
        reply = HOST.ask(PluginRequest(self.point, "call", args))
        return b64decode(str(reply.answer)) if reply.in_base64 else reply.answer

    def _rows(self, args: tuple[object, ...]) -> Iterator[Any]:
        number = int(str(HOST.ask(PluginRequest(self.point, "rows", args)).answer))
        more = PluginRequest(self.point, "more", number=number)
        try:
            while rows := json.loads(str(HOST.ask(more).answer)):
                yield from rows
        finally:
            with suppress(PluginFailure):
                HOST.ask(replace(more, do="close"))


def loaded(point: EntryPoint, kind: type[Any]) -> Any:
    """The record of an entry point, its function run by the host. Raises PluginFailure."""
    place = (point.group, point.name, point.value)
    fields = dict(cast("JsonObject", HOST.ask(PluginRequest(place, "load")).answer))
    if FUNCTIONS[kind]:
        fields[FUNCTIONS[kind]] = HostedFunction(place, kind in STREAMED)
    return kind(**fields)


class Host:
    """The process, started with the first request and again after one that ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        self._allowances: dict[tuple[str, str, str], Allowance] = {}

    def ask(self, request: PluginRequest) -> PluginReply:
        """What a plug-in answers. Raises PluginFailure where it fails, ends or takes too long."""
        line = frozen_json.dumps(request).decode()
        with self._turn:
            allowance = self._allowances.setdefault(request.point, Allowance(limit()))
            with allowance:
                answer = self._exchange(line, allowance.left)
        if allowance.is_used_up:
            raise PluginFailure(f"it takes longer than {limit():g} s; {LIMIT} sets the limit")
        if not answer:
            raise PluginFailure("it ended its process")
        reply: PluginReply = frozen_json.loads(answer.encode())
        if reply.error:
            raise PluginFailure(reply.error)
        if request.do == "more":
            allowance.left = limit()
        return reply

    def end(self) -> None:
        """End the process at once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not yet written has nobody to read it
                if pipe is not None:
                    pipe.close()

    def _exchange(self, request: str, seconds: float) -> str:
        """The line that answers a request; empty where none comes."""
        if seconds <= 0:
            return ""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:  # the process has ended
            line = ""
        finally:
            timer.cancel()
        if not line:
            self.end()
        return line

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            stderr = None if sys.stderr is sys.__stderr__ else subprocess.DEVNULL  # None: on stderr
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", START, str(limit()), *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                **apart(),  # ctrl+c in the terminal is the program's alone
            )
            atexit.register(self.end)
        return self._process


@dataclass(slots=True)
class Allowance:
    """The seconds that a plug-in has left; as a context, it takes what the work inside takes."""

    left: float
    at: float = -math.inf
    is_used_up: bool = False

    def __enter__(self) -> None:
        now = time.monotonic()
        if not self.is_used_up:
            self.left = min(limit(), self.left + REGAINED * (now - self.at))
        self.at = now

    def __exit__(self, *_: object) -> None:
        now = time.monotonic()
        self.left -= now - self.at
        self.at = now
        self.is_used_up = self.is_used_up or self.left <= 0


HOST = Host()
