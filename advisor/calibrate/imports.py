"""Reads runs that other programs recorded, into the columns of the table of published runs.

Known forms: `trainer_state.json` of Hugging Face's Trainer, result files of PEFT's method
comparison, CSV tables with the columns of the published runs, and CSV histories of Weights &
Biases. Nothing is executed or unpickled.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

from advisor.core.constants import GIB
from advisor.core.errors import UsageError, did_you_mean

MAX_BYTES = 64 * 1024 * 1024
NEEDED = ("id", "model", "method", "gpu")
COLUMNS = (
    "id",
    "source",
    "date",
    "framework",
    "model",
    "params_total",
    "method",
    "rank",
    "targets",
    "trainable_params",
    "quantization",
    "weights_dtype",
    "compute_dtype",
    "optimizer",
    "packed",
    "mean_tokens",
    "max_tokens",
    "micro_batch",
    "grad_accum",
    "checkpointing",
    "attention",
    "fused_loss",
    "compile",
    "offload",
    "gpu",
    "gpu_count",
    "sharding",
    "outcome",
    "memory_gib",
    "memory_basis",
    "tokens_per_second",
    "tokens_basis",
    "step_seconds",
    "samples_per_second",
    "total_seconds",
    "total_includes",
    "total_samples",
    "epochs",
    "cost_usd",
)
"""What a run may state: the columns of the published runs, see docs/guide/calibrate.md."""


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """One run: `cells` by column as text, the curve of its loss (step, loss), and scores by
    name.
    """

    label: str
    cells: Mapping[str, str]
    curve: Sequence[tuple[float, float]] = ()
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """ok, oom or boundary; a run that says nothing ended well."""
        return self.cells.get("outcome") or "ok"


def read(path: Path, stated: Mapping[str, str]) -> tuple[str, tuple[ImportedRun, ...]]:
    """(form, runs) of a file; `stated` are cells the user adds, such as the model and card of a
    Trainer's file.

    Raises UsageError for an unknown form, a column that does not exist, or a file that cannot be
    read.
    """
    for name in stated:
        if name not in COLUMNS:
            raise UsageError(f"--set {name}: no such column{did_you_mean(name, COLUMNS)}")
    text = _text(path)
    if text.lstrip("\ufeff \t\r\n")[:1] == "{":
        form, runs = _json(path, text)
    else:
        form, runs = _csv(path, text)
    return form, tuple(ImportedRun(r.label, {**r.cells, **stated}, r.curve, r.scores) for r in runs)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(
                f"{path}: more than 64 MiB; export the summary of the run, not its every step"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not text in UTF-8; give a JSON or CSV file") from None


def _json(path: Path, text: str) -> tuple[str, list[ImportedRun]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: not JSON; give the file as the program wrote it") from None
    if isinstance(document.get("log_history"), list):
        return "Hugging Face trainer_state.json", [_trainer_state(path, document)]
    if isinstance(document.get("run_info"), dict) and isinstance(document.get("train_info"), dict):
        return "PEFT method comparison", [_peft(path, document)]
    raise UsageError(
        f"{path}: neither a trainer_state.json nor a PEFT result; known forms: see "
        "docs/guide/calibrate.md"
    )


def _trainer_state(path: Path, state: Mapping[str, Any]) -> ImportedRun:
    """The Trainer logs losses by step and, last, totals: seconds, samples a second, steps a
    second.
    """
    logs = [entry for entry in state["log_history"] if isinstance(entry, dict)]
    totals = next((entry for entry in reversed(logs) if "train_runtime" in entry), {})
    curve = [
        (x, y)
        for e in logs
        if (x := _num(e.get("step"))) is not None and (y := _num(e.get("loss"))) is not None
    ]
    seconds = _num(totals.get("train_runtime"))
    steps = _num(state.get("global_step"))
    tokens = _num(state.get("num_input_tokens_seen"))
    cells = {
        "framework": "hf",
        "outcome": "ok",
        "total_seconds": seconds,
        "total_includes": "train" if seconds else None,
        "samples_per_second": _num(totals.get("train_samples_per_second")),
        "step_seconds": seconds / steps if seconds and steps else None,
        "tokens_per_second": tokens / seconds if tokens and seconds else None,
        "tokens_basis": "padded" if tokens else None,
        "micro_batch": _num(state.get("train_batch_size")),
        "epochs": _num(state.get("epoch")),
    }
    last = next(
        (entry for entry in reversed(logs) if any(k.startswith("eval_") for k in entry)), {}
    )
    scores = {
        k: v
        for k, value in last.items()
        if k.startswith("eval_") and (v := _num(value)) is not None
    }
    return ImportedRun(path.parent.name or path.stem, _cells(cells), curve, scores)


def _peft(path: Path, document: Mapping[str, Any]) -> ImportedRun:
    """Speed is the mean over the logged intervals; memory the 99th percentile of what was
    reserved.
    """
    run = document["run_info"]
    train = document["train_info"]
    config = _mapping(run.get("train_config"))
    adapter = _mapping(run.get("peft_config"))
    logged = train.get("metrics")
    metrics = [m for m in logged if isinstance(m, dict)] if isinstance(logged, list) else []
    speeds = [v for m in metrics if (v := _num(m.get("tokens / sec"))) is not None]
    reserved = _num(train.get("accelerator_memory_reserved_99th"))
    kind = str(adapter.get("peft_type") or "").lower()
    method = {
        "lora": "dora" if adapter.get("use_dora") else "lora",
        "": "full",
        "prompt_tuning": "soft-prompt",
    }
    system = _mapping(_mapping(document.get("meta_info")).get("system_info"))
    name = str(config.get("model_id") or "").rpartition("/")[2]
    targets = adapter.get("target_modules")
    status = train.get("status")
    tokens = next(
        (v for m in reversed(metrics) if (v := _num(m.get("train total tokens"))) is not None), None
    )
    samples = next(
        (v for m in reversed(metrics) if (v := _num(m.get("train samples"))) is not None), None
    )
    cells = {
        "framework": "hf",
        "date": str(run.get("created_at") or "")[:10],
        "model": name,
        "method": method.get(kind, "other"),
        "rank": _num(adapter.get("r")),
        "targets": "+".join(str(t) for t in targets) if isinstance(targets, list) else targets,
        "trainable_params": _num(train.get("num_trainable_params")),
        "params_total": _num(train.get("num_total_params")),
        "weights_dtype": {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}.get(
            str(config.get("dtype"))
        ),
        "optimizer": "adamw" if str(config.get("optimizer_type")).lower() == "adamw" else None,
        "packed": "no",
        "mean_tokens": tokens / samples if tokens and samples else None,
        "max_tokens": _num(config.get("max_seq_length")),
        "micro_batch": _num(config.get("batch_size")),
        "compile": "yes" if config.get("compile") else "no",
        "gpu": str(system.get("accelerator") or "").removeprefix("NVIDIA "),
        "gpu_count": 1,
        "outcome": "ok" if status == "success" else str(status or "failed"),
        "memory_gib": reserved / GIB if reserved else None,
        "memory_basis": "reserved" if reserved else None,
        "tokens_per_second": fmean(speeds) if speeds else None,
        "tokens_basis": "real" if speeds else None,
        "total_seconds": _num(train.get("train_time")),
        "total_includes": "train",
        "total_samples": samples,
    }
    curve = [
        (x, y)
        for m in metrics
        if (x := _num(m.get("step"))) is not None and (y := _num(m.get("train loss"))) is not None
    ]
    test = next(
        (v for m in reversed(metrics) if (v := _num(m.get("test accuracy"))) is not None), None
    )
    scores = {} if test is None else {"test accuracy": test}
    return ImportedRun(str(run.get("experiment_name") or path.stem), _cells(cells), curve, scores)


def _csv(path: Path, text: str) -> tuple[str, list[ImportedRun]]:
    csv.field_size_limit(1_000_000)
    try:
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    except csv.Error as error:
        raise UsageError(f"{path}: not CSV: {error}") from None
    names = [name for name in rows[0] if name] if rows else []
    if not rows:
        raise UsageError(f"{path}: no rows; give a table with a header and at least one run")
    if "_step" in names or "Step" in names:
        return "Weights & Biases history", [_history(path, rows)]
    for needed in NEEDED:
        if needed not in names:
            raise UsageError(
                f"{path}: no column {needed!r}{did_you_mean(needed, names)}; see "
                "docs/guide/calibrate.md"
            )
    imported = []
    for number, row in enumerate(rows, 2):
        cells = {k: (row.get(k) or "").strip() for k in COLUMNS if (row.get(k) or "").strip()}
        for name in ("memory_gib", "tokens_per_second", "step_seconds", "total_seconds"):
            if name in cells and _num(cells[name]) is None:
                raise UsageError(
                    f"{path}: line {number}: {name} is {cells[name]!r}, not a number; leave it "
                    "empty"
                )
        imported.append(ImportedRun(cells.get("id") or f"line {number}", cells))
    return "table of runs", imported


def _history(path: Path, rows: Sequence[Mapping[str, str | None]]) -> ImportedRun:
    """A history by step: `_step`, `_runtime`, metrics named `train/loss`; a chart's export prefixes
    the run's name.
    """
    step = "_step" if "_step" in rows[0] else "Step"
    names = [n for n in rows[0] if n]

    def column(*endings: str) -> str:
        return next((n for n in names for e in endings if n == e or n.endswith(f" - {e}")), "")

    loss = column("train/loss", "loss", "train_loss")
    runtime = column("_runtime", "train/train_runtime")
    curve = [
        (x, y)
        for r in rows
        if (x := _num(r.get(step))) is not None
        and (y := _num(r.get(loss) if loss else "")) is not None
    ]
    speeds = [
        v
        for r in rows
        if (v := _num(r.get(column("train/tokens_per_second", "tokens_per_second")))) is not None
    ]
    seconds = [v for r in rows if (v := _num(r.get(runtime))) is not None]
    scores = {n: v for n in names if "eval" in n and (v := _last(rows, n)) is not None}
    cells = {
        "outcome": "ok",
        "total_seconds": max(seconds) if seconds else None,
        "total_includes": "all" if seconds else None,
        "tokens_per_second": median(speeds) if speeds else None,
        "tokens_basis": "padded" if speeds else None,
    }
    return ImportedRun(path.stem, _cells(cells), curve, scores)


def _last(rows: Sequence[Mapping[str, str | None]], name: str) -> float | None:
    return next((v for r in reversed(rows) if (v := _num(r.get(name))) is not None), None)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _num(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number - number == 0.0 else None


def _cells(values: Mapping[str, Any]) -> dict[str, str]:
    """As text, without what is unknown; whole numbers without a point."""
    return {
        name: str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
        for name, value in values.items()
        if value not in (None, "")
    }
