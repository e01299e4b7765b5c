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
    from advisor.core.probes import HardwareReport

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
    help="Measure memory bandwidth and matrix rate of the host (about 2 s).",
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
        from advisor.probe.show import hardware_lines

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


def _measured(report: HardwareReport) -> HardwareReport:
    from advisor.probe.measure import matrix_rate, memory_bandwidth

    bandwidth = memory_bandwidth(report.cores, report.memory_free_gib)
    return replace(report, memory_bandwidth=bandwidth, matrix_rate=matrix_rate())


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

    from advisor.probe.watch import Watch

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

    from advisor.probe.watch import line

    output.show(line(report, datetime.now()) + "\n")
    sys.stdout.flush()


def _json_line(report: HardwareReport) -> None:
    import json

    from advisor.report.json import plain_data

    output.show(json.dumps(plain_data(report), ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()
