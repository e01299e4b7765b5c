"""A calibration for another machine: written as a bundle or a SkyPilot task, or run by OpenSSH.

Whatever leaves this machine is said before it leaves: how many bytes, and what they hold.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.cli.calibrate.options import RunFlags
from advisor.cli.calibrate.running import (
    RunOf,
    interruptible,
    leave,
    limits_of,
    plan_lines,
    show_plan,
    show_run,
)
from advisor.core.errors import UsageError
from advisor.core.quantity import Basis, Quantity, Range

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.experiment import ExperimentPlan, JsonObject
    from advisor.experiments import Machine, Prepared
    from advisor.travel import Bundle, Remote

BUNDLE_ENDING = ".advisor"


def send(
    plan: ExperimentPlan,
    where: Machine,
    flags: RunFlags,
    *,
    brief: Brief | None,
    run_of: RunOf | None,
) -> None:
    """Write the bundle or the task, or run it there and keep its result. Raises UsageError."""
    from advisor import experiments, travel

    if flags.on and (flags.bundle or flags.sky):
        raise UsageError("--on: runs it now; leave --bundle and --sky out, or --on")
    hour = _hour(flags, where) if flags.sky else None
    if hour is not None:
        flags = replace(flags, usd_per_hour=hour.range.p50)
    prepared = experiments.prepare(plan, where, limits_of(flags), again=True)
    bundle = travel.bundle_of(
        plan,
        brief,
        with_rows=flags.with_rows,
        minutes=flags.minutes,
        max_usd=flags.max_usd,
        usd_per_hour=flags.usd_per_hour,
        examples=run_of[0] if run_of else None,
        epochs=run_of[1] if run_of else 1.0,
        everything=_everything(),
    )
    if flags.on:
        _by_ssh(plan, bundle, prepared, flags, brief)
    elif flags.dry_run:
        show_plan(prepared, flags, [f"bundle    {bundle.announcement}"])
    else:
        _write_files(bundle, prepared, flags, hour)


def _write_files(
    bundle: Bundle, prepared: Prepared, flags: RunFlags, hour: Quantity | None
) -> None:
    """The bundle, and its task where one is asked for, after the plan and its price."""
    for line in plan_lines(prepared):
        output.say(line)
    if flags.sky and hour is not None:
        _write_task(bundle, prepared, flags.sky, flags.bundle, hour)
        return
    assert flags.bundle is not None
    _write(flags.bundle, bundle)
    output.say(
        f"next      advisor calibrate run {flags.bundle.name}, on the machine with the GPU; then "
        "advisor runs import its result here"
    )


def _everything() -> bool:
    """Whether --all was given, for commands that have it."""
    return bool(click.get_current_context().params.get("everything", True))


def _hour(flags: RunFlags, where: Machine) -> Quantity:
    """The price of an hour: as stated, else the median of our table. Raises UsageError."""
    from advisor import facts
    from advisor.store.folders import folders

    if where.gpu is None:
        raise UsageError("--sky: name the GPU to rent with --gpu, such as --gpu L40S")
    if flags.usd_per_hour is not None:
        return Quantity(
            Range.exact(flags.usd_per_hour), "USD/h", Basis.QUOTED, "--usd-per-hour", ""
        )
    return facts.load(folders().config).gpu_usd_per_hour(where.gpu.name)


def _write(path: Path, bundle: Bundle) -> None:
    output.save(path, bundle.text)
    output.say(f"bundle    {bundle.announcement}; nothing has left this machine")


def _write_task(
    bundle: Bundle, prepared: Prepared, task: Path, beside: Path | None, hour: Quantity
) -> None:
    """The task, with its bundle beside it."""
    from advisor import travel

    count = max(int(t.spec.get("processes", 1)) for t in bundle.plan.trials)
    where = prepared.machine
    assert where.gpu is not None
    rented = travel.SkyPlan(where.gpu, count, hour, prepared.forecast.seconds)
    path = beside or task.with_suffix(BUNDLE_ENDING)
    text = travel.sky_task(bundle, path, task, rented)
    _write(path, bundle)
    output.save(task, text)
    for line in travel.price_lines(rented):
        output.say(line)


def _by_ssh(
    plan: ExperimentPlan,
    bundle: Bundle,
    prepared: Prepared,
    flags: RunFlags,
    brief: Brief | None,
) -> None:
    """All three steps: send the bundle, run it there, keep the record here."""
    from advisor import experiments, travel

    remote = travel.Remote.of(flags.on, flags.remote_command)
    travel.check_models_travel(plan)
    call = remote.call(again=flags.again, allow_busy=flags.allow_busy)
    leaves = [
        f"leaves    by OpenSSH to {remote.host}: {bundle.announcement}",
        f"and       the command line, {len(call.encode())} bytes: {call}",
    ]
    if flags.dry_run:
        show_plan(prepared, flags, leaves)
        return
    for line in (*plan_lines(prepared), *leaves):
        output.say(line)
    document = _fetched(bundle, remote, call)
    travel.check_answered(document, remote.host)
    imported = travel.take_in(document, f"ssh://{remote.host}")
    record = experiments.run_record(imported.run_id)
    output.say(f"kept as run {imported.run_id}")
    show_run(record, flags, brief=brief)
    leave(record)


def _fetched(bundle: Bundle, remote: Remote, call: str) -> JsonObject:
    from advisor import travel

    with interruptible() as cancel:
        return travel.over_ssh(bundle, remote, call, say=output.say, cancel=cancel)
