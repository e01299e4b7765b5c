"""Plans of calibrations, with what a brief says where nothing else is said.

Both front ends plan by these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.calibrate import hub, quality, throughput
from advisor.calibrate import prompts_plan as prompts
from advisor.calibrate.embeddings import EmbeddingSource
from advisor.calibrate.local_prompts import local_prompts_plan as local_plan
from advisor.calibrate.model_folder import model_folder
from advisor.calibrate.prompts_plan import PromptOptions
from advisor.calibrate.quality_records import PromptsSpec
from advisor.calibrate.throughput_records import ThroughputSpec
from advisor.core.brief import Brief
from advisor.core.dates import today
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan
from advisor.endpoint.client import checked_address
from advisor.experiments.datasets import Material, model_name
from advisor.experiments.leaving import check_may_leave
from advisor.experiments.machines import Machine, slices_for
from advisor.experiments.rows import POCKET_TRAINING, lengths, pocket

if TYPE_CHECKING:
    from advisor.facts import Facts
    from advisor.pipeline import Surroundings

MEASURED_METHODS = ("full", "dora", "soft-prompt")
"""Methods that are planned only where the brief has a score of them; LoRA and, on a GPU, QLoRA
always are.
"""


def throughput_plan(
    setups: Sequence[ThroughputSpec],
    held_lengths: Sequence[int],
    where: Machine,
    slices: Sequence[int] = (),
    seed: int = 0,
) -> ExperimentPlan:
    """One trial a setup, or one a depth for those that do not fit into free memory.

    Raises UsageError.
    """
    parts = [
        throughput.plan(
            [setup],
            held_lengths,
            slices=slices or slices_for([setup], where),
            device=where.device,
            machine=where.name,
            seed=seed,
        )
        for setup in setups
    ]
    name = ", ".join(dict.fromkeys(part.name for part in parts))
    return replace(parts[0], name=name, trials=tuple(t for part in parts for t in part.trials))


def brief_setups(
    brief: Brief,
    around: Surroundings,
    where: Machine,
    *,
    models: Sequence[str] = (),
    methods: Sequence[str] = (),
    **own: Any,
) -> tuple[ThroughputSpec, ...]:
    """What to measure for a brief: its open models (our candidates where it names none) by its
    methods.

    `own` are fields of `ThroughputSpec`. Raises UsageError where no model of it can be trained on a
    machine of one's own.
    """
    from advisor.pipeline import inform

    informed = inform(brief, around)
    names = models or informed.models.tune or ()
    architectures = {name: around.facts.architecture(name) for name in names}
    sized = {
        name: model
        for name, model in architectures.items()
        if model is not None and model.kind == "decoder"
    }
    if not sized:
        raise UsageError(
            "models.tune: names no open decoder model; use --model, see `advisor facts models`"
        )
    return tuple(
        ThroughputSpec(model.name, throughput.architecture_of(model), method=method, **own)
        for name, model in sized.items()
        for method in methods or _methods(informed, name, where)
    )


def _methods(brief: Brief, model: str, where: Machine) -> tuple[str, ...]:
    """As the estimate tunes: LoRA, QLoRA where it can run, and what the brief has scores of."""
    scored = {
        s.technique
        for s in brief.quality.measured
        if s.approach == "tune" and s.model.lower() == model.lower()
    }
    on_gpu = ("qlora",) if where.device == "cuda" and find_spec("bitsandbytes") else ()
    return ("lora", *on_gpu, *(m for m in MEASURED_METHODS if m in scored))


def brief_lengths(brief: Brief, around: Surroundings, model: str = "") -> tuple[int, ...]:
    """Tokens of a training example: of the brief's rows, with the instructions that stay; else the
    mean it states.
    """
    from advisor.pipeline import inform

    informed = inform(brief, around)
    static = round(informed.tuning.static_tokens.likely)
    if brief.data.path:
        return tuple(n + static for n in lengths(Path(brief.folder) / brief.data.path, model))
    if informed.data.tokens_per_example is not None:
        return (max(round(informed.data.tokens_per_example.likely), 2),)
    usual = informed.traffic.input_tokens.likely + informed.traffic.output_tokens.likely
    return (max(round(usual) + static, 2),)


def quality_plan(
    rows: Material,
    model: Path | str,
    where: Machine,
    facts: Facts,
    *,
    as_model: str = "",
    items: int = quality.MOST_ITEMS,
    seed: int = 0,
    **own: Any,
) -> ExperimentPlan:
    """Every option of a model on `rows`; `own` are arguments of `calibrate.quality.plan`.

    Raises UsageError.

    `model` is a folder, or `org/name` on the hub, whose weights are downloaded when the run starts.

    The weights of the pocket model make a demonstration, wherever they lie and whatever they are
    called.
    """
    weights = hub.weights(str(model))
    plan = quality.plan(
        rows.task(items, seed),
        weights,
        seed=seed,
        device=where.device,
        machine=where.name,
        demonstration=weights.weights == model_folder(pocket()[0]).weights,
        **own,
    )
    return replace(plan, about=rows.about(model_name(Path(weights.folder), facts, as_model)))


def sample_plan(where: Machine, facts: Facts, *, metric: str = "", **own: Any) -> ExperimentPlan:
    """The pocket model and its task: a demonstration.

    What `own` leaves out is as suits a model this small.
    """
    folder, data, test, instruction = pocket()
    rows = Material(data, test, metric=metric, instruction=instruction)
    return quality_plan(rows, folder, where, facts, **{**POCKET_TRAINING, **own})


def prompts_plan(
    rows: Material,
    url: str,
    model: str,
    facts: Facts,
    *,
    as_model: str = "",
    items: int = 100,
    seed: int = 0,
    development: int = quality.DEVELOPMENT_ITEMS,
    send_anyway: bool = False,
    input_usd: float | None = None,
    output_usd: float | None = None,
    **own: Any,
) -> ExperimentPlan:
    """Prompt forms against an endpoint; `own` are arguments of `calibrate.prompts_plan`.

    Prices that are not given are looked up by the model's name. Raises UsageError, also where the
    rows may not leave this machine and `send_anyway` is not set.
    """
    if input_usd is None and output_usd is None and not checked_address(url).is_local:
        input_usd, output_usd = listed_price(facts, as_model or model)
    options = own.pop("options", None)
    plan = prompts.prompts_plan(
        rows.task(items, seed, development),
        url,
        model,
        seed=seed,
        input_usd=input_usd,
        output_usd=output_usd,
        options=_priced(options, facts) if options is not None else None,
        **own,
    )
    check_may_leave(plan, rows.brief, url, send_anyway=send_anyway)
    architecture = facts.architecture(as_model or model)
    return replace(
        plan,
        about=rows.about(as_model or (architecture.name if architecture is not None else model)),
    )


def _priced(options: PromptOptions, facts: Facts) -> PromptOptions:
    """With list prices of the judge and of the embeddings, where none are given."""
    judge = options.judge
    if judge is not None:
        options = replace(options, judge=replace(judge, spec=_listed(judge.spec, facts)))
    if options.embedding is not None and options.embedding.endpoint is not None:
        endpoint = _listed(options.embedding.endpoint, facts)
        options = replace(options, embedding=EmbeddingSource(endpoint=endpoint))
    return options


def _listed(spec: PromptsSpec, facts: Facts) -> PromptsSpec:
    """With the list price of its model where none is given; this machine charges nothing."""
    if spec.input_usd is not None or checked_address(spec.url).is_local:
        return spec
    read, written = listed_price(facts, spec.model, spec.output_usd)
    return replace(spec, input_usd=read, output_usd=written)


def listed_price(
    facts: Facts, model: str, written_usd: float | None = None
) -> tuple[float | None, float | None]:
    """USD per million tokens read and written, by the maker's list; None where it has none.

    `written_usd` is the price of what is written where it is known, 0 of embeddings.
    """
    for price in facts.token_prices(model, today()):
        written = price.output_usd if written_usd is None else written_usd
        if price.input_usd is not None and written is not None:
            return price.input_usd, written
    return None, None


def local_prompts_plan(
    rows: Material,
    model: Path | str,
    where: Machine,
    facts: Facts,
    options: PromptOptions,
    *,
    as_model: str = "",
    items: int = 100,
    seed: int = 0,
    development: int = quality.DEVELOPMENT_ITEMS,
    **own: Any,
) -> ExperimentPlan:
    """The same prompts on a model with weights, in a folder or on the hub. Raises UsageError."""
    weights = hub.weights(str(model))
    plan = local_plan(
        rows.task(items, seed, development),
        weights,
        options,
        seed=seed,
        device=where.device,
        machine=where.name,
        demonstration=weights.weights == model_folder(pocket()[0]).weights,
        **own,
    )
    return replace(plan, about=rows.about(model_name(Path(weights.folder), facts, as_model)))
