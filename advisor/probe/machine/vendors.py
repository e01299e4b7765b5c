"""GPUs of AMD, Intel and Apple, through the tools their makers ship; each is asked with a time
limit.

Written after answers that users recorded (tests/probe/tools): amd-smi and rocm-smi of ROCm 5 to 10,
xpu-smi 1.2, 1.3 and 2, sycl-ls, system_profiler of macOS 13 on.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from advisor.core.constants import GIB
from advisor.core.probes import LocalGpu, Reading

Run = Callable[[Sequence[str]], str]
TIMEOUT_SECONDS = 10.0
MAX_CHARACTERS = 4_000_000
NOT_TOLD = "its tool does not tell"
MAX_VERSION = 40  # characters of a driver's version that are shown
_HEX = re.compile(r"0x[0-9a-f]+", re.IGNORECASE)
_SYCL_GPU = re.compile(
    r"\[(?P<backend>\w+):gpu[^\]]*\]\S*\s+[^,\n]+,\s*(?P<name>Intel\(R\) .+?)"
    r"(?:\s+OpenCL [\d.]+.*?|\s+\d+[\d.]*)?\s*\[(?P<version>[^\]]*)\]"
)
"""A GPU among the devices that sycl-ls lists: by Level Zero with its version, by OpenCL as NEO."""


class ToolFailedError(Exception):
    """A tool gave no answer; says why in one line."""


def run_tool(command: Sequence[str]) -> str:
    """What a tool prints.

    Raises FileNotFoundError where it is not installed, ToolFailedError where it fails.
    """
    path = shutil.which(command[0])
    if path is None:
        raise FileNotFoundError(command[0])
    try:
        done = subprocess.run(
            [path, *command[1:]],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolFailedError(
            f"{command[0]} did not answer within {TIMEOUT_SECONDS:.0f} s"
        ) from None
    except OSError as error:
        raise ToolFailedError(f"{command[0]} cannot be started: {error.strerror}") from None
    if done.returncode:
        complaint = done.stderr.decode("utf-8", "replace").strip().splitlines() or [
            f"exit {done.returncode}"
        ]
        raise ToolFailedError(f"{command[0]}: {complaint[-1][:120]}")
    return done.stdout[:MAX_CHARACTERS].decode("utf-8", "replace")


def other_gpus(
    gpu_ids: Mapping[str, str], run: Run = run_tool, *, first: int = 0
) -> tuple[tuple[LocalGpu, ...], tuple[str, ...], Reading | None]:
    """(GPUs numbered from `first`, why a tool that is there gave none, driver version where one
    was told).
    """
    gpus = list[LocalGpu]()
    reasons = list[str]()
    driver = None
    for vendor, tools in (
        ("AMD", (_amd_smi, _rocm_smi)),
        ("Intel", (_xpu_smi, _sycl_ls)),
        ("Apple", (_apple,)),
    ):
        failed = []
        for tool in tools:
            try:
                new_gpus, version = tool(run, gpu_ids, first + len(gpus))
            except FileNotFoundError:
                continue
            except ToolFailedError as error:
                failed.append(str(error))
                continue
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
                name = tool.__name__[1:].replace("_", "-")
                failed.append(f"{name} answers in an unknown form ({error})"[:160])
                continue
            gpus += new_gpus
            driver = driver or version
            failed = []
            break
        reasons += [f"{vendor} GPU not readable: {reason}" for reason in failed]
    return tuple(gpus), tuple(reasons), driver


Found = tuple[list[LocalGpu], Reading | None]


def _amd_smi(run: Run, gpu_ids: Mapping[str, str], first: int) -> Found:
    readings = ["--asic", "--vram", "--driver", "--limit", "--board"]
    static = _listed(json.loads(run(["amd-smi", "static", *readings, "--json"])))
    metric = {
        entry["gpu"]: entry for entry in _listed(json.loads(run(["amd-smi", "metric", "--json"])))
    }
    gpus = [
        _amd_gpu(first + at, entry, metric.get(entry["gpu"], {}), gpu_ids)
        for at, entry in enumerate(static)
    ]
    version = _deep(static[0], "driver", "version") if static else None
    if version is None and static:
        version = _deep(static[0], "driver", "driver_version")
    return gpus, _amdgpu(version)


def _amd_gpu(index: int, entry: Any, now: Any, gpu_ids: Mapping[str, str]) -> LocalGpu:
    def mib(source: Any, *path: str) -> Reading:
        return _amd(source, *path, unit="GiB", factor=1 / 1024)

    total = _first(mib(now, "mem_usage", "total_vram"), mib(entry, "vram", "size"))
    free = _first(
        mib(now, "mem_usage", "free_vram"), _less(total, mib(now, "mem_usage", "used_vram"))
    )
    heats = [_amd(now, "temperature", place, unit="°C") for place in ("hotspot", "edge")]
    limits = [_amd(entry, "limit", name, unit="W") for name in ("socket_power", "max_power")]
    names = (_deep(entry, "asic", "market_name"), _deep(entry, "board", "product_name"))
    return _gpu(
        index, _name(*names), gpu_ids, "AMD",
        total=total, free=free,
        power=_amd(now, "power", "socket_power", unit="W"), limit=_first(*limits),
        clock=_amd(now, "clock", "gfx_0", "clk", unit="MHz"), heat=_first(*heats),
        use=_amd(now, "usage", "gfx_activity", unit="share", factor=0.01),
    )  # fmt: skip


def _name(*names: Any) -> str:
    """The first of some names that is one. Raises KeyError where none is."""
    for name in names:
        if isinstance(name, str) and name.strip() not in ("", "N/A") and not _HEX.fullmatch(name):
            return name.strip()
    raise KeyError("name")


def _first(*readings: Reading) -> Reading:
    """The first reading that has a value, else the last."""
    return next((r for r in readings if r.value is not None), readings[-1])


def _amdgpu(version: Any) -> Reading | None:
    return Reading(f"amdgpu {version}"[:MAX_VERSION]) if isinstance(version, str) else None


def _listed(answer: Any) -> list[Any]:
    """The list of GPUs; from ROCm 7 on it stands inside an object."""
    return list(answer["gpu_data"] if isinstance(answer, dict) else answer)


def _amd(entry: Any, *path: str, unit: str, factor: float = 1.0) -> Reading:
    """A value as {"value": 3, "unit": "W"}, a plain number, or "N/A".

    What amd-smi calls MB are MiB.
    """
    value = _deep(entry, *path)
    return _number(value.get("value") if isinstance(value, dict) else value, unit, factor)


def _rocm_smi(run: Run, gpu_ids: Mapping[str, str], first: int) -> Found:
    readings = (
        "--showproductname",
        "--showmeminfo",
        "vram",
        "--showuse",
        "--showpower",
        "--showmaxpower",
    )
    answer = json.loads(
        run(["rocm-smi", *readings, "--showtemp", "--showclocks", "--showdriverversion", "--json"])
    )
    gpus = []
    for at, key in enumerate(
        sorted((k for k in answer if re.fullmatch(r"card\d+", k)), key=lambda k: int(k[4:]))
    ):
        entry = {name.lower(): value for name, value in answer[key].items()}
        total = _named(entry, r"vram total memory \(b\)", "GiB", 1 / GIB)
        used = _named(entry, r"vram total used memory \(b\)", "GiB", 1 / GIB)
        gpus.append(
            _gpu(
                first + at,
                _name(*(entry.get(k) for k in ("card series", "card model", "device name"))),
                gpu_ids, "AMD",
                total=total, free=_less(total, used),
                power=_named(entry, r"(average|current socket) graphics package power \(w\)", "W"),
                limit=_named(entry, r"max graphics package power \(w\)", "W"),
                clock=_named(entry, r"sclk clock speed:?", "MHz"),
                heat=_named(entry, r"temperature \(sensor (junction|edge)\) \(c\)", "°C"),
                use=_named(entry, r"gpu use \(%\)", "share", 0.01),
            )
        )  # fmt: skip
    return gpus, _amdgpu(_deep(answer, "system", "Driver version"))


def _xpu_smi(run: Run, gpu_ids: Mapping[str, str], first: int) -> Found:
    gpus = list[LocalGpu]()
    version = None
    answer = json.loads(run(["xpu-smi", "discovery", "-j"]))
    devices = answer if isinstance(answer, list) else answer["device_list"]
    for at, device in enumerate(devices or ()):
        number = str(int(device["device_id"]))
        more = json.loads(run(["xpu-smi", "discovery", "-d", number, "-j"]))
        try:
            stats = json.loads(run(["xpu-smi", "stats", "-d", number, "-j"]))
        except ToolFailedError:  # statistics need rights that a user may lack
            stats = {}
        now = _xpu_metrics(stats)
        total = _number(more.get("memory_physical_size_byte"), "GiB", 1 / GIB)
        gpus.append(
            _gpu(
                first + at, str(device["device_name"]), gpu_ids, "Intel",
                total=total,
                free=_first(
                    _less(total, _number(now.get("XPUM_STATS_MEMORY_USED"), "GiB", 1 / 1024)),
                    _number(more.get("memory_free_size_byte"), "GiB", 1 / GIB),
                ),
                power=_number(now.get("XPUM_STATS_POWER"), "W"),
                clock=_number(now.get("XPUM_STATS_GPU_FREQUENCY"), "MHz"),
                heat=_number(now.get("XPUM_STATS_GPU_CORE_TEMPERATURE"), "°C"),
                use=_number(now.get("XPUM_STATS_GPU_UTILIZATION"), "share", 0.01),
            )
        )  # fmt: skip
        version = version or more.get("driver_version")
    return gpus, Reading(str(version)) if version else None


_XPU_2 = {
    "XPUM_STATS_MEMORY_USED": ("memory", "used_mib"),
    "XPUM_STATS_POWER": ("power", "gpu_power_w"),
    "XPUM_STATS_GPU_FREQUENCY": ("frequency", "gpu_frequency_mhz"),
    "XPUM_STATS_GPU_CORE_TEMPERATURE": ("temperature", "gpu_core_celsius"),
}
"""Where xpu-smi 2 has, per tile, what version 1 lists by these names."""


def _xpu_metrics(stats: Any) -> Mapping[str, Any]:
    """Values by their names in version 1; of version 2 those of the first tile."""
    stats = stats[0] if isinstance(stats, list) and stats else stats
    if not isinstance(stats, dict):
        return {}
    listed = stats.get("device_level")
    if isinstance(listed, list):
        return {m["metrics_type"]: m.get("value") for m in listed}
    tiles = {name: _deep(stats, *path) for name, path in _XPU_2.items()}
    return {
        name: _deep(next(iter(of.values())), "current")
        for name, of in tiles.items()
        if isinstance(of, dict) and of
    }


def _sycl_ls(run: Run, gpu_ids: Mapping[str, str], first: int) -> Found:
    """Where xpu-smi is not installed: names and versions alone. A GPU is listed by each backend, so
    Level Zero counts where it is there.
    """
    listed = list(_SYCL_GPU.finditer(run(["sycl-ls"])))
    level_zero = [device for device in listed if "level_zero" in device["backend"]]
    gpus = [
        _gpu(first + at, device["name"], gpu_ids, "Intel")
        for at, device in enumerate(level_zero or listed)
    ]
    return gpus, Reading(listed[0]["version"]) if listed else None


def _apple(run: Run, gpu_ids: Mapping[str, str], first: int) -> Found:
    """Chips with unified memory: the GPU's memory is the machine's, of which macOS lets a GPU use
    about two thirds.
    """
    displays = json.loads(run(["system_profiler", "SPDisplaysDataType", "-json"]))[
        "SPDisplaysDataType"
    ]
    names = [str(d.get("sppci_model", d.get("_name", ""))) for d in displays]
    total, free = _unified_memory()
    chips = [name for name in names if name.startswith("Apple ")]
    return [
        _gpu(first + at, name, gpu_ids, "Apple", total=total, free=free)
        for at, name in enumerate(chips)
    ], None


def _unified_memory() -> tuple[Reading, Reading]:
    import psutil

    memory = psutil.virtual_memory()
    return Reading(memory.total / GIB, "GiB, unified"), Reading(
        memory.available / GIB, "GiB, unified"
    )


def _gpu(
    index: int, name: str, gpu_ids: Mapping[str, str], vendor: str, **readings: Reading
) -> LocalGpu:
    def reading(key: str, unit: str) -> Reading:
        return readings.get(key, Reading(None, unit, NOT_TOLD))

    return LocalGpu(
        index=index,
        name=name,
        product=gpu_ids.get(name, ""),
        memory_total_gib=reading("total", "GiB"),
        memory_free_gib=reading("free", "GiB"),
        power_watts=reading("power", "W"),
        power_limit_watts=reading("limit", "W"),
        clock_mhz=reading("clock", "MHz"),
        temperature_c=reading("heat", "°C"),
        utilisation=reading("use", "share"),
        mig=Reading(None, "", "NVIDIA only"),
        vendor=vendor,
        nvlink=Reading(None, "links", "NVIDIA only"),
        memory_clock_mhz=Reading(None, "MHz", NOT_TOLD),
    )


def _deep(node: Any, *path: str) -> Any:
    for part in path:
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _named(entry: Mapping[str, Any], pattern: str, unit: str, factor: float = 1.0) -> Reading:
    """The first key that fits; such as `(800Mhz)` counts as 800."""
    fitting: Iterator[Any] = (value for key, value in entry.items() if re.fullmatch(pattern, key))
    return _number(
        next((value for value in fitting if str(value).strip() not in ("", "N/A")), None),
        unit,
        factor,
    )


def _number(value: Any, unit: str, factor: float = 1.0) -> Reading:
    digits = (
        re.search(r"-?\d+(?:\.\d+)?", str(value)) if isinstance(value, (str, int, float)) else None
    )
    return Reading(float(digits[0]) * factor, unit) if digits else Reading(None, unit, NOT_TOLD)


def _less(total: Reading, used: Reading) -> Reading:
    if isinstance(total.value, float) and isinstance(used.value, float):
        return Reading(max(total.value - used.value, 0.0), "GiB")
    return Reading(None, "GiB", NOT_TOLD)
