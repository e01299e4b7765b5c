"""How far a run is and how long it has to go: told from the steps after warm-up, never from the
first ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from advisor.calibrate.protocol import Event
from advisor.core.experiment import JsonObject

WARM_UP_STEPS = 2
MOST_STEPS = 10**12
LARGEST = 1e18
"""What is beyond is no count and no reading."""


@dataclass(slots=True)
class Progress:
    """Fed with every event; reads as a line for a person. Seconds are of the child's own clock.

    Recorded events come from files of anybody: what is no number where one should be is left out.
    """

    trials: int = 0
    finished: int = 0
    label: str = ""
    step: int = 0
    steps: int = 0
    phase: str = ""
    loss: float | None = None
    tokens_per_second: float | None = None
    memory_gib: float | None = None
    _paces: list[float] = field(default_factory=list)
    _trial_seconds: list[float] = field(default_factory=list)
    _last: tuple[int, float] | None = None

    def note(self, event: Event) -> None:
        """Take in one event of the child."""
        fields = event.fields
        if event.kind == "planned":
            named = fields.get("trials")
            self.trials = max(len(named) if isinstance(named, list) else 0, self.trials)
        elif event.kind == "trial":
            self.finished += 1
            self._paces = []
            self._last = None
            self._trial_seconds.append(number(fields.get("seconds")) or 0.0)
        elif event.kind == "step" and fields.get("phase") == "begin":
            self.label = str(fields.get("label", ""))
            self.step = 0
            self.steps = 0
            self.phase = ""
            self._paces = []
            self._last = None
            self.loss = self.tokens_per_second = self.memory_gib = None
        elif event.kind == "step" and (counts := counted(fields)) is not None:
            self._note_step(event, *counts)

    def _note_step(self, event: Event, step: int, steps: int) -> None:
        fields = event.fields
        if (
            phase := str(fields.get("phase", ""))
        ) != self.phase:  # items are scored at another pace than steps are made
            self.phase = phase
            self._paces = []
            self._last = None
        self.step = step
        self.steps = steps
        self.loss = number(fields.get("loss"))
        self.memory_gib = number(fields.get("memory_gib"))
        self.tokens_per_second = number(fields.get("tokens_per_second"))
        if self._last is not None and self.step > self._last[0] >= WARM_UP_STEPS:
            self._paces.append((event.at_seconds - self._last[1]) / (self.step - self._last[0]))
        self._last = (self.step, event.at_seconds)

    def seconds_left(self) -> float | None:
        """Of the trial under way and of the trials to come; None before anything can be told."""
        if not self._paces and not self._trial_seconds:
            return None
        to_come = max(self.trials - self.finished - 1, 0)
        whole = (
            median(self._trial_seconds) if self._trial_seconds else median(self._paces) * self.steps
        )
        here = median(self._paces) * max(self.steps - self.step, 0) if self._paces else whole
        return here + to_come * whole

    def line(self) -> str:
        """One line: trial, step, loss, speed, memory, time left."""
        parts = [
            f"{min(self.finished + 1, max(self.trials, 1))}/{max(self.trials, 1)} {self.label}"
        ]
        if self.steps:
            parts.append(f"{'item' if self.phase == 'score' else 'step'} {self.step}/{self.steps}")
        if self.loss is not None:
            parts.append(f"loss {self.loss:.3f}")
        if self.tokens_per_second is not None:
            parts.append(f"{self.tokens_per_second:,.0f} tokens/s")
        if self.memory_gib is not None:
            parts.append(f"{self.memory_gib:.2f} GiB")
        left = self.seconds_left()
        if left is not None:
            parts.append(f"{_clock(left)} left")
        return " · ".join(parts)


def counted(fields: JsonObject) -> tuple[int, int] | None:
    """(done, of how many) of the training steps or the scored items in a `step` event; None where
    it counts neither.
    """
    for done, of in (("step", "steps"), ("item", "items")):
        at = fields.get(done)
        whole = fields.get(of)
        if isinstance(at, int) and abs(at) < MOST_STEPS:
            return at, whole if isinstance(whole, int) and abs(whole) < MOST_STEPS else 0
    return None


def number(value: Any) -> float | None:
    """A number of a size that readings have, else None."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or abs(value) > LARGEST
        or value != value
    ):
        return None
    return float(value)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min" if whole >= 60 else f"{whole} s"
