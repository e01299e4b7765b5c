"""`advisor watch`: what changed in the verdicts on briefs since they were last judged."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.brief_path import BRIEF
from advisor.core.dates import today
from advisor.core.errors import AdvisorError, Exit

if TYPE_CHECKING:
    from advisor.watch.changes import VerdictChange


@click.command("watch")
@click.argument("briefs", nargs=-1, required=True, type=BRIEF, metavar="BRIEF...")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day to judge at; default: today.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    metavar="HOURS",
    help="Judge again and again, until Ctrl-C.",
)
@click.option("--fail-on-change", is_flag=True, help="Exit 1 where a verdict or option changed.")
@click.option("--no-history", is_flag=True, help="Do not keep the new verdicts.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(
    briefs: tuple[Path, ...],
    on: datetime | None,
    every: float | None,
    fail_on_change: bool,
    no_history: bool,
    as_json: bool,
) -> int:
    """Say what changed in the verdict on each BRIEF since the last one that was kept.

    Each is judged with the facts of today: prices, models, GPUs, own runs, and the brief as it now
    stands. The new verdict is kept, so that the next call tells what came after it.

    Exit codes: 0 done, 1 a brief could not be judged (or, with --fail-on-change, a verdict
    changed), 2 bad usage.
    """
    while True:
        day = on.date() if on else today()
        exit_code = _once(briefs, day, keep=not no_history, fail=fail_on_change, as_json=as_json)
        if every is None:
            return exit_code
        time.sleep(every * 3600)


def _once(briefs: tuple[Path, ...], day: date, *, keep: bool, fail: bool, as_json: bool) -> Exit:
    """Judge each brief once; one that cannot be judged is a line, and the others go on."""
    from advisor.watch.judging import watch

    changes: list[VerdictChange] = []
    exit_code = Exit.DONE
    for path in briefs:
        try:
            changes.append(watch(path, day, keep=keep, events=output.narrate))
        except AdvisorError as error:
            output.say(f"advisor: {error}")
            exit_code = Exit.FAILED
    _print(changes, as_json)
    if fail and any(change.is_other_decision for change in changes):
        return Exit.FAILED
    return exit_code


def _print(changes: list[VerdictChange], as_json: bool) -> None:
    from advisor.watch.show import lines

    if as_json:
        from advisor.report.json import dump

        output.show(dump({"schema": 1, "briefs": changes}))
        return
    output.show("".join(f"{line}\n" for change in changes for line in lines(change)))
