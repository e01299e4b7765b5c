"""From a wish and the brief to a run with its price.

No Textual here; everything heavy is imported when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.core.errors import UsageError
from advisor.tui.wish import PROMPTS, QUALITY, SAMPLE, Wish

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.experiment import Plan
    from advisor.core.quantity import Range
    from advisor.experiments import Machine, Prepared
    from advisor.pipeline import Surroundings

LIBRARIES = ("torch", "transformers", "peft")
MOST_RECORDED = 50


def prepared(wish: Wish, brief: Brief, around: Surroundings) -> Prepared:
    """What would run, with its price. Raises UsageError where it cannot or may not."""
    from advisor import experiments

    if wish.what == PROMPTS:
        where = experiments.endpoint(wish.url)
    else:
        where = experiments.machine(around.facts, wish.gpu or "auto")
    bounds = experiments.Limits(wish.minutes, wish.max_usd, _hour(wish, brief, where), wish.busy_ok)
    return experiments.prepare(_plan(wish, brief, around, where), where, bounds, again=wish.again)


def _plan(wish: Wish, brief: Brief, around: Surroundings, where: Machine) -> Plan:
    from advisor.experiments import planning
    from advisor.experiments.material import material

    if wish.what == SAMPLE:
        return planning.sample_plan(where, around.facts)
    if wish.what in (QUALITY, PROMPTS) and not brief.data.path:
        raise UsageError(
            "data.path: the brief names no rows to score on; name a file under Brief, Data, path"
        )
    if wish.what == QUALITY:
        if not wish.folder:
            raise UsageError("folder: name the folder that holds the weights")
        own: dict[str, Any] = {"methods": wish.methods} if wish.methods else {}
        folder = (
            Path(brief.folder) / Path(wish.folder).expanduser()
        ).resolve()  # never a name on the hub
        return planning.quality_plan(
            material(brief), folder, where, around.facts, as_model=wish.as_model, **own
        )
    if wish.what == PROMPTS:
        if not wish.url or not wish.served_model:
            raise UsageError("url, served model: name the endpoint and the model there")
        return planning.prompts_plan(
            material(brief),
            wish.url,
            wish.served_model,
            around.facts,
            as_model=wish.as_model,
            max_usd=wish.max_usd,
            input_usd=wish.input_usd,
            output_usd=wish.output_usd,
        )
    setups = planning.brief_setups(brief, around, where, models=wish.models, methods=wish.methods)
    return planning.throughput_plan(
        setups, planning.brief_lengths(brief, around, setups[0].model_name), where
    )


def _hour(wish: Wish, brief: Brief, where: Machine) -> Range | None:
    """As said here; else the brief's price where it speaks of the card that the run is on; else not
    known.
    """
    named = (
        brief.hardware.gpu.lower() in ("auto", where.gpu.name.lower())
        if where.gpu is not None
        else False
    )
    told = (
        brief.hardware.usd_per_hour if named and "hardware.usd_per_hour" in brief.origins else None
    )
    return wish.usd_per_hour or told


def missing(wish: Wish) -> str:
    """What has to be installed before this can run, in one line; empty where nothing.

    Imports nothing of it.
    """
    from advisor.experiments.running import INSTALL

    return "" if wish.what == PROMPTS or all(find_spec(name) for name in LIBRARIES) else INSTALL


def recordings() -> tuple[tuple[str, str], ...]:
    """(name, a line about it) of own runs, the newest first, then of those that come along."""
    return (*_own(), *_shipped())


def _own() -> Iterator[tuple[str, str]]:
    from advisor import experiments

    for run in experiments.runs(MOST_RECORDED):
        if run.kind != "imported":
            answers = f"{run.done} of {run.trials} answered"
            yield (
                str(run.id),
                f"{run.kind}, {run.status.value}, {answers}, {run.started_at[:16]}: {run.name}",
            )


def _shipped() -> Iterator[tuple[str, str]]:
    from advisor import experiments, shipped

    for file in sorted((shipped.folder("calibration") / "reference").glob("*.jsonl")):
        first = next(
            (e for e in experiments.recorded_events(file.stem) if e.kind == "planned"), None
        )
        yield (
            file.stem,
            "comes along: " + (str(first.fields.get("name", "")) if first is not None else "a run"),
        )
