"""Judges for the desk: debounced, numbered, so that late results are dropped."""

from __future__ import annotations

from functools import partial
from time import monotonic

from textual.screen import Screen
from textual.timer import Timer

from advisor.core.brief import Brief
from advisor.core.errors import AdvisorError, Cancelled
from advisor.core.events import CancelToken, StageEvent
from advisor.tui.messages import LookProgressed, ObservationsReady, VerdictReady
from advisor.tui.work.engine import Engine, Observations

SETTLE_SECONDS = 0.02
"""Keystrokes closer together than this share one judgement."""

NEWS_SECONDS = 0.1
"""Pause between two reports of a look."""

REST_SECONDS = 0.35
"""A pause of this length counts as rest: time for flip points and the next step."""


class JudgeJobs:
    """Posts ObservationsReady and VerdictReady to the desk.

    `looks` and `judgements` number the newest requests.
    """

    def __init__(self, desk: Screen[None], engine: Engine) -> None:
        self._desk = desk
        self._engine = engine
        self._cancel = CancelToken()
        self._timers: dict[str, Timer] = {}
        self.looks = 0
        self.judgements = 0
        self._reported_at = 0.0
        self.is_looking = False

    def look(self, brief: Brief, *, after: float = 0.0) -> None:
        """Look around for a brief, `after` seconds from now; a look that still runs is
        cancelled.
        """
        self._cancel.cancel()
        self._cancel = CancelToken()
        self.looks += 1
        self.is_looking = True
        self._after(after, "look", partial(self._look, self.looks, brief, self._cancel))

    def stop_look(self) -> None:
        """Cancel the look that is under way."""
        self._cancel.cancel()
        self.looks += 1
        self.is_looking = False

    def judge(self, brief: Brief, observations: Observations) -> None:
        """Judge a new request as soon as typing pauses for a blink."""
        self.judgements += 1
        self._after(
            SETTLE_SECONDS,
            "judge",
            partial(self._judge, self.judgements, brief, observations, deep=False),
        )

    def deepen(self, brief: Brief, observations: Observations) -> None:
        """Judge the same request in depth once input rests."""
        self._after(
            REST_SECONDS,
            "judge",
            partial(self._judge, self.judgements, brief, observations, deep=True),
        )

    def drop(self) -> None:
        """No judgement that is under way counts any more."""
        self.judgements += 1
        if "judge" in self._timers:
            self._timers["judge"].stop()

    def close(self) -> None:
        """Nothing that is still running counts any more."""
        self._cancel.cancel()
        self.looks += 1
        self.drop()

    def _after(self, seconds: float, group: str, job: partial[None]) -> None:
        if group in self._timers:
            self._timers[group].stop()
        if not seconds:
            self._start(group, job)
            return
        self._timers[group] = self._desk.set_timer(seconds, partial(self._start, group, job))

    def _start(self, group: str, job: partial[None]) -> None:
        self._desk.run_worker(
            job, group=group, thread=True, exclusive=True, exit_on_error=False, description=group
        )

    def _look(self, number: int, brief: Brief, cancel: CancelToken) -> None:
        try:
            observations = self._engine.look(brief, cancel, self._report)
            from advisor.probe import proposals as _proposing  # noqa: F401  loads here, too

            self._desk.post_message(ObservationsReady(number, observations))
        except Cancelled:
            return
        except AdvisorError as error:
            self._desk.post_message(ObservationsReady(number, None, str(error)))
        except Exception as error:
            self._desk.post_message(ObservationsReady(number, None, unexpected(error)))

    def _report(self, event: StageEvent) -> None:
        """Show progress, at most ten times per second."""
        now = monotonic()
        if now - self._reported_at >= NEWS_SECONDS:
            self._reported_at = now
            self._desk.post_message(LookProgressed(event))

    def _judge(self, number: int, brief: Brief, observations: Observations, *, deep: bool) -> None:
        if number != self.judgements:
            return
        try:
            verdict = self._engine.judge(brief, observations, deep=deep)
        except Cancelled:
            return
        except AdvisorError as error:
            self._desk.post_message(VerdictReady(number, None, str(error)))
        except Exception as error:
            self._desk.post_message(VerdictReady(number, None, unexpected(error)))
        else:
            # Loads and compiles here, and not on the loop, what draws the verdict.
            from advisor.report.terms import Terms
            from advisor.tui.views import verdict as _drawing  # noqa: F401

            Terms.of(verdict)
            self._desk.post_message(VerdictReady(number, verdict, deep=deep))


def unexpected(error: Exception) -> str:
    """One line for an error of ours: the screen stays alive and says what to report."""
    return f"unexpected {type(error).__name__}: {error}; please report it with this brief"
