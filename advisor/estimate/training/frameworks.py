"""What training frameworks do unless set otherwise: the rows of profiles/frameworks.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from advisor.core.training import TrainingRun
from advisor.shipped import folder


class Kernels(StrEnum):
    """How far a stack fuses the small operations of a layer."""

    PLAIN = "plain"  # one kernel per operation, as transformers and PyTorch run it
    TUNED = "tuned"  # plain PyTorch, written for training
    FUSED = "fused"  # norms, rotations and gates of adapters in kernels of their own
    VENDOR = "vendor"  # fused kernels throughout, as Megatron has them


@dataclass(frozen=True, slots=True)
class Framework:
    """Documented defaults and traits of one framework, with their source."""

    name: str
    version: str
    checkpointing: str
    fused_loss: str
    optimizer: str
    attention: str
    packed: bool
    autocast: bool
    """16-bit runs compute under autocast, so what is kept in fp32 is cast at each use."""
    adapters_in_fp32: bool
    kernels: Kernels
    kbit_upcast: bool
    """Norms, embeddings and head are cast to fp32 before weights of 4 or 8 bits are trained on."""
    loss_in_place: bool
    """The loss kernel writes the gradient over 16-bit logits."""
    parallel_experts: bool
    """Experts are spread over GPUs and optimiser states are sharded."""
    keeps_whole: bool
    """The model that was loaded stays on each GPU beside its shards while adapters are trained."""
    splits_batch: bool
    """The batch of a pipeline is counted whole and passes through sequence by sequence."""
    fp8: bool
    """Published runs use FP8 where the GPU has it and nothing else is stated."""
    source: str
    as_of: str

    @property
    def is_training_stack(self) -> bool:
        """Own kernels and loops, not the modules of transformers."""
        return self.kernels in (Kernels.TUNED, Kernels.VENDOR)


@cache
def table() -> dict[str, Framework]:
    """All frameworks by name."""
    path = folder("profiles") / "frameworks.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return {cells["framework"]: _framework(cells) for cells in csv.DictReader(file)}


def _framework(cells: dict[str, str]) -> Framework:
    def yes(column: str) -> bool:
        return cells[column] == "yes"

    return Framework(
        name=cells["framework"],
        version=cells["version"],
        checkpointing=cells["checkpointing"],
        fused_loss=cells["fused_loss"],
        optimizer=cells["optimizer"],
        attention=cells["attention"],
        packed=yes("packed"),
        autocast=yes("autocast"),
        adapters_in_fp32=cells["adapter_dtype"] == "fp32",
        kernels=Kernels(cells["kernels"]),
        kbit_upcast=yes("kbit_upcast"),
        loss_in_place=yes("loss_in_place"),
        parallel_experts=yes("parallel_experts"),
        keeps_whole=yes("keeps_whole"),
        splits_batch=yes("splits_batch"),
        fp8=yes("fp8"),
        source=cells["source"],
        as_of=cells["as_of"],
    )


def of(run: TrainingRun) -> Framework:
    """The framework of a run; one that is not in the table counts as `other`."""
    return by_name(run.framework)


def by_name(name: str) -> Framework:
    """The framework of that name; one that is not in the table counts as `other`."""
    frameworks = table()
    return frameworks.get(name, frameworks["other"])
