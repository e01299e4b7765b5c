"""`advisor backtest`: the estimators held against published runs, studies and curves."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.cli import output

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("backtest")
def command() -> None:
    """Hold the estimators against published results that they have not seen.

    Without FILE: the shipped results. What is scored was never fitted on.
    """


@command.command("runs")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--by",
    type=click.Choice(["source", "gpu", "method"]),
    default="source",
    help="Group the errors by.",
)
@click.option(
    "--calibrate",
    is_flag=True,
    help="Let one run of each group correct the others; it is not scored.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Every row's forecast and the summary, for programs."
)
def runs(file: Path | None, by: str, calibrate: bool, as_json: bool) -> None:
    """Memory, speed and time of training runs, foretold from their inputs alone."""
    from advisor.backtest import runs as backtest

    output.show(backtest.run(file, as_json, calibrate, by))


@command.command("outcomes")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Every forecast and the summary, for programs."
)
def outcomes(file: Path | None, as_json: bool) -> None:
    """Quality of tuned and hybrid models, foretold from the prompts of the same study."""
    from advisor.backtest import outcomes as backtest

    output.show(backtest.run(file, as_json))


@command.command("curves")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Every forecast and the summary, for programs."
)
def curves(file: Path | None, as_json: bool) -> None:
    """Points of learning curves, foretold from the points before them."""
    from advisor.backtest import curves as backtest

    output.show(backtest.run(file, as_json))
