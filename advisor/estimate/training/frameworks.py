"""What training frameworks do unless set otherwise: the rows of profiles/frameworks.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from advisor.core.training import TrainingRun
from advisor.shipped import folder

OWN = "advisor"
"""The program's own worker, whose trials are runs like those of transformers and peft."""


class Kernels(StrEnum):
    """How far a stack fuses the small operations of a layer."""

    PLAIN = "plain"  # one kernel per operation, as transformers and PyTorch run it
    TUNED = "tuned"  # plain PyTorch, written for training
    FUSED = "fused"  # norms, rotations and gates of adapters in kernels of their own
    VENDOR = "vendor"  # fused kernels throughout, as Megatron has them


class Experts(StrEnum):
    """How a stack computes the experts of a mixture."""

    LOOP = "loop"  # one after another
    GROUPED = "grouped"  # all in one product of groups of tokens
    TRANSFORMERS = "transformers"  # by the classes of transformers, as they were on the day


GROUPED_SINCE = "2026-01-26"
"""The day of transformers 5.0, whose mixtures use grouped products unless set otherwise
(transformers, modeling_utils.py, get_correct_experts_implementation; pull request 42697).
"""


@dataclass(frozen=True, slots=True)
class Framework:
    """Documented defaults and traits of one framework, with their source."""

    name: str
    version: str
    until: str
    """The day from which newer defaults hold, year-month-day; empty for those of today."""
    checkpointing: str
    selective_again: float
    """Share of the forward pass that selective checkpointing computes again."""
    fused_loss: str
    compiled_loss: str
    """The loss of compiled runs, where the compiler covers it."""
    optimizer: str
    attention: str
    vendor_attention: bool
    """Attention of cuDNN, FlashAttention-3 or AITER in place of FlashAttention-2 or PyTorch's."""
    packed: bool
    autocast: bool
    """16-bit runs compute under autocast, so what is kept in fp32 is cast at each use."""
    adapters_in_fp32: bool
    adapter_dropout: bool
    """Adapters drop a share of their inputs, which keeps a copy and a mask for each module."""
    kernels: Kernels
    kbit_upcast: bool
    """Norms, embeddings and head are cast to fp32 before weights of 4 or 8 bits are trained on."""
    double_quantization: bool
    """The scales of NF4 weights are quantised too unless that is turned off."""
    kernel_loss_bytes: float
    """Bytes per logit at the peak of a loss kernel: logits, their gradient, and copies."""
    experts: Experts
    quantized_experts: bool
    """Weights of 4 or 8 bits take in the experts that transformers 5 keeps as one tensor."""
    parallel_experts: bool
    """Experts are spread over GPUs and optimiser states are sharded."""
    keeps_whole: bool
    """The model that was loaded stays on each GPU beside its shards while adapters are trained."""
    offload: str
    """What sharded runs keep in the host's memory."""
    splits_batch: bool
    """The batch of a pipeline is counted whole and passes through sequence by sequence."""
    allocator: str
    """What it does with blocks of earlier batches: `expandable` grows its segments and leaves none,
    `caching` keeps them, and `unsaid` is where scripts differ in emptying the cache."""
    fp8: bool
    """Published runs use FP8 where the GPU has it and nothing else is stated."""
    source: str
    as_of: str

    def loss(self, compiled: bool) -> str:
        """How the loss is computed unless set otherwise."""
        return self.compiled_loss if compiled else self.fused_loss

    def loops_over_experts(self, date: str) -> bool:
        """Whether experts are gone through one by one in software of that date (empty: today)."""
        if self.experts is Experts.TRANSFORMERS:
            return not _is_grouped(date)
        return self.experts is Experts.LOOP

    def quantizes_experts(self, date: str) -> bool:
        """Whether quantising a model takes in its experts, in software of that date (empty:
        today): bitsandbytes replaces linear modules, which experts of transformers 5 are not
        (bitsandbytes issue 1849).
        """
        return self.quantized_experts or not _is_grouped(date)

    @property
    def is_training_stack(self) -> bool:
        """Own kernels and loops, not the modules of transformers."""
        return self.kernels in (Kernels.TUNED, Kernels.VENDOR)


def _is_grouped(date: str) -> bool:
    """Whether transformers of a date keeps the experts of a layer as one tensor; a year or a month
    counts as its end.
    """
    return date >= GROUPED_SINCE[: len(date)]


@cache
def table() -> dict[str, tuple[Framework, ...]]:
    """The defaults of every framework by its name, oldest first and those of today last."""
    path = folder("profiles") / "frameworks.csv"
    defaults: dict[str, list[Framework]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for cells in csv.DictReader(file):
            defaults.setdefault(cells["framework"], []).append(_framework(cells))
    return {
        name: tuple(sorted(rows, key=lambda row: row.until or "9999"))
        for name, rows in defaults.items()
    }


def _framework(cells: dict[str, str]) -> Framework:
    def yes(column: str) -> bool:
        return cells[column] == "yes"

    return Framework(
        name=cells["framework"],
        version=cells["version"],
        until=cells["until"],
        checkpointing=cells["checkpointing"],
        selective_again=float(cells["selective_again"]),
        fused_loss=cells["fused_loss"],
        compiled_loss=cells["compiled_loss"],
        optimizer=cells["optimizer"],
        attention=cells["attention"],
        vendor_attention=cells["attention_library"] == "vendor",
        packed=yes("packed"),
        autocast=yes("autocast"),
        adapters_in_fp32=cells["adapter_dtype"] == "fp32",
        adapter_dropout=yes("adapter_dropout"),
        kernels=Kernels(cells["kernels"]),
        kbit_upcast=yes("kbit_upcast"),
        double_quantization=yes("double_quantization"),
        kernel_loss_bytes=float(cells["kernel_loss_bytes"]),
        experts=Experts(cells["experts"]),
        quantized_experts=yes("quantized_experts"),
        parallel_experts=yes("parallel_experts"),
        keeps_whole=yes("keeps_whole"),
        offload=cells["offload"],
        splits_batch=yes("splits_batch"),
        allocator=cells["allocator"],
        fp8=yes("fp8"),
        source=cells["source"],
        as_of=cells["as_of"],
    )


def kin(name: str) -> str:
    """The stack whose runs say as much about one: transformers for the program's own worker, every
    other its own.
    """
    return "hf" if name == OWN else name


def of(run: TrainingRun) -> Framework:
    """The framework of a run; one that is not in the table counts as `other`."""
    return by_name(run.framework, run.software_date)


@lru_cache(maxsize=1024)
def by_name(name: str, date: str = "") -> Framework:
    """The framework of that name as it was on a date (year, year-month or a day; empty: today); one
    that is not in the table counts as `other`.
    """
    frameworks = table()
    *earlier, today = frameworks.get(name, frameworks["other"])
    return next((row for row in earlier if date and date < row.until), today)
