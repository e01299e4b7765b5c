"""Where a calibration runs: a card, the CPU, or an endpoint of somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.calibrate import limits
from advisor.core.errors import UsageError
from advisor.core.facts import Gpu
from advisor.core.probes import Card

if TYPE_CHECKING:
    from advisor.calibrate.throughput import Setup
    from advisor.facts import Facts


ALL = 0
"""As many processes as there are cards."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run goes.

    `card` is None for the CPU, `gpu` None where the card is no product we know.

    `others` are the further cards of a run over several; `free_gib` is that of the card with the
    least.
    """

    name: str
    device: str
    card: Card | None = None
    gpu: Gpu | None = None
    free_gib: float | None = None
    others: tuple[Card, ...] = ()

    @property
    def cards(self) -> tuple[Card, ...]:
        """All cards of the run."""
        return () if self.card is None else (self.card, *self.others)

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes the child see these cards alone."""
        return {
            "CUDA_VISIBLE_DEVICES": ",".join(card.uuid or str(card.index) for card in self.cards)
        }


def machine(facts: Facts, gpu: str = "auto", processes: int = 1) -> Machine:
    """The card to run on: `auto` (the first that programs see, else the CPU), `none`, an index, or
    a name.

    Of several `processes` each gets a card of the same name, `ALL` means as many as there are; a
    CPU has room for any number. Raises UsageError where the cards asked for are not here.
    """
    from advisor.probe.hardware import probe

    report = probe(gpu_ids={gpu.nvml_name: gpu.name for gpu in facts.gpus if gpu.nvml_name})
    cards = [c for c in report.cards if not c.hidden]
    if gpu.lower() in ("none", "cpu") or (gpu.lower() == "auto" and not cards):
        if processes == ALL:
            raise UsageError(
                "--gpus all: no GPU is used here; give a number of processes, such as --processes 2"
            )
        return Machine(report.cpu, "cpu", free_gib=report.memory_free_gib)
    wanted = gpu.lower()
    chosen = next(
        (c for c in cards if wanted in ("auto", str(c.index), c.gpu.lower(), c.name.lower())), None
    )
    if chosen is None:
        here = (
            ", ".join(f"{c.index}: {c.name}" for c in cards)
            or f"no GPU here ({report.cards_reason})"
        )
        raise UsageError(f"--gpu {gpu}: {here}; name one of these, or none for the CPU")
    alike = [c for c in cards if c.name == chosen.name and c.index != chosen.index]
    if processes > 1 + len(alike):
        raise UsageError(
            f"--gpus {processes}: here are {1 + len(alike)} of {chosen.name}; ask for as many at "
            "most, or all"
        )
    others = tuple(alike if processes == ALL else alike[: processes - 1])
    free = [c.memory_free_gib.value for c in (chosen, *others)]
    product = facts.gpu(chosen.gpu) if chosen.gpu else None
    known_free = [gib for gib in free if isinstance(gib, float)]
    return Machine(
        chosen.name,
        "cuda",
        chosen,
        product,
        min(known_free) if len(known_free) == len(free) else None,
        others,
    )


def places(facts: Facts, gpu: str = "auto") -> list[Machine]:
    """Every place that runs can wait for: all cards for `auto`, the one asked for, or the CPU.

    Raises UsageError.
    """
    first = (
        machine(facts, gpu, ALL) if gpu.lower() == "auto" and _has_cards() else machine(facts, gpu)
    )
    return [replace(first, card=card, others=()) for card in first.cards] or [first]


def _has_cards() -> bool:
    from advisor.probe.hardware import probe

    return any(not card.hidden for card in probe().cards)


def spread(
    setups: Sequence[Setup], where: Machine, processes: int, sharding: str, *, alone: bool
) -> list[Setup]:
    """The setups for several processes, by what fits: the whole model on every card, else in parts.

    `alone` adds one process of each, so that the run says what several gain.
    """
    count = max(len(where.cards), 1) if processes == ALL else processes
    if count == 1 and not sharding:
        return list(setups)
    setups_by_count = []
    for setup in setups:
        parted = sharding or (
            "ddp" if limits.fits_whole(setup, where.device, where.free_gib) else "fsdp"
        )
        if alone and count > 1:
            setups_by_count.append(replace(setup, processes=1, sharding=parted))
        setups_by_count.append(replace(setup, processes=count, sharding=parted))
    return setups_by_count


def slices_for(setups: Sequence[Setup], where: Machine) -> tuple[int, ...]:
    """The depths to measure where the whole model does not fit into free memory; none where it
    does.
    """
    from advisor.calibrate.depths import usual

    if all(limits.fits_whole(s, where.device, where.free_gib) for s in setups):
        return ()
    return usual(setups[0].architecture)


def endpoint(url: str) -> Machine:
    """An endpoint of somebody else as the place of a run."""
    return Machine(url, "endpoint")
