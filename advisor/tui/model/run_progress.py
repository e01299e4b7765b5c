"""The progress of a run, live or replayed: its trials, its curves, its warnings.

No Textual here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from advisor.calibrate.progress import Progress, counted, number
from advisor.core.experiment import ANSWERED, NOTHING, ExperimentPlan, Status, TrialOutcome

if TYPE_CHECKING:
    from advisor.calibrate.protocol import Event

Fields: TypeAlias = Mapping[str, Any]
"""The fields of an event or a result as they were written; every one may be absent."""

CURVES = ("loss", "tokens_per_second", "memory_gib", "watts")
"""Readings of a step that are drawn, by their names in the event."""

MOST_POINTS = 4000
MOST_WARNINGS = 50


@dataclass(slots=True)
class TrialProgress:
    """One trial: waiting (no status), running, or ended.

    `earlier` means that another run gave its answer; `is_choosing`, that its prompt is being chosen
    on development items; `interval` is the 80 % interval of its score.
    """

    label: str
    status: Status | None = None
    seconds: float | None = None
    result: Fields = field(default_factory=lambda: NOTHING)
    reason: str = ""
    at: int = 0
    of: int = 0
    earlier: bool = False
    is_choosing: bool = False
    interval: tuple[float, float] | None = None


@dataclass(slots=True)
class RunProgress:
    """Fed with every event in its order.

    `at_seconds` counts over restarts of the child; places on curves likewise. `groups` are the
    numbers of the test items' groups, where they have any.
    """

    trials: list[TrialProgress] = field(default_factory=list)
    curves: dict[str, list[tuple[float, float | None]]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    pace: Progress = field(default_factory=Progress)
    device: str = ""
    at_seconds: float = 0.0
    last: str = ""
    reason: str = ""
    spent_usd: float | None = None
    groups: Sequence[int] = ()
    _begun_at: float = 0.0

    @classmethod
    def of_plan(cls, plan: ExperimentPlan, earlier: Iterable[TrialOutcome] = ()) -> RunProgress:
        """A run that has yet to start; what an earlier run answered counts as answered."""
        answers = {o.digest: o for o in earlier if o.status in ANSWERED}
        named = [(t.label, answers.get(plan.trial_digest(t))) for t in plan.trials]
        groups = plan.shared.get("groups") or ()
        trials = [
            _answered(outcome, groups) if outcome else TrialProgress(label)
            for label, outcome in named
        ]
        return cls(trials, groups=groups)

    def note(self, event: Event) -> None:
        """Take in one event of the child."""
        fields = event.fields
        if event.kind == "planned":
            self._begun_at = self.at_seconds  # a new child counts from 0 again
            for label in _texts(fields.get("trials")):
                self._trial(label)
        self.at_seconds = max(self.at_seconds, self._begun_at + (number(event.at_seconds) or 0.0))
        self.pace.note(event)
        if event.kind == "started" and isinstance(device := fields.get("device"), Mapping):
            self.device = str(device.get("name", ""))
        elif event.kind == "step":
            self._note_step(fields)
        elif event.kind == "trial":
            self._note_trial(fields)
        elif event.kind == "warning" and len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(str(fields.get("text", "")))
        elif event.kind in ("result", "cancelled", "failed"):
            self.last = event.kind
            self.reason = str(fields.get("reason", ""))

    @property
    def under_way(self) -> TrialProgress | None:
        """The trial that runs now."""
        return next((t for t in self.trials if t.status is Status.RUNNING), None)

    @property
    def finished(self) -> int:
        """Trials that have ended in this run, in whatever way."""
        return sum(t.status not in (None, Status.RUNNING) and not t.earlier for t in self.trials)

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1: trials, and of the one under way its steps."""
        to_run = sum(not t.earlier for t in self.trials)
        now = self.under_way
        part = min(now.at / now.of, 1.0) if now is not None and now.of else 0.0
        return min((self.finished + part) / to_run, 1.0) if to_run else 0.0

    def _trial(self, label: str) -> TrialProgress:
        """The first trial of this label that has not ended here; a new one where there is none."""
        for trial in self.trials:
            if trial.label == label and (trial.status in (None, Status.RUNNING)):
                return trial
        self.trials.append(TrialProgress(label))
        return self.trials[-1]

    def _note_step(self, fields: Fields) -> None:
        trial = self._trial(str(fields["label"])) if "label" in fields else self.under_way
        if trial is None:
            return
        if fields.get("phase") == "begin":
            trial.status = Status.RUNNING
            for curve in self.curves.values():
                curve.append((self.at_seconds, None))
            return
        trial.at, trial.of = counted(fields) or (trial.at, trial.of)
        trial.is_choosing = fields.get("phase") == "choose"
        self.spent_usd = number(fields.get("usd")) or self.spent_usd
        for name in CURVES:
            if (value := number(fields.get(name))) is not None:
                curve = self.curves.setdefault(name, [])
                curve.append((self.at_seconds, value))
                del curve[:-MOST_POINTS]

    def _note_trial(self, fields: Fields) -> None:
        trial = self._trial(str(fields.get("label", "")))
        status = str(fields.get("status"))
        result = fields.get("result")
        trial.status = Status(status) if status in {s.value for s in Status} else Status.FAILED
        trial.result = result if isinstance(result, Mapping) else NOTHING
        trial.interval = _interval(trial.result, self.groups)
        trial.reason = str(fields.get("reason", ""))
        trial.seconds = number(fields.get("seconds"))


def _answered(outcome: TrialOutcome, groups: Sequence[int]) -> TrialProgress:
    return TrialProgress(
        outcome.label,
        outcome.status,
        outcome.seconds,
        outcome.result,
        outcome.reason,
        earlier=True,
        interval=_interval(outcome.result, groups),
    )


def _interval(result: Fields, groups: Sequence[int]) -> tuple[float, float] | None:
    """The 80 % interval of a score, of whole groups where items belong together; None where the
    record, which may be anybody's, does not hold its items.
    """
    from advisor.calibrate.intervals import score_interval

    try:
        return score_interval(result["item_scores"], result.get("item_labels"), groups)
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return None


def _texts(texts: Any) -> list[str]:
    return [str(text) for text in texts] if isinstance(texts, list) else []
