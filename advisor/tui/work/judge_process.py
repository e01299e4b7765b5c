"""A process of its own that looks and judges, so that computing never delays the screen.

The parent writes requests to stdin and reads replies from stdout, as length-prefixed records.
Started with `python -m advisor.tui.work.judge_process`.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from advisor.core.errors import AdvisorError, Cancelled
from advisor.core.events import CancelToken, StageEvent
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
    from advisor.judging.surroundings import Surroundings


@dataclass(slots=True)
class JudgeServer:
    """Looks in threads, judges one request at a time and only the newest."""

    pipe: Pipe
    surroundings: dict[int, Surroundings] = field(default_factory=dict)
    cancels: dict[int, CancelToken] = field(default_factory=dict)
    waiting: queue.SimpleQueue[JudgeRequest | None] = field(default_factory=queue.SimpleQueue)

    def serve(self) -> None:
        """Answer until the parent closes the pipe."""
        judge = threading.Thread(target=self._judge_all, daemon=True)
        judge.start()
        while (request := self.pipe.receive()) is not None:
            if isinstance(request, CancelLook):
                if token := self.cancels.get(request.number):
                    token.cancel()
            elif isinstance(request, LookRequest):
                self.cancels[request.number] = CancelToken()
                threading.Thread(target=self._look, args=(request,), daemon=True).start()
            elif isinstance(request, JudgeRequest):
                self.waiting.put(request)

    def _look(self, request: LookRequest) -> None:
        from advisor import pipeline

        def tell(event: StageEvent) -> None:
            self.pipe.send(JudgeReply(request.number, event=event))

        try:
            observed = pipeline.look(
                request.brief, events=tell, cancel=self.cancels[request.number]
            )
        except Exception as error:
            self.pipe.send(_refusal(request.number, error))
            return
        self.surroundings = {request.number: observed}
        record = ObservationsRecord(
            request.number, observed.data, observed.hardware, observed.warnings
        )
        self.pipe.send(JudgeReply(request.number, observations=record))

    def _judge_all(self) -> None:
        while (request := self.waiting.get()) is not None:
            while not self.waiting.empty():
                self.pipe.send(JudgeReply(request.number, error_kind=Cancelled.__name__))
                newer = self.waiting.get()
                if newer is None:
                    return
                request = newer
            self._judge(request)

    def _judge(self, request: JudgeRequest) -> None:
        from advisor import pipeline

        surroundings = self.surroundings.get(request.look)
        if surroundings is None:
            self.pipe.send(JudgeReply(request.number, error_kind=Cancelled.__name__))
            return
        try:
            verdict = pipeline.judge(request.brief, surroundings, deep=request.deep)
        except pipeline.NothingLeft as stop:
            verdict = stop.verdict
        except Exception as error:
            self.pipe.send(_refusal(request.number, error))
            return
        self.pipe.send_parts(
            JudgeReply(request.number, verdict=replace(verdict, arms=())), verdict.arms
        )


def _refusal(number: int, error: Exception) -> JudgeReply:
    if isinstance(error, AdvisorError):
        return JudgeReply(number, error=str(error), error_kind=type(error).__name__)
    return JudgeReply(number, error=f"{type(error).__name__}: {error}", error_kind=UNEXPECTED)


def main() -> None:
    """Serve the parent on stdin and stdout; whatever a library prints goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    JudgeServer(Pipe(sys.stdin.buffer, out)).serve()
    os._exit(0)  # threads that still compute must not delay the end


if __name__ == "__main__":
    main()
