"""Which of a history's metrics is the step, the clock, the loss, the tokens, the memory.

Programs name them differently, and some names do not mean what they say: what is unclear is left
out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.calibrate.imports.columns import Fields, positive
from advisor.calibrate.imports.training_log import is_evaluation
from advisor.core.constants import GIB

STEPS = (
    *("train/global_step", "global_step", "trainer/global_step", "train/step", "step"),
    *("iteration", "iter", "current_steps", "time/batch"),
)
"""Optimizer steps."""

LOG_CALLS = ("_step", "Step")
"""Weights & Biases counts calls of its `log`, unless the program states a step of its own."""

CLOCKS = {
    "_runtime": 1.0,
    "Relative Time (Process)": 1.0,
    "_absolute_runtime": 1.0,
    "Relative Time (Wall)": 1.0,
    "_timestamp": 1.0,
    "Wall Time": 1.0,
    "Wall time": 1.0,
    "wall_time": 1.0,
    "timestamp": 0.001,
}
"""Seconds in a unit of each clock; only differences are used. MLflow's timestamps are in ms."""

TIMES_OF_DAY = ("_timestamp", "Wall Time", "Wall time", "wall_time", "timestamp")

LOSSES = (
    *("train/loss", "loss", "train_loss", "train/train_loss", "training_loss", "train/ce_loss"),
    *("train_loss_step", "lm loss", "lm loss validation", "reduced_train_loss"),
    *("loss_metrics/global_avg_loss", "loss/train/total"),
)

REAL_TOKENS = ("train/num_tokens", "num_tokens")
PADDED_TOKENS = (
    *("train/num_input_tokens_seen", "num_input_tokens_seen", "train/tokens/total"),
    *("tokens/total", "train/total_tokens", "total_tokens", "time/token"),
)

_SPEEDS_OF_ALL = (
    *("throughput/tokens_per_sec", "train/tokens_per_second", "tokens_per_second"),
    *("train/tokens_per_sec", "tokens_per_sec"),
)
_SPEEDS_OF_ONE = (
    *("throughput/device/tokens_per_sec", "throughput(tps)", "tokens_per_second_per_gpu"),
)
"""Tokens per second of one GPU."""

AXOLOTL_SPEEDS = (
    "train/tokens_per_second_per_gpu",
    "train/tokens/train_per_sec_per_gpu",
    "tokens/train_per_sec_per_gpu",
)
"""By version of one GPU or of all, of a step or divided by the logging steps."""

_MEMORY = (
    (
        re.compile(
            r"^(train/|eval/)?(memory/)?(device_mem_reserved|device_reserved|max_mem_reserved"
            r"|max_reserved|vram_reserved|peak_memory_reserved|memory(?=\s*\(gib))"
            r"\s*(\(gib\))?$",
            re.IGNORECASE,
        ),
        1.0,
        "reserved",
    ),
    (re.compile(r"reserved_bytes\.all\.peak$"), 1.0 / GIB, "reserved"),
    (re.compile(r"^memory/peak_reserved_mem$"), 1e9 / GIB, "reserved"),
    (re.compile(r"system[./]gpu\.(process\.)?\d+\.memoryAllocatedBytes$"), 1.0 / GIB, "process"),
    (re.compile(r"system/gpu_\d+_memory_usage_megabytes$"), 1e6 / GIB, "process"),
)
"""(name, GiB in its unit, basis), the first that a history has counts."""


@dataclass(frozen=True, slots=True)
class MetricNames:
    """The names of a history's metrics by what they mean; empty where there is none."""

    step: str
    clock: str
    loss: str
    tokens: str
    speed: str
    memory: tuple[str, ...]
    memory_unit: float
    memory_basis: str
    axolotl: bool

    @property
    def counts_steps(self) -> bool:
        return self.step in STEPS

    @property
    def tokens_basis(self) -> str:
        real = self.tokens in REAL_TOKENS or self.speed in _SPEEDS_OF_ONE[2:]
        return "real" if real else "padded"

    @property
    def speed_is_of_one_gpu(self) -> bool:
        return self.speed in _SPEEDS_OF_ONE

    def memory_gib(self, row: Fields) -> float | None:
        """The most that a row states of any GPU, in GiB."""
        values = [v for name in self.memory if (v := positive(row.get(name))) is not None]
        return max(values) * self.memory_unit if values else None


def metric_names(names: Sequence[str]) -> MetricNames:
    """What the names of a history mean."""
    memory: tuple[str, ...] = ()
    unit = 1.0
    basis = "reserved"
    for pattern, each_unit, each_basis in _MEMORY:
        memory = tuple(name for name in names if pattern.search(name))
        if memory:
            unit = each_unit
            basis = each_basis
            break
    return MetricNames(
        step=_first(names, STEPS) or _first(names, LOG_CALLS),
        clock=_first(names, tuple(CLOCKS)),
        loss=_first(names, LOSSES) or _other_loss(names),
        tokens=_first(names, REAL_TOKENS) or _first(names, PADDED_TOKENS),
        speed=_first(names, (*_SPEEDS_OF_ALL, *_SPEEDS_OF_ONE)),
        memory=memory,
        memory_unit=unit,
        memory_basis=basis,
        axolotl=any(name in AXOLOTL_SPEEDS for name in names),
    )


def _first(names: Sequence[str], wanted: Sequence[str]) -> str:
    return next((name for name in wanted if name in names), "")


def _other_loss(names: Sequence[str]) -> str:
    """A loss by another name, of steps and of training rows."""
    ends = re.compile(r"(^|[/_. ])(loss|loss_step)$|^loss/train(ing)?$", re.IGNORECASE)
    return next(
        (
            name
            for name in names
            if ends.search(name)
            and not is_evaluation(name.rpartition("/")[2])
            and not is_evaluation(name)
            and not re.search(r"(^|[/_])(epoch|eval|val|valid|validation|test)[/_ ]", name)
        ),
        "",
    )
