"""Files of Hugging Face's Trainer and of programs on it: trainer_state.json, train_results.json,
trainer_log.jsonl of LLaMA-Factory, and consoles that print the log as dictionaries (axolotl).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from advisor.calibrate.imports.columns import Fields, ImportedRun, finite, positive
from advisor.calibrate.imports.training_log import (
    LogEntry,
    TrainingLog,
    run_of,
    scores_in,
    totals_in,
)
from advisor.core.experiment import JsonObject

LONGEST_LINE = 20_000
MEMORY_NAMES = re.compile(
    r"^(memory/)?(device_mem_reserved|device_reserved|max_mem_reserved|vram_reserved)\W*(gib|GiB)?\W*$"
)
_PROGRESS = re.compile(r"\b(\d+)/(\d+) \[")
_ELAPSED = re.compile(r"(?:(\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)$")


def trainer_state(path: Path, state: JsonObject) -> ImportedRun:
    """A trainer_state.json: losses by step and, at the end of a session, its totals."""
    logs = [entry for entry in state["log_history"] if isinstance(entry, dict)]
    steps = positive(state.get("global_step"))
    totals = [t for entry in logs if (t := totals_in(entry)) is not None]
    scores = next((s for entry in reversed(logs) if (s := scores_in(entry))), {})
    notes: tuple[str, ...] = ()
    if not totals:
        notes = ("no total time in it: the file of a checkpoint before the end of the training",)
    return run_of(
        TrainingLog(
            label=path.parent.name or path.stem,
            entries=[log_entry(entry) for entry in logs if "train_runtime" not in entry],
            totals=totals,
            cells={
                "framework": "hf",
                "micro_batch": positive(state.get("train_batch_size")),
                "epochs": positive(state.get("epoch")),
            },
            scores=scores,
            steps=steps,
            planned_steps=positive(state.get("max_steps")),
            tokens=positive(state.get("num_input_tokens_seen")),
            notes=notes,
        )
    )


def train_results(path: Path, document: JsonObject) -> ImportedRun:
    """A train_results.json or all_results.json: the totals of the last session alone."""
    totals = totals_in(document)
    assert totals is not None
    note = "a file of totals alone: were the run resumed, they would be those of its last session"
    return run_of(
        TrainingLog(
            label=path.parent.name or path.stem,
            totals=[totals],
            cells={
                "framework": "hf",
                "epochs": positive(document.get("epoch")),
                "total_samples": positive(document.get("train_samples")),
            },
            scores=scores_in(document),
            tokens=None,
            notes=(note,),
        )
    )


def log_entry(entry: Fields) -> LogEntry:
    """A line of a Trainer's log; names as Trainer, LLaMA-Factory and axolotl write them."""
    memory = next((v for k, v in entry.items() if MEMORY_NAMES.match(k)), None)
    return LogEntry(
        step=_first(entry, "step", "current_steps"),
        loss=_first(entry, "loss"),
        elapsed=_seconds(entry.get("elapsed_time")),
        tokens=_first(entry, "total_tokens", "num_input_tokens_seen"),
        tokens_per_second=_first(entry, "tokens_per_second_per_gpu", "tokens_per_second"),
        memory_gib=positive(memory),
    )


def trainer_log(path: Path, entries: Sequence[Fields]) -> ImportedRun:
    """A trainer_log.jsonl of LLaMA-Factory; its throughput is tokens so far ÷ seconds since the
    last start, so it is not used.
    """
    planned = [v for e in entries if (v := positive(e.get("total_steps"))) is not None]
    return run_of(
        TrainingLog(
            label=path.parent.name or path.stem,
            entries=[log_entry(entry) for entry in entries],
            cells={"framework": "hf", "epochs": _last(entries, "epoch")},
            scores=next((s for e in reversed(entries) if (s := scores_in(e))), {}),
            planned_steps=planned[-1] if planned else None,
        )
    )


def console(path: Path, text: str) -> ImportedRun | None:
    """A console log that prints entries as Python dictionaries (Trainer, axolotl); else None."""
    entries = list(dictionaries(text))
    if not any("loss" in e or "train_runtime" in e for e in entries):
        return None
    totals = [t for entry in entries if (t := totals_in(entry)) is not None]
    bars = [(int(done), int(whole)) for done, whole in _PROGRESS.findall(text)]
    finished = [whole for done, whole in bars if done == whole]
    steps = float(finished[-1]) if finished and totals else float(len(entries))
    return run_of(
        TrainingLog(
            label=path.stem,
            entries=_numbered([log_entry(e) for e in entries if "train_runtime" not in e]),
            totals=totals,
            cells={"framework": "hf", "epochs": _last(entries, "epoch")},
            scores=next((s for e in reversed(entries) if (s := scores_in(e))), {}),
            steps=steps,
            tokens_basis="real",
        )
    )


def _numbered(entries: Sequence[LogEntry]) -> list[LogEntry]:
    """Entries of a console have no steps: they are counted, so that losses can be averaged."""
    logged = [e for e in entries if e.loss is not None or e.memory_gib is not None]
    return [
        entry if entry.step is not None else replace(entry, step=float(number))
        for number, entry in enumerate(logged, 1)
    ]


def dictionaries(text: str) -> Iterator[Fields]:
    """The Python dictionaries printed in a console's lines, read as literals and never run."""
    for line in re.split(r"[\r\n]+", text):
        start = line.find("{'")
        end = line.rfind("}")
        if start < 0 or end < start or len(line) > LONGEST_LINE:
            continue
        literal = re.sub(r"(?<![\w'])(nan|inf|-inf)(?![\w'])", "None", line[start : end + 1])
        try:
            value = ast.literal_eval(literal)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            yield value


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


def _seconds(value: object) -> float | None:
    """Seconds of `0:12:34` or `1 day, 2:03:04`; a number is seconds."""
    match = _ELAPSED.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return finite(value)
    days, hours, minutes, seconds = match.groups()
    return 86_400 * int(days or 0) + 3600 * int(hours) + 60 * int(minutes) + float(seconds)
