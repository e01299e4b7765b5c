"""`advisor backtest`: the estimators tested on published runs, studies and curves."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.cli import output

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("backtest")
def command() -> None:
    """Test the estimators on published results that they were not fitted on.

    Without FILE, uses the results that ship with the program.
    """


@command.command("runs", short_help="Memory, speed and time of training runs.")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--by",
    type=click.Choice(["source", "gpu", "method"]),
    default="source",
    help="How to group the errors.",
)
@click.option(
    "--calibrate",
    is_flag=True,
    help="Correct each group by one of its runs, which is then not scored.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print every prediction and the summary as JSON."
)
def runs(file: Path | None, by: str, calibrate: bool, as_json: bool) -> None:
    """Predict memory, speed and time of training runs from their inputs alone."""
    from advisor.backtest import runs as backtest

    output.show(backtest.run(file, as_json, calibrate, by))


@command.command("outcomes", short_help="Quality of tuned and hybrid models.")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Print every prediction and the summary as JSON."
)
def outcomes(file: Path | None, as_json: bool) -> None:
    """Predict the quality of tuned and hybrid models from prompts in the same study."""
    from advisor.backtest import outcomes as backtest

    output.show(backtest.run(file, as_json))


@command.command("curves", short_help="Learning curves, point by point.")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Print every prediction and the summary as JSON."
)
def curves(file: Path | None, as_json: bool) -> None:
    """Predict each point of a learning curve from the points before it."""
    from advisor.backtest import curves as backtest

    output.show(backtest.run(file, as_json))
