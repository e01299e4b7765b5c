"""`advisor store`: check the local database, copy it, or save what can be read of a damaged one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.core import format as fmt
from advisor.core.errors import Exit
from advisor.core.text import printable

if TYPE_CHECKING:
    from advisor.store.care import StoreCheck


@click.group("store")
def command() -> None:
    """The local database of briefs, verdicts and runs: check, repair, backup."""


@command.command("check", short_help="Read the whole database and report damage.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def check(as_json: bool) -> int:
    """Read the whole database; nothing is changed. Exit code 1 where it is damaged."""
    from advisor.report.json import dump
    from advisor.store import care
    from advisor.store.folders import folders

    report = care.check(folders().database)
    if as_json:
        output.show(dump(report))
    else:
        output.show("\n".join(_check_lines(report)) + "\n")
    return Exit.DONE if report.is_sound else Exit.FAILED


@command.command("backup", short_help="Copy the database to a new file.")
@click.argument("target", type=click.Path(path_type=Path))
def backup(target: Path) -> None:
    """Copy the database to the new file TARGET; other programs may use it meanwhile."""
    from advisor.store import care
    from advisor.store.folders import folders

    size = care.backup(folders().database, target)
    output.show(f"{printable(str(target))}: {fmt.plural(size, 'byte')}\n")


@command.command("repair", short_help="Save what can be read of a damaged database.")
def repair() -> None:
    """Write every sound row into a new database and set the damaged one aside.

    The old file is renamed, never deleted. A sound database is left as it is.
    """
    from advisor.store import care
    from advisor.store.folders import folders

    outcome = care.repair(folders().database)
    path = printable(outcome.path)
    if not outcome.set_aside:
        output.show(f"{path}: sound; nothing to repair\n")
        return
    lines = [
        f"{path}: repaired",
        f"saved      {_counts(outcome.saved)}",
        f"lost       {_counts(outcome.lost)}",
        f"old file   {printable(outcome.set_aside)}",
    ]
    output.show("\n".join(lines) + "\n")


def _check_lines(report: StoreCheck) -> list[str]:
    state = "sound" if report.is_sound else fmt.plural(len(report.faults), "fault")
    lines = [
        f"{printable(report.path)}: {state}",
        f"size       {fmt.plural(report.size_bytes, 'byte')}",
        f"rows       {_counts(report.rows)}",
        *(f"! {printable(fault)}" for fault in report.faults),
    ]
    if not report.is_sound:
        lines.append("Save what can be read: advisor store repair")
    return lines


def _counts(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {table}" for table, count in rows.items()) or "none"
