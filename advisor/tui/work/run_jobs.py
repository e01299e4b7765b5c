"""Plans, starts, watches, cancels and replays runs for the desk.

Work is done in threads; news reaches the screen at most ten times per second.
"""

from __future__ import annotations

import queue
from asyncio import sleep
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from textual.timer import Timer
from textual.worker import Worker

from advisor.core.errors import AdvisorError
from advisor.core.events import CancelToken
from advisor.core.experiment import RunRecord, Status
from advisor.tui.messages import PlanReady, RunEnded, RunProgressed
from advisor.tui.model.run_planning import leaves
from advisor.tui.model.run_request import CalibrationRequest
from advisor.tui.work.judge_jobs import unexpected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.screen import Screen

    from advisor.calibrate.protocol import Event
    from advisor.core.brief import Brief
    from advisor.core.verdict import Verdict
    from advisor.experiments import Prepared
    from advisor.tui.model.run_progress import RunProgress
    from advisor.tui.work.engine import Engine, Observations, Recorded

SETTLE_SECONDS = 0.3
"""Answers about a plan closer together than this share one plan: reading data may take a second."""

NEWS_SECONDS = 0.1
GROUP = "calibration"
SPEEDS = (1.0, 10.0, 0.0)
"""How fast a recorded run is shown; 0: at once."""

LONGEST_WAIT_SECONDS = 0.1
"""A replay looks this often whether its speed was changed or it was ended."""


@dataclass(slots=True)
class RunOnScreen:
    """The run on the screen: live, or recorded under the name `replay`; `change` is the verdict
    before and after.
    """

    progress: RunProgress
    prepared: Prepared | None = None
    replay: str = ""
    record: RunRecord | None = None
    failure: str = ""
    log: str = ""
    cancelling: bool = False
    ended: bool = False
    before: Verdict | None = None
    after: Verdict | None = None

    @property
    def running(self) -> bool:
        """Whether a real run is under way, which costs something to lose."""
        return not self.ended and not self.replay


@dataclass(slots=True)
class RunJobs:
    """Reports to the desk by PlanReady, RunProgressed and RunEnded.

    `plans` numbers the newest request for a plan.
    """

    desk: Screen[None]
    engine: Engine
    run_on_screen: RunOnScreen | None = None
    speed: float = SPEEDS[1]
    plans: int = 0
    _cancel: CancelToken = field(default_factory=CancelToken)
    _news: queue.SimpleQueue[Event] = field(default_factory=queue.SimpleQueue)
    _timer: Timer | None = None
    _settling: Timer | None = None
    _worker: Worker[None] | None = None

    def plan(self, request: CalibrationRequest, brief: Brief, observations: Observations) -> None:
        """A plan with its price, as soon as answers pause."""
        self.plans += 1
        if self._settling is not None:
            self._settling.stop()
        job = partial(self._plan, self.plans, request, brief, observations)
        start = partial(
            self.desk.run_worker,
            job,
            group="plan",
            thread=True,
            exclusive=True,
            exit_on_error=False,
        )
        self._settling = self.desk.set_timer(SETTLE_SECONDS, start)

    def start(self, prepared: Prepared, progress: RunProgress) -> None:
        """Run what has no answer yet."""
        self._show(RunOnScreen(progress, prepared))
        self._cancel = CancelToken()
        self._worker = self.desk.run_worker(
            partial(self._run, prepared, self._cancel),
            group=GROUP,
            thread=True,
            exit_on_error=False,
        )

    def replay(self, name: str, recorded: Recorded, progress: RunProgress) -> None:
        """Show a recorded run at `speed`, which may change on the way."""
        events, record = recorded
        self._show(RunOnScreen(progress, replay=name, record=record))
        self._cancel = CancelToken()
        self._worker = self.desk.run_worker(
            self._replay(events, self._cancel), group=GROUP, exit_on_error=False
        )

    def cancel(self) -> None:
        """Ask what runs to stop; RunEnded follows once it has."""
        if self.run_on_screen is not None and not self.run_on_screen.ended:
            self.run_on_screen.cancelling = True
            self._cancel.cancel()

    async def finish(self) -> None:
        """Cancel, and return once no process is left."""
        self.cancel()
        if self._worker is not None and not self._worker.is_finished:
            await self._worker.wait()

    def close(self) -> None:
        """The desk is going: nothing may outlive it."""
        self.plans += 1
        self._cancel.cancel()

    def drain(self) -> bool:
        """Take in what has happened since; whether there was anything."""
        changed = False
        while self.run_on_screen is not None and not self._news.empty():
            self.run_on_screen.progress.note(self._news.get())
            changed = True
        return changed

    def end(self, message: RunEnded) -> None:
        """The run on the screen has ended."""
        self.drain()
        if self._timer is not None:
            self._timer.stop()
        if self.run_on_screen is not None:
            self.run_on_screen.ended = True
            self.run_on_screen.cancelling = False
            self.run_on_screen.record = message.record or self.run_on_screen.record
            self.run_on_screen.failure = message.failure
            self.run_on_screen.log = message.log

    def leave(self) -> None:
        """Nothing on the screen but the plan."""
        if self.run_on_screen is not None and self.run_on_screen.ended:
            self.run_on_screen = None

    def _show(self, run: RunOnScreen) -> None:
        self.run_on_screen = run
        self._news = queue.SimpleQueue()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.desk.set_interval(NEWS_SECONDS, self._announce)

    def _announce(self) -> None:
        if self.drain():
            self.desk.post_message(RunProgressed())

    def _plan(
        self, number: int, request: CalibrationRequest, brief: Brief, observations: Observations
    ) -> None:
        try:
            prepared = self.engine.plan(request, brief, observations)
            missing = self.engine.missing(request)
            message = PlanReady(number, prepared, missing=missing, leaves=leaves(prepared))
        except AdvisorError as error:
            message = PlanReady(number, None, str(error))
        except Exception as error:
            message = PlanReady(number, None, unexpected(error))
        self.desk.post_message(message)

    def _run(self, prepared: Prepared, cancel: CancelToken) -> None:
        try:
            record = self.engine.run(prepared, self._news.put, cancel)
            message = RunEnded(
                record,
                log=self.engine.log(record) if record.summary.status is Status.FAILED else "",
            )
        except AdvisorError as error:
            message = RunEnded(None, str(error))
        except Exception as error:
            message = RunEnded(None, unexpected(error))
        self.desk.post_message(message)

    async def _replay(self, events: Sequence[Event], cancel: CancelToken) -> None:
        before = 0.0
        for event in events:
            left = event.at_seconds - before
            while left > 0.0 and self.speed and not cancel.cancelled:
                wait = min(left / self.speed, LONGEST_WAIT_SECONDS)
                await sleep(wait)
                left -= wait * self.speed
            if cancel.cancelled:
                break
            self._news.put(event)
            before = event.at_seconds
        self.desk.post_message(RunEnded(None))
