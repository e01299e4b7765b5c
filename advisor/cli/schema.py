"""`advisor schema`: the JSON Schema of a brief, and of what reports print as JSON."""

from __future__ import annotations

import json

import click

RECORDS = ("brief", "verdict", "difference", "portfolio")


@click.command("schema")
@click.option(
    "--of",
    "name",
    type=click.Choice(RECORDS),
    default="brief",
    show_default=True,
    help="The brief, or what recommend, diff and a folder of briefs print with --json.",
)
def command(name: str) -> None:
    """Print a JSON Schema (draft 2020-12), for editors and programs."""
    if name == "brief":
        from advisor.brief import schema

        click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
        return
    from advisor.report.schema import text

    click.echo(text(name), nl=False)
