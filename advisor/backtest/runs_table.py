"""Rows of a table of published training runs, and the inputs of the estimator that they stand for.

The columns are those of the public benchmark table; an unknown input gets a stated default and is
named as assumed.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from advisor.core.errors import UsageError, did_you_mean
from advisor.core.facts import Gpu, Model
from advisor.core.run_words import WORDS, canonical, layout_and_offload, storage_of
from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks
from advisor.estimate.training.activations import trained_dtype
from advisor.estimate.training.frameworks import Framework
from advisor.estimate.training.lengths import (
    USUAL_EXAMPLES,
    longest_example,
    longest_of,
    usual_mean,
)
from advisor.estimate.training.model_name import size_in_name

SHARED = (
    "source",
    "gpu",
    "gpu_count",
    "model",
    "method",
    "quantization",
    "fused_loss",
    "checkpointing",
)
SET_UP = (
    *(
        "framework",
        "rank",
        "targets",
        "trainable_params",
        "weights_dtype",
        "compute_dtype",
        "optimizer",
        "packed",
        "attention",
    ),
    *("compile", "offload", "sharding", "tp", "pp", "cp"),
)

REQUIRED = ("id", "source", "model", "method", "gpu", "gpu_count")
DATA_CENTRE_FP8 = frozenset({"Hopper", "Blackwell", "CDNA3", "CDNA4"})
Filled = TypeVar("Filled")

NO_BF16 = frozenset({"Turing", "Volta"})

CONTEXT = "cp"
"""The word for sequences that are spread over all GPUs, each with its part of the positions."""

NAMES = frozenset({"framework", "method"})
"""Columns of words that also name what we have not met."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One published run: its cells as text, and the line it stands on (the heading is line 1)."""

    line: int
    cells: Mapping[str, str]

    def raw(self, column: str) -> str:
        """A cell as it stands."""
        return (self.cells.get(column) or "").strip()

    def text(self, column: str) -> str:
        """A cell in our words, see `core.run_words`.

        A word that nobody knows is kept where it names something (`NAMES`), else it says nothing.
        """
        raw = self._said(column)
        word = canonical(column, raw)
        if word is not None:
            return word
        return raw if column in NAMES else ""

    def _said(self, column: str) -> str:
        """A cell as it stands, or what a layout in one word says of sharding and offload."""
        if column == "sharding":
            return layout_and_offload(self.raw("sharding"))[0]
        if column == "offload":
            return self.raw("offload") or layout_and_offload(self.raw("sharding"))[1]
        return self.raw(column)

    @property
    def unread(self) -> tuple[str, ...]:
        """Cells with words that nobody knows, and count as not stated: `checkpointing 'maybe'`."""
        return tuple(
            f"{column} {self.raw(column)!r}"
            for column in WORDS
            if column not in NAMES and canonical(column, self._said(column)) is None
        )

    def number(self, column: str) -> float | None:
        """A cell as a number above 0, None where it is empty or 0.

        Raises UsageError where it is something else.
        """
        text = self.raw(column)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0.0 <= value < math.inf:
            raise UsageError(
                f"line {self.line}: {column} is {text!r}, not a number above 0; "
                "leave it empty if unknown"
            )
        return value or None

    def whole(self, column: str) -> int | None:
        value = self.number(column)
        return None if value is None else max(round(value), 1)

    @property
    def group(self) -> tuple[str, ...]:
        """What a calibration row must share: source, GPU, count, model, method, quantisation, loss,
        checkpointing.
        """
        return tuple(self.text(c) for c in SHARED)

    @property
    def kind(self) -> tuple[str, ...]:
        """What a calibration row of the same set-up shares: everything typed but length and batch.

        A model that is trained whole trains all it has. Unnamed adapters are told apart by what
        they train: where that is not stated, nothing says that two of them are the same.
        """
        method = self.text("method")
        trained = self.text("trainable_params")
        if method == "full":
            trained = ""
        elif method == "other" and not trained:
            trained = self.text("id")
        typed = {**{c: self.text(c) for c in (*SHARED, *SET_UP)}, "trainable_params": trained}
        return tuple(typed.values())


def read(path: Path) -> list[RunRow]:
    """All rows of a CSV file.

    Raises UsageError where the file is absent, not UTF-8 or lacks a needed column.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            names = reader.fieldnames or []
            for column in REQUIRED:
                if column not in names:
                    raise UsageError(f"{path}: no column {column!r}{did_you_mean(column, names)}")
            return [RunRow(line, cells) for line, cells in enumerate(reader, start=2)]
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); name a CSV file of runs"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: not a CSV file in UTF-8 ({error})") from None


class _Inputs:
    """Reads the inputs of a row, fills in what is left open and keeps the names of what was filled
    in.
    """

    def __init__(self, row: RunRow) -> None:
        self.row = row
        self.assumed: list[str] = []

    def text(self, name: str, default: str, column: str = "") -> str:
        return self.row.text(column or name) or self._fill(name, default)

    def whole(self, name: str, default: int) -> int:
        return self.row.whole(name) or self._fill(name, default)

    def _fill(self, name: str, default: Filled) -> Filled:
        self.assumed.append(name)
        return default

    @property
    def examples(self) -> float | None:
        """Examples that the run passes; None where their number is not stated."""
        return self.row.number("total_samples")

    def packed(self, stack: Framework) -> bool:
        """Whether sequences are full; training stacks pack unless they say otherwise."""
        return (self.row.text("packed") or ("yes" if stack.is_training_stack else "no")) == "yes"

    def lengths(self, stack: Framework, micro_batch: int) -> tuple[int, float | None, float | None]:
        """(limit, mean, longest example where it is not simply a multiple of the mean), in tokens.

        A padded run over a number of samples that is stated had a data set, whose examples vary;
        without one it is a profile of one length, and every batch is padded to the limit.
        """
        packed = self.packed(stack)
        padded = self.row.text("tokens_basis") == "padded"
        limit = self.row.number("max_tokens")
        mean = self.row.number("mean_tokens")
        if limit is None and mean is not None:
            limit = mean if packed else 2.0 * mean
        if limit is None:
            limit = self._fill("seq_len", 8192.0 if stack.name == "torchtitan" else 2048.0)
        mean = mean if mean is None else min(mean, limit)
        if packed:
            return round(limit), mean, None
        if padded:
            if mean is None and self.row.number("total_samples"):
                mean = self._fill("mean_tokens", usual_mean(limit))
            positions = min(limit, longest_of(micro_batch) * mean) if mean else limit
            longest = longest_example(mean, self.examples or USUAL_EXAMPLES) if mean else limit
            return round(limit), positions, min(limit, longest)
        if mean is None:
            return round(limit), self._fill("mean_tokens", usual_mean(limit)), limit
        return round(limit), mean, None


def to_run(row: RunRow, models: Mapping[str, Model], gpus: Mapping[str, Gpu]) -> TrainingRun:
    """The inputs of a row.

    Its results are never read; what the row leaves open is filled and named in `assumed`.
    """
    given = _Inputs(row)
    gpu = gpus.get(row.text("gpu"))
    framework = _framework(row, gpu)
    stack = frameworks.by_name(framework, row.text("date"))
    method = row.text("method") or "lora"
    lora = method in ("lora", "qlora", "dora")
    gpu_count = row.whole("gpu_count") or 1
    micro_batch = given.whole("micro_batch", _usual_batch(gpu) if lora else 2)
    limit, mean, longest = given.lengths(stack, micro_batch)
    packed = given.packed(stack)
    counted = row.text("tokens_basis")
    quantization = given.text("quantization", storage_of(row.raw("method")) or "none")
    compute = row.text("compute_dtype") or _likely_compute(row, stack, gpu)
    dtype = given.text("dtype", _likely_dtype(method, gpu), "weights_dtype")
    shards = _shards(row, gpu, quantization, stack)
    sharding, context_parallel = _layout(given, gpu_count, "fsdp" if shards else "ddp")
    return TrainingRun(
        model_name=row.text("model"),
        model=models.get(row.text("model")),
        params=row.number("params_total") or size_in_name(row.text("model")),
        active_params=row.number("params_active"),
        gpu_name=row.text("gpu") if gpu is None else gpu.name,
        gpu=gpu,
        gpus=gpu_count,
        method=method,
        rank=given.whole("rank", 16) if lora else 16,
        targets=given.text("targets", "all-linear") if lora else row.text("targets"),
        trainable_params=row.number("trainable_params"),
        quantization=quantization,
        dtype=trained_dtype(method, dtype, compute, row.text("sharding")),
        compute_dtype=compute,
        optimizer=row.text("optimizer") or "adamw",
        micro_batch=micro_batch,
        grad_accum=given.whole("grad_accum", 1),
        seq_len=limit,
        mean_tokens=mean,
        longest_tokens=longest,
        packed=packed,
        padding_free=not packed and counted == "real",
        checkpointing=given.text("checkpointing", _likely_checkpointing(stack)),
        attention=given.text("attention", "sdpa"),
        fused_loss=given.text("fused_loss", stack.loss(row.text("compile") == "yes")),
        compile=row.text("compile") == "yes",
        offload=row.text("offload") or "none",
        sharding=sharding,
        tensor_parallel=row.whole("tp") or 1,
        pipeline_parallel=row.whole("pp") or 1,
        context_parallel=context_parallel,
        framework=framework,
        software_date=row.text("date"),
        memory_basis=row.text("memory_basis") or "reserved",
        tokens_basis=counted or "real",
        examples=given.examples,
        assumed=tuple(given.assumed),  # last: all that was filled above
    )


def _usual_batch(gpu: Gpu | None) -> int:
    """Sequences per pass of adapters where nobody says."""
    return 4 if gpu is not None and (gpu.memory_gb or 0.0) > 24.0 else 2


def _layout(given: _Inputs, gpus: int, several: str) -> tuple[str, int]:
    """(sharding, context-parallel degree); `several` is how several GPUs share the work where
    nothing is stated, or only that each has a part of the positions.
    """
    row = given.row
    if row.text("sharding") == CONTEXT:
        return several, row.whole("cp") or gpus
    return given.text("sharding", several if gpus > 1 else "none"), row.whole("cp") or 1


def _framework(row: RunRow, gpu: Gpu | None) -> str:
    """As stated; a stack without a name that states no precision either and packs its sequences,
    on a machine or more of data-centre GPUs, is a vendor's own.
    """
    framework = row.text("framework") or "other"
    silent = framework == "other" and not row.text("weights_dtype")
    many = (row.whole("gpu_count") or 1) >= 8 and gpu is not None and gpu.arch in DATA_CENTRE_FP8
    benchmark = row.text("method") in ("lora", "full") and row.text("packed") == "yes"
    return "vendor" if silent and many and benchmark else framework


def _likely_checkpointing(stack: Framework) -> str:
    """What training stacks do unless they say otherwise; everyone else turns it on."""
    return stack.checkpointing if stack.is_training_stack else "full"


def _likely_dtype(method: str, gpu: Gpu | None) -> str:
    """The dtype of the weights where none is stated: bf16, unless the GPU computes none."""
    if gpu is None or gpu.arch not in NO_BF16:
        return "bf16"
    return "fp32" if method == "full" else "fp16"


def _shards(row: RunRow, gpu: Gpu | None, quantization: str, stack: Framework) -> bool:
    """Whether weights are spread over GPUs where nobody says so: those that are trained, unless the
    stack shards states alone, and those that one GPU does not hold.
    """
    full = row.text("method") == "full" and not stack.parallel_experts
    return full or _crowded(row, gpu, quantization)


def _crowded(row: RunRow, gpu: Gpu | None, quantization: str) -> bool:
    """Whether the frozen weights alone take most of a GPU, so that several GPUs must share
    them.
    """
    params = row.number("params_total")
    if params is None or gpu is None or gpu.memory_gb is None:
        return False
    return (
        params * (0.6 if quantization in ("nf4", "gptq4", "awq4") else 2.0) > 0.8e9 * gpu.memory_gb
    )


def _likely_compute(row: RunRow, stack: Framework, gpu: Gpu | None) -> str:
    """FP8 where nothing is stated, the GPU has it and the stack uses it; else as the weights."""
    silent = not row.text("weights_dtype") or stack.name == "megatron"
    if silent and gpu is not None and gpu.arch in DATA_CENTRE_FP8 and stack.fp8:
        return "fp8"
    return ""
