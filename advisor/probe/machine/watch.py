"""A live view of the machine: the readings now and their course, as text of a given size."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime

from advisor.core import format as fmt
from advisor.core.probes import HardwareReport, LocalGpu, Reading
from advisor.core.text import printable

STEPS = "▁▂▃▄▅▆▇█"
LABEL = 14
VALUE = 24
COURSE = 240
"""Readings kept of each course."""


class Watch:
    """Keeps the course of each reading; a reading that was not there leaves a gap."""

    def __init__(self) -> None:
        self._course: dict[str, deque[float | None]] = {}
        self.readings = 0

    def add(self, report: HardwareReport) -> None:
        """Take one look at the machine."""
        self.readings += 1
        for key, share in _shares(report):
            self._course.setdefault(key, deque(maxlen=COURSE)).append(share)

    def screen(self, report: HardwareReport, at: datetime, width: int, height: int) -> list[str]:
        """The view, at most `height` lines of at most `width` characters; GPUs that do not fit are
        counted.
        """
        lines = [
            f"advisor probe --watch   {at:%H:%M:%S}   reading {self.readings}   Ctrl-C ends",
            "",
        ]
        lines += self._host(report, width)
        room = height - len(lines) - 1
        blocks = [self._gpu(gpu, width) for gpu in report.gpus] or [
            [f"no GPU: {report.gpus_reason}"]
        ]
        for drawn, block in enumerate(blocks):
            if len(block) + 1 > room:
                lines.append(f"and {len(blocks) - drawn} more GPUs: enlarge the window")
                break
            lines += ["", *block]
            room -= len(block) + 1
        return [_cut(line, width) for line in lines[:height]]

    def _host(self, report: HardwareReport, width: int) -> Iterator[str]:
        yield self._row("processor", _percent(report.processor_use), "processor", width)
        used = _part_of(report.memory_gib - report.memory_free_gib, report.memory_gib)
        yield self._row("memory", used, "memory", width)

    def _gpu(self, gpu: LocalGpu, width: int) -> list[str]:
        key = f"GPU {gpu.index}"
        name = f"GPU {gpu.index}: {gpu.name}{' (hidden from programs)' if gpu.hidden else ''}"
        return [
            name,
            self._row("  busy", _percent(gpu.utilisation), f"{key} use", width),
            self._row("  memory", _used(gpu), f"{key} memory", width),
            self._row(
                "  power",
                f"{_short(gpu.power_watts)} of {_short(gpu.power_limit_watts)}",
                f"{key} power",
                width,
            ),
            f"{'  clock, heat':<{LABEL}}{_short(gpu.clock_mhz)}, {_short(gpu.temperature_c)}",
        ]

    def _row(self, label: str, value: str, key: str, width: int) -> str:
        room = max(width - LABEL - VALUE - 1, 0)
        course = list(self._course.get(key, ()))[-room:] if room else []
        drawn = "".join(
            " " if v is None else STEPS[min(int(v * len(STEPS)), len(STEPS) - 1)] for v in course
        )
        return f"{label:<{LABEL}}{value:<{VALUE}} {drawn}".rstrip()


def line(report: HardwareReport, at: datetime) -> str:
    """One look on one line, for a pipe or a log."""
    parts = [f"{at:%Y-%m-%dT%H:%M:%S}", f"processor {_percent(report.processor_use)}"]
    used = _part_of(report.memory_gib - report.memory_free_gib, report.memory_gib)
    parts.append(f"memory {used}")
    for gpu in report.gpus:
        readings = (
            _percent(gpu.utilisation),
            _used(gpu),
            _short(gpu.power_watts),
            _short(gpu.temperature_c),
        )
        parts.append(f"GPU {gpu.index} {', '.join(readings)}")
    return printable("; ".join(parts))


def _shares(report: HardwareReport) -> Iterator[tuple[str, float | None]]:
    """Each course with its reading now, from 0 to 1; None where it was not readable."""
    yield "processor", _value(report.processor_use)
    yield "memory", 1 - report.memory_free_gib / report.memory_gib if report.memory_gib else None
    for gpu in report.gpus:
        yield f"GPU {gpu.index} use", _value(gpu.utilisation)
        free = _ratio(gpu.memory_free_gib, gpu.memory_total_gib)
        yield f"GPU {gpu.index} memory", None if free is None else 1 - free
        yield f"GPU {gpu.index} power", _ratio(gpu.power_watts, gpu.power_limit_watts)


def _value(reading: Reading) -> float | None:
    return (
        min(max(float(reading.value), 0.0), 1.0)
        if isinstance(reading.value, (int, float))
        else None
    )


def _ratio(part: Reading, whole: Reading) -> float | None:
    if (
        isinstance(part.value, (int, float))
        and isinstance(whole.value, (int, float))
        and whole.value > 0
    ):
        return min(max(part.value / whole.value, 0.0), 1.0)
    return None


def _used(gpu: LocalGpu) -> str:
    total = gpu.memory_total_gib.value
    free = gpu.memory_free_gib.value
    if isinstance(total, (int, float)) and isinstance(free, (int, float)):
        return _part_of(total - free, total)
    return "?"


def _part_of(used: float, total: float) -> str:
    return f"{fmt.decimal(used)} of {fmt.gib(total)}"


def _percent(reading: Reading) -> str:
    return fmt.share(reading.value) if isinstance(reading.value, (int, float)) else "?"


def _short(reading: Reading) -> str:
    if not isinstance(reading.value, (int, float)):
        return "?"
    return f"{fmt.decimal(reading.value, 0)} {reading.unit}"


def _cut(text: str, width: int) -> str:
    line = printable(text)
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"
