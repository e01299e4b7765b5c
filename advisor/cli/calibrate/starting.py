"""Starts a calibration where it belongs: on this machine, or on its way to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from advisor.cli.calibrate import elsewhere
from advisor.cli.calibrate.options import RunFlags
from advisor.cli.calibrate.running import RunOf, leave, limits_of, run_here, show_plan, show_run
from advisor.core.experiment import ExperimentPlan, RunRecord, SteeringPolicy

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.experiments import Machine


def go(
    plan: ExperimentPlan,
    where: Machine,
    flags: RunFlags,
    *,
    steering: Callable[[], SteeringPolicy | None] = lambda: None,
    brief: Brief | None = None,
    run_of: RunOf | None = None,
) -> None:
    """Show plan and price, then run unless asked not to; exit as the run ended.

    A run for another machine is sent there; `steering` makes the policy of one that runs here.
    """
    if flags.runs_elsewhere:
        elsewhere.send(plan, where, flags, brief=brief, run_of=run_of)
        return
    from advisor import experiments

    policy = steering()
    prepared = experiments.prepare(plan, where, limits_of(flags), again=flags.again, policy=policy)
    if flags.dry_run:
        show_plan(prepared, flags)
        return
    record = run_here(prepared)
    show_run(record, flags, brief=brief, projected=_projected(plan, record, run_of))
    leave(record)


def _projected(plan: ExperimentPlan, record: RunRecord, run_of: RunOf | None) -> Sequence[Any]:
    from advisor import experiments

    return experiments.projections(plan, record, *run_of) if run_of else ()
