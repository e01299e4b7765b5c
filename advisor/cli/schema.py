"""`advisor schema`: the JSON Schema of a brief."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema (draft 2020-12) of a brief, for editors and programs."""
    from advisor.brief import schema

    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
