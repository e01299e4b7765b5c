"""`advisor calibrate quality`: every arm on the same held-out items."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from advisor.cli.calibrate.options import (
    RowFlags,
    RunFlags,
    as_model_option,
    brief_option,
    carried,
    items_option,
    row_options,
    seed_option,
    steered,
)
from advisor.cli.calibrate.running import place, policy_of, read_brief, say_hub
from advisor.cli.calibrate.starting import go
from advisor.core.errors import UsageError


@click.command("quality", short_help="Score prompts and tuned models on your rows.")
@click.option(
    "--sample", is_flag=True, help="The pocket model and its task: a demonstration, offline."
)
@brief_option("rows, metric and instruction")
@click.option(
    "--model",
    default="",
    metavar="MODEL",
    help="A folder with safetensors weights, or org/name on the hub.",
)
@as_model_option
@row_options
@click.option(
    "--method",
    "methods",
    multiple=True,
    default=("lora",),
    show_default=True,
    help="Repeat for several.",
)
@click.option(
    "--shares",
    default="0.25,0.5,1",
    show_default=True,
    help="Shares of the training rows: a learning curve.",
)
@click.option(
    "--shots",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    help="Examples in a few-shot prompt.",
)
@click.option("--epochs", type=click.IntRange(1), default=3, show_default=True)
@click.option("--rank", type=click.IntRange(1), default=16, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True)
@click.option(
    "--seq-len",
    type=click.IntRange(16),
    default=1024,
    show_default=True,
    help="Longest prompt with answer.",
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0.0),
    default=0.0,
    help="Default: by method and size of the model.",
)
@click.option(
    "--language",
    is_flag=True,
    help="Also say how likely the model finds your rows, before any training.",
)
@items_option(500)
@seed_option
@steered
@carried
def command(
    sample: bool,
    brief: Path | None,
    model: str,
    as_model: str,
    rows: RowFlags,
    methods: tuple[str, ...],
    shares: str,
    everything: bool,
    flags: RunFlags,
    **own: Any,
) -> None:
    """Train on growing shares of your rows and score every option on the same held-out items."""
    from advisor import facts
    from advisor.experiments import POCKET_TRAINING, planning
    from advisor.experiments.datasets import material
    from advisor.store.folders import folders

    facts_book = facts.load(folders().config)
    where = place(facts_book, flags)
    loaded = None if sample else read_brief(brief)
    own |= {"methods": methods, "shares": _shares(shares)}
    if sample:
        typed = {k: v for k, v in own.items() if k not in POCKET_TRAINING or _typed(k)}
        plan = planning.sample_plan(where, facts_book, metric=rows.metric, **typed)
    elif not model or (rows.data is None and brief is None):
        raise UsageError(
            "name --model, and --data or --brief; or use --sample for the pocket model and its task"
        )
    else:
        read = material(loaded, **asdict(rows))
        say_hub(model)
        plan = planning.quality_plan(read, model, where, facts_book, as_model=as_model, **own)
    go(
        plan,
        where,
        flags,
        steering=lambda: policy_of(everything, loaded, where),
        brief=loaded,
    )


def _typed(option: str) -> bool:
    """Whether the user gave this option; a default gives way to what suits the sample."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _shares(text: str) -> list[float]:
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0.0 < share <= 1.0 for share in shares):
        raise UsageError(
            f"--shares {text}: not shares above 0 and up to 1; write them as 0.25,0.5,1"
        )
    return shares
