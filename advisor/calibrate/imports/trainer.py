"""Files of Hugging Face's Trainer and of programs on it: trainer_state.json, train_results.json,
trainer_log.jsonl of LLaMA-Factory and logging.jsonl of ms-swift.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from advisor.calibrate.imports.columns import Fields, ImportedRun, finite, positive, seconds_of
from advisor.calibrate.imports.sessions import of_one_process
from advisor.calibrate.imports.timing import run_of
from advisor.calibrate.imports.training_log import (
    LogEntry,
    TrainingLog,
    evaluation_seconds,
    is_total,
    other_training,
    scores_in,
    session_totals,
    totals_in,
)
from advisor.core import bounded_json
from advisor.core.experiment import JsonObject

MEMORY_NAMES = re.compile(
    r"^(memory/)?(device_mem_reserved|device_reserved|max_mem_reserved|vram_reserved|memory)"
    r"\W*(gib|GiB)?\W*$"
)
UNRELIABLE_SPEEDS = ("tokens_per_second_per_gpu", "tokens/train_per_sec_per_gpu")


def trainer_state(path: Path, state: JsonObject, gpus: float = 1.0) -> ImportedRun:
    """A trainer_state.json: losses by step and, at the end of a session, its totals."""
    logs = [entry for entry in state["log_history"] if isinstance(entry, dict)]
    entries = [log_entry(entry) for entry in logs if not is_total(entry)]
    totals = session_totals(logs)
    counted = token_count(logs)
    notes = left_out(logs)
    if not totals and all(entry.elapsed is None for entry in entries):
        notes += ("no total time in it: the file of a checkpoint before the end of the training",)
    return run_of(
        TrainingLog(
            label=path.parent.name or path.stem,
            entries=entries,
            totals=totals,
            cells={
                "framework": "hf",
                "micro_batch": positive(state.get("train_batch_size")),
                "epochs": positive(state.get("epoch")),
            },
            scores=last_scores(logs),
            steps=positive(state.get("global_step")),
            planned_steps=positive(state.get("max_steps")),
            tokens=positive(state.get("num_input_tokens_seen")),
            session_tokens=counted.since_start,
            session_start=counted.start,
            tokens_basis=counted.basis,
            gpus=gpus,
            other_training=other_training(name for entry in logs for name in entry),
            notes=notes,
        )
    )


@dataclass(frozen=True, slots=True)
class TokenCount:
    """TRL's `num_tokens`: real tokens of all GPUs since the last start, which was after `start`."""

    since_start: float | None = None
    start: float | None = None

    @property
    def basis(self) -> str:
        return "real" if self.since_start else "padded"


def token_count(logs: Sequence[Fields]) -> TokenCount:
    """The tokens that a log's lines count."""
    points = [
        (step, tokens)
        for entry in logs
        if (tokens := positive(entry.get("num_tokens"))) is not None
        and (step := finite(entry.get("step"))) is not None
        and not scores_in(entry)
    ]
    if not points:
        return TokenCount()
    restarts = [before[0] for before, after in pairwise(points) if after[1] < before[1]]
    return TokenCount(points[-1][1], restarts[-1] if restarts else None)


def train_results(path: Path, document: JsonObject, gpus: float = 1.0) -> ImportedRun:
    """A train_results.json or all_results.json: the totals of the last session alone."""
    totals = totals_in(document)
    assert totals is not None
    effective = positive(document.get("effective_tokens_per_sec"))  # LLaMA-Factory's, of one GPU
    if totals.tokens_per_second is None and effective is not None:
        totals = replace(totals, tokens_per_second=effective)
    rows = positive(document.get("train_samples"))
    epochs = positive(document.get("epoch"))
    samples = rows * epochs if rows and epochs else None
    note = "a file of totals alone: were the run resumed, they would be those of its last session"
    return run_of(
        TrainingLog(
            label=path.parent.name or path.stem,
            totals=[totals],
            cells={"framework": "hf", "epochs": epochs, "total_samples": samples},
            scores=scores_in(document),
            samples=samples,
            tokens=None if effective else positive(document.get("num_input_tokens_seen")),
            tokens_basis="real" if effective else "padded",
            gpus=gpus,
            notes=(note,),
        )
    )


def log_entry(entry: Fields) -> LogEntry:
    """A line of a Trainer's log; names as Trainer, LLaMA-Factory, ms-swift and axolotl write
    them.
    """
    memory = next((v for k, v in entry.items() if MEMORY_NAMES.match(k)), None)
    return LogEntry(
        step=_first(entry, "step", "current_steps", "iteration") or step_done(entry),
        loss=_first(entry, "loss"),
        elapsed=seconds_of(entry.get("elapsed_time", entry.get("train_runtime"))),
        tokens=_first(entry, "num_tokens", "num_input_tokens_seen", "total_tokens", "tokens/total"),
        memory_gib=positive(memory),
        evaluation=evaluation_seconds(entry),
        trains="loss" in entry or not scores_in(entry),
    )


def step_done(entry: Fields) -> float | None:
    """The step in ms-swift's `"global_step/max_steps": "5/100"`."""
    both = str(entry.get("global_step/max_steps") or "")
    return finite(both.partition("/")[0])


def left_out(entries: Sequence[Fields]) -> tuple[str, ...]:
    """That axolotl's own speed is not used: by version it is divided by the logging steps, or that
    of all GPUs, or of a micro-batch, and always of learned tokens alone.
    """
    if any(name in entry for entry in entries for name in UNRELIABLE_SPEEDS):
        return (
            "axolotl's tokens per second are not kept: by version they are of one GPU or of all, "
            "and of learned tokens alone",
        )
    return ()


def last_scores(entries: Sequence[Fields]) -> dict[str, float]:
    """The scores of the last evaluation in a log."""
    return next((scores for entry in reversed(entries) if (scores := scores_in(entry))), {})


def trainer_log(path: Path, entries: Sequence[Fields]) -> ImportedRun:
    """A trainer_log.jsonl of LLaMA-Factory or logging.jsonl of ms-swift; the throughput of the
    first is tokens so far ÷ seconds since the last start, so it is not used.
    """
    planned = [v for e in entries if (v := _planned(e)) is not None]
    every = [log_entry(entry) for entry in entries if not is_total(entry)]
    lines = of_one_process(every)
    several = "several processes wrote it: of each step the first line counts"
    return run_of(
        TrainingLog(
            label=path.parent.name or path.stem,
            entries=lines,
            totals=session_totals(entries),
            notes=() if lines is every else (several,),
            cells={"framework": "hf", "epochs": last_value(entries, "epoch")},
            scores=last_scores(entries),
            steps=max((e.step for e in lines if e.step is not None), default=None),
            planned_steps=planned[-1] if planned else None,
            tokens=max((e.tokens for e in lines if e.tokens is not None), default=None),
            resolution=1.0,
        )
    )


def _planned(entry: Fields) -> float | None:
    both = str(entry.get("global_step/max_steps") or "")
    return positive(entry.get("total_steps")) or positive(both.partition("/")[2])


def json_lines(text: str) -> list[Fields]:
    """The objects of JSON Lines; lines that are something else are left out."""
    entries: list[Fields] = []
    for line in text.splitlines():
        try:
            value = bounded_json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            entries.append(value)
    return entries


def _first(entry: Fields, *names: str) -> float | None:
    return next((v for name in names if (v := finite(entry.get(name))) is not None), None)


def last_value(entries: Sequence[Fields], name: str) -> float | None:
    """The last value of a name that is above 0."""
    return next((v for e in reversed(entries) if (v := positive(e.get(name))) is not None), None)
