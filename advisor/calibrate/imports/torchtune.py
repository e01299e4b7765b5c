"""Logs of torchtune, whose lines read `Step 7 | loss:1.2 tokens_per_second_per_gpu:980`."""

from __future__ import annotations

import re
from pathlib import Path

from advisor.calibrate.imports.columns import ImportedRun, finite
from advisor.calibrate.imports.timing import run_of
from advisor.calibrate.imports.training_log import LogEntry, TrainingLog

_LINE = re.compile(r"\bStep (\d+) \|(.*)")
_PAIR = re.compile(r"([\w/]+):(\S+)")


def torchtune_log(path: Path, text: str, gpus: float = 1.0) -> ImportedRun | None:
    """The run in a torchtune log, its speed for all `gpus` together; None for another text.

    torchtune counts the tokens that are learned, without padding.
    """
    entries = []
    for step, rest in _LINE.findall(text):
        values = {name: finite(value) for name, value in _PAIR.findall(rest)}
        if "loss" not in values:
            continue
        speed = values.get("tokens_per_second_per_gpu")
        entries.append(
            LogEntry(
                step=float(step),
                loss=values["loss"],
                tokens_per_second=speed * gpus if speed is not None else None,
                memory_gib=values.get("peak_memory_reserved"),
            )
        )
    if not entries:
        return None
    return run_of(
        TrainingLog(
            label=path.stem,
            entries=entries,
            cells={"framework": "torchtune"},
            tokens_basis="real",
        )
    )
