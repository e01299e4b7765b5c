"""What to change so that a run fits: the largest micro-batch, and changes ranked by what they cost in speed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.core.training import TrainingRun, WayToFit


def largest_micro_batch(run: TrainingRun, limit: int = 1024) -> int:
    """The largest micro-batch per card whose P90 still fits; 0 where not even one does or the card is unknown."""
    if not _safe(replace(run, micro_batch=1)):
        return 0
    low, high = 1, 2
    while high <= limit and _safe(replace(run, micro_batch=high)):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _safe(replace(run, micro_batch=middle)) else (low, middle)
    return min(low, limit)


def ways_to_fit(run: TrainingRun) -> tuple[WayToFit, ...]:
    """Single changes, then pairs, after which the run fits; fastest first. Empty where nothing known helps."""
    from advisor.estimate.training import estimate

    singles = list(_changes(run))
    tries = singles + [
        (f"{a} and {b}", changed) for a, first in singles for b, changed in _changes(first) if a < b and b != a
    ]
    before = estimate(run).tokens_per_second.range.p50
    found: dict[str, WayToFit] = {}
    for change, changed in tries:
        if " and " in change and any(part in found for part in change.split(" and ")):
            continue
        after = estimate(changed)
        speed = after.tokens_per_second.range.p50
        if after.fits in ("fits", "tight"):
            slowdown = before / speed if before and speed else float("nan")
            found[change] = WayToFit(change, changed, after.memory_gib.likely, slowdown)
    return tuple(sorted(found.values(), key=lambda way: way.slowdown))


def _safe(run: TrainingRun) -> bool:
    from advisor.estimate.training import estimate

    return estimate(run).fits == "fits"


def _changes(run: TrainingRun) -> Iterator[tuple[str, TrainingRun]]:
    if run.checkpointing != "full":
        yield "full checkpointing", replace(run, checkpointing="full")
    if run.micro_batch > 1:
        accum = run.grad_accum * run.micro_batch
        yield "micro-batch 1 with accumulation", replace(run, micro_batch=1, grad_accum=accum)
    if run.fused_loss == "no":
        yield "a fused loss", replace(run, fused_loss="projection")
    if run.method == "full":
        if "8bit" not in run.optimizer:
            yield "an 8-bit optimiser", replace(run, optimizer="adamw8bit")
        yield "LoRA", replace(run, method="lora", trainable_params=None)
    if run.method in ("full", "lora"):
        yield "QLoRA", replace(run, method="qlora", quantization="nf4", trainable_params=None)
    if run.seq_len > 512:
        half = run.seq_len // 2
        mean = min(run.mean_tokens, half) if run.mean_tokens is not None else None
        yield f"length {half}", replace(run, seq_len=half, mean_tokens=mean)
    if run.gpus < 64:
        yield f"{run.gpus * 2} cards with FSDP", replace(run, gpus=run.gpus * 2, sharding="fsdp")
