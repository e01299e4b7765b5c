"""From a run request and the brief to a run with its price.

No Textual here; everything heavy is imported when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.core.errors import UsageError
from advisor.tui.model.run_request import PROMPTS, QUALITY, SAMPLE, CalibrationRequest

if TYPE_CHECKING:
    from advisor.calibrate.prompts_plan import PromptOptions
    from advisor.core.brief import Brief
    from advisor.core.experiment import ExperimentPlan
    from advisor.core.probes import DataReport, HardwareReport
    from advisor.core.quantity import Range
    from advisor.experiments import Machine, Prepared
    from advisor.experiments.datasets import Material
    from advisor.judging.surroundings import Surroundings

LIBRARIES = ("torch", "transformers", "peft")
MOST_RECORDED = 50


def prepared(
    request: CalibrationRequest,
    brief: Brief,
    data: DataReport | None,
    hardware: HardwareReport | None,
) -> Prepared:
    """What would run, with its price. Raises UsageError where it cannot or may not."""
    from advisor import experiments, facts
    from advisor.judging.surroundings import Surroundings
    from advisor.store.folders import folders

    price_file = Path(brief.folder) / brief.prices.file if brief.prices.file else None
    book = facts.load(folders().config, price_file)
    around = Surroundings(book, data, hardware, traffic=None)

    if request.asks_endpoint:
        if not request.url or not request.served_model:
            raise UsageError("url, served model: name the endpoint and its model")
        where = experiments.endpoint(request.url)
    else:
        where = experiments.machine(around.facts, request.gpu or "auto")
    hour = _usd_per_hour(request, brief, where)
    limits = experiments.Limits(request.minutes, request.max_usd, hour, request.allow_busy)
    plan = _plan(request, brief, around, where)
    return experiments.prepare(plan, where, limits, again=request.again)


def _plan(
    request: CalibrationRequest, brief: Brief, around: Surroundings, where: Machine
) -> ExperimentPlan:
    from advisor.experiments import planning

    if request.what == SAMPLE:
        return planning.sample_plan(where, around.facts)
    if request.what == QUALITY:
        return _quality_plan(request, brief, around, where)
    if request.what == PROMPTS:
        return _prompts_plan(request, brief, around, where)
    setups = planning.brief_setups(
        brief, around, where, models=request.models, methods=request.methods
    )
    lengths = planning.brief_lengths(brief, around, setups[0].model_name)
    return planning.throughput_plan(setups, lengths, where)


def _quality_plan(
    request: CalibrationRequest, brief: Brief, around: Surroundings, where: Machine
) -> ExperimentPlan:
    from advisor.experiments import planning
    from advisor.experiments.datasets import material

    _require_rows(brief)
    plan = partial(
        planning.quality_plan,
        material(brief),
        weights_folder(request, brief),
        where,
        around.facts,
        as_model=request.as_model,
    )
    return plan(methods=request.methods) if request.methods else plan()


def weights_folder(request: CalibrationRequest, brief: Brief) -> Path:
    """The folder of the request, absolute, so that it is never taken for a name on the hub.

    Raises UsageError where it names none.
    """
    if not request.folder:
        raise UsageError("folder: name the folder that contains the weights")
    return (Path(brief.folder) / Path(request.folder).expanduser()).resolve()


def _prompts_plan(
    request: CalibrationRequest, brief: Brief, around: Surroundings, where: Machine
) -> ExperimentPlan:
    """As `advisor calibrate prompts` plans by the same choices."""
    from advisor.experiments import planning
    from advisor.experiments.chosen_prompts import prompt_options
    from advisor.experiments.datasets import material

    _require_rows(brief)
    rows = material(brief, group_field=request.group_field)
    url = request.url if request.asks_endpoint else ""
    options = prompt_options(request.prompt, url, Path(brief.folder))
    if url:
        plan = partial(_endpoint_plan, request, rows, around, options)
    else:
        folder = weights_folder(request, brief)
        plan = partial(planning.local_prompts_plan, rows, folder, where, around.facts, options)
    return plan(as_model=request.as_model, items=request.items, development=request.development)


def _endpoint_plan(
    request: CalibrationRequest,
    rows: Material,
    around: Surroundings,
    options: PromptOptions,
    **shares: Any,
) -> ExperimentPlan:
    from advisor.experiments import planning

    return planning.prompts_plan(
        rows,
        request.url,
        request.served_model,
        around.facts,
        options=options,
        key_env=request.key_env or "OPENAI_API_KEY",
        max_usd=request.max_usd,
        input_usd=request.input_usd,
        output_usd=request.output_usd,
        at_once=request.at_once,
        max_tokens=request.max_tokens,
        send_anyway=request.send_anyway,
        **shares,
    )


def _require_rows(brief: Brief) -> None:
    if not brief.data.path:
        raise UsageError(
            "data.path: the brief names no rows to score on; name a file under Brief, Data, path"
        )


def _usd_per_hour(request: CalibrationRequest, brief: Brief, where: Machine) -> Range | None:
    """The price of the request; else that of the brief where it names the GPU of the run."""
    if request.usd_per_hour or where.gpu is None:
        return request.usd_per_hour
    same_gpu = brief.hardware.gpu.lower() in ("auto", where.gpu.name.lower())
    stated = "hardware.usd_per_hour" in brief.origins
    return brief.hardware.usd_per_hour if same_gpu and stated else None


def leaves(prepared: Prepared) -> list[str]:
    """What would leave this machine, with its bytes and the kinds of personal data in it."""
    from advisor.experiments.leaving import leaving

    if prepared.machine.device != "endpoint":
        return []
    first, *rest = leaving(prepared.plan)
    sent = first.removeprefix("leaves this machine: ")
    return [sent, *rest, f"to {prepared.machine.name}"]


def missing(request: CalibrationRequest) -> str:
    """What has to be installed before this can run, in one line; empty where nothing.

    Imports nothing of it.
    """
    from advisor.experiments.running import INSTALL

    return "" if request.asks_endpoint or all(find_spec(name) for name in LIBRARIES) else INSTALL


def recordings() -> tuple[tuple[str, str], ...]:
    """(name, a line about it) of own runs, the newest first, then of those that are included."""
    return (*_own(), *_shipped())


def _own() -> Iterator[tuple[str, str]]:
    from advisor import experiments

    origins = experiments.origins()
    for run in experiments.runs(MOST_RECORDED):
        answers = f"{run.done} of {run.trials} answered"
        about = f"{run.kind}, {run.status.value}, {answers}, {run.started_at[:16]}: {run.name}"
        origin = origins.get(run.id)
        yield str(run.id), f"{about}, from {origin}" if origin else about


def _shipped() -> Iterator[tuple[str, str]]:
    from advisor import experiments, shipped

    for file in sorted((shipped.folder("calibration") / "reference").glob("*.jsonl")):
        first = next(
            (e for e in experiments.recorded_events(file.stem) if e.kind == "planned"), None
        )
        yield (
            file.stem,
            "included: " + (str(first.fields.get("name", "")) if first is not None else "a run"),
        )
