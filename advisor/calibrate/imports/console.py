"""Consoles of Hugging Face's Trainer and of programs on it, which print the log as Python
dictionaries between progress bars (Trainer, axolotl, LLaMA-Factory, ms-swift).
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

from advisor.calibrate.imports.banner import banner
from advisor.calibrate.imports.columns import Fields, ImportedRun, finite, positive, seconds_of
from advisor.calibrate.imports.timing import run_of
from advisor.calibrate.imports.trainer import (
    last_scores,
    last_value,
    left_out,
    log_entry,
    step_done,
    token_count,
)
from advisor.calibrate.imports.training_log import (
    LogEntry,
    TrainingLog,
    is_total,
    other_training,
    session_totals,
)

LONGEST_LINE = 20_000
LEAST_LUMPED = 3
_PROGRESS = re.compile(
    r"\b(\d+)/(\d+) \[((?:\d+ days?, )?(?:\d+:)?\d+:\d\d)<[^\]]*?(?:\d|\?)(?:it/s|s/it)"
)
_TRAIN_OUTPUT = re.compile(r"TrainOutput\(global_step=(\d+),")
_LINE = re.compile(r"[^\r\n]+")
SEVERAL_RUNS = "it holds several runs; the last is read"
_SUMMARY = re.compile(r"\*{5} train metrics \*{5}\s*\n((?:[ \t]+\w+[ \t]*=[ \t]*\S+[ \t]*\n?)+)")
_PAIR = re.compile(r"(\w+)[ \t]*=[ \t]*(\S+)")


def console(path: Path, text: str, gpus: float = 1.0) -> ImportedRun | None:
    """A console log that prints entries as Python dictionaries (Trainer, axolotl); else None."""
    printed = list(_printed(text))
    if not any("train_runtime" in entry for _, entry in printed):
        printed += _summaries(text)
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
    counted = token_count(logs)
    ended = _TRAIN_OUTPUT.search(text)
    steps = positive(ended[1]) if ended else None
    steps = bars[-1].whole if bars else steps
    return run_of(
        TrainingLog(
            label=path.stem,
            entries=entries,
            totals=session_totals(logs),
            cells={"epochs": last_value(logs, "epoch"), **banner(text)},
            scores=last_scores(logs),
            steps=steps,
            planned_steps=steps,
            tokens=last_value(logs, "num_input_tokens_seen"),
            session_tokens=counted.since_start,
            session_start=counted.start,
            tokens_basis=counted.basis,
            resolution=0.0 if own_clock else 1.0,
            gpus=gpus,
            other_training=other_training(name for entry in logs for name in entry),
            notes=(*notes, *left_out(logs)),
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
    bars they are counted, so that losses can be averaged. Where all were written after the bars, as
    a stream that is kept back is, the epoch tells the step.
    """
    places = [bar.place for bar in bars]
    lumped = _kept_back(printed, places)
    epochs = max((finite(entry.get("epoch")) or 0.0 for _, entry in printed), default=0.0)
    logs: list[Fields] = []
    number = 0
    for place, entry in printed:
        number += "loss" in entry
        before = bisect_left(places, place) - 1
        step = bars[before].done if before >= 0 else float(number)
        own = step_done(entry)
        epoch = finite(entry.get("epoch"))
        if lumped and epoch and own is None:
            own = epoch / epochs * bars[before].whole
        logs.append({"step": step if own is None else own, **entry})
    return logs


def _kept_back(printed: Sequence[tuple[int, Fields]], bars: Sequence[int]) -> bool:
    """Whether several losses stand after the same bar and none elsewhere."""
    losses = [bisect_left(bars, place) for place, entry in printed if "loss" in entry]
    return len(losses) >= LEAST_LUMPED and losses[0] == losses[-1] > 0


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
    """Bars and printed entries in their order; a count of tokens goes to the bar of its step, which
    has the clock.
    """
    ordered = [entry for _, entry in sorted(entries, key=itemgetter(0))]
    clocked = -1
    for at, entry in enumerate(ordered):
        if entry.elapsed is not None:
            clocked = at
        elif entry.tokens is not None and clocked >= 0 and ordered[clocked].step == entry.step:
            ordered[clocked] = replace(ordered[clocked], tokens=entry.tokens)
    return ordered


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


def _summaries(text: str) -> Iterator[tuple[int, Fields]]:
    """The last block of totals that the example scripts and LLaMA-Factory print: `train_runtime =
    0:06:12.00`.
    """
    for block in list(_SUMMARY.finditer(text))[-1:]:
        named = dict(_PAIR.findall(block[1]))
        seconds = seconds_of(named.get("train_runtime"))
        values = {name: finite(value) for name, value in named.items()}
        yield block.start(), values | {"train_runtime": seconds}
