"""`advisor calibrate throughput`: training's speed and memory, measured without weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import output
from advisor.cli.calibrate.running import PATH, go, limited
from advisor.core.errors import UsageError

if TYPE_CHECKING:
    from advisor.facts import Facts

_SETUP = (
    "rank",
    "targets",
    "dtype",
    "optimizer",
    "checkpointing",
    "attention",
    "micro_batch",
    "grad_accum",
    "seq_len",
    "packed",
    "search",
    "steps",
)


@click.command("throughput")
@click.option("--model", default="", help="A model of `advisor facts models`.")
@click.option("--config", type=PATH, metavar="FILE", help="A config.json instead of --model.")
@click.option("--method", "methods", multiple=True, default=("lora",), show_default=True, help="Repeat for several.")
@click.option(
    "--rank", type=click.IntRange(1), default=16, show_default=True, help="LoRA rank; tokens of a soft prompt."
)
@click.option("--targets", default="all-linear", show_default=True, help="attention, qv, all-linear or module names.")
@click.option("--dtype", type=click.Choice(["bf16", "fp16", "fp32"]), help="Default: bf16 on a card, fp32 on a CPU.")
@click.option("--optimizer", default="adamw", show_default=True, help="adamw, sgd, adamw8bit, paged-adamw8bit.")
@click.option("--checkpointing", type=click.Choice(["none", "full"]), default="none", show_default=True)
@click.option(
    "--attention", type=click.Choice(["eager", "sdpa", "flash_attention_2"]), default="sdpa", show_default=True
)
@click.option("--micro-batch", type=click.IntRange(1), default=1, show_default=True)
@click.option("--grad-accum", type=click.IntRange(1), default=1, show_default=True)
@click.option("--seq-len", type=click.IntRange(2), default=2048, show_default=True, help="Longest row; longer are cut.")
@click.option("--packed", is_flag=True, help="Fill every sequence to --seq-len.")
@click.option("--search", is_flag=True, help="Find the largest safe micro-batch first, and measure that.")
@click.option("--slices", default="", metavar="2,4,6", help="Measure a few layers only and extrapolate in depth.")
@click.option("--data", type=PATH, metavar="FILE", help="Take the lengths of these rows; default: 512 tokens.")
@click.option("--steps", type=click.IntRange(4), default=40, show_default=True, help="Optimiser steps of a trial.")
@click.option(
    "--examples", type=click.IntRange(1), help="Rows of the run you plan: how long it takes, by what is measured."
)
@click.option("--epochs", type=click.FloatRange(min=0.0, min_open=True), default=1.0, show_default=True)
@limited
def command(
    model: str,
    config: Path | None,
    methods: tuple[str, ...],
    slices: str,
    data: Path | None,
    gpu: str,
    examples: int | None,
    epochs: float,
    **rest: Any,
) -> None:
    """Speed, memory and power of training, with random weights: no model is needed, only its sizes."""
    from advisor import calibration, facts
    from advisor.calibrate import throughput as planning
    from advisor.store.folders import folders

    known = facts.load(folders().config)
    name, architecture = _architecture(known, model, config)
    own = {k: rest.pop(k) for k in _SETUP}
    setups = [planning.Setup(name, architecture, method=m, **own | {"dtype": own["dtype"] or ""}) for m in methods]
    where = calibration.machine(known, gpu)
    lengths = calibration.lengths(data, model) if data is not None else ()
    depths = _depths(slices) or calibration.slices_for(setups, where)
    if depths and not slices:
        output.say(f"the whole model does not fit into {where.free_gib or 0.0:.1f} GiB: layers {depths} are measured")
    plan = planning.plan(setups, lengths, slices=depths, device=where.device, machine=where.name)
    go(plan, where, known, run_of=(examples, epochs) if examples else None, **rest)


def _architecture(known: Facts, model: str, config: Path | None) -> tuple[str, dict[str, Any]]:
    from advisor.calibrate.throughput import architecture_of
    from advisor.calibration import config_json

    if bool(model) == (config is not None):
        raise UsageError("name one of --model and --config")
    if config is not None:
        return config.resolve().parent.name or config.name, {"config": config_json(config)}
    return model, architecture_of(known.model(model))


def _depths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(f"--slices {text}: not numbers of layers; write them as 2,4,6") from None
