"""How far an estimate would move if what is not stated were otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from advisor.core.training import TrainingRun
from advisor.estimate.training import lengths

HALF_OR_TWICE = (0.5, 2.0)
"""What a length or a batch that was guessed may be, over the guess."""

CHOICES: dict[str, tuple[str, ...]] = {
    "checkpointing": ("none", "full"),
    "fused_loss": ("no", "kernel", "projection"),
    "dtype": ("bf16", "fp32"),
    "attention": ("sdpa", "eager"),
}
"""Values that practice uses, of settings that are no number."""

ACCUMULATION = (1, 8)
"""Micro-batches per step, which decide whether gradients stand while activations do."""

FUSIONS = ("kernel", "projection")
"""What a loss may be that is fused in a way that is not stated."""

BASES = ("allocated", "process")
"""What memory may mean whose basis is not stated."""


def moves(run: TrainingRun, predict: Callable[[TrainingRun], float | None]) -> float:
    """Sum of squares of half the range of log `predict` over what each open setting may be.

    0 where everything is stated; predictions that are unknown count as no move.
    """
    middle = predict(run)
    if not middle:
        return 0.0
    squares = 0.0
    for others in _alternatives(run):
        logs = [math.log(value / middle) for other in others if (value := predict(other))]
        squares += (0.5 * (max(logs, default=0.0) - min(logs, default=0.0))) ** 2
    return squares


def _alternatives(run: TrainingRun) -> Iterator[list[TrainingRun]]:
    """For each open setting the run with every value that it may have."""
    for name in run.assumed:
        if name in CHOICES:
            yield [replace(run, **{name: value}) for value in CHOICES[name]]  # type: ignore[arg-type]
        elif name == "seq_len":
            yield [_of_length(run, factor) for factor in HALF_OR_TWICE]
        elif name == "micro_batch":
            batches = (max(round(run.micro_batch * factor), 1) for factor in HALF_OR_TWICE)
            yield [replace(run, micro_batch=batch) for batch in batches]
        elif name == "mean_tokens":
            yield [_of_mean(run, factor) for factor in HALF_OR_TWICE]
        elif name == "grad_accum":
            yield [replace(run, grad_accum=steps) for steps in ACCUMULATION]
    if run.padding_free and run.sorted_by_length is None and lengths.vary(run):
        yield [replace(run, sorted_by_length=alike) for alike in (True, False)]
    if run.method == "full" and run.compute_dtype == "mixed-bf16" and run.dtype == "bf16":
        yield [replace(run, dtype=dtype) for dtype in CHOICES["dtype"]]
    if run.fused_loss == "yes":
        yield [replace(run, fused_loss=kind) for kind in FUSIONS]
    if run.memory_basis == "unstated":
        yield [replace(run, memory_basis=basis) for basis in BASES]


def _of_length(run: TrainingRun, factor: float) -> TrainingRun:
    longest = None if run.longest_tokens is None else run.longest_tokens * factor
    return replace(
        _of_mean(run, factor), seq_len=max(round(run.seq_len * factor), 1), longest_tokens=longest
    )


def _of_mean(run: TrainingRun, factor: float) -> TrainingRun:
    """With examples of another mean; where none is known, a third of the longest stands in."""
    mean = run.mean_tokens or (run.longest_tokens or run.seq_len) / 3.0
    longest = run.longest_tokens
    if longest is not None:
        examples = run.examples or lengths.USUAL_EXAMPLES
        longest = min(longest, lengths.longest_example(mean * factor, examples))
    return replace(run, mean_tokens=max(mean * factor, 1.0), longest_tokens=longest)
