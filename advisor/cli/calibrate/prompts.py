"""`advisor calibrate prompts`: prompt forms against an endpoint, or a model with weights."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import output
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
from advisor.cli.calibrate.prompt_options import choices_of, prompt_options
from advisor.cli.calibrate.running import place, policy_of, read_brief, say_hub
from advisor.cli.calibrate.starting import go
from advisor.core.errors import UsageError

if TYPE_CHECKING:
    from advisor.core.experiment import ExperimentPlan


@click.command("prompts", short_help="Score prompt forms, and search for better ones.")
@click.option(
    "--url",
    default="",
    help="Base address of an OpenAI-compatible endpoint: http://localhost:8000/v1. "
    "Without it --model is a folder or a name on the hub.",
)
@click.option("--model", required=True, help="The model's name there, or its weights.")
@brief_option("rows, metric and instruction")
@as_model_option
@row_options
@prompt_options
@items_option(100)
@click.option(
    "--key-env",
    default="OPENAI_API_KEY",
    show_default=True,
    help="The variable that holds the key.",
)
@click.option("--input-usd", type=click.FloatRange(min=0.0), help="USD per million tokens read.")
@click.option(
    "--output-usd",
    type=click.FloatRange(min=0.0),
    help="USD per million tokens written. Prices default to those of `advisor facts prices`.",
)
@click.option(
    "--unknown-price", is_flag=True, help="Run although the price of the model is not known."
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Calls under way at once.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(0),
    default=0,
    help="Of an answer; default: twice the longest known.",
)
@seed_option
@click.option(
    "--send-anyway",
    is_flag=True,
    help="Send rows although the brief forbids it or they hold personal data; names what leaves.",
)
@steered
@carried
def command(
    url: str,
    model: str,
    brief: Path | None,
    as_model: str,
    rows: RowFlags,
    send_anyway: bool,
    unknown_price: bool,
    everything: bool,
    flags: RunFlags,
    **rest: Any,
) -> None:
    """Score prompt forms: each technique chooses its prompt on development items, then answers the
    test items once. Tokens, latency and money are counted.

    With --url your items are sent there; without it the model runs on this machine.
    """
    from advisor import experiments, facts
    from advisor.experiments import leaving, planning
    from advisor.experiments.chosen_prompts import prompt_options as read_options
    from advisor.experiments.datasets import material
    from advisor.store.folders import folders

    loaded = read_brief(brief)
    facts_book = facts.load(folders().config)
    read = material(loaded, **asdict(rows))
    choices = choices_of(rest)
    options = read_options(choices, url)
    own = {name: rest.pop(name) for name in ("items", "seed", "development")}
    asking = {name: rest.pop(name) for name in ENDPOINT_ONLY}
    if url:
        asking |= own | {"options": options, "max_usd": flags.max_usd}
        plan = planning.prompts_plan(
            read, url, model, facts_book, as_model=as_model, send_anyway=send_anyway, **asking
        )
        where = experiments.endpoint(url)
        if not flags.dry_run:
            _check_price(plan, model, unknown_price)
        for line in leaving.leaving(plan):
            output.say(f"{line}; to {url}")
    else:
        where = place(facts_book, flags)
        say_hub(model)
        plan = planning.local_prompts_plan(
            read, model, where, facts_book, options, as_model=as_model, **own
        )
    whole = everything or choices.searches
    go(plan, where, flags, steering=lambda: policy_of(whole, loaded, where), brief=loaded)


ENDPOINT_ONLY = ("key_env", "input_usd", "output_usd", "at_once", "max_tokens")


def _check_price(plan: ExperimentPlan, model: str, allowed: bool) -> None:
    """Asks before money of an unknown amount is spent. Raises UsageError where nobody can answer,
    or the answer is no.
    """
    from advisor.experiments.leaving import is_price_known, unknown_price

    if allowed or is_price_known(plan):
        return
    text = unknown_price(plan, model)
    if sys.stdin.isatty() and click.confirm(f"{text}. Run anyway?", default=False, err=True):
        return
    raise UsageError(
        f"--model {model}: {text}; give --input-usd and --output-usd, or --unknown-price"
    )
