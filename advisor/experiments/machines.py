"""Where a calibration runs: a GPU, the CPU, or an endpoint of somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.calibrate import limits
from advisor.core.constants import GIB, GIGA
from advisor.core.errors import UsageError
from advisor.core.facts import Gpu
from advisor.core.probes import LocalGpu

if TYPE_CHECKING:
    from advisor.calibrate.throughput_records import ThroughputSpec
    from advisor.facts import Facts


ALL = 0
"""As many processes as there are GPUs."""


TRAINED_ON = ("NVIDIA", "AMD")
"""Makers of GPUs that torch trains on as a CUDA device (AMD's through ROCm)."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run goes.

    `local_gpu` is None for the CPU, `gpu` None where the GPU is no product we know.

    `others` are the further GPUs of a run over several; `free_gib` is that of the GPU with the
    least.
    """

    name: str
    device: str
    local_gpu: LocalGpu | None = None
    gpu: Gpu | None = None
    free_gib: float | None = None
    others: tuple[LocalGpu, ...] = ()

    @property
    def gpus(self) -> tuple[LocalGpu, ...]:
        """All GPUs of the run."""
        return () if self.local_gpu is None else (self.local_gpu, *self.others)

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes the child see these GPUs alone."""
        return {"CUDA_VISIBLE_DEVICES": ",".join(gpu.uuid or str(gpu.index) for gpu in self.gpus)}


def machine(facts: Facts, gpu: str = "auto", processes: int = 1) -> Machine:
    """The GPU to run on: `auto` (the first that programs see, else the CPU), `none`, an index, or
    a name.

    Of several `processes` each gets a GPU of the same name, `ALL` means as many as there are; a
    CPU has room for any number. Raises UsageError where the GPUs asked for are not here.
    """
    from advisor.probe.hardware import probe

    report = probe(gpu_ids=facts.driver_names, unified=facts.unified_gpus)
    gpus = [c for c in report.gpus if not c.hidden and c.vendor in TRAINED_ON]
    if gpu.lower() in ("none", "cpu") or (gpu.lower() == "auto" and not gpus):
        if processes == ALL:
            raise UsageError(
                "--gpus all: no GPU is used here; give a number of processes, such as --processes 2"
            )
        return Machine(report.cpu, "cpu", free_gib=report.memory_free_gib)
    wanted = gpu.lower()
    chosen = next(
        (c for c in gpus if wanted in ("auto", str(c.index), c.product.lower(), c.name.lower())),
        None,
    )
    if chosen is None:
        here = (
            ", ".join(f"{c.index}: {c.name}" for c in gpus) or f"no GPU here ({report.gpus_reason})"
        )
        raise UsageError(f"--gpu {gpu}: {here}; name one of these, or none for the CPU")
    alike = [c for c in gpus if c.name == chosen.name and c.index != chosen.index]
    if processes > 1 + len(alike):
        raise UsageError(
            f"--gpus {processes}: here are {1 + len(alike)} of {chosen.name}; ask for as many at "
            "most, or all"
        )
    others = tuple(alike if processes == ALL else alike[: processes - 1])
    free = [c.memory_free_gib.value for c in (chosen, *others)]
    product = facts.gpu(chosen.product) if chosen.product else None
    known_free = [gib for gib in free if isinstance(gib, float)]
    return Machine(
        chosen.name,
        "cuda",
        chosen,
        product,
        min(known_free) if len(known_free) == len(free) else None,
        others,
    )


ELSEWHERE = "another machine"


def elsewhere(facts: Facts, gpu: str = "auto") -> Machine:
    """A machine that is not this one: with the GPU of our table that it is said to have, with its
    CPU alone for `none`, else with whatever is found there.

    Raises UsageError for a GPU that no table has.
    """
    if gpu.lower() in ("none", "cpu"):
        return Machine(ELSEWHERE, "cpu")
    if gpu.lower() == "auto":
        return Machine(ELSEWHERE, "auto")
    product = facts.gpu(gpu)
    gib = product.memory_gb * GIGA / GIB if product.memory_gb is not None else None
    return Machine(product.name, "cuda", gpu=product, free_gib=gib)


def places(facts: Facts, gpu: str = "auto") -> list[Machine]:
    """Every place that runs can wait for: all GPUs for `auto`, the one asked for, or the CPU.

    Raises UsageError.
    """
    first = (
        machine(facts, gpu, ALL) if gpu.lower() == "auto" and _has_gpus() else machine(facts, gpu)
    )
    return [replace(first, local_gpu=gpu, others=()) for gpu in first.gpus] or [first]


def _has_gpus() -> bool:
    from advisor.probe.hardware import probe

    return any(not gpu.hidden and gpu.vendor in TRAINED_ON for gpu in probe().gpus)


def spread(
    setups: Sequence[ThroughputSpec], where: Machine, processes: int, sharding: str, *, alone: bool
) -> list[ThroughputSpec]:
    """The setups for several processes, by what fits: the whole model on every GPU, else in parts.

    `alone` adds one process of each, so that the run says what several gain.
    """
    count = max(len(where.gpus), 1) if processes == ALL else processes
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


def slices_for(setups: Sequence[ThroughputSpec], where: Machine) -> tuple[int, ...]:
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
