"""`advisor calibrate quality`: every arm on the same held-out items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from advisor.cli.calibrate.running import PATH, go, limited
from advisor.core.errors import UsageError


@click.command("quality")
@click.option("--sample", is_flag=True, help="The pocket model and its task: a demonstration, offline.")
@click.option("--model", type=PATH, metavar="FOLDER", help="A local folder with safetensors weights.")
@click.option("--data", type=PATH, metavar="FILE", help="Rows with a prompt and an answer.")
@click.option("--eval", "test", type=PATH, metavar="FILE", help="Test items; default: a fifth of --data.")
@click.option("--prompt-field", default="", metavar="F")
@click.option("--answer-field", default="", metavar="F")
@click.option("--metric", default="", help="accuracy or exact match; default: by the answers.")
@click.option("--instruction", default="", help="Stands before every item.")
@click.option("--method", "methods", multiple=True, default=("lora",), show_default=True, help="Repeat for several.")
@click.option(
    "--shares", default="0.25,0.5,1", show_default=True, help="Shares of the training rows: a learning curve."
)
@click.option("--shots", type=click.IntRange(0), default=3, show_default=True, help="Examples in a few-shot prompt.")
@click.option("--epochs", type=click.IntRange(1), default=3, show_default=True)
@click.option("--rank", type=click.IntRange(1), default=16, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True)
@click.option("--learning-rate", type=click.FloatRange(min=0.0), default=0.0, help="Default: by method.")
@click.option("--items", type=click.IntRange(10), default=500, show_default=True, help="Test items at most.")
@click.option("--seed", type=int, default=0, show_default=True)
@limited
def command(
    sample: bool,
    model: Path | None,
    data: Path | None,
    test: Path | None,
    prompt_field: str,
    answer_field: str,
    metric: str,
    instruction: str,
    methods: tuple[str, ...],
    shares: str,
    items: int,
    seed: int,
    gpu: str,
    **rest: Any,
) -> None:
    """Train on growing shares of your rows and score every arm on the same held-out items."""
    from advisor import calibration, facts
    from advisor.calibrate import quality as planning
    from advisor.store.folders import folders

    known = facts.load(folders().config)
    own = {k: rest.pop(k) for k in ("shots", "epochs", "rank", "batch", "learning_rate")} | {"methods": methods}
    if sample:
        model, data, test, instruction = calibration.pocket()
        own |= {k: v for k, v in calibration.POCKET_TRAINING.items() if not _typed(k)}
    if model is None or data is None:
        raise UsageError("name --model and --data, or say --sample for the pocket model and its task")
    weights = planning.model_folder(model)
    rows = calibration.examples(data, prompt_field, answer_field)
    held_out = calibration.examples(test, prompt_field, answer_field) if test is not None else ()
    task = planning.task(rows, held_out, metric=metric, instruction=instruction, most_items=items, seed=seed)
    where = calibration.machine(known, gpu)
    plan = planning.plan(
        task,
        weights,
        shares=_shares(shares),
        seed=seed,
        device=where.device,
        machine=where.name,
        demonstration=sample,
        **own,
    )
    go(plan, where, known, **rest)


def _typed(option: str) -> bool:
    """Whether the user gave this option; a default gives way to what suits the sample."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _shares(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0.0 < share <= 1.0 for share in found):
        raise UsageError(f"--shares {text}: not shares above 0 and up to 1; write them as 0.25,0.5,1")
    return found
