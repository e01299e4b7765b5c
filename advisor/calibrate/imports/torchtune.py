"""Logs of torchtune: lines `Step 7 | loss:1.2 tokens_per_second_per_gpu:980`, or JSON Lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from advisor.calibrate.imports.columns import Fields, ImportedRun, finite, seconds_of
from advisor.calibrate.imports.timing import run_of
from advisor.calibrate.imports.training_log import LogEntry, TrainingLog

_LINE = re.compile(r"\bStep (\d+) \|(.*)")
_BAR = re.compile(r"\d+\|(\d+)\|Loss: ([\d.]+): +\d+%\|[^|]*\| (\d+)/(\d+) \[((?:\d+:)?\d+:\d\d)<")
_PAIR = re.compile(r"([\w/]+):(\S+)")

LEARNED = (
    "torchtune counts learned tokens: where prompts are masked, its speed is below real tokens/s"
)
ONE_GPU = "its speed is that of one GPU; add --set gpu_count=N where several trained"


def torchtune_log(path: Path, text: str, gpus: float | None) -> ImportedRun | None:
    """The run in a torchtune log, its speed for all `gpus` together; None for another text."""
    lines: list[Fields] = [
        {"step": step, **dict(_PAIR.findall(rest))} for step, rest in _LINE.findall(text)
    ]
    lines = [line for line in lines if finite(line.get("loss")) is not None]
    return torchtune_lines(path, lines, gpus) if lines else _by_bars(path, text)


def _by_bars(path: Path, text: str) -> ImportedRun | None:
    """The run in a console that shows progress bars alone, whose clock begins with each epoch."""
    bars = _BAR.findall(text)
    entries = [
        LogEntry(step=finite(step), loss=finite(loss), elapsed=seconds_of(clock))
        for step, loss, _, _, clock in bars
    ]
    if not entries:
        return None
    if len(entries) == 1:  # the last bar alone: its clock began with the epoch
        begin = float(bars[0][0]) - float(bars[0][2])
        entries.insert(0, LogEntry(step=begin, elapsed=0.0))
    step, _, done, whole, _ = bars[-1]
    return run_of(
        TrainingLog(
            path.stem,
            entries,
            cells={"framework": "torchtune"},
            steps=float(step),
            planned_steps=float(step) - float(done) + float(whole),
            resolution=1.0,
        )
    )


def torchtune_lines(path: Path, lines: Sequence[Fields], gpus: float | None) -> ImportedRun:
    """The run in the lines of a torchtune log."""
    entries = [_entry(line, gpus or 1.0) for line in lines]
    counted = any(entry.tokens_per_second is not None for entry in entries)
    notes = (LEARNED, *(() if gpus else (ONE_GPU,))) if counted else ()
    return run_of(
        TrainingLog(
            label=path.stem,
            entries=entries,
            cells={"framework": "torchtune"},
            tokens_basis="real",
            notes=notes,
        )
    )


def _entry(line: Fields, gpus: float) -> LogEntry:
    speed = finite(line.get("tokens_per_second_per_gpu"))
    return LogEntry(
        step=finite(line.get("step")),
        loss=finite(line.get("loss")),
        tokens_per_second=speed * gpus if speed is not None else None,
        memory_gib=finite(line.get("peak_memory_reserved")),
    )
