"""The hardware probe: cards through NVML, the host through psutil, software by its metadata. Imports no torch.

Each reading is asked for on its own: where the driver has no answer, the report says why and goes on.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from advisor.core.probes import Card, HardwareReport, MigSlice, Process, Reading

GIB = 1024**3
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
BUSY_SHARE = 0.10
"""A card with more than this share of its memory taken is in use: an empty one holds a few hundred MiB at most."""

_NO_CARDS: Mapping[str, str] = MappingProxyType({})


def probe(
    nvml: Any = None, *, known: Mapping[str, str] = _NO_CARDS, environ: Mapping[str, str] | None = None
) -> HardwareReport:
    """Read this machine once. `nvml` stands in for the module pynvml; `known` maps exact NVML names to GPU ids."""
    environ = os.environ if environ is None else environ
    cards, reason, driver, cuda = _cards(nvml, known, environ)
    memory, free = _host_memory()
    return HardwareReport(
        cards=cards,
        cards_reason=reason,
        driver=driver,
        cuda=cuda,
        cpu=_cpu(),
        cores=_cores(),
        memory_gib=memory,
        memory_free_gib=free,
        disk_free_gib=shutil.disk_usage(Path.cwd()).free / GIB,
        platform=_platform(),
        software=_software(),
        as_of=date.today().isoformat(),
        warnings=tuple(_warnings(cards, environ)),
    )


def _cards(
    nvml: Any, known: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[tuple[Card, ...], str, Reading, Reading]:
    """(cards, why there is none, driver version, CUDA version)."""
    nothing = Reading(None, "", "no NVIDIA driver")
    try:
        nvml = nvml or importlib.import_module("pynvml")
        nvml.nvmlInit()
    except Exception as error:  # the binding's errors, and those of loading a library, share no narrower base
        return (), _no_driver(error), nothing, nothing
    try:
        driver = _ask(nvml, "nvmlSystemGetDriverVersion")
        cuda = _ask(nvml, "nvmlSystemGetCudaDriverVersion_v2", convert=lambda v: f"{v // 1000}.{v % 1000 // 10}")
        count = _ask(nvml, "nvmlDeviceGetCount")
        if not isinstance(count.value, int):
            return (), f"cards could not be counted: {count.reason}", driver, cuda
        cards = [_card(nvml, index, known) for index in range(count.value)]
        return _hide(cards, environ), "" if cards else "the driver lists no card", driver, cuda
    finally:
        _ask(nvml, "nvmlShutdown")


def _no_driver(error: Exception) -> str:
    if sys.platform == "darwin":
        return "no NVIDIA card: this is a Mac; name its chip under hardware.gpu"
    other = [tool for tool in ("amd-smi", "rocm-smi", "xpu-smi") if shutil.which(tool)]
    hint = f"; {other[0]} is here: name that card under hardware.gpu" if other else ""
    return f"not readable: {_line(error)}{hint}"


def _card(nvml: Any, index: int, known: Mapping[str, str]) -> Card:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except Exception as error:  # see _cards
        return _lost(index, f"not readable: {_line(error)}")
    name = str(_ask(nvml, "nvmlDeviceGetName", handle).value or "")
    total, free = _memory(nvml, handle)
    mig = _ask(nvml, "nvmlDeviceGetMigMode", handle, convert=lambda modes: "on" if modes[0] else "off")
    return Card(
        index=index,
        name=name or f"card {index}",
        gpu=known.get(name, ""),
        memory_total_gib=total,
        memory_free_gib=free,
        power_watts=_ask(nvml, "nvmlDeviceGetPowerUsage", handle, unit="W", convert=_thousandth),
        power_limit_watts=_ask(nvml, "nvmlDeviceGetEnforcedPowerLimit", handle, unit="W", convert=_thousandth),
        clock_mhz=_ask(nvml, "nvmlDeviceGetClockInfo", handle, _code(nvml, "NVML_CLOCK_SM", 1), unit="MHz"),
        temperature_c=_ask(nvml, "nvmlDeviceGetTemperature", handle, _code(nvml, "NVML_TEMPERATURE_GPU", 0), unit="°C"),
        processes=tuple(_processes(nvml, handle)),
        utilisation=_ask(
            nvml, "nvmlDeviceGetUtilizationRates", handle, unit="share", convert=lambda u: float(u.gpu) / 100
        ),
        mig=mig,
        slices=tuple(_slices(nvml, handle)) if mig.value == "on" else (),
        uuid=str(_ask(nvml, "nvmlDeviceGetUUID", handle).value or ""),
    )


def _lost(index: int, reason: str) -> Card:
    """A card that the driver counts but does not open."""
    gib, watts = Reading(None, "GiB", reason), Reading(None, "W", reason)
    return Card(
        index, f"card {index}", "", gib, gib, watts, watts, Reading(None, "MHz", reason), Reading(None, "°C", reason)
    )


def _memory(nvml: Any, handle: Any) -> tuple[Reading, Reading]:
    total = _ask(nvml, "nvmlDeviceGetMemoryInfo", handle, unit="GiB", convert=lambda m: m.total / GIB)
    free = _ask(nvml, "nvmlDeviceGetMemoryInfo", handle, unit="GiB", convert=lambda m: m.free / GIB)
    return total, free


def _slices(nvml: Any, handle: Any) -> Iterator[MigSlice]:
    count = _ask(nvml, "nvmlDeviceGetMaxMigDeviceCount", handle).value
    for index in range(count if isinstance(count, int) else 0):
        try:
            part = nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, index)
        except Exception:  # an empty place among the possible slices
            continue
        name = _ask(nvml, "nvmlDeviceGetName", part).value
        yield MigSlice(str(name or f"slice {index}"), *_memory(nvml, part))


def _processes(nvml: Any, handle: Any) -> Iterator[Process]:
    """Programs on a card, each once; of another container or user often only the number is known."""
    seen = set[int]()
    for question in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
        try:
            found = list(getattr(nvml, question)(handle))
        except Exception:  # see _cards; a card without this list simply shows none
            continue
        for process in found:
            if process.pid not in seen:
                seen.add(process.pid)
                used = process.usedGpuMemory
                yield Process(process.pid, _process_name(process.pid), None if used is None else used / GIB)


def _process_name(pid: int) -> str:
    import psutil

    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return "not visible from here"


def _ask(nvml: Any, question: str, *args: Any, unit: str = "", convert: Any = None) -> Reading:
    """One query, guarded alone."""
    try:
        value = getattr(nvml, question)(*args)
        value = convert(value) if convert else value
    except Exception as error:  # see _cards
        return Reading(None, unit, f"not readable: {_line(error)}")
    return Reading(value.decode("utf-8", "replace") if isinstance(value, bytes) else value, unit)


def _code(nvml: Any, name: str, default: int) -> int:
    return int(getattr(nvml, name, default))


def _thousandth(value: float) -> float:
    return value / 1000


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]


def _hide(cards: list[Card], environ: Mapping[str, str]) -> tuple[Card, ...]:
    """Mark the cards that CUDA_VISIBLE_DEVICES hides. As CUDA does, the list ends at its first unknown entry."""
    from dataclasses import replace

    if "CUDA_VISIBLE_DEVICES" not in environ:
        return tuple(cards)
    seen = set[int]()
    for entry in environ["CUDA_VISIBLE_DEVICES"].split(","):
        wanted = entry.strip()
        found = next((c.index for c in cards if _names(wanted, c)), None)
        if found is None:
            break
        seen.add(found)
    return tuple(replace(card, hidden=card.index not in seen) for card in cards)


def _names(entry: str, card: Card) -> bool:
    """By number, or by the begin of its id."""
    return entry == str(card.index) or (entry.startswith(("GPU-", "MIG-")) and card.uuid.startswith(entry))


def _warnings(cards: tuple[Card, ...], environ: Mapping[str, str]) -> Iterator[str]:
    for card in cards:
        total, free = card.memory_total_gib.value, card.memory_free_gib.value
        if isinstance(total, float) and isinstance(free, float) and total - free > BUSY_SHARE * total:
            by = f" by {len(card.processes)} programs" if len(card.processes) > 1 else ""
            yield f"card {card.index} is busy: {total - free:.1f} of {total:.1f} GiB in use{by}, {free:.1f} GiB free"
        if card.mig.value == "on":
            yield f"card {card.index} is split (MIG): programs see its {len(card.slices)} slices, not the card"
        if card.hidden:
            yield f"card {card.index} is hidden by CUDA_VISIBLE_DEVICES"
        if not card.gpu and card.name != f"card {card.index}":
            yield f"card {card.index} ({card.name}) is not in the table of GPUs: name the product under hardware.gpu"
    mixed = len({card.name for card in cards}) > 1
    if mixed and environ.get("CUDA_VISIBLE_DEVICES") and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        yield "cards differ and CUDA_DEVICE_ORDER is not PCI_BUS_ID: CUDA may count them in another order than shown"


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
    total, free = float(memory.total), float(memory.available)
    limit, used = _first_line("/sys/fs/cgroup/memory.max"), _first_line("/sys/fs/cgroup/memory.current")
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
    found = {"python": platform.python_version()}
    for name in SOFTWARE:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return MappingProxyType(found)
