"""Rows of a table of published training runs, and the inputs of the estimator that they stand for.

The columns are those of the public benchmark table; an unknown input gets a stated default and is named as assumed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.core.errors import UsageError, did_you_mean
from advisor.core.facts import Gpu, Model
from advisor.core.training import TrainingRun
from advisor.estimate.training.memory import TUNED

REQUIRED = ("id", "source", "model", "method", "gpu", "gpu_count")
HAS_FP8 = frozenset({"Hopper", "Blackwell", "CDNA3", "CDNA4"})
PADDED_OVER_MEAN = 1.7
"""Mean length of padded batches over the mean length of samples, where a row counts padded positions."""

NO_BF16 = frozenset({"Turing", "Volta"})


@dataclass(frozen=True, slots=True)
class Row:
    """One published run: its cells as text, and the line it stands on (the heading is line 1)."""

    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        return (self.cells.get(column) or "").strip()

    def number(self, column: str) -> float | None:
        """A cell as a number, None where it is empty. Raises UsageError where it is something else."""
        text = self.text(column)
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            raise UsageError(
                f"line {self.line}: {column} is {text!r}, not a number; leave it empty if unknown"
            ) from None

    def whole(self, column: str) -> int | None:
        value = self.number(column)
        return None if value is None else max(round(value), 1)

    @property
    def group(self) -> tuple[str, ...]:
        """What a calibration row must share: source, GPU, count, model, method, quantisation, loss, checkpointing."""
        columns = ("source", "gpu", "gpu_count", "model", "method", "quantization", "fused_loss", "checkpointing")
        return tuple(self.text(c) for c in columns)


def read(path: Path) -> list[Row]:
    """All rows of a CSV file. Raises UsageError where the file is absent, not UTF-8 or lacks a needed column."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            names = reader.fieldnames or []
            for column in REQUIRED:
                if column not in names:
                    raise UsageError(f"{path}: no column {column!r}{did_you_mean(column, names)}")
            return [Row(line, cells) for line, cells in enumerate(reader, start=2)]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a CSV file of runs") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: not a CSV file in UTF-8 ({error})") from None


def to_run(row: Row, models: Mapping[str, Model], gpus: Mapping[str, Gpu]) -> TrainingRun:
    """The inputs of a row. Its results are never read; what the row leaves open is filled and named in `assumed`."""
    assumed: list[str] = []

    def known(name: str, value: object, default: object) -> object:
        if value in (None, ""):
            assumed.append(name)
            return default
        return value

    model, gpu = models.get(row.text("model")), gpus.get(row.text("gpu"))
    framework = row.text("framework") or "other"
    method = row.text("method") or "lora"
    lora = method in ("lora", "qlora", "dora")
    spread = "fsdp" if method == "full" else "ddp"
    tuned = framework in TUNED
    old = gpu is not None and gpu.arch in NO_BF16
    mean = row.number("mean_tokens")
    padded = row.text("tokens_basis") == "padded"
    packed = row.text("packed") == "yes"
    limit = row.number("max_tokens")
    seq_len = limit if limit is not None else (mean if packed else 2.0 * mean if mean else None)
    seq = round(float(str(known("seq_len", seq_len, 8192 if framework == "torchtitan" else 2048))))
    return TrainingRun(
        model_name=row.text("model"),
        model=model,
        params=row.number("params_total"),
        gpu_name=row.text("gpu"),
        gpu=gpu,
        gpus=row.whole("gpu_count") or 1,
        method=method,
        rank=int(str(known("rank", row.whole("rank"), 16))) if lora else 16,
        targets=str(known("targets", row.text("targets"), "all-linear")) if lora else row.text("targets"),
        trainable_params=row.number("trainable_params"),
        quantization=str(known("quantization", row.text("quantization"), "nf4" if method == "qlora" else "none")),
        dtype=str(known("dtype", row.text("weights_dtype"), "fp16" if old else "bf16")),
        compute_dtype=row.text("compute_dtype") or _likely_compute(row, framework, gpu),
        optimizer=row.text("optimizer") or "adamw",
        micro_batch=int(
            str(
                known(
                    "micro_batch",
                    row.whole("micro_batch"),
                    4 if lora and gpu is not None and (gpu.memory_gb or 0) > 24 else 2,
                )
            )
        ),
        grad_accum=row.whole("grad_accum") or 1,
        seq_len=seq,
        mean_tokens=min(seq, PADDED_OVER_MEAN * mean if mean else seq) if padded else mean,
        packed=packed,
        checkpointing=str(
            known(
                "checkpointing",
                row.text("checkpointing"),
                "selective" if framework == "torchtitan" else "none" if tuned else "full",
            )
        ),
        attention=str(known("attention", row.text("attention"), "sdpa")),
        fused_loss=str(known("fused_loss", row.text("fused_loss"), "no")),
        compile=row.text("compile") == "yes",
        offload=row.text("offload") or "none",
        sharding=str(known("sharding", row.text("sharding"), spread if (row.whole("gpu_count") or 1) > 1 else "none")),
        tensor_parallel=row.whole("tp") or 1,
        pipeline_parallel=row.whole("pp") or 1,
        context_parallel=row.whole("cp") or 1,
        framework=framework,
        memory_basis=row.text("memory_basis") or "reserved",
        tokens_basis=row.text("tokens_basis") or "real",
        assumed=tuple(assumed),
    )


def _likely_compute(row: Row, framework: str, gpu: Gpu | None) -> str:
    """FP8 where nothing is stated, the card has it and the stack is a vendor's or its own; else as the weights."""
    silent = not row.text("weights_dtype") or framework == "megatron"
    if silent and gpu is not None and gpu.arch in HAS_FP8 and framework in ("nemo", "megatron", "other"):
        return "fp8"
    return ""
