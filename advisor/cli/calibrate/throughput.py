"""`advisor calibrate throughput`: training's speed and memory, measured without weights."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.calibrate.throughput_records import ThroughputSpec
from advisor.cli import output
from advisor.cli.calibrate.options import PATH, RunFlags, brief_option, carried
from advisor.cli.calibrate.running import look, place, read_brief
from advisor.cli.calibrate.starting import go
from advisor.core.errors import UsageError

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.experiment import JsonObject
    from advisor.experiments import Machine
    from advisor.facts import Facts
    from advisor.pipeline import Surroundings


@click.command("throughput", short_help="Measure training speed and memory, without weights.")
@brief_option("models, methods and lengths")
@click.option(
    "--model",
    "models",
    multiple=True,
    help="A model of `advisor facts models`; repeat for several.",
)
@click.option("--config", type=PATH, metavar="FILE", help="A config.json instead of --model.")
@click.option(
    "--method",
    "methods",
    multiple=True,
    help="Default: lora, or as the brief tunes; repeat for several.",
)
@click.option(
    "--rank",
    type=click.IntRange(1),
    default=16,
    show_default=True,
    help="LoRA rank; tokens of a soft prompt.",
)
@click.option(
    "--targets",
    default="all-linear",
    show_default=True,
    help="attention, qv, all-linear or module names.",
)
@click.option(
    "--head",
    type=click.Choice(["auto", "causal", "classification", "masked", "seq2seq"]),
    default="auto",
    show_default=True,
    help="What is predicted: the next token, a label, masked tokens, or a decoder's answer.",
)
@click.option(
    "--dtype",
    type=click.Choice(["bf16", "fp16", "fp32"]),
    help="Default: bf16 on a GPU, fp32 on a CPU.",
)
@click.option(
    "--optimizer",
    multiple=True,
    default=["adamw"],
    show_default=True,
    help="adamw, sgd, adamw8bit, paged-adamw8bit; repeat for several.",
)
@click.option(
    "--checkpointing",
    type=click.Choice(["none", "full"]),
    multiple=True,
    default=["none"],
    show_default=True,
    help="Activations that are computed again; repeat for both.",
)
@click.option(
    "--attention",
    type=click.Choice(["eager", "sdpa", "flash_attention_2"]),
    default="sdpa",
    show_default=True,
)
@click.option(
    "--micro-batch",
    type=click.IntRange(1),
    multiple=True,
    default=[1],
    show_default=True,
    help="Rows per process and pass; repeat for several.",
)
@click.option("--grad-accum", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--seq-len",
    type=click.IntRange(2),
    multiple=True,
    default=[2048],
    show_default=True,
    help="Longest row; longer are cut; repeat for several.",
)
@click.option("--packed", is_flag=True, help="Fill every sequence to --seq-len.")
@click.option(
    "--search", is_flag=True, help="Find the largest safe micro-batch first, and measure that."
)
@click.option(
    "--slices",
    default="",
    metavar="2,4,6",
    help="Measure a few layers only and extrapolate in depth.",
)
@click.option(
    "--gpus",
    "--processes",
    "processes",
    default="1",
    show_default=True,
    metavar="N|all",
    help="Number of GPUs, one process on each; on a CPU the number of processes.",
)
@click.option(
    "--sharding",
    type=click.Choice(["ddp", "fsdp"]),
    help="Default: ddp where the model fits on one GPU, else fsdp.",
)
@click.option("--scaling", is_flag=True, help="Measure one process too, and say what several gain.")
@click.option(
    "--data", type=PATH, metavar="FILE", help="Take the lengths of these rows; default: 512 tokens."
)
@click.option(
    "--steps",
    type=click.IntRange(4),
    default=40,
    show_default=True,
    help="Optimiser steps of a trial.",
)
@click.option(
    "--examples",
    type=click.IntRange(1),
    help="Rows of the run you plan: how long it takes, by what is measured.",
)
@click.option(
    "--epochs",
    type=click.FloatRange(min=0.0, min_open=True),
    help="Default: 1, or those of the brief.",
)
@carried
def command(
    brief: Path | None,
    models: tuple[str, ...],
    config: Path | None,
    methods: tuple[str, ...],
    slices: str,
    data: Path | None,
    processes: str,
    sharding: str | None,
    scaling: bool,
    examples: int | None,
    epochs: float | None,
    flags: RunFlags,
    **own: Any,
) -> None:
    """Speed, memory and power of training, with random weights: no model is needed, only its
    sizes.

    Options that may be repeated give every combination, all in one process, which starts once.
    """
    from advisor import experiments, facts
    from advisor.experiments import planning
    from advisor.store.folders import folders

    facts_book = facts.load(folders().config)
    count = _processes(processes, flags)
    where = place(facts_book, flags, count)
    own["dtype"] = own["dtype"] or ""
    repeated = {name: own.pop(name) for name in REPEATED}
    named = _Named(models, config, methods, own, repeated)
    loaded = read_brief(brief)
    lengths: Sequence[Any] = ()
    if data is not None:
        lengths = experiments.lengths(data, named.first, apart=_apart(config))
    if loaded is None:
        setups = named.setups(facts_book)
    else:
        around = look(loaded)
        lengths = lengths or planning.brief_lengths(loaded, around, named.first)
        examples = examples or _examples(loaded, around)
        epochs = epochs or loaded.tuning.epochs.likely
        setups = named.setups(facts_book) if config else named.of_brief(loaded, around, where)
    setups = experiments.spread(setups, where, count, sharding or "", alone=scaling)
    plan = planning.throughput_plan(setups, lengths, where, _depths(slices))
    if not slices and any(t.spec["layers"] for t in plan.trials):
        output.say(
            f"a whole model does not fit into {where.free_gib or 0.0:.1f} GiB: slices of it are "
            "measured"
        )
    go(plan, where, flags, brief=loaded, run_of=(examples, epochs or 1.0) if examples else None)


REPEATED = ("seq_len", "micro_batch", "optimizer", "checkpointing")
"""Options of a trial that may be repeated, slowest to change first."""


@dataclass(frozen=True, slots=True)
class _Named:
    """What the options say about the models; `own` are settings that all trials share, of
    `repeated` each trial has one of each.
    """

    models: tuple[str, ...]
    config: Path | None
    methods: tuple[str, ...]
    own: JsonObject
    repeated: Mapping[str, tuple[Any, ...]]

    @property
    def first(self) -> str:
        """The first model named; empty where there is none."""
        return self.models[0] if self.models else ""

    def settings(self) -> list[JsonObject]:
        """Every combination of what is repeated."""
        values = (dict.fromkeys(self.repeated[name]) for name in REPEATED)
        return [dict(zip(REPEATED, one, strict=True)) for one in itertools.product(*values)]

    def setups(self, facts_book: Facts) -> Sequence[ThroughputSpec]:
        """The models by their methods and settings. Raises UsageError."""
        return [
            ThroughputSpec(name, architecture, method=method, **self.own, **setting)
            for name, architecture in _architectures(facts_book, self.models, self.config)
            for method in self.methods or ("lora",)
            for setting in self.settings()
        ]

    def of_brief(
        self, brief: Brief, around: Surroundings, where: Machine
    ) -> Sequence[ThroughputSpec]:
        """The models of a brief, or those named, by their methods and settings. Raises
        UsageError.
        """
        from advisor.experiments import planning

        return [
            setup
            for setting in self.settings()
            for setup in planning.brief_setups(
                brief,
                around,
                where,
                models=self.models,
                methods=self.methods,
                **self.own,
                **setting,
            )
        ]


def _examples(brief: Brief, around: Surroundings) -> int:
    """Rows of the run a brief plans; 0 where there are none."""
    from advisor.pipeline import inform

    return round(inform(brief, around).data.examples.likely)


def _architectures(
    facts_book: Facts, models: Sequence[str], config: Path | None
) -> list[tuple[str, JsonObject]]:
    """Name and sizes of what is named. Raises UsageError."""
    from advisor.calibrate.throughput import architecture_of
    from advisor.experiments import config_json

    if bool(models) == (config is not None):
        raise UsageError("name one of --model and --config")
    if config is not None:
        return [(config.resolve().parent.name or config.name, {"config": config_json(config)})]
    return [(name, architecture_of(facts_book.model(name))) for name in models]


def _processes(text: str, flags: RunFlags) -> int:
    from advisor.experiments import ALL

    if text.lower() == "all":
        if flags.runs_elsewhere:
            raise UsageError("--gpus all: another machine's GPUs are not known here; give a number")
        return ALL
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"--gpus {text}: neither all nor a number of GPUs")
    return int(text)


def _apart(config: Path | None) -> bool:
    """Whether the model reads prompt and answer apart: an encoder with a decoder."""
    from advisor.experiments import config_json

    return config is not None and bool(config_json(config).get("is_encoder_decoder"))


def _depths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(f"--slices {text}: not numbers of layers; write them as 2,4,6") from None
