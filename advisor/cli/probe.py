"""`advisor probe`: GPUs, host and software here; `advisor probe endpoint`: a model server."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.endpoint import command as endpoint

if TYPE_CHECKING:
    from advisor.calibrate.gpu_rates import GpuRates
    from advisor.core.probes import HardwareReport, LocalGpu

MEASURED_BY_TORCH = ("NVIDIA", "AMD")

ASIDE = "\x1b[?1049h\x1b[?25l"
"""Switches a terminal to its second screen, without a cursor."""

BACK = "\x1b[?25h\x1b[?1049l"
"""Switches it back to the first."""


@click.group("probe", invoke_without_command=True)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON, for programs; with --watch, one object per line.",
)
@click.option("--watch", is_flag=True, help="Refresh until Ctrl-C, with history.")
@click.option(
    "--interval",
    type=click.FloatRange(0.2, 3600),
    default=2.0,
    metavar="S",
    help="Seconds between refreshes.",
)
@click.option(
    "--count", type=click.IntRange(min=1), metavar="N", help="Stop --watch after N refreshes."
)
@click.option(
    "--measure",
    is_flag=True,
    help="Measure bandwidth and matrix rate of the host (about 2 s) and of each GPU (about 20 s); "
    "a GPU that is in no table gets a row.",
)
@click.pass_context
def command(
    ctx: click.Context,
    as_json: bool,
    watch: bool,
    interval: float,
    count: int | None,
    measure: bool,
) -> None:
    """Inspect this machine: GPUs, memory, software; what cannot be read says why."""
    if ctx.invoked_subcommand is not None:
        return
    if watch and measure:
        raise click.UsageError("--measure cannot be combined with --watch; use one of them", ctx)
    look = _looker()
    if watch:
        _watch(look, interval, count, as_json)
        return
    report = _measured(look()) if measure else look()
    if as_json:
        from advisor.report.json import dump

        output.show(dump(report))
    else:
        from advisor.probe.show_machine import hardware_lines

        output.show("\n".join(hardware_lines(report, output.width())) + "\n")


command.add_command(endpoint)


def _looker() -> Callable[[], HardwareReport]:
    """A probe of this machine that knows GPUs by the exact names in the table of GPUs."""
    from advisor import facts
    from advisor.probe.hardware import probe
    from advisor.store.folders import folders

    gpus = facts.load(folders().config)
    names = gpus.driver_names
    unified = gpus.unified_gpus
    return lambda: probe(gpu_ids=names, unified=unified)


def gpu_row(gpu: LocalGpu, rates: GpuRates) -> dict[str, str] | None:
    """The row of gpus.csv that was measured; None where its memory or rates are not known."""
    from advisor.core.constants import GIB, GIGA

    total = gpu.memory_total_gib.value
    if not isinstance(total, float) or not rates.matrix_rate.range.is_known:
        return None
    bandwidth, rate = (f"{most:.4g}" for most in rates.most)
    return {
        "gpu": gpu.name,
        "vendor": gpu.vendor,
        "nvml_name": gpu.name,
        "memory_gb": f"{total * GIB / GIGA:.4g}",
        "bandwidth_gb_per_second": bandwidth,
        "bf16_tflops": rate if rates.dtype == "bfloat16" else "",
        "fp16_tflops": rate,
        "tflops_source": f"measured: {rates.matrix_rate.source}",
        "source": "advisor probe --measure",
        "as_of": rates.matrix_rate.as_of,
        "confidence": "medium",
    }


def _measured(report: HardwareReport) -> HardwareReport:
    from advisor.probe.machine.measure import matrix_rate, memory_bandwidth

    bandwidth = memory_bandwidth(report.cores, report.memory_free_gib)
    return replace(
        report,
        memory_bandwidth=bandwidth,
        matrix_rate=matrix_rate(),
        gpus=tuple(_measured_gpu(gpu) for gpu in report.gpus),
    )


def _measured_gpu(gpu: LocalGpu) -> LocalGpu:
    """A GPU with its rates; one that is in no table gets a row in the user's."""
    from advisor.calibrate.gpu_rates import measure
    from advisor.core.quantity import Quantity
    from advisor.facts.own_gpus import add_row
    from advisor.store.folders import folders

    if gpu.hidden or gpu.vendor not in MEASURED_BY_TORCH:
        reason = "hidden from programs" if gpu.hidden else "torch measures NVIDIA and AMD only"
        return replace(
            gpu,
            bandwidth=Quantity.unknown("GB/s", reason),
            matrix_rate=Quantity.unknown("TFLOP/s", reason),
        )
    rates = measure("cuda", gpu.uuid or str(gpu.index))
    row = gpu_row(gpu, rates)
    if not gpu.product and row is not None:
        file = add_row(folders().config, row)
        output.say(f"added {gpu.name} to {file}")
    return replace(gpu, bandwidth=rates.bandwidth, matrix_rate=rates.matrix_rate)


def _watch(
    look: Callable[[], HardwareReport], interval: float, count: int | None, as_json: bool
) -> None:
    from advisor.probe.hardware import processor_use

    processor_use()
    live = not as_json and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    draw: Callable[[HardwareReport], None] = _json_line if as_json else _plain_line
    if live:
        draw = _screen()
        output.show(ASIDE)
    try:
        done = 0
        while True:
            draw(replace(look(), processor_use=processor_use()))
            done += 1
            if count is not None and done >= count:
                return
            time.sleep(interval)
    finally:
        if live:
            output.show(BACK)


def _screen() -> Callable[[HardwareReport], None]:
    from datetime import datetime

    from advisor.probe.machine.watch import Watch

    history = Watch()

    def draw(report: HardwareReport) -> None:
        history.add(report)
        size = shutil.get_terminal_size((80, 24))
        lines = history.screen(report, datetime.now(), size.columns, size.lines - 1)
        output.show("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        sys.stdout.flush()

    return draw


def _plain_line(report: HardwareReport) -> None:
    from datetime import datetime

    from advisor.probe.machine.watch import line

    output.show(line(report, datetime.now()) + "\n")
    sys.stdout.flush()


def _json_line(report: HardwareReport) -> None:
    import json

    from advisor.report.json import plain_data

    output.show(json.dumps(plain_data(report), ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()
