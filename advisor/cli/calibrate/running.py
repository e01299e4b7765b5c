"""What every calibration does on the command line: plan and price, the run with its progress, its
exit.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.calibrate.metrics.scorer import METRICS
from advisor.cli import output
from advisor.cli.renamed import RenamedOption
from advisor.core.errors import AdvisorError, Cancelled, Exit
from advisor.core.events import CancelToken
from advisor.core.experiment import ExperimentPlan, RunRecord, Status, SteeringPolicy
from advisor.core.quantity import Range
from advisor.core.sections import TASK_TYPES

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.experiments import CalibrationEffect, Machine, Prepared
    from advisor.facts import Facts
    from advisor.pipeline import Surroundings

PATH = click.Path(path_type=Path)


def limited(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every calibration has."""
    for option in reversed(
        (
            click.option(
                "--gpu",
                default="auto",
                show_default=True,
                help="GPU by index or name; none: the CPU.",
            ),
            click.option(
                "--minutes",
                type=click.FloatRange(min=0.0),
                help="Stop after this long; what is done is kept.",
            ),
            click.option(
                "--max-usd",
                type=click.FloatRange(min=0.0),
                help="Stop where this much would be spent.",
            ),
            click.option(
                "--usd-per-hour",
                type=click.FloatRange(min=0.0),
                help="What an hour of this machine costs.",
            ),
            click.option(
                "--allow-busy",
                cls=RenamedOption,
                former=["--busy-ok"],
                is_flag=True,
                help="Run even if another program uses the GPU.",
            ),
            click.option(
                "--again", is_flag=True, help="Run again what an earlier run already measured."
            ),
            click.option(
                "--dry-run",
                is_flag=True,
                help="Show what would run, how long and for how much; run nothing.",
            ),
            click.option(
                "--json", "as_json", is_flag=True, help="The result as JSON, for programs."
            ),
        )
    ):
        command = option(command)
    return command


def read_brief(path: Path | None) -> Brief | None:
    """The brief in a file; None where none was named. Raises UsageError."""
    if path is None:
        return None
    from advisor import pipeline

    return pipeline.load(path)


def look(brief: Brief) -> Surroundings:
    """Look around for a brief, told on stderr. Raises UsageError."""
    from advisor import pipeline

    return pipeline.look(brief, events=output.narrate)


def steered(command: Callable[..., None]) -> Callable[..., None]:
    """The option of runs that may end early."""
    text = "Run every trial, also where the answer can no longer change."
    return click.option("--all", "everything", is_flag=True, help=text)(command)


def policy_of(everything: bool, brief: Brief | None, where: Machine) -> SteeringPolicy | None:
    """What chooses the next trial; None: all of them in their order. Raises UsageError."""
    if everything:
        return None
    from advisor import experiments

    return experiments.policy_for(brief, look(brief) if brief is not None else None, where.gpu)


def metric_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how answers are marked."""
    for option in reversed(
        (
            click.option(
                "--metric",
                default="",
                metavar="M",
                help=f"{', '.join(METRICS)}; default: by the answers.",
            ),
            click.option(
                "--task-type",
                type=click.Choice(TASK_TYPES),
                metavar="TYPE",
                help=f"Helps to choose the metric. One of {', '.join(TASK_TYPES)}.",
            ),
            click.option(
                "--schema",
                type=PATH,
                metavar="FILE",
                help="A JSON Schema that JSON answers must keep.",
            ),
        )
    ):
        command = option(command)
    return command


def go(
    plan: ExperimentPlan,
    where: Machine,
    facts_book: Facts,
    *,
    minutes: float | None,
    max_usd: float | None,
    usd_per_hour: float | None,
    allow_busy: bool,
    again: bool,
    dry_run: bool,
    as_json: bool,
    policy: SteeringPolicy | None = None,
    brief: Brief | None = None,
    run_of: tuple[int, float] | None = None,
) -> None:
    """Show plan and price, then run unless asked not to; exit as the run ended."""
    from advisor import experiments
    from advisor.calibrate.show import plan_lines, projection_line
    from advisor.calibrate.show_results import result_lines
    from advisor.report.json import dump

    hour = Range.exact(usd_per_hour) if usd_per_hour is not None else None
    bounds = experiments.Limits(minutes, max_usd, hour, allow_busy)
    prepared = experiments.prepare(plan, where, bounds, again=again, policy=policy)
    lines = plan_lines(prepared.plan, prepared.forecast, where.name, prepared.left)
    if dry_run:
        output.show(dump(experiments.plan_record(prepared)) if as_json else "\n".join(lines) + "\n")
        return
    for line in lines:
        output.say(line)
    record = _watched(prepared)
    if not prepared.left:
        output.say(
            f"nothing is left to run: run {record.summary.id} is complete; use --again to measure "
            "it again"
        )
    projected = experiments.projections(plan, record, *run_of) if run_of else ()
    changed = _effect(brief, record) if brief is not None else None
    lines = [*result_lines(record), *map(projection_line, projected)]
    lines += experiments.effect_lines(changed) if changed is not None else []
    output.show(
        dump(experiments.run_data(record, projected, changed))
        if as_json
        else "\n".join(lines) + "\n"
    )
    _leave(record)


def _effect(brief: Brief, record: RunRecord) -> CalibrationEffect | None:
    """What the run changed in the verdict; None, and a line that says why, where the brief gives
    none.
    """
    from advisor import experiments

    try:
        return experiments.effect_of_run(brief, look(brief), record.summary.id)
    except AdvisorError as error:
        output.say(f"no verdict on the brief: {error}")
        return None


def _watched(prepared: Prepared) -> RunRecord:
    """The run with its progress on stderr; Ctrl-C asks it to stop and what is done is kept."""
    from advisor import experiments
    from advisor.calibrate.progress import Progress

    progress = Progress()
    last = [0.0]
    live = sys.stderr.isatty()

    def show(event: Any) -> None:
        progress.note(event)
        if event.kind == "warning":
            output.say(f"warning: {event.fields.get('text', '')}")
        elif live and event.at_seconds - last[0] >= 0.25:
            last[0] = event.at_seconds
            click.echo(
                "\r\x1b[K" + click.unstyle(progress.line())[: output.width() - 1],
                nl=False,
                err=True,
            )
        elif not live and event.kind == "trial":
            output.say(f"{event.fields.get('label', '')}: {event.fields.get('status', '')}")

    with interruptible() as cancel:
        record = experiments.run(prepared, events=show, cancel=cancel)
    if live:
        click.echo("\r\x1b[K", nl=False, err=True)
    return record


@contextmanager
def interruptible() -> Iterator[CancelToken]:
    """A token that Ctrl-C sets."""
    token = CancelToken()
    before = {
        n: signal.signal(n, lambda *_: token.cancel()) for n in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield token
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(record: RunRecord) -> None:
    """The exit code that the end of a run means."""
    status = record.summary.status
    if status is Status.CANCELLED:
        raise Cancelled(
            f"{record.result.get('reason', 'cancelled')}; what was finished is kept, the same "
            "command goes on"
        )
    if status is Status.FAILED:
        output.say(f"failed: {record.result.get('reason', '')}")
        click.get_current_context().exit(Exit.FAILED)
    tried = [o for o in record.outcomes if o.status is not Status.SKIPPED]
    if tried and all(o.status is Status.OUT_OF_MEMORY for o in tried):
        click.get_current_context().exit(Exit.INFEASIBLE)
