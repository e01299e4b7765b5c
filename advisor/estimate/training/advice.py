"""What to change so that a run fits: the largest micro-batch, and changes ranked by what they cost in speed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from advisor.core.facts import Gpu
from advisor.core.training import TrainingRun, WayToFit

MOST_CHANGES = 3


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
    """The fewest changes of inputs after which the run fits, at most three together; fastest first.

    Empty where nothing known helps. A set is left out where a part of it is enough.
    """
    from advisor.estimate.training import estimate

    before = estimate(run).tokens_per_second.range.p50
    enough: dict[frozenset[str], WayToFit] = {}
    tried = {frozenset[str](): run}
    for _ in range(MOST_CHANGES):
        tried = {
            changes | {change}: changed
            for changes, base in tried.items()
            for change, changed in _changes(base)
            if change not in changes and not any(known <= changes | {change} for known in enough)
        }
        for changes, changed in tried.items():
            after = estimate(changed)
            if after.fits in ("fits", "tight"):
                speed = after.tokens_per_second.range.p50
                slowdown = before / speed if before and speed else float("nan")
                words = " and ".join(sorted(changes))
                enough[changes] = WayToFit(words, changed, after.memory_gib.likely, slowdown)
        tried = {changes: changed for changes, changed in tried.items() if changes not in enough}
    return tuple(sorted(enough.values(), key=lambda way: way.slowdown))


def cheapest_card(
    run: TrainingRun, usd_per_hour: Iterable[tuple[Gpu, float]], deadline_hours: float | None = None
) -> tuple[Gpu, float] | None:
    """The card on which the run fits, ends by the deadline at P90 and costs least at P50, with that cost in USD.

    Without examples the cost of a million tokens decides. None where no card does.
    """
    from advisor.estimate.training import estimate

    found: list[tuple[float, Gpu]] = []
    for gpu, price in usd_per_hour:
        told = estimate(replace(run, gpu=gpu, gpu_name=gpu.name))
        speed, latest = told.tokens_per_second.range.p50, told.train_hours.range.p90
        late = deadline_hours is not None and (latest is None or latest > deadline_hours)
        if told.fits == "fits" and speed and not late:
            hours = told.train_hours.range.p50 or 1e6 / speed / 3600.0
            found.append((hours * price * run.gpus, gpu))
    best = min(found, key=lambda pair: pair[0], default=None)
    return None if best is None else (best[1], best[0])


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
