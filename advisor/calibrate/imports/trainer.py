"""Files of Hugging Face's Trainer and of programs on it: trainer_state.json, train_results.json,
trainer_log.jsonl of LLaMA-Factory, and consoles that print the log as dictionaries (axolotl).
"""

from __future__ import annotations

import ast
import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

from advisor.calibrate.imports.banner import banner
from advisor.calibrate.imports.columns import Fields, ImportedRun, finite, positive, seconds_of
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
from advisor.core.experiment import JsonObject

LONGEST_LINE = 20_000
MEMORY_NAMES = re.compile(
    r"^(memory/)?(device_mem_reserved|device_reserved|max_mem_reserved|vram_reserved|memory)"
    r"\W*(gib|GiB)?\W*$"
)
_PROGRESS = re.compile(
    r"\b(\d+)/(\d+) \[((?:\d+ days?, )?(?:\d+:)?\d+:\d\d)<[^\]]*?(?:\d|\?)(?:it/s|s/it)"
)
_TRAIN_OUTPUT = re.compile(r"TrainOutput\(global_step=(\d+),")
_LINE = re.compile(r"[^\r\n]+")
SEVERAL_RUNS = "it holds several runs; the last is read"
UNRELIABLE_SPEEDS = ("tokens_per_second_per_gpu", "tokens/train_per_sec_per_gpu")


def trainer_state(path: Path, state: JsonObject, gpus: float = 1.0) -> ImportedRun:
    """A trainer_state.json: losses by step and, at the end of a session, its totals."""
    logs = [entry for entry in state["log_history"] if isinstance(entry, dict)]
    entries = [log_entry(entry) for entry in logs if not is_total(entry)]
    totals = session_totals(logs)
    counted = _token_count(logs)
    notes = _left_out(logs)
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
            other_training=_other_training(logs),
            notes=notes,
        )
    )


@dataclass(frozen=True, slots=True)
class _TokenCount:
    """TRL's `num_tokens`: real tokens of all GPUs since the last start, which was after `start`."""

    since_start: float | None = None
    start: float | None = None

    @property
    def basis(self) -> str:
        return "real" if self.since_start else "padded"


def _token_count(logs: Sequence[Fields]) -> _TokenCount:
    points = [
        (step, tokens)
        for entry in logs
        if (tokens := positive(entry.get("num_tokens"))) is not None
        and (step := finite(entry.get("step"))) is not None
        and not scores_in(entry)
    ]
    if not points:
        return _TokenCount()
    restarts = [before[0] for before, after in pairwise(points) if after[1] < before[1]]
    return _TokenCount(points[-1][1], restarts[-1] if restarts else None)


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
        step=_first(entry, "step", "current_steps", "iteration") or _done(entry),
        loss=_first(entry, "loss"),
        elapsed=seconds_of(entry.get("elapsed_time", entry.get("train_runtime"))),
        tokens=_first(entry, "num_tokens", "num_input_tokens_seen", "total_tokens", "tokens/total"),
        memory_gib=positive(memory),
        evaluation=evaluation_seconds(entry),
        trains="loss" in entry or not scores_in(entry),
    )


def _done(entry: Fields) -> float | None:
    """The step in ms-swift's `"global_step/max_steps": "5/100"`."""
    both = str(entry.get("global_step/max_steps") or "")
    return finite(both.partition("/")[0])


def _left_out(entries: Sequence[Fields]) -> tuple[str, ...]:
    """That axolotl's own speed is not used: by version it is divided by the logging steps, or that
    of all GPUs, or of a micro-batch, and always of learned tokens alone.
    """
    if any(name in entry for entry in entries for name in UNRELIABLE_SPEEDS):
        return (
            "axolotl's tokens per second are not kept: by version they are of one GPU or of all, "
            "and of learned tokens alone",
        )
    return ()


def _other_training(logs: Sequence[Fields]) -> str:
    return other_training(name for entry in logs for name in entry)


def last_scores(entries: Sequence[Fields]) -> dict[str, float]:
    """The scores of the last evaluation in a log."""
    return next((scores for entry in reversed(entries) if (scores := scores_in(entry))), {})


def trainer_log(path: Path, entries: Sequence[Fields]) -> ImportedRun:
    """A trainer_log.jsonl of LLaMA-Factory or logging.jsonl of ms-swift; the throughput of the
    first is tokens so far ÷ seconds since the last start, so it is not used.
    """
    planned = [v for e in entries if (v := _planned(e)) is not None]
    lines = [log_entry(entry) for entry in entries if not is_total(entry)]
    return run_of(
        TrainingLog(
            label=path.parent.name or path.stem,
            entries=lines,
            totals=session_totals(entries),
            cells={"framework": "hf", "epochs": _last(entries, "epoch")},
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


def console(path: Path, text: str, gpus: float = 1.0) -> ImportedRun | None:
    """A console log that prints entries as Python dictionaries (Trainer, axolotl); else None."""
    printed = list(_printed(text))
    if not any("loss" in entry or "train_runtime" in entry for _, entry in printed):
        return None
    bars = _bars(text, [place for place, entry in printed if "loss" in entry])
    logs = _with_steps(printed, bars)
    begins = _last_run_begins(logs)
    notes = (SEVERAL_RUNS,) if begins else ()
    printed = printed[begins:]
    logs = logs[begins:]
    bars = [bar for bar in bars if not begins or bar.place > printed[0][0]]
    entries = [log_entry(entry) for entry in logs if not is_total(entry)]
    places = [place for place, entry in printed if not is_total(entry)]
    own_clock = any(entry.elapsed is not None for entry in entries)
    if not own_clock:
        entries = _by_place(
            [*((bar.place, bar.entry) for bar in bars), *zip(places, entries, strict=True)]
        )
    counted = _token_count(logs)
    ended = _TRAIN_OUTPUT.search(text)
    steps = positive(ended[1]) if ended else None
    steps = bars[-1].whole if bars else steps
    return run_of(
        TrainingLog(
            label=path.stem,
            entries=entries,
            totals=session_totals(logs),
            cells={"epochs": _last(logs, "epoch"), **banner(text)},
            scores=last_scores(logs),
            steps=steps,
            planned_steps=steps,
            tokens=_last(logs, "num_input_tokens_seen"),
            session_tokens=counted.since_start,
            session_start=counted.start,
            tokens_basis=counted.basis,
            resolution=0.0 if own_clock else 1.0,
            gpus=gpus,
            other_training=_other_training(logs),
            notes=(*notes, *_left_out(logs)),
        )
    )


@dataclass(frozen=True, slots=True)
class _ProgressBar:
    """A progress bar of the training as printed: its place in the text, steps and seconds."""

    place: int
    done: float
    whole: float
    elapsed: float

    @property
    def entry(self) -> LogEntry:
        return LogEntry(step=self.done, elapsed=self.elapsed)


def _bars(text: str, losses: Sequence[int]) -> list[_ProgressBar]:
    """The bars of the training: those with as many steps as the bars before most of the losses,
    whose places are given; bars of evaluations and of data sets have others.
    """
    bars = [
        _ProgressBar(match.start(), float(match[1]), float(match[2]), seconds)
        for match in _PROGRESS.finditer(text)
        if (seconds := seconds_of(match[3])) is not None
    ]
    places = [bar.place for bar in bars]
    before = (bisect_left(places, place) - 1 for place in losses)
    votes = Counter(bars[number].whole for number in before if number >= 0)
    most = votes.most_common(1)
    whole = most[0][0] if most else max((bar.whole for bar in bars), default=0.0)
    return [bar for bar in bars if bar.whole == whole]


def _with_steps(
    printed: Sequence[tuple[int, Fields]], bars: Sequence[_ProgressBar]
) -> list[Fields]:
    """The entries of a console, which have no steps: each gets that of the bar before it; without
    bars they are counted, so that losses can be averaged.
    """
    places = [bar.place for bar in bars]
    logs: list[Fields] = []
    number = 0
    for place, entry in printed:
        number += "loss" in entry
        before = bisect_left(places, place) - 1
        step = bars[before].done if before >= 0 else float(number)
        logs.append({"step": step, **entry})
    return logs


def _last_run_begins(logs: Sequence[Fields]) -> int:
    """The first entry of the last run in a console to which several runs were written: after the
    totals of one, the steps of the next begin again where they began before.
    """
    losses = [n for n, entry in enumerate(logs) if "loss" in entry]
    first = finite(logs[losses[0]].get("step")) if losses else None
    ends = [n for n, entry in enumerate(logs) if is_total(entry)]
    begins = 0
    for end in ends:
        after = next((n for n in losses if n > end), None)
        step = finite(logs[after].get("step")) if after is not None else None
        if step is not None and first is not None and step <= first:
            begins = end + 1
    return begins


def _by_place(entries: Sequence[tuple[int, LogEntry]]) -> list[LogEntry]:
    return [entry for _, entry in sorted(entries, key=itemgetter(0))]


def _printed(text: str) -> Iterator[tuple[int, Fields]]:
    """The Python dictionaries printed in a console's lines with their places, read as literals
    and never run.
    """
    for line in _LINE.finditer(text):
        start = line[0].find("{'")
        end = line[0].rfind("}")
        if start < 0 or end < start or len(line[0]) > LONGEST_LINE:
            continue
        literal = re.sub(r"(?<![\w'])(nan|inf|-inf)(?![\w'])", "None", line[0][start : end + 1])
        try:
            value = ast.literal_eval(literal)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            yield line.start() + start, value


def json_lines(text: str) -> list[Fields]:
    """The objects of JSON Lines; lines that are something else are left out."""
    entries: list[Fields] = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            entries.append(value)
    return entries


def _first(entry: Fields, *names: str) -> float | None:
    return next((v for name in names if (v := finite(entry.get(name))) is not None), None)


def _last(entries: Sequence[Fields], name: str) -> float | None:
    return next((v for e in reversed(entries) if (v := positive(e.get(name))) is not None), None)
