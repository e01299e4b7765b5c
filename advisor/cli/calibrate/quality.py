"""`advisor calibrate quality`: every arm on the same held-out items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from advisor.cli.brief_path import BRIEF
from advisor.cli.calibrate.running import (
    PATH,
    go,
    limited,
    metric_options,
    policy_of,
    read_brief,
    steered,
)
from advisor.core.errors import UsageError


@click.command("quality", short_help="Score prompts and tuned models on your rows.")
@click.option(
    "--sample", is_flag=True, help="The pocket model and its task: a demonstration, offline."
)
@click.option(
    "--brief",
    type=BRIEF,
    metavar="BRIEF",
    help="Take rows, metric and instruction from it; see the effect.",
)
@click.option(
    "--model",
    default="",
    metavar="MODEL",
    help="A folder with safetensors weights, or org/name on the hub.",
)
@click.option(
    "--as-model",
    default="",
    metavar="NAME",
    help="The model's name in a brief; default: the folder tells.",
)
@click.option("--data", type=PATH, metavar="FILE", help="Rows with a prompt and an answer.")
@click.option(
    "--eval", "test", type=PATH, metavar="FILE", help="Test items; default: a fifth of --data."
)
@click.option("--prompt-field", default="", metavar="F")
@click.option("--answer-field", default="", metavar="F")
@metric_options
@click.option("--instruction", default="", help="Stands before every item.")
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
    "--items", type=click.IntRange(10), default=500, show_default=True, help="Test items at most."
)
@click.option("--seed", type=int, default=0, show_default=True)
@steered
@limited
def command(
    sample: bool,
    brief: Path | None,
    model: str,
    data: Path | None,
    test: Path | None,
    prompt_field: str,
    answer_field: str,
    metric: str,
    task_type: str | None,
    schema: Path | None,
    instruction: str,
    as_model: str,
    methods: tuple[str, ...],
    shares: str,
    everything: bool,
    gpu: str,
    **rest: Any,
) -> None:
    """Train on growing shares of your rows and score every option on the same held-out items."""
    from advisor import facts
    from advisor.experiments import POCKET_TRAINING, machine, planning
    from advisor.experiments.datasets import material
    from advisor.store.folders import folders

    facts_book = facts.load(folders().config)
    where = machine(facts_book, gpu)
    own = {
        k: rest.pop(k)
        for k in ("shots", "epochs", "rank", "batch", "seq_len", "learning_rate", "items", "seed")
    }
    own |= {"methods": methods, "shares": _shares(shares)}
    if sample:
        typed = {k: v for k, v in own.items() if k not in POCKET_TRAINING or _typed(k)}
        plan = planning.sample_plan(where, facts_book, metric=metric, **typed)
        go(plan, where, facts_book, policy=policy_of(everything, None, where), **rest)
        return
    if not model or (data is None and brief is None):
        raise UsageError(
            "name --model, and --data or --brief; or use --sample for the pocket model and its task"
        )
    loaded = read_brief(brief)
    rows = material(
        loaded,
        data=data,
        test=test,
        prompt_field=prompt_field,
        answer_field=answer_field,
        metric=metric,
        task_type=task_type or "",
        schema=schema,
        instruction=instruction,
    )
    plan = planning.quality_plan(rows, model, where, facts_book, as_model=as_model, **own)
    go(plan, where, facts_book, policy=policy_of(everything, loaded, where), brief=loaded, **rest)


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
