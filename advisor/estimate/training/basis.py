"""Allocated memory as other instruments show it, and what of a GPU's memory a process can have.

Formulas and sources: docs/reference/formulas-training.md, section Memory.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.facts import ErrorCorrection, Gpu
from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks, lengths
from advisor.estimate.training.coefficients import Coefficients

STANDING_RESERVE = 1.03
"""Reserved over allocated memory of what stands during the whole run: large blocks, asked for
once.
"""

MOVING_RESERVE = 1.15
"""The same of activations and logits, which come and go in many sizes: published runs show 1.05 to
1.25 in all.
"""

MOVING = ("activations", "logits")
"""Terms that come and go in every step."""

WITH_FRAGMENTS = ("reserved", "process")
"""Bases that count blocks which the allocator keeps unused."""

KEPT_OF_BATCHES = {"activations": 1.4, "logits": 2.2}
"""Reserved over allocated memory of what comes and goes, where batches of many lengths are padded
as they come, nothing empties the cache and segments do not grow: the allocator of PyTorch on the
tensors of transformers' Trainer, simulated (tests/estimate/training/allocator.py). Trainer's 40
steps of Qwen2.5 1.5B on an H200 gave a fifth more than these.
"""

MOST_OF_BATCHES = {"activations": 2.0, "logits": 4.2}
"""The same, at most: other 40 steps of that run kept 2.8 times as much beside what they used."""

INLINE_CORRECTION = 15.0 / 16.0
"""What error correction leaves of a memory that keeps its check bits inline."""


def needed_gib(sizes: Mapping[str, float], k: Coefficients) -> float:
    """Room that a process with these terms (GiB) must find, so that its allocator does not run out
    in fragments.
    """
    moving = sum(sizes[term] for term in MOVING)
    standing = sum(sizes.values()) - moving
    return STANDING_RESERVE * standing + MOVING_RESERVE * moving + k.context_gib


def usable_gib(gpu: Gpu, k: Coefficients) -> float | None:
    """Memory of an empty GPU that a process can have, GiB: what driver and error correction leave;
    None if unknown.
    """
    if gpu.memory_gb is None:
        return None
    corrected = INLINE_CORRECTION if gpu.ecc is ErrorCorrection.INLINE else 1.0
    return gpu.memory_gb * k.usable_memory * corrected


def shown_gib(run: TrainingRun, sizes: Mapping[str, float], k: Coefficients) -> float:
    """The memory with these allocated terms (GiB) on the basis of the run, in GiB."""
    allocated = sum(sizes.values())
    basis = run.memory_basis
    if basis == "active":
        return allocated * k.active
    if basis == "reserved":
        return allocated * k.reserved + _fragments_gib(run, sizes, k)
    if basis == "process":
        return allocated * k.reserved + _fragments_gib(run, sizes, k) + k.context_gib
    if basis == "unstated":
        return allocated * k.unstated
    return allocated


def keeps_blocks(run: TrainingRun) -> bool:
    """Whether the allocator may hold blocks of earlier batches: lengths differ, and its segments do
    not grow.
    """
    return lengths.vary(run) and frameworks.of(run).allocator != "expandable"


def _fragments_gib(run: TrainingRun, sizes: Mapping[str, float], k: Coefficients) -> float:
    """Blocks of earlier batches that the allocator of PyTorch keeps, since none of them is large
    enough for a longer batch; it gives them back before it runs out of memory.
    """
    if not keeps_blocks(run):
        return 0.0
    reserved: Mapping[str, float] = dict.fromkeys(MOVING, k.reserved_varying)
    if frameworks.of(run).allocator == "caching" and not run.padding_free:
        reserved = KEPT_OF_BATCHES
    return _beside(run, sizes, _unused(sizes, reserved, k), k)


def most_fragments_gib(run: TrainingRun, sizes: Mapping[str, float], k: Coefficients) -> float:
    """What the allocator may keep beyond that, GiB, where nothing empties its cache: peft's
    published runs do so every ten steps, transformers' Trainer unless asked to
    (torch_empty_cache_steps) never.

    None where batches are sorted, since the blocks of the longest, which comes first, serve all
    others (transformers, get_length_grouped_indices), or where nobody says why they hold no
    padding.
    """
    if run.memory_basis not in WITH_FRAGMENTS or run.padding_free or not keeps_blocks(run):
        return 0.0
    most = _beside(run, sizes, _unused(sizes, MOST_OF_BATCHES, k), k)
    return max(most - _fragments_gib(run, sizes, k), 0.0)


def _unused(sizes: Mapping[str, float], reserved: Mapping[str, float], k: Coefficients) -> float:
    """GiB beyond the usual of what comes and goes, by its reserved over allocated memory."""
    return sum((reserved[term] - k.reserved) * sizes[term] for term in MOVING)


def _beside(run: TrainingRun, sizes: Mapping[str, float], unused: float, k: Coefficients) -> float:
    """`unused` GiB, at most what the GPU leaves beside allocated memory."""
    most = None if run.gpu is None else usable_gib(run.gpu, k)
    if most is None:
        return unused
    return max(min(unused, most - sum(sizes.values()) * k.reserved - k.context_gib), 0.0)
