"""`advisor history`: the verdicts of the past, from the local database."""

from __future__ import annotations

import click

from advisor.cli.output import show
from advisor.core import format as fmt
from advisor.core.text import printable


@click.command()
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many to list."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(limit: int, as_json: bool) -> None:
    """List past verdicts, newest first."""
    from advisor.report import json
    from advisor.store import Store

    with Store.open() as store:
        decided = store.history(limit)
    if as_json:
        show(json.dump(decided))
        return
    for d in decided:
        chance = "" if d.p_best is None else f"best in {fmt.of_hundred(d.p_best)} of 100 draws"
        show(f"{d.decided_at[:16].replace('T', ' ')}  {printable(d.name)}: {d.verdict}\n")
        show(f"                  {printable(d.arm)}  {chance}\n")
    if not decided:
        show("No verdict yet: run `advisor recommend BRIEF`.\n")
