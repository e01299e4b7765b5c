"""Result files of PEFT's method comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from advisor.calibrate.imports.columns import Collected, ImportedRun, as_cells, finite
from advisor.core.constants import GIB
from advisor.core.experiment import JsonObject

METHODS = {"lora": "lora", "": "full", "prompt_tuning": "soft-prompt"}
"""Our names of PEFT's types; every other type is an adapter of its own."""

DTYPES = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}


def peft_result(path: Path, document: JsonObject) -> ImportedRun:
    """Speed is the mean over the logged intervals; memory the 99th percentile of what was
    reserved.
    """
    run = document["run_info"]
    train = document["train_info"]
    logged = train.get("metrics")
    metrics = [m for m in logged if isinstance(m, dict)] if isinstance(logged, list) else []
    cells = {
        "framework": "hf",
        "date": str(run.get("created_at") or "")[:10],
        "packed": "no",
        "gpu": _gpu(document),
        "gpu_count": 1,
        **_settings(_mapping(run.get("train_config"))),
        **_adapter(_mapping(run.get("peft_config"))),
        **_measured(train, metrics),
    }
    accuracy = _last(metrics, "test accuracy")
    scores = {} if accuracy is None else {"test accuracy": accuracy}
    label = str(run.get("experiment_name") or path.stem)
    return ImportedRun(label, as_cells(cells), _loss_curve(metrics), scores)


def _gpu(document: JsonObject) -> str:
    system = _mapping(_mapping(document.get("meta_info")).get("system_info"))
    return str(system.get("accelerator") or "").removeprefix("NVIDIA ")


def _settings(config: JsonObject) -> Collected:
    """The training's own settings."""
    return {
        "model": str(config.get("model_id") or "").rpartition("/")[2],
        "weights_dtype": DTYPES.get(str(config.get("dtype"))),
        "optimizer": "adamw" if str(config.get("optimizer_type")).lower() == "adamw" else None,
        "max_tokens": finite(config.get("max_seq_length")),
        "micro_batch": finite(config.get("batch_size")),
        "compile": "yes" if config.get("compile") else "no",
    }


def _adapter(config: JsonObject) -> Collected:
    """What was trained; a full training has no adapter's settings."""
    method = METHODS.get(str(config.get("peft_type") or "").lower(), "other")
    if method == "lora" and config.get("use_dora"):
        method = "dora"
    targets = config.get("target_modules")
    return {
        "method": method,
        "rank": finite(config.get("r")),
        "targets": "+".join(map(str, targets)) if isinstance(targets, list) else targets,
    }


def _measured(train: JsonObject, metrics: Sequence[JsonObject]) -> Collected:
    """Memory in GiB, speed in real tokens per second, total time in seconds."""
    reserved = finite(train.get("accelerator_memory_reserved_99th"))
    speeds = [v for m in metrics if (v := finite(m.get("tokens / sec"))) is not None]
    tokens = _last(metrics, "train total tokens")
    samples = _last(metrics, "train samples")
    status = train.get("status")
    return {
        "trainable_params": finite(train.get("num_trainable_params")),
        "params_total": finite(train.get("num_total_params")),
        "mean_tokens": tokens / samples if tokens and samples else None,
        "outcome": "ok" if status == "success" else str(status or "failed"),
        "memory_gib": reserved / GIB if reserved else None,
        "memory_basis": "reserved" if reserved else None,
        "tokens_per_second": fmean(speeds) if speeds else None,
        "tokens_basis": "real" if speeds else None,
        "total_seconds": finite(train.get("train_time")),
        "total_includes": "train",
        "total_samples": samples,
    }


def _last(metrics: Sequence[JsonObject], name: str) -> float | None:
    """The last logged value of a metric."""
    values = (finite(m.get(name)) for m in reversed(metrics))
    return next((v for v in values if v is not None), None)


def _loss_curve(metrics: Sequence[JsonObject]) -> list[tuple[float, float]]:
    """Steps and training losses, where both were logged."""
    points = ((finite(m.get("step")), finite(m.get("train loss"))) for m in metrics)
    return [(step, loss) for step, loss in points if step is not None and loss is not None]


def _mapping(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}
