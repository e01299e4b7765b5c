"""`advisor recommend`: the verdict on a brief, as text, Markdown, HTML or JSON."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.cli import output
from advisor.core.errors import Exit, UsageError, did_you_mean
from advisor.core.verdict import Verdict

FORMATS = ("text", "md", "html", "json")
LATER = ("pdf", "docx", "xlsx")
"""Formats of the contract that this release does not write yet."""

_BY_ENDING = {".md": "md", ".html": "html", ".htm": "html", ".json": "json", ".txt": "text"}


@click.command("recommend")
@click.argument("brief", type=click.Path(path_type=Path))
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="The whole record as JSON, for programs; like --format json.",
)
@click.option(
    "--format",
    "wanted",
    default="",
    metavar="FORMAT",
    help="text, md, html or json; default: text.",
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
    help="Answer a question otherwise; repeatable.",
)
@click.option(
    "--weights",
    default="",
    metavar="LIST",
    help="Also order the options by cost=3,quality=2,time=1.",
)
@click.option("--ignore-runs", is_flag=True, help="Leave aside what own calibrations measured.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Seed of the draws; the same seed gives the same bytes.",
)
def command(
    brief: Path,
    as_json: bool,
    wanted: str,
    target: Path | None,
    answers: tuple[str, ...],
    weights: str,
    ignore_runs: bool,
    seed: int | None,
) -> int:
    """Prompt, tune or both: the verdict on BRIEF, with cost, time, quality and how sure.

    Exit codes: 0 decided, 2 bad input, 3 not decidable yet, 4 no option is left.
    """
    form = format_of(wanted, as_json, target)
    from advisor import pipeline

    kwargs: dict[str, int] = {} if seed is None else {"seed": seed}
    verdict = pipeline.recommend(
        brief,
        answers,
        weights=pipeline.weights(weights),
        own_runs=not ignore_runs,
        events=output.narrate,
        **kwargs,
    )
    if target is None:
        output.show(render(verdict, form))
    else:
        output.save(target, render(verdict, form, to_file=True))
    return exit_of(verdict)


def format_of(wanted: str, as_json: bool, target: Path | None) -> str:
    """The format asked for, or the one the file's ending means. Raises UsageError."""
    if as_json and wanted not in ("", "json"):
        raise UsageError(f"--json and --format {wanted} exclude each other; keep one")
    by_ending = target.suffix.lower() if target else ""
    form = wanted.lower() or (
        "json" if as_json else _BY_ENDING.get(by_ending, by_ending.lstrip(".") or "text")
    )
    if form in FORMATS:
        return form
    known = ", ".join(FORMATS)
    if form in LATER:
        raise UsageError(
            f"--format {form}: not in this release; use {known} (html prints to PDF from any browser)"
        )
    if not wanted:
        return "text"
    raise UsageError(f"--format {wanted}: unknown{did_you_mean(form, FORMATS)}; use {known}")


def render(verdict: Verdict, form: str, *, to_file: bool = False) -> str:
    """The record in one of `FORMATS`; text as wide as the terminal, or 80 columns in a file."""
    if form == "json":
        from advisor.report import json

        return json.render(verdict)
    if form == "md":
        from advisor.report import markdown

        return markdown.render(verdict)
    if form == "html":
        from advisor.report import html

        return html.render(verdict)
    from advisor.report import text

    return text.render(verdict) if to_file else text.render(verdict, output.width(), output.color())


def exit_of(verdict: Verdict) -> Exit:
    """The exit code a verdict stands for, said in words on stderr where it is not 0."""
    if not verdict.arms:
        output.say("advisor: no option is left; the rules are under `excluded`")
        return Exit.INFEASIBLE
    if verdict.verdict == "undecided":
        output.say(
            f"advisor: not decidable yet; next: {verdict.next_step.action or 'see the readiness checks'}"
        )
        return Exit.UNDECIDED
    return Exit.DONE
