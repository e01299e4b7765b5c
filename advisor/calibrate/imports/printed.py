"""Logs that programs print in lines of their own: Megatron-LM, DeepSpeed, torchtitan, mlx-lm,
NeMo."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from advisor.calibrate.imports.columns import Collected, Fields, ImportedRun, finite, positive
from advisor.calibrate.imports.nemo import nemo_log
from advisor.calibrate.imports.timing import run_of
from advisor.calibrate.imports.training_log import LogEntry, TrainingLog
from advisor.core.constants import GIB

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

_MEGATRON = re.compile(r"\biteration +(\d+)/ *(\d+) \|(.*)")
_PAIR = re.compile(r"([\w /()]+?):? +([-+.\dEe]+)(?= |$)")
_MEGATRON_SETTING = re.compile(r"^\s*(\w+) \.{3,} *(\S+)", re.MULTILINE)
_MEGATRON_MEMORY = re.compile(r"memory \(MB\).*?max reserved: *([\d.]+)")

_DEEPSPEED = re.compile(
    r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+)\].*?(?:global_step=(\d+)|\bstep=(\d+), skipped)(.*)"
)
_DEEPSPEED_MEMORY = re.compile(r"MaxMemAllocated=([\d.]+) ?GB")

_TITAN = re.compile(
    r"\bstep: *(\d+) +loss: *([-\d.]+).*?memory: *([\d.]+)GiB\([\d.]+%\) +tps: *([\d,]+)"
)

_MLX = re.compile(
    r"Iter (\d+): Train loss ([\d.]+),.*?It/sec ([\d.]+), Tokens/sec ([\d.]+)"
    r"[^\n]*?(?:Peak mem ([\d.]+) GB)?$",
    re.MULTILINE,
)
_MLX_EVALUATION = re.compile(r"Iter \d+: Val loss ([\d.]+), Val took")

ONE_GPU = "its speed is that of one GPU; add --set gpu_count=N where several trained"
NO_LENGTH = "its sequence length is not in it: tokens per second are not kept"
MICRO_BATCHES = "its samples per second are not kept: by version they count micro-batches"
MICRO_STEPS = "an iteration is a micro-batch: step_seconds is right where none are accumulated"


def printed_log(path: Path, text: str, gpus: float | None) -> tuple[str, ImportedRun] | None:
    """(format, run) of a log of one of these programs; None for another text."""
    plain = _COLOURS.sub("", text)
    for name, read in _READERS.items():
        log = read(path, plain, gpus)
        if log is not None:
            return name, run_of(log)
    return None


def _megatron(path: Path, text: str, gpus: float | None) -> TrainingLog | None:
    """Milliseconds an iteration, an optimizer step of the global batch; lengths are those of the
    arguments that it prints first.
    """
    stated = dict(_MEGATRON_SETTING.findall(text))
    length = positive(stated.get("seq_length"))
    entries = []
    for done, _, rest in _MEGATRON.findall(text):
        values = {name.strip(): finite(value) for name, value in _PAIR.findall(rest)}
        milliseconds = values.get("elapsed time per iteration (ms)")
        if milliseconds is None:
            continue
        batch = values.get("global batch size") or positive(stated.get("global_batch_size"))
        seconds = milliseconds / 1000.0
        positions = batch * length if batch and length else None
        entries.append(
            LogEntry(
                step=float(done),
                loss=values.get("lm loss", values.get("lm_loss")),
                step_seconds=seconds,
                tokens_per_second=positions / seconds if positions and seconds else None,
            )
        )
    if not entries:
        return None
    peaks = [float(peak) for peak in _MEGATRON_MEMORY.findall(text)]
    cells: Collected = {
        "framework": "megatron",
        "gpu_count": positive(stated.get("world_size")),
        "micro_batch": positive(stated.get("micro_batch_size")),
        "max_tokens": length,
        "packed": "yes" if length else None,
        "memory_gib": max(peaks) / 1024.0 if peaks else None,
        "memory_basis": "reserved" if peaks else None,
    }
    notes = () if length else (NO_LENGTH,)
    return TrainingLog(path.stem, entries, cells=cells, tokens_basis="real", notes=notes)


def _deepspeed(path: Path, text: str, gpus: float | None) -> TrainingLog | None:
    """Global steps by the time of day of their lines."""
    entries = []
    begun: datetime | None = None
    for when, step, older_step, rest in _DEEPSPEED.findall(text):
        time = datetime.strptime(when, "%Y-%m-%d %H:%M:%S,%f")
        begun = begun or time
        memory = _DEEPSPEED_MEMORY.search(rest)
        entries.append(
            LogEntry(
                step=float(step or older_step),
                elapsed=(time - begun).total_seconds(),
                memory_gib=float(memory[1]) if memory else None,
            )
        )
    if not entries:
        return None
    return TrainingLog(
        path.stem,
        entries,
        cells={"framework": "deepspeed"},
        memory_basis="allocated",
        clock_from_start=False,
        notes=(MICRO_BATCHES,) if "SamplesPerSec" in text else (),
    )


def _torchtitan(path: Path, text: str, gpus: float | None) -> TrainingLog | None:
    """Tokens per second (tps) are those of one GPU; sequences are full."""
    entries = [
        LogEntry(
            step=float(step),
            loss=finite(loss),
            memory_gib=finite(memory),
            tokens_per_second=float(speed.replace(",", "")) * (gpus or 1.0),
        )
        for step, loss, memory, speed in _TITAN.findall(text)
    ]
    if not entries:
        return None
    return TrainingLog(
        path.stem,
        entries,
        cells={"framework": "torchtitan", "packed": "yes"},
        tokens_basis="real",
        notes=() if gpus else (ONE_GPU,),
    )


def _mlx(path: Path, text: str, gpus: float | None) -> TrainingLog | None:
    """The lines that mlx-lm prints."""
    entries = [_mlx_entry(*line) for line in _MLX.findall(text)]
    evaluations = _MLX_EVALUATION.findall(text)
    return _mlx_log(path, entries, evaluations[-1] if evaluations else None) if entries else None


def mlx_lines(path: Path, entries: Sequence[Fields]) -> ImportedRun:
    """The same as mlx-lm gives it to its callbacks, written as JSON Lines."""
    names = ("iteration", "train_loss", "iterations_per_second", "tokens_per_second", "peak_memory")
    trained = [e for e in entries if "iterations_per_second" in e]
    evaluations = [e["val_loss"] for e in entries if "val_loss" in e]
    logged = [_mlx_entry(*(entry.get(name) for name in names)) for entry in trained]
    return run_of(_mlx_log(path, logged, evaluations[-1] if evaluations else None))


def _mlx_entry(step: Any, loss: Any, rate: Any, speed: Any, memory: Any) -> LogEntry:
    """Rates of all machines together; memory in 10⁹ bytes."""
    each_second = positive(rate)
    peak = positive(memory)
    return LogEntry(
        step=finite(step),
        loss=finite(loss),
        step_seconds=1.0 / each_second if each_second else None,
        tokens_per_second=positive(speed),
        memory_gib=peak * 1e9 / GIB if peak else None,
    )


def _mlx_log(path: Path, entries: Sequence[LogEntry], evaluation: Any) -> TrainingLog:
    """Memory is what was allocated."""
    score = finite(evaluation)
    return TrainingLog(
        path.stem,
        entries,
        cells={"framework": "other"},
        scores={} if score is None else {"val_loss": score},
        tokens_basis="real",
        memory_basis="allocated",
        notes=(MICRO_STEPS,),
    )


_Reader = Callable[[Path, str, float | None], TrainingLog | None]
_READERS: dict[str, _Reader] = {
    "Megatron-LM log": _megatron,
    "torchtitan log": _torchtitan,
    "mlx-lm log": _mlx,
    "NeMo log": nemo_log,
    "DeepSpeed log": _deepspeed,
}
