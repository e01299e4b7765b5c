"""A calibration as values: the trials of a plan, their outcomes, and the run that keeps them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from advisor.core.quantity import Quantity, Range

JsonObject = Mapping[str, Any]
"""A JSON object as it is stored and sent; records read it with `from_json`."""

NOTHING: JsonObject = MappingProxyType({})


class Status(StrEnum):
    """What became of a trial or of a run; only `DONE` may enter an estimate."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"  # stopped by the user, or out of its minutes
    OUT_OF_MEMORY = "out-of-memory"  # an answer, not an accident: it does not fit
    FAILED = "failed"  # an error of the trial, with its reason
    KILLED = "killed"  # the process ended without a word
    SKIPPED = (
        "skipped"  # not run, because its result could change nothing any more; with the reason
    )


ANSWERED = frozenset({Status.DONE, Status.OUT_OF_MEMORY})
"""Statuses that the same command does not run again."""


def digest(value: Any) -> str:
    """A short name for plain data: the same data, the same name.

    64 bits of SHA-256 over its canonical JSON.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to measure. `spec` is plain data and holds all that its result depends on."""

    kind: str  # throughput, quality or prompts
    label: str
    spec: JsonObject

    @property
    def digest(self) -> str:
        return digest({"kind": self.kind, "spec": dict(self.spec)})


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What will run.

    `shared` is plain data that all trials use, such as texts; limits are None where there are none.

    `device` is cpu, cuda or auto. `about` says what the run belongs to: fingerprints of the data,
    the model's name. The digest leaves limits and `about` out: a run with more minutes goes on
    where a shorter one stopped.
    """

    kind: str
    name: str
    trials: tuple[Trial, ...]
    shared: JsonObject = field(default_factory=lambda: NOTHING)
    device: str = "auto"
    seed: int = 0
    minutes: float | None = None
    max_usd: float | None = (
        None  # of what the trials themselves spend, such as calls of an endpoint
    )
    about: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    @property
    def digest(self) -> str:
        return digest(
            [
                self.kind,
                [t.digest for t in self.trials],
                digest(dict(self.shared)),
                self.device,
                self.seed,
            ]
        )

    def trial_digest(self, trial: Trial) -> str:
        """The name of a trial's result: the trial itself, the shared data, device and seed."""
        return digest([trial.digest, digest(dict(self.shared)), self.device, self.seed])


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What became of one trial.

    `result` is plain data, empty unless there is one; `seconds` are wall time.
    """

    digest: str
    label: str
    status: Status
    seconds: float | None = None
    result: JsonObject = field(default_factory=lambda: NOTHING)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do next in a run: the trial with this digest, or, where `enough` says why, none."""

    digest: str = ""
    enough: str = ""


class SteeringPolicy(Protocol):
    """Chooses among the trials that are left by what is known so far.

    `name` tells policies apart that choose alike.
    """

    @property
    def name(self) -> str: ...

    def __call__(
        self, plan: ExperimentPlan, outcomes: Sequence[TrialOutcome], left: Sequence[Trial]
    ) -> Choice: ...


@dataclass(frozen=True, slots=True)
class RunPrediction:
    """Price and duration of a run before it starts, from P10 to P90; `capped` says which limit cuts
    it.
    """

    seconds: Range
    usd: Range
    basis: str
    source: str
    capped: str = ""


@dataclass(frozen=True, slots=True)
class DepthFit:
    """A quantity as a line in the number of layers: base + per_layer × layers, and what it says for
    the whole model.

    `error` is the relative error on a depth that the line was not drawn through; None where only
    two were measured.
    """

    base: float
    per_layer: float
    layers: int
    at_full_depth: float
    depths: tuple[int, ...]
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Bias:
    """Actual ÷ forecast over recorded runs, as a range; `inside` of `count` fell into their
    P10–P90.
    """

    what: str
    ratio: Quantity
    count: int
    inside: int | None
    scored: int = 0


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as a list shows it. Times are UTC in ISO 8601; `done` of `trials` have an answer."""

    id: int
    kind: str
    name: str
    status: Status
    trials: int
    done: int
    started_at: str
    ended_at: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run with all that is kept of it. `events` are JSON lines, as the child wrote them."""

    summary: RunSummary
    digest: str
    plan: JsonObject
    outcomes: tuple[TrialOutcome, ...]
    forecast: JsonObject = field(default_factory=lambda: NOTHING)
    result: JsonObject = field(default_factory=lambda: NOTHING)
    machine: JsonObject = field(default_factory=lambda: NOTHING)
    events: str = ""


@dataclass(frozen=True, slots=True)
class KeptTrial:
    """A finished trial with the run it was part of.

    `about` is that of the plan, `as_of` the day it ended (ISO).
    """

    run_id: int
    kind: str
    as_of: str
    about: Mapping[str, str]
    spec: JsonObject
    outcome: TrialOutcome


@dataclass(frozen=True, slots=True)
class Actual:
    """What really came of a forecast figure, such as `train.hours`."""

    run_id: int | None
    what: str
    unit: str
    forecast: Range
    actual: float
    recorded_at: str = ""
    note: str = ""
