"""The engine of the app: looks and judges in a process of its own, everything else in threads."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, BinaryIO, cast

from advisor.core import errors
from advisor.core.errors import AdvisorError, Cancelled, UsageError
from advisor.core.events import CancelToken, StageEvent, ignore
from advisor.core.system import apart
from advisor.tui.work.engine import PipelineEngine
from advisor.tui.work.judge_protocol import (
    UNEXPECTED,
    CancelLook,
    JudgeReply,
    JudgeRequest,
    LookRequest,
    ObservationsRecord,
)
from advisor.tui.work.pipe import Pipe

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.verdict import Verdict
    from advisor.tui.work.engine import Observations

_POLL_SECONDS = 0.1
_GONE = "the judging process has ended; it is started again with the next answer"


class ProcessEngine(PipelineEngine):
    """Starts its process with the first request if not before, and again should it have ended."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Pipe | None = None
        self._reader: threading.Thread | None = None
        self._replies: dict[int, queue.SimpleQueue[JudgeReply]] = {}
        self._starting = threading.Lock()

    def look(
        self, brief: Brief, cancel: CancelToken, events: Callable[[StageEvent], None] = ignore
    ) -> Observations:
        """Look at data, machine and prices. Raises UsageError, Cancelled."""
        number = next(self._numbers)
        replies = self._ask(number, LookRequest(number, brief))
        while True:
            if cancel.cancelled:
                self._send(CancelLook(number))
                self._replies.pop(number, None)
                raise Cancelled("cancelled")
            reply = self._next(replies)
            if reply is None:
                continue
            if reply.event is not None:
                events(reply.event)
                continue
            self._replies.pop(number, None)
            _raise_error(reply)
            return cast("Observations", reply.observations)

    def judge(self, brief: Brief, observations: Observations, *, deep: bool) -> Verdict:
        """The verdict. Raises UsageError, Infeasible; Cancelled where a newer request came."""
        number = next(self._numbers)
        look = cast(ObservationsRecord, observations).look
        replies = self._ask(number, JudgeRequest(number, brief, look, deep))
        while (reply := self._next(replies)) is None:
            pass
        self._replies.pop(number, None)
        _raise_error(reply)
        assert reply.verdict is not None
        return reply.verdict

    def close(self) -> None:
        """End the process at once."""
        process = self._process
        self._process = None
        if process is None:
            return
        process.kill()
        process.wait()
        if self._reader is not None:
            self._reader.join()
        for end in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not yet written is lost with the process
                if end is not None:
                    end.close()

    def _ask(
        self, number: int, request: LookRequest | JudgeRequest
    ) -> queue.SimpleQueue[JudgeReply]:
        self.start()
        replies: queue.SimpleQueue[JudgeReply] = queue.SimpleQueue()
        self._replies[number] = replies
        self._send(request)
        return replies

    def _send(self, message: object) -> None:
        if self._pipe is None:
            raise UsageError(_GONE)
        try:
            self._pipe.send(message)
        except OSError:
            raise UsageError(_GONE) from None

    def _next(self, replies: queue.SimpleQueue[JudgeReply]) -> JudgeReply | None:
        try:
            return replies.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            if self._process is None or self._process.poll() is not None:
                raise UsageError(_GONE) from None
            return None

    def start(self) -> None:
        """Start the process, unless it runs."""
        with self._starting:
            if self._process is not None and self._process.poll() is None:
                return
            self.close()
            process = subprocess.Popen(
                [sys.executable, "-m", "advisor.tui.work.judge_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                **apart(),  # ctrl+c in the terminal is the app's alone
            )
            self._process = process
            self._pipe = Pipe(cast(BinaryIO, process.stdout), cast(BinaryIO, process.stdin))
            self._reader = threading.Thread(target=self._read, args=(self._pipe,), daemon=True)
            self._reader.start()

    def _read(self, pipe: Pipe) -> None:
        """Hand each reply to the thread that waits for it."""
        try:
            while (received := pipe.receive_parts()) is not None:
                reply, parts = received
                if reply.verdict is not None:
                    reply = replace(reply, verdict=replace(reply.verdict, arms=parts))
                if (replies := self._replies.get(reply.number)) is not None:
                    replies.put(reply)
        except (OSError, EOFError, ValueError):
            return


def _raise_error(reply: JudgeReply) -> None:
    """Raise the error of a reply as the same class of ours, where it is one."""
    if not reply.error_kind:
        return
    if reply.error_kind == UNEXPECTED:
        raise RuntimeError(reply.error)
    kind: type[AdvisorError] = getattr(errors, reply.error_kind, UsageError)
    raise kind(reply.error)
