"""The machine while it is watched: each reading now, and its history as a line of bars on a fixed
scale.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from textual.content import Content

from advisor.core.format import clean
from advisor.core.probes import HardwareReport, LocalGpu, Reading
from advisor.probe.machine.watch import COURSE, STEPS

HOTTEST_C = 100.0
"""The top of the scale of temperatures: GPUs slow down before."""

LABEL_WIDTH = 13
VALUE_WIDTH = 20


@dataclass(frozen=True, slots=True)
class Gauge:
    """One reading: its text, and its share of the full scale from 0 to 1; None where it cannot be
    read.
    """

    key: str
    label: str
    text: str
    share: float | None


class History:
    """The course of each reading, the newest last.

    What could not be read, or was not watched, leaves a gap.
    """

    def __init__(self) -> None:
        self._courses: dict[str, deque[float | None]] = {}
        self.newest: HardwareReport | None = None

    def add(self, report: HardwareReport) -> None:
        """Take one look at the machine."""
        self.newest = report
        for gauge in _gauges(report):
            self._courses.setdefault(gauge.key, deque(maxlen=COURSE)).append(gauge.share)

    def gap(self) -> None:
        """Nobody was watching for a while."""
        for course in self._courses.values():
            course.append(None)

    def lines(self, report: HardwareReport, width: int) -> Content:
        """GPUs first, then the host; `width` is that of the pane."""
        return Content("\n").join(self._lines(report, max(width - LABEL_WIDTH - VALUE_WIDTH, 0)))

    def _lines(self, report: HardwareReport, room: int) -> Iterator[Content]:
        for gpu in report.gpus:
            hidden = " (hidden from programs)" if gpu.hidden else ""
            yield Content.styled(
                clean(f"GPU {gpu.index}: {gpu.name}{hidden}"), "bold $text-primary"
            )
            yield from (self._row(gauge, room) for gauge in _gpu(gpu))
        yield Content.styled("Host", "bold $text-primary")
        yield from (self._row(gauge, room) for gauge in _host(report))

    def _row(self, gauge: Gauge, room: int) -> Content:
        course = list(self._courses.get(gauge.key, ()))[-room:] if room else []
        drawn = "".join(" " if share is None else step_of(share) for share in course)
        return Content.assemble(
            (f"{gauge.label:<{LABEL_WIDTH}}", "dim"),
            f"{clean(gauge.text):<{VALUE_WIDTH}}",
            (drawn, "$text-accent"),
        )


def step_of(share: float) -> str:
    """The bar for a share from 0 to 1."""
    return STEPS[min(int(share * len(STEPS)), len(STEPS) - 1)]


def _gauges(report: HardwareReport) -> Iterator[Gauge]:
    for gpu in report.gpus:
        yield from _gpu(gpu)
    yield from _host(report)


def _gpu(gpu: LocalGpu) -> Iterator[Gauge]:
    key = f"gpu {gpu.index}"
    total = _number(gpu.memory_total_gib)
    free = _number(gpu.memory_free_gib)
    used = None if total is None or free is None else total - free
    yield Gauge(
        f"{key} busy", "busy", _percent(gpu.utilisation), _ratio(_number(gpu.utilisation), 1.0)
    )
    yield Gauge(f"{key} memory", "memory", _part(used, total, "GiB", 1), _ratio(used, total))
    watts = _number(gpu.power_watts)
    limit = _number(gpu.power_limit_watts)
    yield Gauge(f"{key} power", "power", _part(watts, limit, "W", 0), _ratio(watts, limit))
    heat = _number(gpu.temperature_c)
    text = "not readable" if heat is None else f"{heat:.0f} of {HOTTEST_C:.0f} °C"
    yield Gauge(f"{key} temperature", "temperature", text, _ratio(heat, HOTTEST_C))


def _host(report: HardwareReport) -> Iterator[Gauge]:
    use = report.processor_use
    yield Gauge("processor", "processor", _percent(use), _ratio(_number(use), 1.0))
    used = report.memory_gib - report.memory_free_gib
    yield Gauge(
        "memory",
        "memory",
        _part(used, report.memory_gib, "GiB", 1),
        _ratio(used, report.memory_gib),
    )


def _number(reading: Reading) -> float | None:
    return float(reading.value) if isinstance(reading.value, int | float) else None


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else min(max(part / whole, 0.0), 1.0)


def _part(part: float | None, whole: float | None, unit: str, digits: int) -> str:
    if part is None:
        return "not readable"
    return (
        f"{part:.{digits}f} {unit}"
        if whole is None
        else f"{part:.{digits}f} of {whole:.{digits}f} {unit}"
    )


def _percent(reading: Reading) -> str:
    share = _number(reading)
    return "not readable" if share is None else f"{100 * share:.0f} %"
