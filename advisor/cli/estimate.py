"""`advisor estimate`: one training run - does it fit, how fast, how long, how much."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from advisor.cli import output
from advisor.core.errors import Exit, UsageError

if TYPE_CHECKING:
    from advisor.estimate.training.request import RunRequest
    from advisor.facts import Facts

METHODS = ("full", "lora", "qlora", "dora", "soft-prompt", "prefix", "ia3")
QUANTIZATIONS = ("none", "nf4", "int8", "gptq4", "awq4", "mxfp4", "nvfp4", "fp8")
OPTIMIZERS = (
    *("adamw", "adamw8bit", "paged-adamw", "paged-adamw8bit", "sgd", "adafactor"),
    *("lion", "lion8bit", "muon", "adamw4bit"),
)
SHARDINGS = ("none", "ddp", "zero1", "zero2", "zero3", "fsdp", "tp", "pp")
FRAMEWORKS = (
    *("hf", "trl", "torchtune", "litgpt", "unsloth", "nemo", "megatron", "axolotl"),
    *("torchtitan", "llm-foundry", "deepspeed", "llama-factory", "ms-swift", "xtuner"),
    *("fsdp_qlora", "other"),
)
BATCHES = ("plain", "sorted", "padding-free")
COLUMNS = {"--dtype": "weights_dtype", "--compute": "compute_dtype"}
"""Columns of `core.run_words` whose words a flag of another name takes."""

USUAL_LIMIT = 2048
"""Tokens of the longest sequence where nobody says anything about lengths."""

LONGEST_CHOICE = 40
"""Letters of a list of choices beyond which it moves from the flag to its help."""

FlagValues = dict[str, Any]
"""Values of the flags by their names, as click gives them."""

Command = TypeVar("Command", bound=Callable[..., Any])
POSITIVE = click.IntRange(min=1)
AMOUNT = click.FloatRange(min=0)


class _Word(click.Choice[str]):
    """One of our words, also as libraries spell it: `adamw_torch`, `flash_attention_2`, `fsdp2`."""

    def __init__(self, flag: str, words: tuple[str, ...]) -> None:
        self.column = COLUMNS.get(flag, flag.removeprefix("--").replace("-", "_"))
        super().__init__(words)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from advisor.core.run_words import canonical

        return super().convert(canonical(self.column, value) or value, param, ctx)


def _choice(
    name: str, words: tuple[str, ...], default: str | None, help: str
) -> Callable[[Command], Command]:
    """A choice; a long list of words stands in the help, so that the page fits 80 columns."""
    listed = "|".join(words)
    is_long = len(listed) > LONGEST_CHOICE
    return click.option(
        name,
        type=_Word(name, words),
        metavar="NAME" if is_long else None,
        default=default,
        show_default=bool(default),
        help=f"{help} One of {', '.join(words)}." if is_long else help,
    )


def _open(name: str, words: tuple[str, ...], help: str) -> Callable[[Command], Command]:
    """A choice that is the framework's where it is left open."""
    text = f"{help.rstrip('.')}; default: the framework's." if "default" not in help else help
    return _choice(name, words, None, text)


@click.command("estimate")
@click.option(
    "--model", default="", help="A model of `advisor facts models`, or a size such as 7B."
)
@click.option(
    "--config",
    type=click.Path(exists=True, path_type=Path),
    help="The config.json of a model that is in no table, instead of --model.",
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
    type=_Word("--quantization", QUANTIZATIONS),
    help="Of frozen weights; default: nf4 with qlora.",
)
@_open("--dtype", ("bf16", "fp16", "fp32"), "Of the weights; default: bf16 where the GPU has it.")
@_choice(
    "--compute",
    ("", "mixed-bf16", "mixed-fp16", "fp8", "nvfp4", "mxfp4"),
    "",
    "Autocast, FP8 or FP4; default: as the weights.",
)
@_open("--optimizer", OPTIMIZERS, "What updates the weights.")
@click.option(
    "--micro-batch", type=POSITIVE, default=1, show_default=True, help="Sequences per GPU and pass."
)
@click.option(
    "--grad-accum", type=POSITIVE, default=1, show_default=True, help="Micro-batches per step."
)
@click.option(
    "--seq-len",
    type=POSITIVE,
    help="Longest sequence, in tokens; default: 2048, or as much as the lengths below need.",
)
@click.option("--packed/--padded", default=None, help="Whether examples fill sequences.")
@click.option(
    "--batches",
    type=click.Choice(BATCHES),
    help="As they come, or without padding; default: between both.",
)
@click.option("--mean-tokens", type=click.FloatRange(min=1), help="Mean real tokens of an example.")
@click.option(
    "--longest-tokens",
    type=click.FloatRange(min=1),
    help="Tokens of the longest example; default: the likely longest.",
)
@_open("--checkpointing", ("none", "full", "selective"), "Activations that are computed again.")
@_open("--attention", ("eager", "sdpa", "flash"), "How attention is computed.")
@_open("--fused-loss", ("no", "kernel", "projection", "yes"), "Whether logits stay whole.")
@_open("--offload", ("none", "optimizer", "full"), "What is kept in the host's memory.")
@click.option(
    "--compile/--no-compile", "compiled", default=False, help="Whether the model is compiled."
)
@click.option(
    "--gpu", help="A GPU of `advisor facts gpus`; left out: the cheapest to rent on which it fits."
)
@click.option(
    "--deadline-hours", type=AMOUNT, help="Without --gpu: the run must end within this many hours."
)
@click.option("--gpus", type=POSITIVE, default=1, show_default=True, help="How many GPUs.")
@click.option("--free-memory-gib", type=AMOUNT, help="Free on each GPU; default: the whole GPU.")
@_choice(
    "--sharding", SHARDINGS, "none", "How GPUs share the work; with several GPUs none means ddp."
)
@click.option("--tp", type=POSITIVE, default=1, help="Tensor-parallel degree.")
@click.option("--pp", type=POSITIVE, default=1, help="Pipeline-parallel degree.")
@click.option("--cp", type=POSITIVE, default=1, help="Context-parallel degree.")
@_choice("--framework", FRAMEWORKS, "hf", "The training framework; its defaults apply.")
@_choice(
    "--objective",
    ("sft", "dpo", "orpo", "kto", "rm", "grpo", "ppo"),
    "sft",
    "Next tokens, pairs of answers, judged answers, or a reward model.",
)
@click.option("--eval-examples", type=AMOUNT, help="Examples of one evaluation during training.")
@click.option(
    "--evaluations", type=AMOUNT, default=1.0, show_default=True, help="Evaluations per epoch."
)
@click.option(
    "--examples", type=AMOUNT, help="Training examples (or packed sequences) of one epoch."
)
@click.option(
    "--epochs", type=AMOUNT, default=1.0, show_default=True, help="Passes over the examples."
)
@click.option(
    "--usd-per-hour", type=AMOUNT, help="Price of one GPU; default: from our price table."
)
@click.option("--provider", default="", help="Take the price of this provider.")
@click.option(
    "--electricity-usd-per-kwh",
    type=AMOUNT,
    help="Price of electricity, for an owned GPU instead of rent.",
)
@click.option(
    "--hosted",
    is_flag=True,
    help="The price of a job at providers that tune the model for you, and nothing else.",
)
@click.option(
    "--own-runs/--no-own-runs",
    default=True,
    help="Correct it by own runs of this kind; default: yes.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A configuration of TRL, axolotl, LLaMA-Factory, Unsloth, torchtune, OpenAI or Together.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def command(
    as_json: bool, config: Path | None, source: Path | None, hosted: bool, **flags: Any
) -> int:
    """Predict one training run: does it fit, how long does it take, what does it cost?

    --from takes it from the file of a trainer, as `advisor export` writes it or as you have it.

    Exit codes: 0 it fits or is tight (or that is unknown), 2 bad input, 4 it does not fit.
    """
    from advisor import facts, run_estimate
    from advisor.estimate.training import record
    from advisor.estimate.training.request import RunRequest
    from advisor.store.folders import folders

    if source is not None:
        flags, by_provider = _from_file(source, flags)
        hosted = hosted or by_provider
    if bool(flags["model"]) == (config is not None):
        raise UsageError("name the model: one of --model and --config")
    flags["model"] = flags["model"] or str(config)
    flags["seq_len"] = flags["seq_len"] or _limit(flags)
    facts_book = facts.load(folders().config)
    if hosted:
        return _hosted(facts_book, RunRequest(**flags), as_json)
    answer = run_estimate.answer(facts_book, RunRequest(**flags), config)
    if as_json:
        output.show(json.dumps(record.as_object(answer), indent=1, allow_nan=False) + "\n")
    else:
        output.show(record.as_text(answer, output.width()))
    return Exit.INFEASIBLE if answer.estimate.fits == "no" else Exit.DONE


def _limit(flags: FlagValues) -> int:
    """The longest sequence where none is stated: the usual one, or the power of two that holds
    twice the mean and the longest example.
    """
    longest = max(2.0 * (flags["mean_tokens"] or 0.0), flags["longest_tokens"] or 0.0)
    if (flags["mean_tokens"] or 0.0) <= USUAL_LIMIT >= (flags["longest_tokens"] or 0.0):
        return USUAL_LIMIT
    limit = 2 ** math.ceil(math.log2(longest))
    output.say(f"--seq-len is not stated: {limit:,} tokens, so that the lengths fit")
    return int(limit)


def _from_file(source: Path, flags: FlagValues) -> tuple[FlagValues, bool]:
    """The flags of a trainer's file, those that were typed first, and whether a provider trains.

    Raises UsageError.
    """
    from advisor.trainers import read_file

    stated = read_file(source)
    context = click.get_current_context()
    typed = {
        name: value
        for name, value in flags.items()
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    return {**flags, **stated.flags, **typed}, stated.form.is_hosted


def _hosted(facts: Facts, request: RunRequest, as_json: bool) -> int:
    """Show the price of the job at every provider that tunes the model."""
    from advisor.core.dates import today
    from advisor.estimate.training import hosted

    tokens = hosted.tokens_of(request)
    day = today()
    prices = facts.tuning_prices(request.model, day)
    if request.provider:
        prices = tuple(p for p in prices if p.provider == request.provider)
    jobs = hosted.hosted_jobs(prices, tokens, day, request.model)
    if as_json:
        job_object = hosted.as_object(request, tokens, jobs)
        output.show(json.dumps(job_object, indent=1, allow_nan=False) + "\n")
    else:
        output.show(hosted.as_text(request, tokens, jobs, output.width()))
    return Exit.DONE
