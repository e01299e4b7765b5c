"""What is known of a machine and of an endpoint, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.format import decimal
from advisor.core.probes import (
    EndpointReport,
    HardwareReport,
    LocalGpu,
    Reading,
)
from advisor.core.quantity import Quantity
from advisor.probe.show import LISTED, lines_of, wrapped


def hardware_lines(report: HardwareReport, width: int = 80) -> Iterator[str]:
    """The hardware report, line by line."""
    if not report.gpus:
        yield from lines_of("GPUs", f"none: {report.gpus_reason}", width)
    for gpu in report.gpus:
        yield from (line for label, text in _gpu(gpu) for line in lines_of(label, text, width))
    driver = _reading(report.driver)
    if report.cuda.value is not None or report.cuda.reason != report.driver.reason:
        driver += f", CUDA {_reading(report.cuda)}"
    yield from lines_of("Driver", driver, width)
    yield from lines_of("CPU", f"{report.cpu}, {report.cores} cores for this program", width)
    yield from lines_of(
        "Memory",
        f"{decimal(report.memory_free_gib)} of {fmt.gib(report.memory_gib)} free",
        width,
    )
    yield from lines_of("  bandwidth", _rate(report.memory_bandwidth), width)
    yield from lines_of("  matrix rate", _rate(report.matrix_rate), width)
    yield from lines_of("Disk", f"{decimal(report.disk_free_gib, 0)} GiB free here", width)
    yield from lines_of("System", report.platform, width)
    yield from lines_of(
        "Software", ", ".join(f"{n} {v}" for n, v in report.software.items()), width
    )
    yield from lines_of("Read on", report.as_of, width)
    for warning in report.warnings:
        yield from wrapped("! ", warning, width)


def endpoint_lines(report: EndpointReport, width: int = 80) -> Iterator[str]:
    """The endpoint report, line by line."""
    yield from lines_of("Server", report.url, width)
    yield from lines_of("Model", report.model, width)
    more = f" and {len(report.models) - LISTED} more" if len(report.models) > LISTED else ""
    yield from lines_of(
        "Models", ", ".join(report.models[:LISTED]) + more if report.models else "not listed", width
    )
    yield from lines_of("First token", _percentiles(report.first_token_seconds, 2), width)
    yield from lines_of("Whole answer", _percentiles(report.total_seconds, 2), width)
    yield from lines_of("Speed", _percentiles(report.tokens_per_second, 1), width)
    cached = (
        ""
        if report.cached_tokens is None
        else f"{fmt.count(report.cached_tokens)} of {fmt.count(report.prefix_tokens or 0)} tokens: "
    )
    yield from lines_of("Cache", f"{cached}{report.cache_note}", width)
    has_counts = report.input_tokens is not None and report.output_tokens is not None
    counted = (
        f", {fmt.count(report.input_tokens)} tokens in and {fmt.count(report.output_tokens)} out"
        if has_counts
        else ""
    )
    yield from lines_of("Sent", f"{report.requests} requests{counted}", width)
    yield from lines_of("Price", report.price, width)
    spent = (
        "unknown"
        if report.spent_usd is None
        else f"${decimal(report.spent_usd, 4)} at most: caching is not deducted"
    )
    yield from lines_of("Spent", spent, width)
    yield from lines_of("Measured on", report.as_of, width)
    for warning in report.warnings:
        yield from wrapped("! ", warning, width)


def _gpu(gpu: LocalGpu) -> Iterator[tuple[str, str]]:
    product = gpu.product or "not in the table of GPUs"
    yield (
        f"GPU {gpu.index}",
        f"{gpu.name} ({product}){', hidden from programs' if gpu.hidden else ''}",
    )
    free = f"{_number(gpu.memory_free_gib)} of {_number(gpu.memory_total_gib)} GiB free"
    if "unified" in gpu.memory_total_gib.unit:
        free += ", shared with the processor"
    yield (
        "  memory",
        free if gpu.memory_total_gib.value is not None else gpu.memory_total_gib.reason,
    )
    yield "  power", f"{_reading(gpu.power_watts)}, limit {_reading(gpu.power_limit_watts)}"
    yield "  clock, heat", f"{_reading(gpu.clock_mhz)}, {_reading(gpu.temperature_c)}"
    if gpu.utilisation.value is not None:
        yield "  busy", f"{fmt.share(float(gpu.utilisation.value))} of the time"
    if gpu.nvlink.value is not None:
        yield "  NVLink", f"{gpu.nvlink.value} links up"
    if "--measure" not in gpu.bandwidth.reason:
        yield "  bandwidth", _rate(gpu.bandwidth)
        yield "  matrix rate", _rate(gpu.matrix_rate)
    for process in gpu.processes[:LISTED]:
        memory = (
            "memory not visible" if process.memory_gib is None else f"{fmt.gib(process.memory_gib)}"
        )
        yield "  in use by", f"{process.name} ({process.pid}): {memory}"
    for part in gpu.slices:
        free = f"{_number(part.memory_free_gib)} of {_number(part.memory_total_gib)} GiB free"
        yield "  slice", f"{part.name}: {free}{', hidden from programs' if part.hidden else ''}"


def _reading(reading: Reading) -> str:
    if reading.value is None:
        return reading.reason
    value = (
        f"{decimal(reading.value, 0)}" if isinstance(reading.value, float) else str(reading.value)
    )
    return f"{value} {reading.unit}".strip()


def _rate(quantity: Quantity) -> str:
    span = quantity.range
    if not span.is_known:
        return quantity.reason
    return f"{decimal(span.likely)} {quantity.unit} ({quantity.basis}: {quantity.source})"


def _percentiles(quantity: Quantity, digits: int) -> str:
    span = quantity.range
    if not span.is_known:
        return f"unknown: {quantity.reason}"
    ends = ", ".join(
        f"P{p} {decimal(v or 0.0, digits)}"
        for p, v in ((10, span.p10), (50, span.p50), (90, span.p90))
    )
    return f"{ends} {quantity.unit} ({quantity.source})"


def _number(reading: Reading) -> str:
    return decimal(reading.value) if isinstance(reading.value, (int, float)) else "?"
