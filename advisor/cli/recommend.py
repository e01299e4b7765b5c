"""`advisor recommend`: the verdict on a brief, in any format of a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.brief_path import BRIEF
from advisor.cli.gate import Gate
from advisor.cli.look import look_options
from advisor.core.errors import Exit, UsageError
from advisor.report import formats
from advisor.report.look import PLAIN, Look

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.verdict import Verdict
    from advisor.report.page import Page


@click.command("recommend")
@click.argument("brief", type=BRIEF)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "--format",
    "format_name",
    default="",
    metavar="FORMAT",
    help=f"{formats.names()}; default: by the ending of -o, else text.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="Write to this file instead of stdout.",
)
@click.option(
    "--set",
    "answers",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override an answer of the brief; repeatable.",
)
@click.option(
    "--weights",
    default="",
    metavar="LIST",
    help="Also order the options by your weights: cost=3,quality=2,time=1.",
)
@click.option("--ignore-runs", is_flag=True, help="Ignore your own calibration runs.")
@click.option("--no-history", is_flag=True, help="Do not keep the verdict in the history.")
@click.option(
    "--expect",
    default="",
    metavar="VERDICT",
    help="For CI: exit 1 unless this is the verdict (or the option).",
)
@click.option(
    "--max-monthly-usd",
    type=click.FloatRange(min=0),
    metavar="USD",
    help="For CI: exit 1 where the option costs more per month.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Seed of the simulation; the same seed gives the same bytes.",
)
@look_options
def command(
    brief: Path,
    as_json: bool,
    format_name: str,
    target: Path | None,
    answers: tuple[str, ...],
    weights: str,
    ignore_runs: bool,
    no_history: bool,
    expect: str,
    max_monthly_usd: float | None,
    seed: int | None,
    look: Look,
) -> int:
    """Recommend prompting, tuning or both for BRIEF, with cost, time, quality and confidence.

    A folder of briefs gives a portfolio.

    Exit codes: 0 decided, 1 not what --expect or --max-monthly-usd asks for, 2 bad input, 3 not
    decidable yet, 4 no option is left.
    """
    gate = Gate(expect, max_monthly_usd)
    gate.check()
    report_format = format_of(format_name, as_json, target)
    if target is not None:
        output.check_target(target)
    if _has_briefs(brief):
        if not gate.is_open:
            raise UsageError(f"{brief}: is a folder; --expect and --max-monthly-usd need one brief")
        return _portfolio(brief, report_format, target, look)
    from advisor import pipeline

    verdict = pipeline.recommend(
        brief,
        answers,
        seed=pipeline.SEED if seed is None else seed,
        weights=pipeline.weights(weights),
        own_runs=not ignore_runs,
        keep=not no_history,
        events=output.narrate,
    )
    draw(verdict, report_format, target, look)
    exit_code = exit_of(verdict)
    for fault in gate.faults(verdict) if verdict.arms else ():
        output.say(f"advisor: {fault}")
    return gate.exit_of(verdict, exit_code)


def _has_briefs(path: Path) -> bool:
    return path.is_dir() and any(path.glob("*.toml"))


def _portfolio(
    folder: Path, report_format: formats.ReportFormat, target: Path | None, look: Look
) -> Exit:
    """Every brief of a folder in a row. Raises UsageError for formats of single briefs."""
    from advisor import pipeline
    from advisor.report import portfolio
    from advisor.report.compared import portfolio_page

    if not report_format.draws_pages and report_format.name != "json":
        raise UsageError(f"{folder}: a portfolio is {formats.of_pages()}; use one of them")
    judged = []
    for path in sorted(folder.glob("*.toml")):
        try:
            loaded = pipeline.load(path)
            judged.append((path.name, _verdict(loaded)))
        except UsageError as error:
            output.say(f"advisor: {error}; left out")
    content = portfolio.portfolio(judged)
    draw_page(content, lambda: portfolio_page(content, look), report_format, target, look)
    return Exit.DONE


def draw_page(
    record: object,
    page: Callable[[], Page],
    report_format: formats.ReportFormat,
    target: Path | None,
    look: Look,
) -> None:
    """A record of several briefs as JSON, or its page in any other format, to a file or stdout."""
    from advisor.report import json, text

    if report_format.name == "json":
        content = json.dump(record).encode()
    elif report_format.name == "text" and target is None:
        output.show(text.draw(page(), look, output.width(), output.color()))
        return
    else:
        content = report_format.draw(page(), look)
    if target is not None:
        output.save(target, content)
    else:
        output.show_bytes(content)


def _verdict(brief: Brief) -> Verdict:
    from advisor import pipeline

    try:
        return pipeline.judge(brief, pipeline.look(brief, events=output.narrate))
    except pipeline.NothingLeft as stop:
        return stop.verdict


def draw(
    verdict: Verdict,
    report_format: formats.ReportFormat,
    target: Path | None,
    look: Look = PLAIN,
) -> None:
    """The report to a file, or to stdout."""
    if target is not None:
        output.save(target, report_format.render(verdict, look))
    elif report_format.name == "text":
        _show_text(verdict, look)
    else:
        output.show_bytes(report_format.render(verdict, look))


def format_of(name: str, as_json: bool, target: Path | None) -> formats.ReportFormat:
    """The format by its name, else by the ending of the file, else text. Raises UsageError."""
    if as_json and name not in ("", "json"):
        raise UsageError(f"--json and --format {name} exclude each other; use one of them")
    if as_json:
        return formats.by_name("json")
    if name:
        return formats.by_name(name)
    return formats.by_name("text") if target is None else formats.by_path(target)


def _show_text(verdict: Verdict, look: Look) -> None:
    """Text as wide as the terminal, with bold and dim where it takes them."""
    from advisor.report import text

    output.show(text.render(verdict, output.width(), output.color(), look))


def exit_of(verdict: Verdict) -> Exit:
    """The exit code a verdict stands for, said in words on stderr where it is not 0."""
    if not verdict.arms:
        output.say("advisor: no option is left; the report lists which rule excluded which option")
        return Exit.INFEASIBLE
    if verdict.verdict == "undecided":
        step = verdict.next_step.action or "see the readiness checks"
        output.say(f"advisor: not decidable yet; next: {step}")
        return Exit.UNDECIDED
    return Exit.DONE
