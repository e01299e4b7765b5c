"""`advisor explain`: formula, numbers and sources of one figure."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.cli import output
from advisor.core.errors import UsageError


@click.command("explain")
@click.argument("brief", type=click.Path(path_type=Path))
@click.argument("figure", default="")
@click.option(
    "--arm", "arm_id", default="", metavar="ID", help="Of this option; default: the chosen one."
)
@click.option(
    "--all", "everything", is_flag=True, help="Every figure of every option (or of --arm)."
)
@click.option(
    "--set",
    "answers",
    multiple=True,
    metavar="KEY=VALUE",
    help="Answer a question otherwise; repeatable.",
)
@click.option("--ignore-runs", is_flag=True, help="Leave aside what own calibrations measured.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def command(
    brief: Path,
    figure: str,
    option_id: str,
    everything: bool,
    answers: tuple[str, ...],
    ignore_runs: bool,
    as_json: bool,
) -> None:
    """How FIGURE of BRIEF was computed.

    FIGURE is an id such as run.total or once.training, or one of a given option:
    prompt/few-shot@model+batch:run.total.
    """
    if bool(figure) == everything:
        raise UsageError("name one figure, such as run.total, or ask for --all")
    from advisor import pipeline
    from advisor.report import figure as report
    from advisor.report import json

    held = pipeline.load(brief, answers)
    verdict = pipeline.judge(
        held, pipeline.look(held, own_runs=not ignore_runs, events=output.narrate)
    )
    if everything:
        options = [report.option(verdict, option_id)] if option_id else list(verdict.arms)
        shown = {
            "schema": verdict.schema,
            "arms": [{"id": a.id, "figures": a.figures} for a in options],
        }
        output.show(
            json.dump(shown) if as_json else report.render_all(verdict, output.width(), option_id)
        )
        return
    option, found = report.find(verdict, figure, option_id)
    record = {"schema": verdict.schema, "arm": option.id, "figure": found}
    output.show(json.dump(record) if as_json else report.render(option, found, output.width()))
