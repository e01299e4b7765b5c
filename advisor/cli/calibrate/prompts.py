"""`advisor calibrate prompts`: prompt forms against an endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import output
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

if TYPE_CHECKING:
    from advisor.core.brief import Brief


@click.command("prompts", short_help="Score prompt forms against an endpoint.")
@click.option(
    "--url",
    required=True,
    help="Base address of an OpenAI-compatible endpoint: http://localhost:8000/v1.",
)
@click.option("--model", required=True, help="The model's name there.")
@click.option(
    "--brief",
    type=BRIEF,
    metavar="BRIEF",
    help="Take rows, metric and instruction from it; see the effect.",
)
@click.option(
    "--as-model", default="", metavar="NAME", help="The model's name in a brief; default: --model."
)
@click.option("--data", type=PATH, metavar="FILE", help="Rows with a prompt and an answer.")
@click.option(
    "--eval", "test", type=PATH, metavar="FILE", help="Test items; default: a fifth of --data."
)
@click.option("--prompt-field", default="", metavar="F")
@click.option("--answer-field", default="", metavar="F")
@metric_options
@click.option("--instruction", default="", help="The system message.")
@click.option(
    "--shots", default="0,3", show_default=True, help="Examples in the prompt, a trial each."
)
@click.option(
    "--items", type=click.IntRange(10), default=100, show_default=True, help="Test items at most."
)
@click.option(
    "--key-env",
    default="OPENAI_API_KEY",
    show_default=True,
    help="The variable that holds the key.",
)
@click.option("--input-usd", type=click.FloatRange(min=0.0), help="USD per million tokens read.")
@click.option(
    "--output-usd", type=click.FloatRange(min=0.0), help="USD per million tokens written."
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
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--send-anyway",
    is_flag=True,
    help="Send items although the brief says that data may not leave or are sensitive.",
)
@steered
@limited
def command(
    url: str,
    model: str,
    brief: Path | None,
    data: Path | None,
    test: Path | None,
    prompt_field: str,
    answer_field: str,
    metric: str,
    task_type: str | None,
    schema: Path | None,
    instruction: str,
    as_model: str,
    shots: str,
    send_anyway: bool,
    everything: bool,
    gpu: str,
    **rest: Any,
) -> None:
    """Score prompt forms against an endpoint: tokens, latency and money counted.

    Your items are sent there.
    """
    from advisor import experiments, facts
    from advisor.experiments import planning
    from advisor.experiments.datasets import material
    from advisor.store.folders import folders

    loaded = read_brief(brief)
    facts_book = facts.load(folders().config)
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
    own = {
        k: rest.pop(k)
        for k in ("key_env", "input_usd", "output_usd", "at_once", "max_tokens", "items", "seed")
    }
    try:
        counts = [int(part) for part in shots.split(",")]
    except ValueError:
        raise UsageError(f"--shots {shots}: not numbers; write them as 0,3") from None
    own |= {"shots": counts, "max_usd": rest["max_usd"]}
    plan = planning.prompts_plan(rows, url, model, facts_book, as_model=as_model, **own)
    _check_may_leave(loaded, url, send_anyway)
    output.say(f"sends {len(plan.shared['items'])} of your items to {url}")
    where = experiments.endpoint(url)
    go(plan, where, facts_book, policy=policy_of(everything, loaded, where), brief=loaded, **rest)


def _check_may_leave(brief: Brief | None, url: str, send_anyway: bool) -> None:
    """Raises UsageError where the brief forbids that its rows go to another machine."""
    from advisor.endpoint.address import address_of

    if brief is None or send_anyway or address_of(url).is_local:
        return
    if not brief.policy.data_may_leave:
        reason = "policy.data_may_leave = false"
    elif brief.data.sensitive:
        reason = "data.sensitive = true"
    else:
        return
    raise UsageError(
        f"--url {url}: the brief says {reason}, so its rows stay on this machine; use a local "
        "endpoint, or --send-anyway"
    )
