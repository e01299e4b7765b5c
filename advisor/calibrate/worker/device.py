"""The device under measurement: its clock, its memory and its power.

Each reading is guarded on its own.
"""

from __future__ import annotations

import platform
import threading
import time
from importlib import metadata
from pathlib import Path
from statistics import fmean
from typing import Any

from advisor.core.constants import GIB
from advisor.core.dates import today
from advisor.core.experiment import JsonObject
from advisor.core.system import peak_resident_bytes

SAMPLE_SECONDS = 0.25


class Device:
    """A CPU, or one CUDA GPU.

    On a CPU with one thread the clock counts the process's own time, so that a busy machine does
    not read as a slow one; on a GPU it is wall time with everything finished on both sides, and so
    it is where processes wait for each other (not `alone`).
    """

    def __init__(self, kind: str, index: int = 0, *, alone: bool = True) -> None:
        import torch

        if kind == "cuda" and not torch.cuda.is_available():
            raise RuntimeError(
                "no CUDA GPU can be used here: the driver or a CUDA build of torch is missing"
            )
        self.kind = (
            "cuda" if kind == "cuda" or (kind == "auto" and torch.cuda.is_available()) else "cpu"
        )
        self._torch = torch
        self._own_time = alone and self.kind == "cpu" and torch.get_num_threads() == 1
        self.index = index
        self.left_gib = 0.0
        """Memory of earlier trials that this process cannot give back; not counted in a peak."""
        if self.kind == "cuda":
            torch.cuda.set_device(index)

    @property
    def clock(self) -> str:
        """What `now` counts: `cpu time` of this process or `wall` time."""
        return "cpu time" if self._own_time else "wall"

    def now(self) -> float:
        """Seconds on the clock, with all queued work done."""
        if self.kind == "cuda":
            self._torch.cuda.synchronize()
        return time.process_time() if self._own_time else time.perf_counter()

    def default_dtype(self) -> str:
        return "bf16" if self.kind == "cuda" else "fp32"

    def settle(self) -> None:
        """Give back what earlier work left behind."""
        import gc

        gc.collect()
        if self.kind == "cuda":
            self._torch.cuda.empty_cache()
        else:
            _trim_heap()

    def reset_peak(self) -> None:
        """Forget the highest memory so far."""
        if self.kind == "cuda":
            self._torch.cuda.reset_peak_memory_stats()
        else:
            _forget_peak()

    def peak_gib(self) -> dict[str, float | None]:
        """Highest memory since `reset_peak`: allocated and reserved (GPUs only) and of the
        process.
        """
        if self.kind == "cuda":
            cuda = self._torch.cuda
            reserved = cuda.max_memory_reserved() / GIB
            return {
                "allocated_gib": cuda.max_memory_allocated() / GIB,
                "reserved_gib": reserved,
                "process_gib": max(reserved + self._outside_allocator_gib() - self.left_gib, 0.0),
            }
        return {"allocated_gib": None, "reserved_gib": None, "process_gib": _peak_rss_gib()}

    def in_use_gib(self) -> float:
        """What is in use right now: of the GPU by tensors, on a CPU by the process."""
        if self.kind == "cuda":
            return float(self._torch.cuda.memory_allocated()) / GIB
        import psutil

        return float(psutil.Process().memory_info().rss) / GIB

    def _outside_allocator_gib(self) -> float:
        """Memory of the GPU that is in use but not the allocator's: context and libraries (and
        other programs).
        """
        free, total = self._torch.cuda.mem_get_info()
        return max(float(total - free) / GIB - float(self._torch.cuda.memory_reserved()) / GIB, 0.0)

    def limit_gib(self) -> float:
        """How far the process reading of `peak_gib` can go: the whole GPU, or what this process
        holds and is free.
        """
        if self.kind == "cuda":
            return float(self._torch.cuda.mem_get_info()[1]) / GIB
        import psutil

        return self.in_use_gib() + float(psutil.virtual_memory().available) / GIB

    def about(self) -> JsonObject:
        """Name, memory and software, so that a record can be judged later."""
        packages = ("torch", "transformers", "peft", "accelerate", "bitsandbytes")
        versions = {name: _version(name) for name in packages}
        description: dict[str, Any] = {
            "kind": self.kind,
            "clock": self.clock,
            "threads": self._torch.get_num_threads(),
        }
        if self.kind == "cuda":
            properties = self._torch.cuda.get_device_properties(self.index)
            description |= {
                "name": properties.name,
                "memory_gib": properties.total_memory / GIB,
                "cuda": self._torch.version.cuda,
            }
        else:
            description |= {"name": platform.processor() or platform.machine()}
        description |= self._clocks()
        description |= {"date": today().isoformat(), "python": platform.python_version()}
        return description | {"versions": {k: v for k, v in versions.items() if v}}

    def _clocks(self) -> dict[str, Any]:
        """The highest clock rates (MHz), and of a GPU its power limit (W) and driver; empty where
        they are not readable.
        """
        try:
            if self.kind == "cpu":
                import psutil

                speed = psutil.cpu_freq()
                highest = (speed.max or speed.current) if speed is not None else 0.0
                return {"max_mhz": highest} if highest else {}
            import pynvml

            gpu = nvml_handle(self.index)
            return {
                "max_mhz": float(pynvml.nvmlDeviceGetMaxClockInfo(gpu, pynvml.NVML_CLOCK_SM)),
                "max_memory_mhz": float(
                    pynvml.nvmlDeviceGetMaxClockInfo(gpu, pynvml.NVML_CLOCK_MEM)
                ),
                "power_limit_watts": pynvml.nvmlDeviceGetPowerManagementLimit(gpu) / 1000.0,
                "driver": str(pynvml.nvmlSystemGetDriverVersion()),
            }
        except Exception:  # the binding's errors and torch's share no narrower base
            return {}


def nvml_handle(index: int) -> Any:
    """NVML's handle of the GPU that torch calls `index`. Raises NVMLError."""
    import pynvml
    import torch

    pynvml.nvmlInit()
    uuid = torch.cuda.get_device_properties(index).uuid
    return pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")


class Power:
    """Samples the draw and the clock of the GPU in a thread while it is open; on a CPU there is
    none to read.
    """

    def __init__(self, device: Device) -> None:
        self.reason = "a CPU has no meter that we may read" if device.kind == "cpu" else ""
        self._index = device.index
        self._watts: list[float] = []
        self._mhz: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True, name="power")

    def __enter__(self) -> Power:
        if not self.reason:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def watts(self) -> float | None:
        """Mean draw while open, or None with `reason` set."""
        return fmean(self._watts) if self._watts else None

    def mhz(self) -> float | None:
        """Mean clock of the multiprocessors while open (MHz), or None where it is not readable."""
        return fmean(self._mhz) if self._mhz else None

    def now(self) -> float | None:
        """The last sample, in watts; None before the first one and where there is none to read."""
        return self._watts[-1] if self._watts else None

    def _sample(self) -> None:
        try:
            import pynvml

            gpu = nvml_handle(self._index)
            while not self._ended.wait(SAMPLE_SECONDS):
                self._watts.append(pynvml.nvmlDeviceGetPowerUsage(gpu) / 1000.0)
                self._mhz.append(float(pynvml.nvmlDeviceGetClockInfo(gpu, pynvml.NVML_CLOCK_SM)))
        except Exception as error:  # the binding's errors and torch's share no narrower base
            self.reason = f"not readable: {error}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _forget_peak() -> None:
    """Linux forgets the highest resident size on this write (proc(5), clear_refs); elsewhere the
    peak only grows.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak_rss_gib() -> float:
    try:
        for row in (
            Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        ):
            if row.startswith("VmHWM:"):
                return int(row.split()[1]) * 1024.0 / GIB
    except OSError:
        pass
    return peak_resident_bytes() / GIB


def _trim_heap() -> None:
    """Return freed heap to the system where the C library can (glibc)."""
    import ctypes

    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):  # Windows wants a name
        return
