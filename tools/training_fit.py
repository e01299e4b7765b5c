"""Published runs as cases, documented starting values, and a fast fit that stays close to them.

Coefficients start from values that physics, a count of tensors or a library's documentation gives,
each with a stated doubt. Sources pull them (maximum a posteriori, robust loss), each with the
weight of about two independent runs, since runs of one source share their errors. The formulas are
linearised at the starting values, so that a fit takes milliseconds and hundreds can be made.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from advisor.backtest.runs_table import RunRow, read, to_run
from advisor.core.constants import GIB, Z80
from advisor.core.training import TrainingRun
from advisor.estimate import training
from advisor.estimate.training import basis, memory, spread, throughput
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.shape import Shape
from advisor.facts import load

Floats = NDArray[np.float64]

MEMORY = {  # documented value, doubt of its logarithm
    "stored": (1.0, 0.05),  # tensors are counted one by one
    "work": (1.15, 0.10),  # one layer computed again, and gradients of its parts
    "work_fsdp_adapter": (1.3, 0.15),
    "head": (11.0, 0.20),  # final norm and its output
    "selective": (0.4, 0.20),
    "unsloth_kept": (0.1, 0.30),  # boundaries are offloaded to the host
    "logits.no": (12.0, 0.08),  # softmax in fp32 and two gradients of 4 bytes; measured on an H200
    "logits.kernel": (6.0, 0.15),  # logits in 16 bits, gradient, and a copy
    "logits.projection": (0.8, 0.25),  # chunks
    "logits.yes": (2.0, 0.25),
    "gathered": (2.0, 0.20),  # the layer in use and the next one
    "gathered_head": (3.0, 0.20),
    "zero_buckets_gib": (2.0, 0.30),  # 5e8 values to reduce and to gather, 16 bits
    "optimizer_temporary": (1.0, 0.05),  # AdamW over tensor lists copies the values once
    "constant_gib": (0.2, 0.40),
    "active": (1.01, 0.02),
    "reserved": (1.07, 0.03),
    "reserved_varying": (1.1, 0.1),  # where caches are emptied or batches sorted; else up to 2.2
    "context_gib": (0.6, 0.15),
    "unstated": (1.12, 0.04),
    "offload_kept": (0.15, 0.30),
}

SPEED = {  # documented value, doubt in its own unit
    "matrix_share": (-0.18, 0.06),  # products of a step over the best of a benchmark
    **{
        f"efficiency.{arch}": (0.0, 0.10)
        for arch in ("Ampere", "Ada", "Hopper", "Blackwell", "Turing", "Volta")
    },
    **{f"efficiency.{arch}": (0.0, 0.10) for arch in ("CDNA2", "CDNA3", "CDNA4", "Gaudi")},
    "eff_fp8": (0.4, 0.10),
    "eff_other_method": (-0.1, 0.15),
    "eff_moe": (-0.5, 0.15),
    "eff_grouped": (-0.4, 0.2),  # PyTorch's grouped product on an H200, three mixtures
    "eff_moe_width": (0.3, 0.1),
    "eff_tuned_stack": (0.0, 0.08),
    "eff_padding": (-0.05, 0.05),
    "eff_nodes": (-0.04, 0.02),
    "eff_nodes_moe": (-0.06, 0.03),
    "traffic": (1.0, 0.2),  # kernels are counted one by one
    "attention.default": (0.35, 0.08),
    "attention.Ampere": (0.45, 0.06),
    "attention.Hopper": (0.45, 0.06),  # at most attention_most_tflops
    "attention.Blackwell": (0.45, 0.06),
    "attention.Ada": (0.45, 0.08),
    "attention.CDNA2": (0.13, 0.04),  # PyTorch's own, a quarter of the best kernel backward
    "attention.CDNA3": (0.13, 0.04),
    "attention.CDNA4": (0.13, 0.04),
    "attention_most_tflops": (280.0, 30.0),  # on an H100 350 forward and 300 backward
    "attention_vendor.Hopper": (0.5, 0.06),  # FlashAttention-3, cuDNN: 640 and 540 of 989
    "attention_vendor.Blackwell": (0.4, 0.06),  # cuDNN: 1,230 forward of 2,250
    "attention_vendor.CDNA3": (0.28, 0.05),
    "attention_vendor.CDNA4": (0.28, 0.05),
    "attention.Turing": (0.12, 0.04),  # no flash kernel
    "attention.eager": (0.25, 0.05),
    "context_parallel": (0.1, 0.05),
    "tensor_exposed": (0.5, 0.15),
    "pipeline_bubble": (0.04, 0.03),
    "launch_operation": (math.log(30e-6), 0.2),  # 20 to 40 microseconds, by the host's processor
    "launch_sharded": (0.4, 0.15),
    "dequantize.nf4": (6.0, 1.5),
    "dequantize.gptq4": (12.0, 4.0),
    "dequantize.int8": (20.0, 6.0),
    "optimizer_bytes": (16.0, 3.0),
    "optimizer_bytes_loops": (40.0, 10.0),
    "link_nvlink": (4.8, 0.2),
    "link_pcie": (1.6, 0.25),
    "link_nodes": (4.0, 0.4),  # 8 adapters of 200 to 400 Gbit/s for 8 GPUs
    "overlap": (4.0, 0.8),
    "link_offload": (2.1, 0.3),
    "unhidden": (0.25, 0.08),
}

GIVEN = {
    "tflops_per_gb": 0.16,  # A100 0.153, RTX 4090 0.164
    "experts_unstated": 64.0,
    "usable_memory": 0.985,  # GiB per printed GB: 79.1 of 80, 23.65 of 24
    "start_seconds": 25.0,
    "compile_seconds": 60.0,
    **{f"{kind}.{what}": 0.1 for kind in ("repeat", "hidden") for what in ("memory", "speed")},
}

NOISE = {"memory": 0.15, "speed": 0.2}
"""Log standard deviation of one run around the formulas; errors beyond twice that count less."""

WITHIN_SOURCE = 0.5
"""Correlation of the errors of two runs of one source."""

CAREFUL = {"A": 1.0, "B": 1.0}
ANECDOTE = 0.5

USUAL_SPREAD = 0.12
"""Where the search begins, and what it is drawn to."""

REPEAT = 0.1
"""What is always there: no estimate is surer than one run of a set-up is of the next (`hidden`)."""

PENALTY = {"memory": 0.2, "speed": 0.025}
"""Pull of each cause to what is usual, in units of one independent run: few runs move it little."""
UNSEEN = 0.08
"""Doubt about a stack, or a GPU, that nobody measured. Errors of groups that were left out cannot
tell it where nothing is fitted: sources of version 0.2, met after the formulas of 0.1 were written,
erred by a third more than those in view, which is 0.08 for each beside the usual 0.12.
"""
UNIFORM = 1.0 / math.sqrt(3.0)
"""Standard deviation over half the range of what may be anything within it."""
MOST = 0.7
"""Largest doubt of a cause, a factor of two either way."""
COVERAGE = 0.815
"""Share of left-out runs that the fitted ranges hold, a little above 80 % since the next sources
differ more than these do.
"""


@dataclass(frozen=True)
class Case:
    """A run, its inputs and what was measured."""

    row: RunRow
    run: TrainingRun
    shape: Shape
    measured: float

    @property
    def source(self) -> str:
        return self.row.text("source")

    @property
    def family(self) -> str:
        """The family of the model, or the first letters of its name."""
        model = self.run.model
        return model.family if model is not None else self.run.model_name[:5].lower()


def cases(paths: Sequence[Path], what: str) -> list[Case]:
    """The finished, unsuspicious rows that report `what` = memory or speed and can be predicted."""
    column = "memory_gib" if what == "memory" else "tokens_per_second"
    facts = load()
    gpus = {g.name: g for g in facts.gpus}
    listed = []
    for path in paths:
        for row in read(path):
            value = row.number(column)
            if not value or row.text("suspect") == "yes" or row.text("outcome") != "ok":
                continue
            model = facts.architecture(row.text("model"))
            run = to_run(row, {row.text("model"): model} if model else {}, gpus)
            shape = training.shape_of(run)
            if shape is None or training.is_unknown_method(run):
                continue
            case = Case(row, run, shape, value)
            if what == "memory" or (run.gpu is not None and _speed(case, start(what)) is not None):
                listed.append(case)
    return listed


def start(what: str) -> Coefficients:
    """The documented values, nothing fitted."""
    return at(what, np.zeros(len(priors(what))))


def priors(what: str) -> dict[str, tuple[float, float]]:
    """Documented values and doubts of the coefficients of memory or speed."""
    return MEMORY if what == "memory" else SPEED


def flat(what: str, x: Floats) -> dict[str, float]:
    """Coefficients by name, `x` doubts away from their documented values."""
    numbers = {}
    for (name, (value, doubt)), shift in zip(priors(what).items(), x, strict=True):
        moved = value * math.exp(doubt * shift) if what == "memory" else value + doubt * shift
        numbers[name] = float(moved)
    return numbers


def at(what: str, x: Floats) -> Coefficients:
    """All coefficients, those of `what` moved by `x` doubts."""
    other = "speed" if what == "memory" else "memory"
    unmoved = flat(other, np.zeros(len(priors(other))))
    return Coefficients.from_flat({**GIVEN, **unmoved, **flat(what, x)})


def _memory(case: Case, k: Coefficients) -> float:
    allocated = memory.terms(case.run, case.shape, k)
    return basis.shown_gib(case.run, {name: size / GIB for name, size in allocated.items()}, k)


def _speed(case: Case, k: Coefficients) -> float | None:
    assert case.run.gpu is not None
    seconds = throughput.micro_step_seconds(case.run, case.run.gpu, case.shape, k)
    return None if seconds is None else throughput.tokens_per_step(case.run) / seconds


def errors(what: str, rows: Sequence[Case], k: Coefficients) -> Floats:
    """log(predicted ÷ measured) of every case."""
    predict = _memory if what == "memory" else _speed
    return np.array([math.log((predict(c, k) or 1e-9) / c.measured) for c in rows])


@dataclass(frozen=True)
class Linear:
    """The errors as a linear function of the coefficients, in doubts: (cases), (cases, names)."""

    what: str
    rows: Sequence[Case]
    base: Floats
    slopes: Floats
    weights: Floats

    @classmethod
    def of(cls, what: str, rows: Sequence[Case]) -> Linear:
        """Derivatives at the documented values, by half a doubt to either side."""
        count = len(priors(what))
        slopes = np.zeros((len(rows), count))
        for i in range(count):
            step = np.zeros(count)
            step[i] = 0.5
            up = errors(what, rows, at(what, step))
            slopes[:, i] = up - errors(what, rows, at(what, -step))
        return cls(what, rows, errors(what, rows, start(what)), slopes, _weights(rows))

    @classmethod
    def unfitted(cls, what: str, rows: Sequence[Case]) -> Linear:
        """The errors at the documented values alone, with no derivatives to fit by."""
        slopes = np.zeros((len(rows), len(priors(what))))
        return cls(what, rows, errors(what, rows, start(what)), slopes, _weights(rows))

    def fit(self, keep: NDArray[np.bool_]) -> Floats:
        """The coefficients that the kept cases and the documented values make likeliest, in
        doubts; errors beyond two standard deviations weigh in proportion less (Huber).
        """
        noise = NOISE[self.what]
        slopes = self.slopes[keep]
        base = self.base[keep]
        weights = self.weights[keep]
        x = np.zeros(slopes.shape[1])
        for _ in range(6):
            residuals = np.abs(base + slopes @ x) / (2.0 * noise)
            robust = weights / np.maximum(residuals, 1.0) / noise**2
            normal = slopes.T @ (robust[:, None] * slopes) + np.eye(slopes.shape[1])
            x = np.clip(np.linalg.solve(normal, -slopes.T @ (robust * base)), -3.0, 3.0)
        return np.asarray(x)

    def left_out(self, x: Floats, out: NDArray[np.bool_]) -> Floats:
        """Errors of the cases that were left out, by the formulas themselves."""
        rows = [c for c, one in zip(self.rows, out, strict=True) if one]
        return errors(self.what, rows, at(self.what, x))


def _weights(rows: Sequence[Case]) -> Floats:
    """Independent runs that a run stands for: n of a source count as n ÷ (1 + ρ (n − 1))."""
    count = Counter(c.source for c in rows)
    return np.array(
        [
            CAREFUL.get(c.row.text("trust"), ANECDOTE)
            / (1.0 + WITHIN_SOURCE * (count[c.source] - 1))
            for c in rows
        ]
    )


def groups(rows: Sequence[Case], kind: str) -> dict[str, NDArray[np.bool_]]:
    """Cases by source, framework or GPU."""
    names = [_group(c, kind) for c in rows]
    return {name: np.array([n == name for n in names]) for name in sorted(set(names))}


def _group(case: Case, kind: str) -> str:
    if kind == "source":
        return case.source
    return case.run.framework if kind == "framework" else case.run.gpu_name


def counts(what: str, rows: Sequence[Case], stack: bool, gpu: bool) -> Floats:
    """How much each cause of error counts in each case, (cases, causes); `stack` and `gpu` where
    those were left out.
    """
    k = start(what)
    names = spread.cause_names(what)
    table = []
    for case in rows:
        present = spread.causes(
            case.run, what, shares(what, case, k), k, partial(_of_run, what, case, k)
        )
        exposed = spread.exposures(case.run, what, shares(what, case, k))
        present |= {"stack": stack * exposed["stack"], "gpu": gpu * exposed["gpu"]}
        table.append([present[name] for name in names])
    return np.array(table)


def _of_run(what: str, case: Case, k: Coefficients, run: TrainingRun) -> float | None:
    """The estimate of another run of the model of a case."""
    other = replace(case, run=run)
    return _memory(other, k) if what == "memory" else _speed(other, k)


def shares(what: str, case: Case, k: Coefficients) -> dict[str, float]:
    """Shares of the terms of an estimate."""
    if what == "speed":
        assert case.run.gpu is not None
        return throughput.shares(case.run, case.run.gpu, case.shape, k)
    return training.memory_shares(case.run, case.shape, k)


def spreads(what: str, e: Floats, table: Floats, weights: Floats, times: int) -> dict[str, float]:
    """Standard deviations by cause that make the errors likeliest (Laplace), scaled so that 80 %
    intervals hold `COVERAGE` of them. Each run is among the errors `times` times.
    """
    names = spread.cause_names(what)
    size = np.abs(e)
    pull = PENALTY[what] * times / weights.sum()
    weights = weights / weights.sum()

    usual = {"base": REPEAT, "stack": UNSEEN, "gpu": UNSEEN, "moves": UNIFORM}
    first = np.array([math.log(usual.get(n, USUAL_SPREAD)) for n in names])

    def width(x: Floats) -> Floats:
        return np.asarray(np.sqrt(table @ np.exp(2.0 * x)))

    def cost(x: Floats) -> float:
        s = width(x)
        fit = weights @ (np.log(s) + math.sqrt(2.0) * size / s)
        return float(fit + pull * np.sum((x - first) ** 2))

    def slope(x: Floats) -> Floats:
        s = width(x)
        by_width = weights * (1.0 / s - math.sqrt(2.0) * size / s**2)
        by_x = (table * np.exp(2.0 * x)) / s[:, None]
        return np.asarray(by_width @ by_x + 2.0 * pull * (x - first))

    least = {"stack": UNSEEN, "gpu": UNSEEN, "base": REPEAT}
    most = {"stack": UNSEEN, "gpu": UNSEEN}
    limits = [(math.log(least.get(n, 0.005)), math.log(most.get(n, MOST))) for n in names]
    x = minimize(cost, first, jac=slope, method="L-BFGS-B", bounds=limits).x
    ratio = size / (Z80 * width(x))
    order = np.argsort(ratio)
    covered = np.cumsum(weights[order])
    scale = float(ratio[order][min(np.searchsorted(covered, COVERAGE), len(order) - 1)])
    return {n: float(math.exp(v) * scale) for n, v in zip(names, x, strict=True)}
