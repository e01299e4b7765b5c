"""A bundle on the machine that measures: its plan, bound to the GPU and the folders found here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor import experiments
from advisor.calibrate import hub
from advisor.calibrate.model_folder import model_folder
from advisor.calibrate.throughput_records import ThroughputSpec
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan
from advisor.experiments.machines import Machine
from advisor.experiments.planning import throughput_plan
from advisor.travel.bundle import DAMAGE, Bundle, damaged, models_of, with_folders

if TYPE_CHECKING:
    from advisor.facts import Facts


def bound_here(
    bundle: Bundle, facts: Facts, gpu: str, model: Path | None, name: str
) -> tuple[ExperimentPlan, Machine]:
    """The plan of the bundle in the file `name` for this machine, and where it runs.

    Raises UsageError as `place_here` and `plan_here`, and where its parts do not fit together.
    """
    try:
        where = place_here(bundle.plan, facts, gpu)
        return plan_here(bundle.plan, where, model), where
    except DAMAGE as error:
        raise damaged(name, error) from None


def place_here(plan: ExperimentPlan, facts: Facts, gpu: str) -> Machine:
    """Where on this machine the plan runs: `gpu` by index or name.

    Raises UsageError where the GPUs it asks for are not here.
    """
    wanted = "none" if plan.device == "cpu" and gpu == "auto" else gpu
    processes = max((int(t.spec.get("processes", 1)) for t in plan.trials), default=1)
    return experiments.machine(facts, wanted, processes)


def plan_here(plan: ExperimentPlan, where: Machine, model: Path | None = None) -> ExperimentPlan:
    """The plan for this machine: its device and name, slices where a whole model does not fit, and
    the folder of a local model.

    Raises UsageError where the model is not the one that was planned with.
    """
    if plan.kind == "throughput":
        return _throughput_here(plan, where)
    bound = replace(plan, device=where.device, shared={**plan.shared, "machine": where.name})
    return _with_models(bound, model)


def _throughput_here(plan: ExperimentPlan, where: Machine) -> ExperimentPlan:
    specs = [ThroughputSpec.from_json(trial.spec) for trial in plan.trials]
    if any(spec.layers for spec in specs):
        shared = {**plan.shared, "machine": where.name}
        return replace(plan, device=where.device, shared=shared)
    return throughput_plan(specs, plan.shared["lengths"], where, seed=plan.seed)


def _with_models(plan: ExperimentPlan, stated: Path | None) -> ExperimentPlan:
    """The plan with the folders its models have here: the hub's cache, the sample, `stated`."""
    sample, *_ = experiments.pocket()
    local = [model_folder(sample), *([model_folder(stated)] if stated is not None else [])]
    here = {weights.weights: weights.folder for weights in local}
    for name, planned in models_of(plan).items():
        if planned.hub is not None:
            here[name] = hub.weights(planned.hub).folder
        elif name not in here:
            raise UsageError(_other_model(planned.folder, stated))
    return with_folders(plan, here)


def _other_model(planned: str, stated: Path | None) -> str:
    if stated is None:
        return (
            f"the plan reads a local model, {planned}, which does not travel; copy its folder here "
            "and add --model FOLDER"
        )
    return f"--model {stated}: not the weights that were planned with ({planned}); copy those here"


def check_models_travel(plan: ExperimentPlan) -> None:
    """Raises UsageError where a plan for a remote machine reads a local folder that is not there.

    The sample comes with the program, models of the hub are downloaded there.
    """
    sample = model_folder(experiments.pocket()[0]).weights
    for name, model in models_of(plan).items():
        if model.hub is None and name != sample:
            raise UsageError(
                f"--model {Path(model.folder).name}: a local folder is not sent; name the model on "
                "the hub, or use --bundle and, there, `advisor calibrate run FILE --model FOLDER`"
            )
