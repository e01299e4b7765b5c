"""Where a calibration runs: a card, the CPU, or an endpoint of somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.calibrate import limits
from advisor.core.errors import UsageError
from advisor.core.facts import Gpu
from advisor.core.probes import Card

if TYPE_CHECKING:
    from advisor.calibrate.throughput import Setup
    from advisor.facts import Facts


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run goes. `card` is None for the CPU, `gpu` None where the card is no product we know."""

    name: str
    device: str
    card: Card | None = None
    gpu: Gpu | None = None
    free_gib: float | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes the child see this card alone."""
        if self.card is None:
            return {"CUDA_VISIBLE_DEVICES": ""}
        return {"CUDA_VISIBLE_DEVICES": self.card.uuid or str(self.card.index)}


def machine(facts: Facts, asked: str = "auto") -> Machine:
    """The card to run on: `auto` (the first that programs see, else the CPU), `none`, an index, or a name.

    Raises UsageError where the card asked for is not here.
    """
    from advisor.probe.hardware import probe

    report = probe(known={gpu.nvml_name: gpu.name for gpu in facts.gpus if gpu.nvml_name})
    cards = [c for c in report.cards if not c.hidden]
    if asked.lower() in ("none", "cpu") or (asked.lower() == "auto" and not cards):
        return Machine(report.cpu, "cpu", free_gib=report.memory_free_gib)
    wanted = asked.lower()
    found = next((c for c in cards if wanted in ("auto", str(c.index), c.gpu.lower(), c.name.lower())), None)
    if found is None:
        here = ", ".join(f"{c.index}: {c.name}" for c in cards) or f"no card here ({report.cards_reason})"
        raise UsageError(f"--gpu {asked}: {here}; name one of these, or none for the CPU")
    free = found.memory_free_gib.value
    known = facts.gpu(found.gpu) if found.gpu else None
    return Machine(found.name, "cuda", found, known, free if isinstance(free, float) else None)


def slices_for(setups: Sequence[Setup], where: Machine) -> tuple[int, ...]:
    """The depths to measure where the whole model does not fit into free memory; none where it does."""
    from advisor.calibrate.depths import usual

    if all(limits.fits_whole(s, where.device, where.free_gib) for s in setups):
        return ()
    return usual(setups[0].architecture)


def endpoint(url: str) -> Machine:
    """An endpoint of somebody else as the place of a run."""
    return Machine(url, "endpoint")
