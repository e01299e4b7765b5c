"""What every calibration does on the command line: plan and price, the run with its progress, its
exit.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import output
from advisor.cli.calibrate.options import RunFlags
from advisor.core.errors import AdvisorError, Cancelled, Exit
from advisor.core.events import CancelToken
from advisor.core.experiment import RunRecord, Status, SteeringPolicy
from advisor.core.quantity import Range

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.experiments import CalibrationEffect, Limits, Machine, Prepared
    from advisor.facts import Facts
    from advisor.pipeline import Surroundings

RunOf = tuple[int, float]
"""Examples and epochs of the training that a run is projected to."""


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


def place(facts_book: Facts, flags: RunFlags, count: int = 1) -> Machine:
    """Where the run goes: this machine's GPU or CPU, or another machine. Raises UsageError."""
    from advisor import experiments

    if flags.runs_elsewhere:
        return experiments.elsewhere(facts_book, flags.gpu)
    return experiments.machine(facts_book, flags.gpu, count)


def say_hub(model: str) -> None:
    """Before a model of the hub is looked up: what leaves this machine for it."""
    from advisor.calibrate.hub import hub_name

    name = hub_name(model)
    if name:
        output.say(
            f"leaves    to the Hugging Face hub: the name {name}, by requests without a body"
        )


def policy_of(everything: bool, brief: Brief | None, where: Machine) -> SteeringPolicy | None:
    """What chooses the next trial; None: all of them in their order. Raises UsageError."""
    if everything:
        return None
    from advisor import experiments

    return experiments.policy_for(brief, look(brief) if brief is not None else None, where.gpu)


def limits_of(flags: RunFlags) -> Limits:
    """The limits that the flags state."""
    from advisor import experiments

    hour = Range.exact(flags.usd_per_hour) if flags.usd_per_hour is not None else None
    return experiments.Limits(flags.minutes, flags.max_usd, hour, flags.allow_busy)


def show_plan(prepared: Prepared, flags: RunFlags, leaves: Sequence[str] = ()) -> None:
    """The plan with its price as data; `leaves` are lines on what would leave this machine."""
    from advisor import experiments
    from advisor.report.json import dump

    if flags.as_json:
        output.show(dump({**experiments.plan_record(prepared), "leaves": list(leaves)}))
    else:
        output.show("\n".join([*plan_lines(prepared), *leaves]) + "\n")


def plan_lines(prepared: Prepared) -> list[str]:
    """The plan with its price, for people."""
    from advisor.calibrate import show

    return show.plan_lines(prepared.plan, prepared.forecast, prepared.machine.name, prepared.left)


def run_here(
    prepared: Prepared, watch: Callable[[CancelToken], None] = lambda token: None
) -> RunRecord:
    """The run, after its plan and price on stderr; `watch` may stop it by the token.

    Says so where nothing is left to run.
    """
    for line in plan_lines(prepared):
        output.say(line)
    record = _watched(prepared, watch)
    if not prepared.left:
        output.say(
            f"nothing is left to run: run {record.summary.id} is complete; use --again to measure "
            "it again"
        )
    return record


def show_run(
    record: RunRecord,
    flags: RunFlags,
    *,
    brief: Brief | None = None,
    projected: Sequence[Any] = (),
) -> None:
    """What a run measured, and what it changed in the verdict on the brief."""
    from advisor import experiments, travel
    from advisor.calibrate.show import projection_line
    from advisor.calibrate.show_results import result_lines
    from advisor.report.json import dump

    changed = effect_on(brief, record) if brief is not None else None
    if flags.as_json:
        output.show(dump(travel.run_record_data(record, projected, changed)))
        return
    lines = [*result_lines(record), *map(projection_line, projected)]
    lines += experiments.effect_lines(changed) if changed is not None else []
    output.show("\n".join(lines) + "\n")


def effect_on(brief: Brief, record: RunRecord) -> CalibrationEffect | None:
    """What the run changed in the verdict; None, and a line that says why, where the brief gives
    none.
    """
    from advisor import experiments

    try:
        return experiments.effect_of_run(brief, look(brief), record.summary.id)
    except AdvisorError as error:
        output.say(f"no verdict on the brief: {error}")
        return None


def _watched(prepared: Prepared, watch: Callable[[CancelToken], None]) -> RunRecord:
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
        watch(cancel)
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


def leave(record: RunRecord) -> None:
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
