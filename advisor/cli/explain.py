"""`advisor explain`: formula, numbers and sources of one figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.brief_path import BRIEF
from advisor.cli.renamed import RenamedOption
from advisor.core.errors import UsageError

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict


@click.command("explain")
@click.argument("brief", type=BRIEF)
@click.argument("figure", default="")
@click.option(
    "--option",
    "option_id",
    cls=RenamedOption,
    former=["--arm"],
    default="",
    metavar="ID",
    help="The option to explain; default: the recommended one.",
)
@click.option(
    "--all", "everything", is_flag=True, help="Every figure of every option (or of --option)."
)
@click.option(
    "--set",
    "answers",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override an answer of the brief; repeatable.",
)
@click.option("--ignore-runs", is_flag=True, help="Ignore your own calibration runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(
    brief: Path,
    figure: str,
    option_id: str,
    everything: bool,
    answers: tuple[str, ...],
    ignore_runs: bool,
    as_json: bool,
) -> None:
    """Show how FIGURE of BRIEF was computed.

    FIGURE is an id such as run.total or once.training. To explain another option than the
    recommended one, put its id and a colon first:

    \b
      prompt/few-shot@model+batch:run.total
    """
    if bool(figure) == everything:
        raise UsageError("name one figure, such as run.total, or use --all")
    from advisor import pipeline
    from advisor.report import figure as report
    from advisor.report import json

    loaded = pipeline.load(brief, answers)
    surroundings = pipeline.look(loaded, own_runs=not ignore_runs, events=output.narrate)
    verdict = pipeline.judge(loaded, surroundings)
    if everything:
        output.show(
            _all_as_json(verdict, option_id) if as_json else _all_as_text(verdict, option_id)
        )
        return
    option, record = report.find(verdict, figure, option_id)
    if as_json:
        entry = {"schema": verdict.schema, "arm": option.id, "figure": record}
        output.show(json.dump(entry))
    else:
        output.show(report.render(option, record, output.width()))


def _all_as_json(verdict: Verdict, option_id: str) -> str:
    from advisor.report import figure as report
    from advisor.report import json

    options = [report.option(verdict, option_id)] if option_id else list(verdict.arms)
    entries = [{"id": option.id, "figures": option.figures} for option in options]
    return json.dump({"schema": verdict.schema, "arms": entries})


def _all_as_text(verdict: Verdict, option_id: str) -> str:
    from advisor.report import figure as report

    return report.render_all(verdict, output.width(), option_id)
