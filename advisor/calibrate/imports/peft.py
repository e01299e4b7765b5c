"""Result files of PEFT's method comparison."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from advisor.calibrate.imports.columns import ImportedRun, as_cells, finite
from advisor.core.constants import GIB
from advisor.core.experiment import JsonObject


def peft_result(path: Path, document: JsonObject) -> ImportedRun:
    """Speed is the mean over the logged intervals; memory the 99th percentile of what was
    reserved.
    """
    run = document["run_info"]
    train = document["train_info"]
    config = _mapping(run.get("train_config"))
    adapter = _mapping(run.get("peft_config"))
    logged = train.get("metrics")
    metrics = [m for m in logged if isinstance(m, dict)] if isinstance(logged, list) else []
    speeds = [v for m in metrics if (v := finite(m.get("tokens / sec"))) is not None]
    reserved = finite(train.get("accelerator_memory_reserved_99th"))
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
        (v for m in reversed(metrics) if (v := finite(m.get("train total tokens"))) is not None),
        None,
    )
    samples = next(
        (v for m in reversed(metrics) if (v := finite(m.get("train samples"))) is not None), None
    )
    cells = {
        "framework": "hf",
        "date": str(run.get("created_at") or "")[:10],
        "model": name,
        "method": method.get(kind, "other"),
        "rank": finite(adapter.get("r")),
        "targets": "+".join(str(t) for t in targets) if isinstance(targets, list) else targets,
        "trainable_params": finite(train.get("num_trainable_params")),
        "params_total": finite(train.get("num_total_params")),
        "weights_dtype": {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}.get(
            str(config.get("dtype"))
        ),
        "optimizer": "adamw" if str(config.get("optimizer_type")).lower() == "adamw" else None,
        "packed": "no",
        "mean_tokens": tokens / samples if tokens and samples else None,
        "max_tokens": finite(config.get("max_seq_length")),
        "micro_batch": finite(config.get("batch_size")),
        "compile": "yes" if config.get("compile") else "no",
        "gpu": str(system.get("accelerator") or "").removeprefix("NVIDIA "),
        "gpu_count": 1,
        "outcome": "ok" if status == "success" else str(status or "failed"),
        "memory_gib": reserved / GIB if reserved else None,
        "memory_basis": "reserved" if reserved else None,
        "tokens_per_second": fmean(speeds) if speeds else None,
        "tokens_basis": "real" if speeds else None,
        "total_seconds": finite(train.get("train_time")),
        "total_includes": "train",
        "total_samples": samples,
    }
    curve = [
        (x, y)
        for m in metrics
        if (x := finite(m.get("step"))) is not None
        and (y := finite(m.get("train loss"))) is not None
    ]
    test = next(
        (v for m in reversed(metrics) if (v := finite(m.get("test accuracy"))) is not None), None
    )
    scores = {} if test is None else {"test accuracy": test}
    return ImportedRun(str(run.get("experiment_name") or path.stem), as_cells(cells), curve, scores)


def _mapping(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}
