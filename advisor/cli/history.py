"""`advisor history`: past verdicts from the local database, listed or drawn again."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.cli import output
from advisor.cli.look import look_options
from advisor.cli.recommend import draw, format_of
from advisor.core.errors import UsageError
from advisor.core.text import printable
from advisor.report import formats
from advisor.report.look import Look


@click.command()
@click.argument("number", type=int, required=False)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many to list."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "--format",
    "format_name",
    default="",
    metavar="FORMAT",
    help=f"With NUMBER: {formats.names()}.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="With NUMBER: write to this file instead of stdout.",
)
@look_options
def command(
    number: int | None,
    limit: int,
    as_json: bool,
    format_name: str,
    target: Path | None,
    look: Look,
) -> None:
    """List past verdicts, newest first; with NUMBER, render that report again.

    A report is rendered from the record of its day: prices and estimates stay as they were.
    """
    if number is not None:
        _render(number, format_of(format_name, as_json, target), target, look)
        return
    if format_name or target is not None:
        raise UsageError("--format and -o need the NUMBER of a verdict; advisor history lists them")
    _list(limit, as_json)


def _render(
    number: int, report_format: formats.ReportFormat, target: Path | None, look: Look
) -> None:
    from advisor.report import past
    from advisor.store import Store

    with Store.open() as store:
        record = store.record(number)
    if record is None:
        raise UsageError(f"no verdict has the number {number}; advisor history lists them")
    draw(past.read(record), report_format, target, look)


def _list(limit: int, as_json: bool) -> None:
    from advisor.core import format as fmt
    from advisor.report import json
    from advisor.store import Store

    with Store.open() as store:
        decided = store.history(limit)
    if as_json:
        output.show(json.dump(decided))
        return
    for decision in decided:
        chance = decision.p_best
        sure = "" if chance is None else f"best in {fmt.of_hundred(chance)} of 100 draws"
        day = decision.decided_at[:16].replace("T", " ")
        head = f"{decision.id:>4}  {day}  {printable(decision.name)}: {decision.verdict}"
        output.show(f"{head}\n{' ' * 24}{printable(decision.arm)}  {sure}".rstrip() + "\n")
    if not decided:
        output.show("No verdict yet: run `advisor recommend BRIEF`.\n")
