"""What training programs log, in one form, and the run that follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from advisor.calibrate.imports.columns import Fields, ImportedRun, as_cells, finite, positive

_EVALUATION = re.compile(r"^(eval|evaluation|test|valid|validation|val|dev)[_/.-]")
_NO_SCORE = re.compile(r"(runtime|per_second|_time|epoch|step|num_(input_)?tokens(_seen)?)$")
_EVALUATION_SECONDS = re.compile(r"^(eval|test)[_/](.+[_/])?runtime$")


NO_TOTAL = "the total time is not kept"
"""How notes say that a log's seconds are not those of the whole run."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of a log. `elapsed` are seconds since the session's start, `tokens` those so far of
    all GPUs, `evaluation` the seconds of an evaluation at this step.
    """

    step: float | None = None
    loss: float | None = None
    elapsed: float | None = None
    tokens: float | None = None
    tokens_per_second: float | None = None
    memory_gib: float | None = None
    step_seconds: float | None = None
    evaluation: float = 0.0
    trains: bool = True


@dataclass(frozen=True, slots=True)
class Totals:
    """What a Trainer writes at the end of a session: seconds, rates and the mean loss.

    `evaluations` are (step, seconds) of those that ran since the end of the session before;
    `tokens_per_second` is that of one GPU.
    """

    runtime: float
    step: float | None = None
    steps_per_second: float | None = None
    samples_per_second: float | None = None
    tokens_per_second: float | None = None
    mean_loss: float | None = None
    evaluations: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """A run's log. `cells` describe the run; `steps`, `samples` and `tokens` are those of the whole
    run, `session_tokens` those of its last session, which began after the step `session_start`.

    `tokens_basis` is real or padded. `resolution` are the seconds to which its clock is exact;
    `clock_from_start` is false where the clock begins with the first line, `counts_steps` where its
    steps are not optimizer steps. `other_training` says what a step holds besides a plain one.
    """

    label: str
    entries: Sequence[LogEntry] = ()
    totals: Sequence[Totals] = ()
    cells: Fields = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    steps: float | None = None
    planned_steps: float | None = None
    samples: float | None = None
    tokens: float | None = None
    session_tokens: float | None = None
    session_start: float | None = None
    tokens_basis: str = "padded"
    memory_basis: str = "reserved"
    gpus: float = 1.0
    resolution: float = 0.0
    clock_from_start: bool = True
    counts_steps: bool = True
    other_training: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """Speeds and seconds as cells, and what could not be kept."""

    cells: Fields
    notes: tuple[str, ...] = ()


def run_with(log: TrainingLog, timing: Timing) -> ImportedRun:
    """The run in a log, whose speeds are known."""
    peaks = [entry.memory_gib for entry in log.entries if entry.memory_gib is not None]
    cells = {
        "outcome": "ok",
        **log.cells,
        **timing.cells,
        "memory_gib": round(max(peaks), 4) if peaks else log.cells.get("memory_gib"),
        "memory_basis": log.memory_basis if peaks else log.cells.get("memory_basis"),
    }
    if not log.counts_steps:
        cells.pop("step_seconds", None)
    if log.other_training:
        cells.pop("tokens_per_second", None)
        cells.pop("tokens_basis", None)
    curve = [(e.step, e.loss) for e in log.entries if e.step is not None and e.loss is not None]
    return ImportedRun(
        log.label,
        as_cells(cells),
        curve,
        dict(log.scores),
        (*log.notes, *_other(log), *timing.notes),
    )


def lost_total(run: ImportedRun) -> bool:
    """Whether a run's total time cannot be told, so that no other clock may give it."""
    return any(NO_TOTAL in note for note in run.notes)


def _other(log: TrainingLog) -> tuple[str, ...]:
    if not log.other_training:
        return ()
    return (f"{log.other_training}: tokens per second of plain tuning cannot be told from it",)


_OTHER_TRAININGS = {
    "a training that writes answers (GRPO, PPO, RLOO)": (
        *("completions/mean_length", "completions/min_length", "completion_length"),
        "objective/kl",
    ),
    "a training on preferences": ("rewards/chosen", "rewards/margins", "logps/chosen"),
}


def other_training(names: Iterable[str]) -> str:
    """What a step holds besides forward and backward of one model, by the metrics of a log."""
    plain = {name.removeprefix("train/") for name in names}
    return next((what for what, named in _OTHER_TRAININGS.items() if plain & set(named)), "")


def is_evaluation(name: str) -> bool:
    """Whether a metric's name says that it was measured on rows that are not trained on."""
    return bool(_EVALUATION.match(name))


def scores_in(entry: Fields) -> dict[str, float]:
    """Evaluation scores in a log entry: `eval_loss`, `eval/accuracy` and similar."""
    return {
        name: value
        for name, raw in entry.items()
        if is_evaluation(name) and not _NO_SCORE.search(name) and (value := finite(raw)) is not None
    }


def evaluation_seconds(entry: Fields) -> float:
    """Seconds of the evaluations that ended with a log entry: `eval_runtime` and similar."""
    named = (v for k, v in entry.items() if _EVALUATION_SECONDS.match(k))
    return sum(seconds for value in named if (seconds := positive(value)) is not None)


def is_total(entry: Fields, prefix: str = "") -> bool:
    """Whether an entry is that of a session's end: recent Trainers write `train_runtime`, seconds
    so far, into every line with a loss.
    """
    return positive(entry.get(f"{prefix}train_runtime")) is not None and "loss" not in entry


def session_totals(entries: Iterable[Fields]) -> list[Totals]:
    """The totals of every session in the entries of a Trainer's log, in their order."""
    totals: list[Totals] = []
    evaluations: list[tuple[float, float]] = []
    for entry in entries:
        if seconds := evaluation_seconds(entry):
            evaluations.append((finite(entry.get("step")) or 0.0, seconds))
        if is_total(entry) and (total := totals_in(entry, tuple(evaluations))) is not None:
            totals.append(total)
            evaluations = []
    return totals


def totals_in(
    entry: Fields, evaluations: tuple[tuple[float, float], ...] = (), prefix: str = ""
) -> Totals | None:
    """A session's totals in an entry of Hugging Face's Trainer; None where there are none."""
    runtime = positive(entry.get(f"{prefix}train_runtime"))
    if runtime is None:
        return None
    return Totals(
        runtime=runtime,
        step=finite(entry.get("step")),
        steps_per_second=positive(entry.get(f"{prefix}train_steps_per_second")),
        samples_per_second=positive(entry.get(f"{prefix}train_samples_per_second")),
        tokens_per_second=positive(entry.get(f"{prefix}train_tokens_per_second")),
        mean_loss=finite(entry.get(f"{prefix}train_loss")),
        evaluations=evaluations,
    )
