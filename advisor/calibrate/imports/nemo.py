"""Logs of NVIDIA NeMo: the lines of version 2 (`Training epoch 0, iteration 7/99 | …`) and the
progress bars of version 1.
"""

from __future__ import annotations

import re
from pathlib import Path

from advisor.calibrate.imports.columns import finite, positive, seconds_of
from advisor.calibrate.imports.training_log import LogEntry, TrainingLog

_LINE = re.compile(r"Training epoch \d+, iteration (\d+)/(\d+) \|(.*)")
_PAIR = re.compile(r"([\w ()]+?): *([-+.\deE]+)(?= *(?:\||$))", re.MULTILINE)
_BAR = re.compile(
    r"\b\d+/(\d+) \[((?:\d+:)?\d+:\d\d)<[^\]]*?reduced_train_loss=([-+.\deE]+),"
    r" *global_step=([.\deE+]+)"
)
NO_CLOCK = (
    "it has no times: log them with NeMo's TimingCallback, or import TensorBoard's event files"
)
NO_LENGTH = "its sequence length is not in it: tokens per second are not kept"


def nemo_log(path: Path, text: str, gpus: float | None) -> TrainingLog | None:
    """Seconds of a step as its lines state them, or by the clock of its bars; None for another
    text.
    """
    lines = [_entry(done, rest) for done, _, rest in _LINE.findall(text)]
    bars = [
        LogEntry(step=finite(step), loss=finite(loss), elapsed=seconds_of(clock))
        for _, clock, loss, step in _BAR.findall(text)
    ]
    planned = [float(whole) for whole, *_ in _BAR.findall(text)]
    if len(bars) == 1:  # the last bar alone: its clock began with the epoch
        bars.insert(0, LogEntry(step=0.0, elapsed=0.0))
    entries = lines or bars
    if not entries:
        return None
    is_timed = any(e.step_seconds is not None or e.elapsed is not None for e in entries)
    return TrainingLog(
        path.stem,
        entries,
        cells={"framework": "nemo"},
        steps=entries[-1].step,
        planned_steps=planned[-1] if planned else None,
        resolution=1.0,
        notes=(NO_LENGTH if is_timed else NO_CLOCK,),
    )


def _entry(iteration: str, rest: str) -> LogEntry:
    values = {name.strip(): finite(value) for name, value in _PAIR.findall(rest)}
    return LogEntry(
        step=values.get("global_step", finite(iteration)),
        loss=values.get("reduced_train_loss"),
        step_seconds=positive(values.get("train_step_timing in s")),
    )
