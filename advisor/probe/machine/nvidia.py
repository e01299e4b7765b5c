"""NVIDIA GPUs through NVML.

Each reading is asked for on its own: where the driver has no answer, it says why.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from advisor.core.constants import GIB
from advisor.core.probes import LocalGpu, MigSlice, Process, Reading

MOST_LINKS = 18
"""NVLink ports of the largest GPUs (Hopper and later)."""


def nvidia_gpus(
    nvml: Any, gpu_ids: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[tuple[LocalGpu, ...], str, Reading, Reading]:
    """(GPUs, why there is none, driver version, CUDA version); `nvml` stands in for the module
    pynvml.
    """
    nothing = Reading(None, "", "no NVIDIA driver")
    try:
        nvml = nvml or importlib.import_module("pynvml")
        nvml.nvmlInit()
    except (
        Exception
    ) as error:  # the binding's errors, and those of loading a library, share no narrower base
        return (), f"not readable: {_line(error)}", nothing, nothing
    try:
        driver = _ask(nvml, "nvmlSystemGetDriverVersion")
        cuda = _ask(
            nvml,
            "nvmlSystemGetCudaDriverVersion_v2",
            convert=lambda v: f"{v // 1000}.{v % 1000 // 10}",
        )
        count = _ask(nvml, "nvmlDeviceGetCount")
        if not isinstance(count.value, int):
            return (), f"GPUs could not be counted: {count.reason}", driver, cuda
        gpus = [_gpu(nvml, index, gpu_ids) for index in range(count.value)]
        return _hide(gpus, environ), "" if gpus else "the driver lists no GPU", driver, cuda
    finally:
        _ask(nvml, "nvmlShutdown")


def _gpu(nvml: Any, index: int, gpu_ids: Mapping[str, str]) -> LocalGpu:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except Exception as error:  # see nvidia_gpus
        return _lost(index, f"not readable: {_line(error)}")
    name = str(_ask(nvml, "nvmlDeviceGetName", handle).value or "")
    total, free = _memory(nvml, handle)
    mig = _ask(
        nvml, "nvmlDeviceGetMigMode", handle, convert=lambda modes: "on" if modes[0] else "off"
    )
    return LocalGpu(
        index=index,
        name=name or f"GPU {index}",
        product=gpu_ids.get(name, ""),
        memory_total_gib=total,
        memory_free_gib=free,
        power_watts=_ask(nvml, "nvmlDeviceGetPowerUsage", handle, unit="W", convert=_thousandth),
        power_limit_watts=_ask(
            nvml, "nvmlDeviceGetEnforcedPowerLimit", handle, unit="W", convert=_thousandth
        ),
        clock_mhz=_ask(
            nvml, "nvmlDeviceGetClockInfo", handle, _code(nvml, "NVML_CLOCK_SM", 1), unit="MHz"
        ),
        temperature_c=_ask(
            nvml,
            "nvmlDeviceGetTemperature",
            handle,
            _code(nvml, "NVML_TEMPERATURE_GPU", 0),
            unit="°C",
        ),
        processes=tuple(_processes(nvml, handle)),
        utilisation=_ask(
            nvml,
            "nvmlDeviceGetUtilizationRates",
            handle,
            unit="share",
            convert=lambda u: float(u.gpu) / 100,
        ),
        mig=mig,
        slices=tuple(_slices(nvml, handle)) if mig.value == "on" else (),
        uuid=str(_ask(nvml, "nvmlDeviceGetUUID", handle).value or ""),
        nvlink=_links(nvml, handle),
        memory_clock_mhz=_ask(
            nvml, "nvmlDeviceGetClockInfo", handle, _code(nvml, "NVML_CLOCK_MEM", 2), unit="MHz"
        ),
    )


def _lost(index: int, reason: str) -> LocalGpu:
    """A GPU that the driver counts but does not open."""
    gib = Reading(None, "GiB", reason)
    watts = Reading(None, "W", reason)
    return LocalGpu(
        index,
        f"GPU {index}",
        "",
        gib,
        gib,
        watts,
        watts,
        Reading(None, "MHz", reason),
        Reading(None, "°C", reason),
    )


def _memory(nvml: Any, handle: Any) -> tuple[Reading, Reading]:
    total = _ask(
        nvml, "nvmlDeviceGetMemoryInfo", handle, unit="GiB", convert=lambda m: m.total / GIB
    )
    free = _ask(nvml, "nvmlDeviceGetMemoryInfo", handle, unit="GiB", convert=lambda m: m.free / GIB)
    return total, free


def _links(nvml: Any, handle: Any) -> Reading:
    """How many NVLink ports are up; a GPU without any has no answer for the first."""
    first = _ask(nvml, "nvmlDeviceGetNvLinkState", handle, 0, unit="links")
    if first.value is None:
        return first
    up = (_ask(nvml, "nvmlDeviceGetNvLinkState", handle, port).value for port in range(MOST_LINKS))
    return Reading(sum(state == 1 for state in up), "links")


def _slices(nvml: Any, handle: Any) -> Iterator[MigSlice]:
    count = _ask(nvml, "nvmlDeviceGetMaxMigDeviceCount", handle).value
    for index in range(count if isinstance(count, int) else 0):
        try:
            part = nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, index)
        except Exception:  # an empty place among the possible slices
            continue
        name = _ask(nvml, "nvmlDeviceGetName", part).value
        uuid = str(_ask(nvml, "nvmlDeviceGetUUID", part).value or "")
        yield MigSlice(str(name or f"slice {index}"), *_memory(nvml, part), uuid)


def _processes(nvml: Any, handle: Any) -> Iterator[Process]:
    """Programs on a GPU, each once; of another container or user often only the number is
    known.
    """
    pids = set[int]()
    for question in (
        "nvmlDeviceGetComputeRunningProcesses",
        "nvmlDeviceGetGraphicsRunningProcesses",
    ):
        try:
            processes = list(getattr(nvml, question)(handle))
        except Exception:  # see nvidia_gpus; a GPU without this list simply shows none
            continue
        for process in processes:
            if process.pid not in pids:
                pids.add(process.pid)
                used = process.usedGpuMemory
                yield Process(
                    process.pid, _process_name(process.pid), None if used is None else used / GIB
                )


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
    except Exception as error:  # see nvidia_gpus
        return Reading(None, unit, f"not readable: {_line(error)}")
    return Reading(value.decode("utf-8", "replace") if isinstance(value, bytes) else value, unit)


def _code(nvml: Any, name: str, default: int) -> int:
    return int(getattr(nvml, name, default))


def _thousandth(value: float) -> float:
    return value / 1000


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]


def _hide(gpus: list[LocalGpu], environ: Mapping[str, str]) -> tuple[LocalGpu, ...]:
    """Mark what CUDA_VISIBLE_DEVICES hides.

    As CUDA does, the list ends at its first unknown entry.
    """
    if "CUDA_VISIBLE_DEVICES" not in environ:
        return tuple(gpus)
    # GPU number -> ids of the slices that are named; none: the GPU as a whole
    visible = dict[int, set[str]]()
    for entry in environ["CUDA_VISIBLE_DEVICES"].split(","):
        match = next(
            (named for gpu in gpus if (named := _named(entry.strip(), gpu)) is not None), None
        )
        if match is None:
            break
        index, part = match
        visible.setdefault(index, set()).update({part} - {""})
    return tuple(_with_hidden(gpu, visible.get(gpu.index)) for gpu in gpus)


def _with_hidden(gpu: LocalGpu, parts: set[str] | None) -> LocalGpu:
    slices = tuple(
        replace(s, hidden=parts is None or (bool(parts) and s.uuid not in parts))
        for s in gpu.slices
    )
    return replace(gpu, hidden=parts is None, slices=slices)


def _named(entry: str, gpu: LocalGpu) -> tuple[int, str] | None:
    """(GPU, slice) that an entry names: by number, by the begin of an id, or in the old form MIG-
    GPU-id/slice/part.
    """
    old = entry.removeprefix("MIG-").partition("/")[0] if entry.startswith("MIG-GPU-") else ""
    whole = entry == str(gpu.index) or (entry.startswith("GPU-") and gpu.uuid.startswith(entry))
    if whole or (old and gpu.uuid == old):
        return gpu.index, ""
    part = next(
        (s.uuid for s in gpu.slices if entry.startswith("MIG-") and s.uuid.startswith(entry)), None
    )
    return None if part is None else (gpu.index, part)
