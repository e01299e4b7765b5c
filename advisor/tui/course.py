"""What a person sees of a run, live or replayed: its trials, its curves, its warnings.

No Textual here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from advisor.calibrate.progress import Progress, counted, number
from advisor.core.experiment import ANSWERED, NOTHING, Plan, Status, TrialOutcome

if TYPE_CHECKING:
    from advisor.calibrate.protocol import Event

CURVES = ("loss", "tokens_per_second", "memory_gib", "watts")
"""Readings of a step that are drawn, by their names in the event."""

MOST_POINTS = 4000
MOST_WARNINGS = 50


@dataclass(slots=True)
class Seen:
    """One trial: waiting (no status), running, or ended.

    `earlier` means that another run gave its answer.
    """

    label: str
    status: Status | None = None
    seconds: float | None = None
    result: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    reason: str = ""
    at: int = 0
    of: int = 0
    earlier: bool = False


@dataclass(slots=True)
class Course:
    """Fed with every event in its order.

    `at_seconds` counts over restarts of the child; places on curves likewise.
    """

    trials: list[Seen] = field(default_factory=list)
    curves: dict[str, list[tuple[float, float | None]]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    progress: Progress = field(default_factory=Progress)
    device: str = ""
    at_seconds: float = 0.0
    last: str = ""
    reason: str = ""
    _begun_at: float = 0.0

    @classmethod
    def of_plan(cls, plan: Plan, earlier: Iterable[TrialOutcome] = ()) -> Course:
        """A run that has yet to start; what an earlier run answered is already known."""
        known = {o.digest: o for o in earlier if o.status in ANSWERED}
        named = [(t.label, known.get(plan.trial_digest(t))) for t in plan.trials]
        return cls([_answered(outcome) if outcome else Seen(label) for label, outcome in named])

    def note(self, event: Event) -> None:
        """Take in one event of the child."""
        held = event.fields
        if event.kind == "planned":
            self._begun_at = self.at_seconds  # a new child counts from 0 again
            for label in _texts(held.get("trials")):
                self._trial(label)
        self.at_seconds = max(self.at_seconds, self._begun_at + (number(event.at_seconds) or 0.0))
        self.progress.note(event)
        if event.kind == "started" and isinstance(device := held.get("device"), Mapping):
            self.device = str(device.get("name", ""))
        elif event.kind == "step":
            self._note_step(held)
        elif event.kind == "trial":
            self._note_trial(held)
        elif event.kind == "warning" and len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(str(held.get("text", "")))
        elif event.kind in ("result", "cancelled", "failed"):
            self.last, self.reason = event.kind, str(held.get("reason", ""))

    @property
    def under_way(self) -> Seen | None:
        """The trial that runs now."""
        return next((t for t in self.trials if t.status is Status.RUNNING), None)

    @property
    def finished(self) -> int:
        """Trials that have ended in this run, whatever became of them."""
        return sum(t.status not in (None, Status.RUNNING) and not t.earlier for t in self.trials)

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1: trials, and of the one under way its steps."""
        to_run = sum(not t.earlier for t in self.trials)
        now = self.under_way
        part = min(now.at / now.of, 1.0) if now is not None and now.of else 0.0
        return min((self.finished + part) / to_run, 1.0) if to_run else 0.0

    def _trial(self, label: str) -> Seen:
        """The first trial of this label that has not ended here; a new one where there is none."""
        for seen in self.trials:
            if seen.label == label and (seen.status in (None, Status.RUNNING)):
                return seen
        self.trials.append(Seen(label))
        return self.trials[-1]

    def _note_step(self, held: Mapping[str, Any]) -> None:
        seen = self._trial(str(held["label"])) if "label" in held else self.under_way
        if seen is None:
            return
        if held.get("phase") == "begin":
            seen.status = Status.RUNNING
            for course in self.curves.values():
                course.append((self.at_seconds, None))
            return
        seen.at, seen.of = counted(held) or (seen.at, seen.of)
        for name in CURVES:
            if (value := number(held.get(name))) is not None:
                course = self.curves.setdefault(name, [])
                course.append((self.at_seconds, value))
                del course[:-MOST_POINTS]

    def _note_trial(self, held: Mapping[str, Any]) -> None:
        seen = self._trial(str(held.get("label", "")))
        status, result = str(held.get("status")), held.get("result")
        seen.status = Status(status) if status in {s.value for s in Status} else Status.FAILED
        seen.result = result if isinstance(result, Mapping) else NOTHING
        seen.reason = str(held.get("reason", ""))
        seen.seconds = number(held.get("seconds"))


def _answered(outcome: TrialOutcome) -> Seen:
    return Seen(
        outcome.label, outcome.status, outcome.seconds, outcome.result, outcome.reason, earlier=True
    )


def _texts(held: Any) -> list[str]:
    return [str(text) for text in held] if isinstance(held, list) else []
