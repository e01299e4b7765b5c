"""The options of `advisor calibrate prompts`: which prompts, how they are chosen, and the judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from advisor.calibrate.prompting.forms import TECHNIQUES
from advisor.cli.calibrate.options import PATH

if TYPE_CHECKING:
    from advisor.calibrate.prompt_choices import PromptChoices

ChosenOptions = dict[str, Any]
"""Options by name, as click gives them; what is read is taken out."""

OPTIMISERS = ("gepa", "mipro")


def prompt_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that `choices_of` reads."""
    for option in reversed((*FORM_OPTIONS, *SIMILARITY_OPTIONS, *SEARCH_OPTIONS, *JUDGE_OPTIONS)):
        command = option(command)
    return command


FORM_OPTIONS = (
    click.option(
        "--techniques",
        default="",
        metavar="T,T",
        help=f"Of {', '.join(TECHNIQUES)}; default: by --shots.",
    ),
    click.option(
        "--shots",
        default="0,3",
        show_default=True,
        help="Examples in the prompt: 0 zero-shot, 1 one-shot; of more the best number is chosen.",
    ),
    click.option(
        "--development",
        type=click.IntRange(0),
        default=50,
        show_default=True,
        help="Training rows on which prompts are chosen, at most a fifth of them.",
    ),
    click.option(
        "--instructions",
        type=PATH,
        metavar="FILE",
        help="More instructions to choose from, parted by lines of ---.",
    ),
    click.option(
        "--prompt",
        "prompts",
        type=PATH,
        multiple=True,
        metavar="FILE",
        help="A prompt in a file: text with {{input}}, chat messages, or a promptfoo file.",
    ),
    click.option(
        "--documents", type=PATH, metavar="FOLDER", help="Documents that `retrieval` reads."
    ),
    click.option(
        "--structured", is_flag=True, help="Ask for answers in JSON, by a schema where possible."
    ),
    click.option(
        "--repeats",
        type=click.IntRange(0, 10),
        default=0,
        help="Ask three in ten items again so often, to see how much answers change.",
    ),
    click.option(
        "--paraphrases",
        type=click.IntRange(0, 5),
        default=0,
        help="Ask three in ten items with so many other wordings of the instruction.",
    ),
)

SIMILARITY_OPTIONS = (
    click.option(
        "--embedding-model",
        default="",
        metavar="M",
        help="Find similar rows and passages by its embeddings too; the better way is chosen. "
        "Without --url: an encoder's folder, or a name on the hub.",
    ),
    click.option("--embedding-url", default="", help="Its endpoint; default: --url."),
    click.option(
        "--embedding-key-env",
        default="OPENAI_API_KEY",
        show_default=True,
        help="The variable that holds its key.",
    ),
    click.option("--embedding-usd", type=click.FloatRange(min=0.0), help="USD per million tokens."),
)

SEARCH_OPTIONS = (
    click.option(
        "--search", is_flag=True, help="Search instructions and examples by successive halving."
    ),
    click.option(
        "--search-calls",
        type=click.IntRange(2),
        default=1000,
        show_default=True,
        help="Answers that the search may take.",
    ),
    click.option(
        "--proposals",
        type=click.IntRange(0, 20),
        default=0,
        help="Instructions that the model itself proposes for the search.",
    ),
    click.option(
        "--optimiser",
        type=click.Choice(OPTIMISERS),
        help="Search with an optimiser of dspy instead: pip install 'prompt-or-tune[optimise]'.",
    ),
)

JUDGE_OPTIONS = (
    click.option("--judge-model", default="", metavar="M", help="A model that marks open answers."),
    click.option("--judge-url", default="", help="Its endpoint; default: --url."),
    click.option(
        "--judge-key-env",
        default="OPENAI_API_KEY",
        show_default=True,
        help="The variable that holds its key.",
    ),
    click.option(
        "--judge-input-usd", type=click.FloatRange(min=0.0), help="USD per million tokens."
    ),
    click.option(
        "--judge-output-usd", type=click.FloatRange(min=0.0), help="USD per million tokens."
    ),
    click.option("--rubric", default="", help="What makes an answer good."),
    click.option(
        "--pairwise", is_flag=True, help="Judge in pairs with the reference, in both orders."
    ),
    click.option(
        "--judge-labels",
        type=PATH,
        metavar="FILE",
        help="CSV of question,answer,reference,score: answers that you marked, 0 to 1.",
    ),
)


def choices_of(chosen: ChosenOptions) -> PromptChoices:
    """What the options of the command line choose; they are taken out of `chosen`."""
    from advisor.calibrate.prompt_choices import PromptChoices

    named = {field.name: chosen.pop(field.name) for field in fields(PromptChoices)}
    for name in ("instructions", "documents", "judge_labels"):
        named[name] = str(named[name] or "")
    techniques = (part.strip() for part in named.pop("techniques").split(","))
    return PromptChoices(
        techniques=tuple(filter(None, techniques)),
        prompts=tuple(map(str, named.pop("prompts"))),
        optimiser=named.pop("optimiser") or "",
        **named,
    )
