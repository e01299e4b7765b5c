"""The options of `advisor calibrate prompts`: which prompts, how they are chosen, and the judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.calibrate.prompting.forms import TECHNIQUES
from advisor.cli.calibrate.options import PATH
from advisor.core.errors import UsageError

if TYPE_CHECKING:
    from advisor.calibrate.judge import JudgeSpec
    from advisor.calibrate.prompts_plan import PromptOptions
    from advisor.calibrate.quality_records import SearchSpec

ChosenOptions = dict[str, Any]
"""Options by name, as click gives them; what is read is taken out."""

OPTIMISERS = ("gepa", "mipro")


def prompt_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that `options_of` reads."""
    for option in reversed((*FORM_OPTIONS, *SEARCH_OPTIONS, *JUDGE_OPTIONS)):
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


def options_of(url: str, chosen: ChosenOptions) -> PromptOptions:
    """The prompts to measure, by the options of the command line, which are taken out of `chosen`.

    Raises UsageError.
    """
    from advisor.calibrate.prompting.documents import read_passages
    from advisor.calibrate.prompting.templates import read_instructions, read_prompts
    from advisor.calibrate.prompts_plan import PromptOptions

    counts = shot_counts(chosen.pop("shots"))
    names = [part.strip() for part in chosen.pop("techniques").split(",") if part.strip()]
    files: tuple[Path, ...] = chosen.pop("prompts")
    instructions: Path | None = chosen.pop("instructions")
    documents: Path | None = chosen.pop("documents")
    most = max([n for n in counts if n > 0], default=3)
    return PromptOptions(
        techniques=names,
        shots=counts,
        instructions=read_instructions(instructions) if instructions is not None else (),
        templates=[form for path in files for form in read_prompts(path, shots=most)],
        structured=chosen.pop("structured"),
        search=_search(chosen),
        repeats=chosen.pop("repeats"),
        paraphrases=chosen.pop("paraphrases"),
        passages=read_passages(documents) if documents is not None else (),
        judge=_judge(url, chosen),
    )


def shot_counts(text: str) -> list[int]:
    """The numbers of examples in `0,3`. Raises UsageError."""
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = [-1]
    if min(counts) < 0:
        raise UsageError(f"--shots {text}: not numbers; write them as 0,3")
    return counts


def _search(chosen: ChosenOptions) -> SearchSpec | None:
    from advisor.calibrate.quality_records import SearchSpec

    wanted = chosen.pop("search")
    optimiser = chosen.pop("optimiser") or ""
    spec = SearchSpec(chosen.pop("search_calls"), chosen.pop("proposals"), optimiser)
    return spec if wanted or optimiser else None


def _judge(url: str, chosen: ChosenOptions) -> JudgeSpec | None:
    from advisor.calibrate.judge import DEFAULT_RUBRIC, JUDGE_TOKENS, JudgeSpec, read_judged
    from advisor.calibrate.quality_records import PromptsSpec
    from advisor.endpoint.client import checked_url

    names = ("model", "url", "key_env", "input_usd", "output_usd", "labels")
    given = {name: chosen.pop(f"judge_{name}") for name in names}
    rubric = chosen.pop("rubric")
    pairwise = chosen.pop("pairwise")
    if not given["model"]:
        if rubric or pairwise or given["labels"]:
            raise UsageError("--rubric, --pairwise, --judge-labels: name the judge: --judge-model")
        return None
    spec = PromptsSpec(
        url=checked_url(given["url"] or url, "--judge-url"),
        model=given["model"],
        key_env=given["key_env"],
        input_usd=given["input_usd"],
        output_usd=given["output_usd"],
        max_tokens=JUDGE_TOKENS,
    )
    labels = read_judged(given["labels"]) if given["labels"] is not None else ()
    return JudgeSpec(spec, rubric or DEFAULT_RUBRIC, pairwise, labels)
