"""The training run behind a calibration or an option, as a recipe for a trainer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from advisor.calibrate.methods import usual_rate
from advisor.calibrate.quality_records import QualityResult, QualitySpec
from advisor.calibrate.throughput import whole_length
from advisor.calibrate.throughput_records import ThroughputResult, ThroughputSpec
from advisor.core.brief import Brief
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.experiment import JsonObject, RunRecord, Status, TrialOutcome
from advisor.core.option import Option, Place
from advisor.core.setting import Setting
from advisor.core.training import TrainingRun
from advisor.estimate.training.request import RunRequest, to_run
from advisor.estimate.tuning import training_technique
from advisor.trainers.recipe import CHAT, PAIRS, PREFERENCES, Recipe, TrainingRows

if TYPE_CHECKING:
    from advisor.facts import Facts
    from advisor.pipeline import Surroundings

BYTES_PER_PARAM = 2.0
EXAMPLES_PER_STEP = 16
"""Of QLoRA (Dettmers et al. 2023, table 9), whose learning rates are the usual ones here."""

LOOKED_AT = 100
"""TrainingRows from which the form of a data file is told."""


def of_request(request: RunRequest, rows: TrainingRows, facts: Facts) -> Recipe:
    """The recipe of a run on GPUs. Raises UsageError for an unknown model or GPU."""
    model = facts.model(request.model)
    gpu = facts.gpu(request.gpu) if request.gpu else None
    run = to_run(request, model, float(model.params), gpu)
    rate = _rate(run, float(model.params))
    return Recipe(request, run, facts.hub_name(request.model), rows, rate)


def _rate(run: TrainingRun, params: float) -> float:
    return usual_rate(run.method, BYTES_PER_PARAM * params, run.objective)


def of_run(record: RunRecord, rows: TrainingRows, facts: Facts) -> Recipe:
    """The fastest trial of a throughput run, or the best tuned one of a quality run.

    Raises UsageError where no trial trained a model that the tables know.
    """
    trials = {t["digest"]: t for t in record.plan.get("trials", ())}
    done = [
        (trials[o.digest], o)
        for o in record.outcomes
        if o.status is Status.DONE and o.digest in trials
    ]
    if record.summary.kind == "throughput":
        return of_request(_of_speed(record, done, facts), rows, facts)
    tuned = [(t, o) for t, o in done if t["spec"].get("approach") == "tune"]
    if not tuned:
        raise UsageError(
            f"run {record.summary.id}: trained nothing; name a throughput or quality run, or an "
            "option with --brief"
        )
    return _of_scores(record, tuned, rows, facts)


def _of_speed(
    record: RunRecord, done: Sequence[tuple[JsonObject, TrialOutcome]], facts: Facts
) -> RunRequest:
    if not done:
        raise UsageError(f"run {record.summary.id}: no trial was finished; name another run")
    trial, outcome = max(done, key=lambda pair: pair[1].result.get("tokens_per_second") or 0.0)
    spec = ThroughputSpec.from_json(trial["spec"])
    result = ThroughputResult.from_json(outcome.result)
    lengths = record.plan.get("shared", {}).get("lengths", ())
    cut = [min(whole_length(n), spec.seq_len) for n in lengths] or [spec.seq_len]
    device = record.summary.device
    gpu = next((g.name for g in facts.gpus if device in g.driver_names), None)
    return RunRequest(
        model=spec.model_name,
        method=spec.method,
        rank=spec.rank,
        targets=spec.targets,
        dtype=result.dtype if gpu and result.dtype else None,
        optimizer=spec.optimizer,
        micro_batch=result.micro_batch or spec.micro_batch,
        grad_accum=spec.grad_accum,
        seq_len=spec.seq_len if spec.packed else max(cut),
        packed=spec.packed,
        mean_tokens=None if spec.packed else fmean(cut),
        checkpointing=spec.checkpointing,
        attention=spec.attention.replace("flash_attention_2", "flash"),
        gpu=gpu,
        gpus=spec.processes,
        sharding=spec.sharding if spec.processes > 1 else "none",
    )


def _of_scores(
    record: RunRecord,
    tuned: Sequence[tuple[JsonObject, TrialOutcome]],
    rows: TrainingRows,
    facts: Facts,
) -> Recipe:
    trial, _ = max(tuned, key=lambda pair: QualityResult.from_json(pair[1].result).score or 0.0)
    spec = QualitySpec.from_json(trial["spec"])
    name = record.plan.get("about", {}).get("model") or (
        Path(spec.model.folder).name if spec.model is not None else ""
    )
    request = RunRequest(
        model=name,
        method=spec.method or "lora",
        rank=spec.rank or 16,
        targets=spec.targets or "all-linear",
        micro_batch=spec.batch,
        seq_len=spec.seq_len,
        examples=float(spec.train_examples),
        epochs=float(spec.epochs or 1),
    )
    recipe = of_request(request, rows, facts)
    hub = spec.model.hub if spec.model is not None else None
    return replace(
        recipe,
        weights=hub.partition("@")[0] if hub else recipe.weights,
        learning_rate=spec.learning_rate or recipe.learning_rate,
        seed=spec.seed,
    )


def of_option(brief: Brief, around: Surroundings, name: str, rows: TrainingRows) -> Recipe:
    """The training of an option by its id, with or without how it is served.

    Raises UsageError where there is no such option, or it trains nothing that a tool could run.
    """
    from advisor.pipeline import evaluation

    every = evaluation(brief, around)
    trained = {o.id: o for o in every.options if o.approach in ("tune", "hybrid") and not o.as_is}
    wanted = name.lower()
    named = (o for o in trained.values() if wanted in (o.id.lower(), o.skill.lower()))
    option = next(named, None)
    if option is None:
        listed = ", ".join(sorted({o.skill for o in trained.values()})) or "none here"
        raise UsageError(
            f"{name}: not a trained option of the brief (those are {listed})"
            f"{did_you_mean(name, trained)}"
        )
    if option.serving.place is Place.HOSTED:
        return _hosted(every.brief, every.setting, option, rows, around.facts)
    technique = training_technique(option, every.setting)
    estimate = every.setting.training.get((option.model.lower(), technique))
    if estimate is None or estimate.run.model is None:
        raise UsageError(
            f"{option.id}: its training is not estimated, so there is nothing to reproduce; name "
            "hardware.gpu in the brief, or another option"
        )
    run = _in_usual_steps(estimate.run)
    assert run.model is not None
    rate = _rate(run, float(run.model.params))
    return Recipe(request_of(run), run, around.facts.hub_name(option.model), rows, rate)


def _in_usual_steps(run: TrainingRun) -> TrainingRun:
    """The run with as many micro-batches per optimiser step as the usual learning rates are for."""
    per_step = run.micro_batch * run.gpus
    return replace(run, grad_accum=max(run.grad_accum, -(-EXAMPLES_PER_STEP // per_step)))


def _hosted(
    brief: Brief, setting: Setting, option: Option, rows: TrainingRows, facts: Facts
) -> Recipe:
    price = setting.tuned_price(option.model, option.provider)
    if price is None:
        raise UsageError(f"{option.id}: no provider's price of its training is known")
    per_example = brief.data.tokens_per_example
    traffic = brief.traffic
    mean = (
        per_example.likely
        if per_example is not None
        else brief.tuning.static_tokens.likely
        + traffic.input_tokens.likely
        + traffic.output_tokens.likely
    )
    longest = setting.data.max_tokens if setting.data is not None else None
    request = RunRequest(
        model=option.model,
        provider=price.provider,
        method="lora",
        examples=brief.data.examples.likely,
        mean_tokens=mean,
        epochs=brief.tuning.epochs.likely,
        micro_batch=8,
        seq_len=max(16, round(longest or 4096)),
    )
    return Recipe(request, None, facts.hub_name(option.model), rows, usual_rate("lora", 1e12))


def at_provider(recipe: Recipe, provider: str, facts: Facts) -> Recipe:
    """The recipe as a job of this provider.

    Raises UsageError where it does not tune the model by our table.
    """
    from advisor.core.dates import today

    model = recipe.request.model
    offers = facts.tuning_prices(model, today())
    if not any(price.provider == provider for price in offers):
        others = ", ".join(sorted({price.provider for price in offers})) or "none that we know"
        raise UsageError(
            f"--to {provider}: does not tune {model} by our table (others: {others}); see "
            "`advisor facts tuning`"
        )
    return replace(recipe, request=replace(recipe.request, provider=provider))


def request_of(run: TrainingRun) -> RunRequest:
    """The flags that a run stands for."""
    return RunRequest(
        model=run.model_name,
        method=run.method,
        rank=run.rank,
        targets=run.targets or "all-linear",
        quantization=run.quantization if run.method != "full" else None,
        dtype=run.dtype,
        compute=run.compute_dtype,
        optimizer=run.optimizer,
        micro_batch=run.micro_batch,
        grad_accum=run.grad_accum,
        seq_len=run.seq_len,
        packed=run.packed,
        batches=None if run.padding_free is None else _batches(run.padding_free),
        mean_tokens=run.mean_tokens,
        longest_tokens=run.longest_tokens,
        checkpointing=run.checkpointing,
        attention=run.attention,
        fused_loss=run.fused_loss,
        offload=run.offload,
        compiled=run.compile,
        gpu=run.gpu_name or None,
        gpus=run.gpus,
        free_memory_gib=run.free_memory_gib,
        sharding=run.sharding,
        tp=run.tensor_parallel,
        pp=run.pipeline_parallel,
        cp=run.context_parallel,
        framework=run.framework,
        examples=run.examples,
        epochs=run.epochs,
        objective=run.objective,
        eval_examples=run.eval_examples,
        evaluations=run.evaluations,
    )


def _batches(padding_free: bool) -> str:
    return "padding-free" if padding_free else "plain"


def rows_of(path: Path | None) -> TrainingRows:
    """The data file and its form: chat, pairs or preferences; as in our examples where none is
    named.

    Raises UsageError where it cannot be read.
    """
    if path is None:
        return TrainingRows()
    from itertools import islice

    from advisor.probe.files.rows import read

    first = [row.value for row in islice(read(path), LOOKED_AT) if row.value is not None]
    if not first:
        raise UsageError(f"{path}: no usable rows; see `advisor data {path}`")
    keys = dict.fromkeys(key for row in first for key in row)
    if {"chosen", "rejected"} <= set(keys):
        return TrainingRows(str(path), PREFERENCES, _one_of(keys, ("prompt", "question")), "chosen")
    lists = [key for key in keys if isinstance(first[0].get(key), list)]
    messages = _one_of(dict.fromkeys(lists), ("messages", "conversations", "conversation"))
    if messages:
        return TrainingRows(str(path), CHAT, messages, "")
    from advisor.probe.forms.fields import recognise

    fields = recognise(first, "", "", str(path))
    return TrainingRows(str(path), PAIRS, fields.prompt, fields.answer)


def _one_of(keys: dict[str, None], names: tuple[str, ...]) -> str:
    return next((name for name in names if name in keys), next(iter(keys), ""))
