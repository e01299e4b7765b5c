"""`advisor estimate`: one training run - does it fit, how fast, how long, how much."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from advisor.cli import output
from advisor.core.errors import Exit, Infeasible, UsageError
from advisor.core.quantity import Basis, Quantity, Range

if TYPE_CHECKING:
    from advisor.core.facts import Gpu, Model
    from advisor.core.training import TrainingEstimate, TrainingMeasurement, TrainingRun
    from advisor.facts import Facts

METHODS = ("full", "lora", "qlora", "dora", "soft-prompt", "prefix", "ia3")
QUANTIZATIONS = ("none", "nf4", "int8", "gptq4", "awq4", "fp8")
OPTIMIZERS = ("adamw", "adamw8bit", "paged-adamw", "paged-adamw8bit", "sgd", "adafactor")
SHARDINGS = ("none", "ddp", "zero1", "zero2", "zero3", "fsdp", "tp", "pp")
FRAMEWORKS = (
    "hf",
    "trl",
    "torchtune",
    "litgpt",
    "unsloth",
    "nemo",
    "megatron",
    "axolotl",
    "torchtitan",
    "llm-foundry",
    "deepspeed",
    "ms-swift",
    "fsdp_qlora",
    "other",
)
BATCHES = {"plain": False, "sorted": True, "padding-free": True}
Command = TypeVar("Command", bound=Callable[..., Any])
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bm])", re.IGNORECASE)
POSITIVE = click.IntRange(min=1)
AMOUNT = click.FloatRange(min=0)


def _choice(
    name: str, words: tuple[str, ...], default: str, help: str
) -> Callable[[Command], Command]:
    return click.option(
        name, type=click.Choice(words), default=default, show_default=True, help=help
    )


@click.command("estimate")
@click.option(
    "--model", required=True, help="A model of `advisor facts models`, or a size such as 7B."
)
@_choice("--method", METHODS, "lora", "What is trained.")
@click.option("--rank", type=POSITIVE, default=16, show_default=True, help="Rank of the adapter.")
@click.option(
    "--targets",
    default="all-linear",
    show_default=True,
    help="attention, all-linear, or module names.",
)
@click.option(
    "--quantization",
    type=click.Choice(QUANTIZATIONS),
    help="Of frozen weights; default: nf4 with qlora.",
)
@_choice("--dtype", ("bf16", "fp16", "fp32"), "bf16", "Of the weights.")
@_choice(
    "--compute",
    ("", "mixed-bf16", "mixed-fp16", "fp8"),
    "",
    "Autocast or FP8; default: as the weights.",
)
@_choice("--optimizer", OPTIMIZERS, "adamw", "What updates the weights.")
@click.option(
    "--micro-batch", type=POSITIVE, default=1, show_default=True, help="Sequences a card and pass."
)
@click.option(
    "--grad-accum", type=POSITIVE, default=1, show_default=True, help="Micro-batches a step."
)
@click.option(
    "--seq-len", type=POSITIVE, default=2048, show_default=True, help="Longest sequence, in tokens."
)
@click.option(
    "--packed/--padded", default=False, help="Whether examples fill sequences; default: padded."
)
@click.option(
    "--batches",
    type=click.Choice(tuple(BATCHES)),
    help="As they come, or without padding; default: between.",
)
@click.option("--mean-tokens", type=click.FloatRange(min=1), help="Mean real tokens of an example.")
@_choice("--checkpointing", ("none", "full", "selective"), "none", "Activations computed again.")
@_choice("--attention", ("eager", "sdpa", "flash"), "sdpa", "How attention is computed.")
@_choice("--fused-loss", ("no", "kernel", "projection", "yes"), "no", "Whether logits stay whole.")
@_choice("--offload", ("none", "optimizer", "full"), "none", "What is kept in the host's memory.")
@click.option(
    "--compile/--no-compile", "compiled", default=False, help="Whether the model is compiled."
)
@click.option(
    "--gpu", help="A card of `advisor facts gpus`; left out: the cheapest to rent on which it fits."
)
@click.option(
    "--deadline-hours", type=AMOUNT, help="Without --gpu: the run must end within so many hours."
)
@click.option("--gpus", type=POSITIVE, default=1, show_default=True, help="How many cards.")
@click.option("--free-memory-gib", type=AMOUNT, help="Free on each card; default: the whole card.")
@_choice(
    "--sharding", SHARDINGS, "none", "How cards share the work; with several cards none means ddp."
)
@click.option("--tp", type=POSITIVE, default=1, help="Tensor-parallel degree.")
@click.option("--pp", type=POSITIVE, default=1, help="Pipeline-parallel degree.")
@click.option("--cp", type=POSITIVE, default=1, help="Context-parallel degree.")
@_choice("--framework", FRAMEWORKS, "hf", "What trains.")
@click.option(
    "--examples", type=AMOUNT, help="Training examples (or packed sequences) of one epoch."
)
@click.option(
    "--epochs", type=AMOUNT, default=1.0, show_default=True, help="Passes over the examples."
)
@click.option(
    "--usd-per-hour", type=AMOUNT, help="Price of one card; default: from our price table."
)
@click.option("--provider", default="", help="Take the price of this provider.")
@click.option(
    "--electricity-usd-per-kwh",
    type=AMOUNT,
    help="An owned card: what its power costs, instead of rent.",
)
@click.option(
    "--own-runs/--no-own-runs",
    default=True,
    help="Correct it by own runs of this kind; default: yes.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def command(as_json: bool, **given: Any) -> int:
    """One training run: does it fit, how long, how much?

    Exit codes: 0 it fits or is tight (or nobody knows), 2 bad input, 4 it does not fit.
    """
    from advisor import facts
    from advisor.estimate.training import record
    from advisor.store.folders import folders

    known = facts.load(folders().config)
    answer = _answer(known, given)
    found = record.as_object(answer) if as_json else None
    output.show(
        json.dumps(found, indent=1, allow_nan=False) + "\n"
        if found
        else record.as_text(answer, output.width())
    )
    return Exit.INFEASIBLE if answer.estimate.fits == "no" else Exit.DONE


def _answer(known: Facts, given: dict[str, Any]) -> Any:
    from advisor.estimate import training
    from advisor.estimate.training.record import Answer

    run = _run(known, given)
    if run.gpu is None:
        run = _on_cheapest_card(known, given, run)
    measured = _own_runs(known, run) if given["own_runs"] else ()
    found = training.estimate(run, measured)
    inputs = []
    if run.model is not None:
        inputs.append(
            ("model", str(Basis.PUBLISHED), run.model.cited.source, run.model.cited.as_of)
        )
    if run.gpu is not None:
        inputs.append(("card", str(Basis.PUBLISHED), run.gpu.cited.source, run.gpu.cited.as_of))
    if measured:
        inputs.append(
            ("own runs", str(Basis.MEASURED), f"{len(measured)} kept by `advisor runs`", "")
        )
    return Answer(
        estimate=found,
        cost_usd=_cost(known, given, found),
        largest_micro_batch=training.largest_micro_batch(run),
        ways=training.ways_to_fit(run) if found.fits in ("no", "tight") else (),
        free_gib=training.free_gib(run),
        trainable_params=training.trained(run),
        inputs=tuple(inputs),
    )


def _run(known: Facts, given: dict[str, Any]) -> TrainingRun:
    """The flags as the inputs of a run.

    Raises UsageError on an unknown model, card or target, or flags that clash.
    """
    from advisor.core.training import TrainingRun
    from advisor.estimate.training import trainable_params

    model, params = _model(known, given["model"])
    gpu: Gpu | None = known.gpu(given["gpu"]) if given["gpu"] else None
    method, quantization = given["method"], given["quantization"]
    if method == "full" and quantization not in (None, "none"):
        raise UsageError(
            f"--quantization {quantization}: weights that are trained cannot be quantised; use qlora"
        )
    if given["tp"] * given["pp"] * given["cp"] > given["gpus"]:
        raise UsageError("--tp × --pp × --cp: more than --gpus; raise --gpus or lower a degree")
    if given["mean_tokens"] and given["mean_tokens"] > given["seq_len"]:
        raise UsageError(
            "--mean-tokens: above --seq-len; the mean cannot exceed the longest sequence"
        )
    if model is not None and method != "full":
        trainable_params(model, method, given["rank"], given["targets"])
    assumed = () if given["packed"] or given["mean_tokens"] else ("mean_tokens",)
    several = "ddp" if given["gpus"] > 1 and given["tp"] * given["pp"] == 1 else "none"
    return TrainingRun(
        model_name=given["model"],
        model=model,
        params=params,
        gpu_name=gpu.name if gpu is not None else "",
        gpu=gpu,
        gpus=given["gpus"],
        method=method,
        rank=given["rank"],
        targets=given["targets"] if method in ("lora", "qlora", "dora", "ia3") else "",
        quantization=quantization or ("nf4" if method == "qlora" else "none"),
        dtype=given["dtype"],
        compute_dtype=given["compute"],
        optimizer=given["optimizer"],
        micro_batch=given["micro_batch"],
        grad_accum=given["grad_accum"],
        seq_len=given["seq_len"],
        mean_tokens=given["mean_tokens"],
        packed=given["packed"],
        padding_free=BATCHES.get(given["batches"]),
        checkpointing=given["checkpointing"],
        attention=given["attention"],
        fused_loss=given["fused_loss"],
        compile=given["compiled"],
        offload=given["offload"],
        sharding=several if given["sharding"] == "none" else given["sharding"],
        tensor_parallel=given["tp"],
        pipeline_parallel=given["pp"],
        context_parallel=given["cp"],
        framework=given["framework"],
        examples=given["examples"],
        epochs=given["epochs"],
        free_memory_gib=given["free_memory_gib"],
        assumed=assumed,
    )


def _own_runs(known: Facts, run: TrainingRun) -> tuple[TrainingMeasurement, ...]:
    """Calibrated and imported runs of this model and method on as many of these cards; none where
    none were kept.
    """
    from advisor.store.folders import folders

    if run.gpu is None or not folders().database.is_file():
        return ()
    from advisor import own_runs

    def same(other: TrainingRun) -> bool:
        named = other.model_name.lower() == run.model_name.lower() or (
            run.model is not None and other.model == run.model
        )
        return named and all(
            getattr(other, name) == getattr(run, name)
            for name in ("method", "quantization", "gpus")
        )

    return tuple(m for m in own_runs.measurements(known, run.gpu.name) if same(m.run))


def _on_cheapest_card(known: Facts, given: dict[str, Any], run: TrainingRun) -> TrainingRun:
    """The run on the cheapest card to rent on which it fits by the deadline.

    Raises Infeasible where there is none.
    """
    from dataclasses import replace

    from advisor.estimate.training import cheapest_card

    asked = [
        (gpu, known.gpu_usd_per_hour(gpu.name, given["provider"]).range.p50) for gpu in known.gpus
    ]
    prices = [(gpu, price) for gpu, price in asked if price]
    found = cheapest_card(run, prices, given["deadline_hours"])
    if found is None:
        raise Infeasible(_no_card(run, [gpu for gpu, _ in prices]))
    return replace(run, gpu=found[0], gpu_name=found[0].name)


def _no_card(run: TrainingRun, cards: Sequence[Gpu]) -> str:
    """Why no card will do: none is large enough, or which is the fastest that is, and what would
    help.
    """
    from dataclasses import replace

    from advisor.estimate.training import estimate

    told = [estimate(replace(run, gpu=gpu, gpu_name=gpu.name)) for gpu in cards]
    hours = [
        (t.train_hours.range.p90 or math.inf, t.run.gpu_name) for t in told if t.fits == "fits"
    ]
    if not hours:
        return "it fits no card of our price table; use --checkpointing full, --method qlora or more --gpus"
    latest, name = min(hours)
    if math.isinf(latest):
        return (
            "--deadline-hours: needs --examples; without them nobody knows how long the run takes"
        )
    return (
        f"no card of our price table is fast enough: {name}, the fastest on which it fits, may take {latest:,.1f} h; "
        "use a larger --micro-batch, more --gpus or a later deadline"
    )


def _model(known: Facts, name: str) -> tuple[Model | None, float]:
    """The architecture, or the size alone where a size or an encoder-decoder is named.

    Raises UsageError on others.
    """
    from advisor.estimate.training.shape import size_by_name

    size = SIZE.fullmatch(name.strip())
    if size:
        return None, float(size[1]) * (1e9 if size[2].lower() == "b" else 1e6)
    of_kin = size_by_name(name)
    if of_kin is not None:
        return None, of_kin
    model = known.model(name)
    return model, float(model.params)


def _cost(known: Facts, given: dict[str, Any], found: TrainingEstimate) -> Quantity:
    """Hours × cards × price of one card in USD; the relative ranges of hours and price add as
    variances.
    """
    hours, run = found.train_hours, found.run
    if not hours.range.is_known:
        return Quantity.unknown("USD", hours.reason)
    price = _price(known, given, run.gpu)
    if not price.range.is_known:
        return Quantity.unknown("USD", price.reason)
    middle = hours.likely * price.likely * run.gpus
    if middle == 0.0:
        return Quantity(Range.exact(0.0), "USD", price.basis, price.source, price.as_of)
    low = math.hypot(_log_ratio(hours, "p10"), _log_ratio(price, "p10"))
    high = math.hypot(_log_ratio(hours, "p90"), _log_ratio(price, "p90"))
    span = Range(middle * math.exp(-low), middle, middle * math.exp(high))
    return Quantity(span, "USD", Basis.MODELLED, f"train_hours × {price.source}", price.as_of)


def _log_ratio(quantity: Quantity, end: str) -> float:
    value = getattr(quantity.range, end)
    return abs(math.log(value / quantity.likely)) if value else 0.0


def _price(known: Facts, given: dict[str, Any], gpu: Gpu | None) -> Quantity:
    """USD of one card and hour: as stated, from the power it draws, or from the price table."""
    assert gpu is not None
    if given["usd_per_hour"] is not None:
        return Quantity(
            Range.exact(given["usd_per_hour"]), "USD/h", Basis.QUOTED, "--usd-per-hour", ""
        )
    if given["electricity_usd_per_kwh"] is not None:
        if gpu.power_watts is None:
            return Quantity.unknown("USD/h", f"the power of {gpu.name} is not known")
        value = gpu.power_watts / 1000.0 * given["electricity_usd_per_kwh"]
        return Quantity(
            Range.exact(value), "USD/h", Basis.QUOTED, "rated power × --electricity-usd-per-kwh", ""
        )
    price = known.gpu_usd_per_hour(gpu.name, given["provider"])
    if price.range.is_known:
        return price
    return Quantity.unknown("USD/h", f"no price of {gpu.name} in our tables; give --usd-per-hour")
