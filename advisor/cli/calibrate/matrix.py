"""`advisor calibrate matrix`: many calibrations from one file, one at a time on each GPU or over a
Ray cluster.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import output
from advisor.cli.calibrate.options import PATH, RunFlags, limited
from advisor.cli.calibrate.running import interruptible, limits_of
from advisor.core.errors import Cancelled, Exit

if TYPE_CHECKING:
    from advisor.core.events import CancelToken
    from advisor.core.experiment import JsonObject
    from advisor.experiments.entries import Entry
    from advisor.experiments.machines import Machine


@click.command("matrix", short_help="Run many calibrations from one TOML file.")
@click.argument("file", type=PATH)
@click.option(
    "--on",
    "address",
    default="",
    metavar="ray[://HOST:PORT]",
    help="Send the runs to a Ray cluster.",
)
@limited
def command(
    file: Path,
    address: str,
    flags: RunFlags,
) -> None:
    """Models × methods × lengths or shares × seeds of a TOML FILE, each a run of its own; the same
    command goes on.

    --minutes limits each run, --max-usd all of them together.
    """
    from advisor import facts
    from advisor.calibrate.show import entry_lines, total_lines
    from advisor.experiments import cluster, matrix
    from advisor.experiments.entries import entries, total
    from advisor.experiments.machines import places
    from advisor.report.json import dump
    from advisor.store.folders import folders

    facts_book = facts.load(folders().config)
    spec = matrix.read(file)
    where = [cluster.place(address)] if address else places(facts_book, flags.gpu)
    queued = entries(
        matrix.plans(spec, where[0], facts_book), where, limits_of(flags), again=flags.again
    )
    lines = total_lines(
        total(queued, len(where)), len(queued), sum(1 for e in queued if e.prepared.left), where
    )
    if flags.dry_run:
        rows = [*(f"run       {e.name}: {e.status}" for e in queued), *lines]
        output.show(dump(_data(queued, where)) if flags.as_json else "\n".join(rows) + "\n")
        return
    for line in lines:
        output.say(line)
    if address.startswith("ray://"):
        output.say(f"leaves    to {address}: {cluster.announcement(queued)}")
    with interruptible() as cancel:
        _run(queued, where, address, cancel)
    output.show(
        dump(_data(queued, where)) if flags.as_json else "\n".join(entry_lines(queued)) + "\n"
    )
    if cancel.cancelled:
        raise Cancelled("cancelled; what was finished is kept, the same command goes on")
    if any(e.status not in ("done", "out-of-memory") for e in queued):
        click.get_current_context().exit(Exit.FAILED)


def _run(queued: list[Entry], where: list[Machine], address: str, cancel: CancelToken) -> None:
    """What is left, with a line on stderr for every run that has ended."""
    from advisor.experiments import cluster, entries

    ended = [0]
    left = sum(1 for e in queued if e.prepared.left)

    def listen(entry: Entry, event: Any) -> None:
        if event is None:
            ended[0] += 1
            reason = f", {entry.reason}" if entry.reason else ""
            output.say(f"{ended[0]} of {left}: {entry.name}: {entry.status}{reason}")
        elif event.kind == "warning":
            output.say(f"{entry.name}: warning: {event.fields.get('text', '')}")

    if address:
        cluster.run_all(queued, where[0], listen=listen, cancel=cancel)
    else:
        entries.run_all(queued, where, listen=listen, cancel=cancel)


def _data(queued: list[Entry], where: list[Machine]) -> JsonObject:
    """The matrix as plain data: every entry with its run and what that showed."""
    from advisor.experiments.entries import total
    from advisor.travel import run_record_data

    return {
        "schema": 1,
        "places": [place.name for place in where],
        "forecast": total(queued, len(where)),
        "entries": [
            {
                "name": e.name,
                "status": e.status,
                "reason": e.reason,
                "run": e.record.summary.id if e.record is not None else None,
                "record": run_record_data(e.record) if e.record is not None else None,
                "result": dict(e.record.result) if e.record is not None else {},
            }
            for e in queued
        ],
    }
