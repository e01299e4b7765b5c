"""The hardware probe: GPUs by their makers' tools, the host by psutil, software by metadata."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from advisor.core.constants import GIB, GIGA
from advisor.core.dates import today
from advisor.core.facts import SizedNames
from advisor.core.probes import HardwareReport, LocalGpu, Reading
from advisor.probe.machine.nvidia import nvidia_gpus
from advisor.probe.machine.vendors import Run, other_gpus, run_tool

SOFTWARE = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "trl",
    "datasets",
    "bitsandbytes",
    "flash-attn",
    "unsloth",
    "vllm",
    "deepspeed",
    "tokenizers",
    "mistral-common",
)
NOT_SUPPORTED = "Not Supported"
"""What NVML answers where a GPU has no such reading."""

BUSY_SHARE = 0.10
"""A GPU with more than this share of its memory taken is in use: an empty one holds a few hundred
MiB at most.
"""

LEAST_GIB = 1.0
"""A GPU with less memory of its own is one that draws the screen."""

_NO_GPUS: Mapping[str, str] = MappingProxyType({})


def probe(
    nvml: Any = None,
    *,
    gpu_ids: Mapping[str, str] = _NO_GPUS,
    unified: Collection[str] = (),
    environ: Mapping[str, str] | None = None,
    run: Run = run_tool,
) -> HardwareReport:
    """Read this machine once. `gpu_ids` maps names, as the driver gives them, to GPU ids; those in
    `unified` share the memory of the host, which the driver does not report as theirs.

    `nvml` stands in for the module pynvml, `run` for starting the tools of other makers.
    """
    environ = os.environ if environ is None else environ
    gpus, reason, driver, cuda = nvidia_gpus(nvml, gpu_ids, environ)
    others, reasons, other_driver = other_gpus(gpu_ids, run, first=len(gpus))
    gpus, reason = (*gpus, *others), "; ".join((reason, *reasons))
    driver = driver if driver.value is not None or other_driver is None else other_driver
    memory, free = _host_memory()
    gpus = tuple(_with_host_memory(gpu, unified, memory, free) for gpu in gpus)
    gpus = tuple(_with_product(gpu, gpu_ids) for gpu in gpus)
    return HardwareReport(
        gpus=gpus,
        gpus_reason="" if gpus else reason,
        driver=driver,
        cuda=cuda,
        cpu=_cpu(),
        cores=_cores(),
        memory_gib=memory,
        memory_free_gib=free,
        disk_free_gib=shutil.disk_usage(Path.cwd()).free / GIB,
        platform=_platform(),
        software=_software(),
        as_of=today().isoformat(),
        warnings=tuple(_warnings(gpus, environ)),
    )


def _with_host_memory(
    gpu: LocalGpu, unified: Collection[str], total: float, free: float
) -> LocalGpu:
    """A GPU that shares the host's memory has no reading of its own, or one of the part that is set
    aside for the screen: it has that of the host.
    """
    own = gpu.memory_total_gib.value
    if gpu.vendor == "Apple" or (own is not None and gpu.vendor == "NVIDIA"):
        return gpu
    if gpu.product in unified and (not isinstance(own, float) or own < total):
        return replace(
            gpu,
            memory_total_gib=Reading(total, "GiB, unified"),
            memory_free_gib=Reading(free, "GiB, unified"),
        )
    if not gpu.product and NOT_SUPPORTED in gpu.memory_total_gib.reason:
        reason = f"{NOT_SUPPORTED}: it may share the memory of the host"
        return replace(
            gpu,
            memory_total_gib=Reading(None, "GiB", reason),
            memory_free_gib=Reading(None, "GiB", reason),
        )
    return gpu


def _with_product(gpu: LocalGpu, gpu_ids: Mapping[str, str]) -> LocalGpu:
    """Of products that share a name, the one with this memory, as the RTX 4060 Ti of 8 or 16 GB."""
    total = gpu.memory_total_gib.value
    if gpu.product or not isinstance(gpu_ids, SizedNames) or not isinstance(total, float):
        return gpu
    return replace(gpu, product=gpu_ids.of_size(gpu.name, total * GIB / GIGA))


def _warnings(gpus: tuple[LocalGpu, ...], environ: Mapping[str, str]) -> Iterator[str]:
    for gpu in gpus:
        total = gpu.memory_total_gib.value
        free = gpu.memory_free_gib.value
        if (
            isinstance(total, float)
            and isinstance(free, float)
            and total - free > BUSY_SHARE * total
        ):
            by = f" by {len(gpu.processes)} programs" if len(gpu.processes) > 1 else ""
            use = f"{total - free:.1f} of {total:.1f} GiB in use{by}, {free:.1f} GiB free"
            yield f"GPU {gpu.index} is busy: {use}"
        if gpu.mig.value == "on":
            slices = f"programs see its {len(gpu.slices)} slices, not the whole GPU"
            yield f"GPU {gpu.index} is split (MIG): {slices}"
        if gpu.hidden:
            yield f"GPU {gpu.index} is hidden by CUDA_VISIBLE_DEVICES"
        is_small = isinstance(total, float) and total < LEAST_GIB
        if not gpu.product and gpu.name != f"GPU {gpu.index}" and not is_small:
            yield _unknown(gpu)
    mixed = len({gpu.name for gpu in gpus}) > 1
    if (
        mixed
        and environ.get("CUDA_VISIBLE_DEVICES")
        and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID"
    ):
        yield (
            "the GPUs differ and CUDA_DEVICE_ORDER is not PCI_BUS_ID: "
            "CUDA may number them differently than shown here"
        )


def _unknown(gpu: LocalGpu) -> str:
    """What to do about a GPU that is in no table, with the row to add as far as it can be read."""
    total = gpu.memory_total_gib.value
    size = f"{total * GIB / GIGA:.0f}" if isinstance(total, float) else "?"
    row = f'"{gpu.name}","{gpu.name}",{size},own reading,{today().isoformat()}'
    return (
        f"GPU {gpu.index} ({gpu.name}) is not in the table of GPUs: add it to gpus.csv in the "
        f"configuration folder (`advisor where`) with the columns "
        f"gpu,nvml_name,memory_gb,source,as_of, such as {row}; or name a similar product under "
        "hardware.gpu"
    )


def processor_use() -> Reading:
    """Share of all cores in use since this was last asked; the first answer of a process says
    nothing.
    """
    import psutil

    return Reading(float(psutil.cpu_percent()) / 100, "share")


def _cpu() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def _cores() -> int:
    """Cores this process may use; a container's quota counts."""
    import psutil

    try:
        cores = len(psutil.Process().cpu_affinity())
    except (AttributeError, psutil.Error):
        cores = os.cpu_count() or 1
    quota = _first_line("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdecimal():
        cores = min(cores, max(1, int(quota[0]) // int(quota[1])))
    return cores


def _host_memory() -> tuple[float, float]:
    """(total, available) in GiB; a container's limit counts."""
    import psutil

    memory = psutil.virtual_memory()
    total = float(memory.total)
    free = float(memory.available)
    limit = _first_line("/sys/fs/cgroup/memory.max")
    used = _first_line("/sys/fs/cgroup/memory.current")
    if limit.isdecimal() and int(limit) < total:
        total = float(limit)
        free = min(free, total - float(used or 0))
    return total / GIB, max(free, 0.0) / GIB


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").split("\n", 1)[0]
    except (OSError, ValueError):
        return ""


def _platform() -> str:
    release = platform.release()
    where = " (WSL)" if "microsoft" in release.lower() else ""
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        where += " (container)"
    return f"{platform.system()} {release} {platform.machine()}{where}"


def _software() -> Mapping[str, str]:
    """Installed versions by name, without importing any of them."""
    versions = {"python": platform.python_version()}
    for name in SOFTWARE:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return MappingProxyType(versions)
