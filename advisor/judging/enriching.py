"""The brief with all that the probes and our tables add to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.core.brief import APPROACHES, Brief, Origin, Score
from advisor.core.dates import today
from advisor.core.errors import UsageError
from advisor.core.precision import fitting_bits
from advisor.core.probes import HardwareReport, ResultsReport
from advisor.core.quantity import Basis, Range
from advisor.core.sections.traffic import Retrieval
from advisor.core.techniques import technique_of
from advisor.judging.surroundings import Surroundings

if TYPE_CHECKING:
    from advisor.facts import Facts
    from advisor.facts.candidates import Candidate

RENTED_GPU = "L40S"
"""The GPU to rent where the brief says auto and there is none here: the cheapest one of 48 GB with
published runs.
"""


def inform(brief: Brief, surroundings: Surroundings) -> Brief:
    """The brief with what the probes measured, the date, the GPU, and our candidates where it
    names no models.
    """
    if surroundings.data is not None:
        from advisor.probe.proposals import apply

        brief = apply(surroundings.data, brief)
    if brief.segments:
        from advisor.decide.segments import with_counts

        brief = with_counts(brief)
    if surroundings.results is not None:
        brief = _with_results(brief, surroundings.results)
    if brief.as_of is None:
        day = today()
        brief = brief.answered(
            "as_of", day, Origin(Basis.MEASURED, "the clock of this machine", day.isoformat())
        )
    brief = _with_scores(_with_candidates(brief, surroundings.facts), surroundings)
    brief = _with_documents(brief)
    return with_gpu(_with_roles(brief), surroundings.hardware)


def _with_roles(brief: Brief) -> Brief:
    """The rate of an hour as the roles share it, where the brief states roles and no rate."""
    roles = brief.team.roles
    if not roles or "team.hourly_usd" in brief.origins:
        return brief
    ends = (
        sum(role.share * (end or 0.0) for role, end in zip(roles, points, strict=True))
        for points in zip(*((r.p10, r.p50, r.p90) for r in (x.hourly_usd for x in roles)),
                          strict=True)
    )  # fmt: skip
    origin = replace(brief.origin("team.roles"), basis=Basis.QUOTED)
    return brief.answered("team.hourly_usd", Range(*ends), origin)


def _with_results(brief: Brief, report: ResultsReport) -> Brief:
    """Scores per item count as measured for the options that the brief gives no score of."""
    stated = {s.skill for s in brief.quality.measured}
    scores = []
    for name in report.means.keys() - stated:
        approach, _, rest = name.partition("/")
        technique, _, model = rest.partition("@")
        if approach in APPROACHES and model:
            scores.append(Score(approach, technique, model, report.means[name], report.items[name]))
    measured = (
        *brief.quality.measured,
        *sorted(scores, key=lambda s: (s.approach, s.technique, s.model)),
    )
    return replace(brief, quality=replace(brief.quality, measured=measured))


def _with_scores(brief: Brief, surroundings: Surroundings) -> Brief:
    """Scores of own runs for the options that the brief gives no score of, with models called as
    the brief does.
    """
    stated = {(s.approach, s.technique, s.model.lower()) for s in brief.quality.measured}
    named = (*(brief.models.prompt or ()), *(brief.models.tune or ()))
    spelled = {
        model.name: name
        for name in named
        if (model := surroundings.facts.architecture(name)) is not None
    }
    scores = [replace(s, model=spelled.get(s.model, s.model)) for s in surroundings.scores]
    missing = [s for s in scores if (s.approach, s.technique, s.model.lower()) not in stated]
    if not missing:
        return brief
    return replace(
        brief, quality=replace(brief.quality, measured=(*brief.quality.measured, *missing))
    )


def _with_documents(brief: Brief) -> Brief:
    """The usual documents, as assumptions, where a score was measured with some and the brief
    describes none.
    """
    looked_up = any(technique_of(s.technique).retrieves for s in brief.quality.measured)
    if brief.retrieval is not None or not looked_up:
        return brief
    return replace(brief, retrieval=Retrieval())


def _with_candidates(brief: Brief, facts: Facts) -> Brief:
    """Our candidates, and every model that was measured, for a list of models that was left out;
    they stay assumptions.

    Where policy lets no hosted closed model through, open ones are prompted: those that are tuned.
    The team's own GPUs add the largest candidate that they have room for.
    """
    candidates = facts.candidates()
    models = brief.models
    task = brief.task.type
    suited = [c for c in candidates.tune if c.suits(task)]
    tuned = (*(c.model for c in suited if not c.large), *_largest_that_fits(brief, facts, suited))
    if models.prompt is None:
        prompted = tuple(c.model for c in candidates.prompt if c.suits(task))
        if not brief.policy.data_may_leave or brief.policy.open_weights_only:
            prompted = (*prompted, *_decoders(models.tune or tuned, facts))
        models = replace(models, prompt=_joined(prompted, _measured(brief, "prompt")))
    if models.tune is None:
        models = replace(models, tune=_joined(tuned, _measured(brief, "tune", "hybrid")))
    return replace(brief, models=models)


def _largest_that_fits(
    brief: Brief, facts: Facts, candidates: Iterable[Candidate]
) -> tuple[str, ...]:
    """The largest of the large candidates whose weights fit the team's own GPUs in 4 bits or more;
    none where the brief names no GPU.
    """
    hardware = brief.hardware
    if not hardware.owned or hardware.gpu.lower() in ("auto", "none"):
        return ()
    gpu = facts.gpu(hardware.gpu)
    shapes = ((c.model, facts.architecture(c.model)) for c in candidates if c.large)
    fitting = [
        (model.params, name)
        for name, model in shapes
        if model is not None and fitting_bits(model, gpu, hardware.count)
    ]
    return (max(fitting)[1],) if fitting else ()


def _decoders(names: Iterable[str], facts: Facts) -> tuple[str, ...]:
    """Models that write text, and so can be prompted on the team's own machines."""
    shapes = ((name, facts.architecture(name)) for name in names)
    return tuple(name for name, model in shapes if model is not None and model.kind == "decoder")


def _measured(brief: Brief, *approaches: str) -> tuple[str, ...]:
    return tuple(s.model for s in brief.quality.measured if s.approach in approaches)


def _joined(names: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """Both without doubles, whatever the case of their letters."""
    return tuple({name.lower(): name for name in (*more, *names)}.values())


def with_gpu(brief: Brief, hardware: HardwareReport | None) -> Brief:
    """`auto` is the local GPU where it is a known product, else a GPU to rent."""
    if brief.hardware.gpu.lower() != "auto":
        return brief
    local = (
        next((c for c in hardware.gpus if c.product and not c.hidden), None)
        if hardware is not None
        else None
    )
    if local is None and brief.hardware.owned:
        raise UsageError(
            "hardware.gpu: hardware.owned is true, but no GPU of this machine could be identified; "
            'name yours, such as hardware.gpu = "L40S" (see `advisor facts gpus`), or "none"'
        )
    if local is None:
        return replace(brief, hardware=replace(brief.hardware, gpu=RENTED_GPU, owned=False))
    owned = brief.hardware.owned if "hardware.owned" in brief.origins else True
    origin = Origin(
        Basis.MEASURED,
        "the driver of the local GPU",
        hardware.as_of if hardware is not None else "",
    )
    return replace(brief, hardware=replace(brief.hardware, owned=owned)).answered(
        "hardware.gpu", local.product, origin
    )
