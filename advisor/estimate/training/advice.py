"""What to change so that a run fits: the largest micro-batch, and changes ranked by what they cost
in speed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from typing import Any

from advisor.core.facts import Gpu
from advisor.core.training import TrainingRun, WayToFit
from advisor.estimate.training import frameworks
from advisor.estimate.training.estimator import estimate

MOST_CHANGES = 3
SHORTEST = 256  # tokens: below it an example is cut, not shortened


def largest_micro_batch(run: TrainingRun, limit: int = 1024) -> int:
    """The largest micro-batch per GPU whose P90 still fits; 0 where not even one does or the GPU
    is unknown.
    """
    if not _safe(replace(run, micro_batch=1)):
        return 0
    low = 1
    high = 2
    while high <= limit and _safe(replace(run, micro_batch=high)):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _safe(replace(run, micro_batch=middle)) else (low, middle)
    return min(low, limit)


def packed(run: TrainingRun) -> TrainingRun | None:
    """The same examples packed into full sequences; None where that changes nothing or the lengths
    are not known.
    """
    if run.packed or run.mean_tokens is None or run.mean_tokens >= run.seq_len:
        return None
    sequences = None
    if run.examples is not None:
        sequences = max(run.examples * run.mean_tokens / run.seq_len, 1.0)
    return replace(run, packed=True, examples=sequences, mean_tokens=None)


def ways_to_fit(run: TrainingRun) -> tuple[WayToFit, ...]:
    """The mildest changes of inputs after which the run fits, at most three together; single
    changes first, of as many the fastest.

    Empty where nothing known helps. Left out is what asks for as much as another way and more.
    """
    before = estimate(run).tokens_per_second.range.p50
    enough: list[frozenset[tuple[str, int]]] = []
    ways: list[WayToFit] = []
    for steps in _combinations(_changes(run)):
        needs = frozenset((step.kind, level) for step in steps for level in range(step.level + 1))
        if any(less <= needs for less in enough):
            continue
        after = estimate(reduce(lambda changed, step: step.of(changed), steps, run))
        if after.fits in ("fits", "tight"):
            enough.append(needs)
            speed = after.tokens_per_second.range.p50
            slowdown = before / speed if before and speed else math.nan
            ways.append(
                WayToFit(
                    " and ".join(step.words for step in steps),
                    after.run,
                    after.memory_gib.likely,
                    slowdown,
                )
            )
    return tuple(sorted(ways, key=_ease))


def _ease(way: WayToFit) -> tuple[int, bool, float]:
    """Few changes before many, then fast before slow; unknown speeds last."""
    return way.change.count(" and ") + 1, math.isnan(way.slowdown), way.slowdown


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of inputs: of its kind the milder ones have lower levels."""

    kind: str
    level: int
    words: str
    of: Callable[[TrainingRun], TrainingRun]


def _combinations(changes: Sequence[_Change]) -> Iterator[tuple[_Change, ...]]:
    """Up to three changes of different kinds, fewer and milder ones first."""
    for count in range(1, MOST_CHANGES + 1):
        of_kinds = (
            c for c in combinations(changes, count) if len({step.kind for step in c}) == count
        )
        yield from sorted(of_kinds, key=lambda steps: sum(step.level for step in steps))


def cheapest_gpu(
    run: TrainingRun, usd_per_hour: Iterable[tuple[Gpu, float]], deadline_hours: float | None = None
) -> tuple[Gpu, float] | None:
    """The GPU on which the run fits, ends by the deadline at P90 and costs least at P50, with that
    cost in USD.

    Without examples the cost of a million tokens decides. None where no GPU does.
    """
    suitable: list[tuple[float, Gpu]] = []
    for gpu, price in usd_per_hour:
        prediction = estimate(replace(run, gpu=gpu, gpu_name=gpu.name))
        speed = prediction.tokens_per_second.range.p50
        latest = prediction.train_hours.range.p90
        late = deadline_hours is not None and (latest is None or latest > deadline_hours)
        if prediction.fits == "fits" and speed and not late:
            hours = prediction.train_hours.range.p50 or 1e6 / speed / 3600.0
            suitable.append((hours * price * run.gpus, gpu))
    best = min(suitable, key=lambda pair: pair[0], default=None)
    return None if best is None else (best[1], best[0])


def _safe(run: TrainingRun) -> bool:
    return estimate(run).fits == "fits"


def _changes(run: TrainingRun) -> list[_Change]:
    """Everything that saves memory and is not yet done."""
    changes: list[_Change] = []

    def add(kind: str, level: int, words: str, **inputs: Any) -> None:
        changes.append(_Change(kind, level, words, lambda changed: replace(changed, **inputs)))

    if run.checkpointing != "full":
        add("checkpointing", 0, "full checkpointing", checkpointing="full")
    if run.micro_batch > 1:
        accum = run.grad_accum * run.micro_batch
        add("batch", 0, "micro-batch 1 with accumulation", micro_batch=1, grad_accum=accum)
    if run.fused_loss == "no":
        add("loss", 0, "a fused loss", fused_loss="projection")
    if run.method == "full":
        if "bit" not in run.optimizer:
            add("optimiser", 0, "an 8-bit optimiser", optimizer="adamw8bit")
        add("method", 0, "LoRA", method="lora", targets="all-linear", trainable_params=None)
    if (smaller := _quantised(run)) is not None:
        changes.append(smaller)
    for level, length in enumerate((run.seq_len // 2, run.seq_len // 4)):
        if length >= SHORTEST:
            mean = None if run.mean_tokens is None else min(run.mean_tokens, length)
            add("length", level, f"length {length}", seq_len=length, mean_tokens=mean)
    for level, times in enumerate((2, 4, 8)):
        add(
            "gpus",
            level,
            f"{times * run.gpus} GPUs with FSDP",
            gpus=times * run.gpus,
            sharding="fsdp",
        )
    if run.offload == "none" and run.sharding in ("fsdp", "zero3"):
        add("offload", 0, "offload to the host's memory", offload="full")
    return changes


def _quantised(run: TrainingRun) -> _Change | None:
    """Weights in 4 bits, by a stack that quantises the experts of a mixture too; None where they
    are.
    """
    stack = frameworks.of(run)
    mixture = run.model is not None and run.model.experts > 0
    wide = mixture and not stack.quantizes_experts(run.software_date)
    words = "QLoRA by Unsloth, which quantises experts" if wide else "QLoRA"
    framework = "unsloth" if wide else run.framework
    if run.method == "qlora" and wide:
        return _Change("method", 0, words, lambda changed: replace(changed, framework=framework))
    if run.method not in ("full", "lora"):
        return None

    def of(changed: TrainingRun) -> TrainingRun:
        targets = run.targets or "all-linear"
        small = replace(changed, method="qlora", quantization="nf4", framework=framework)
        return replace(small, targets=targets, trainable_params=None)

    return _Change("method", 1, words, of)
