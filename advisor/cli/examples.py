"""`advisor examples`: the example briefs, listed or copied."""

from __future__ import annotations

import json
from pathlib import Path

import click

from advisor.cli import output


@click.command("examples")
@click.argument("name", default="")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="With NAME: write a copy to this file instead of stdout.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(name: str, target: Path | None, as_json: bool) -> None:
    """List the example briefs; with NAME, print that one, to start from.

    Wherever a command takes a BRIEF, the name of an example will do.
    """
    from advisor.brief.examples import example
    from advisor.core.errors import UsageError

    if not name:
        if target is not None:
            raise UsageError("-o needs the NAME of an example; `advisor examples` lists them")
        _list(as_json)
        return
    file = example(name)
    text = file.read_text(encoding="utf-8")
    if as_json:
        output.show(json.dumps({"name": name, "path": str(file), "text": text}, indent=1) + "\n")
    elif target is not None:
        output.save(target, text)
    else:
        output.show(text)


def _list(as_json: bool) -> None:
    from advisor import brief
    from advisor.brief.examples import examples

    every = examples()
    titles = {name: brief.read(file).name for name, file in every.items()}
    if as_json:
        entries = [{"name": n, "title": titles[n], "path": str(every[n])} for n in every]
        output.show(json.dumps(entries, ensure_ascii=False, indent=1) + "\n")
        return
    widest = max(map(len, every), default=0)
    output.show("".join(f"{n.ljust(widest)}  {titles[n]}\n" for n in every))
