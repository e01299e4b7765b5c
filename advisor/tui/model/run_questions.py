"""The questions of the Calibrate tab, and which of them matter for a request.

No Textual here.

Each question has the name of the option of the command line, so that help, errors and the guide
use one name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from advisor.core.question import Question
from advisor.tui.model import prompt_questions
from advisor.tui.model.asked import ask
from advisor.tui.model.question_text import label
from advisor.tui.model.run_request import (
    PREFIX,
    PROMPTS,
    QUALITY,
    SAMPLE,
    THROUGHPUT,
    CalibrationRequest,
)

_WHAT = ask(
    "what",
    "What should be measured?",
    "throughput: speed and memory of training here, with random weights. "
    "quality: scores of prompts and of tuning, with a model folder and your data. "
    "sample: the same with the included pocket model, a demonstration. "
    "prompts: the best that prompting can do, at an endpoint or with weights here.",
    "choice",
    "needs no weights",
    default=THROUGHPUT,
    choices=(THROUGHPUT, QUALITY, SAMPLE, PROMPTS),
)

_WEIGHTS = (
    ask(
        "models",
        "Which models?",
        "Names from `advisor facts models`.",
        "names",
        "the brief's models to tune",
    ),
    ask(
        "methods",
        "Trained how?",
        "lora, qlora, dora, full, soft-prompt.",
        "names",
        "as the estimate tunes",
    ),
    ask(
        "folder",
        "Which weights?",
        "A local folder with config.json and safetensors files; code in it is never run. "
        "For models of the hub: "
        "`advisor calibrate quality --model org/name`.",
        "path",
        "needed",
    ),
    ask(
        "as_model",
        "Which model of the brief is it?",
        "Scores enter the verdict under this name.",
        "text",
        "under its own name",
    ),
)

_LIMITS = (
    ask(
        "gpu",
        "Where?",
        "A GPU by index or name; none: the CPU.",
        "text",
        "the first GPU, else the CPU",
    ),
    ask(
        "minutes",
        "How long may it run?",
        "Finished trials are kept, and the next run continues from there.",
        "number",
        "no limit",
        unit="minutes",
        low=0.1,
        high=100_000.0,
    ),
    ask(
        "max_usd",
        "How much may it cost?",
        "Needs the price per hour, or per token.",
        "number",
        "no limit",
        unit="USD",
        low=0.0,
        high=1e6,
    ),
    ask(
        "usd_per_hour",
        "What does this machine cost per hour?",
        "0 for your own machine.",
        "number",
        "unknown",
        unit="USD/hour",
        low=0.0,
        high=1e4,
    ),
    ask(
        "allow_busy",
        "Run although another program uses the GPU?",
        "Figures measured beside another program are too slow, and memory may run out.",
        "yes-no",
        "a busy GPU is refused",
        default=False,
    ),
    ask(
        "again",
        "Measure again what an earlier run answered?",
        "Otherwise only trials without an answer are run.",
        "yes-no",
        "answers are kept",
        default=False,
    ),
)


_WHERE, *_SERVED = prompt_questions.MODEL
*_OPEN_WEIGHTS, _AS_MODEL = _WEIGHTS

MODEL = "Model"
LIMITS = "Limits"

GROUPS: Mapping[str, tuple[Question, ...]] = MappingProxyType(
    {
        "": (_WHAT,),
        MODEL: (_WHERE, *_OPEN_WEIGHTS, *_SERVED, _AS_MODEL),
        "Prompts": (*prompt_questions.PROMPT, *prompt_questions.SIMILARITY),
        "Items": prompt_questions.ITEMS,
        "Search": prompt_questions.SEARCH,
        "Judge": prompt_questions.JUDGE,
        LIMITS: (*prompt_questions.CALLS, *_LIMITS),
    }
)
"""Headings with their questions, in the order of the form; the first ones have no heading."""

QUESTIONS = MappingProxyType(
    {q.key.removeprefix(PREFIX): q for group in GROUPS.values() for q in group}
)

ON_A_MACHINE = ("gpu", "usd_per_hour", "allow_busy")
"""What does not matter for a remote endpoint."""

AT_AN_ENDPOINT = (
    "url",
    "served_model",
    "key_env",
    "input_usd",
    "output_usd",
    "structured",
    "repeats",
    "paraphrases",
    "proposals",
    "judge_model",
    "at_once",
    "max_tokens",
    "send_anyway",
)
"""What only an endpoint can do, or needs."""

OF_A_SEARCH = ("search_calls", "proposals", "optimiser")

RARE = ("allow_busy", "again", "send_anyway")
"""What is asked only once it matters: a refusal names it, or an earlier run has answers."""


def questions_for(request: CalibrationRequest) -> tuple[str, ...]:
    """The names of the questions that matter for a request, in their order."""
    wanted = {"what", "minutes", "max_usd", "again", *_own(request)}
    wanted |= set() if request.asks_endpoint else set(ON_A_MACHINE)
    return tuple(name for name in QUESTIONS if name in wanted)


def _own(request: CalibrationRequest) -> Iterator[str]:
    """Those of its kind of run."""
    if request.what == THROUGHPUT:
        yield from ("models", "methods")
    elif request.what == QUALITY:
        yield from ("folder", "as_model", "methods")
    elif request.what == PROMPTS:
        yield from _of_prompts(request)


def _of_prompts(request: CalibrationRequest) -> Iterator[str]:
    """What follows from other answers appears with them: a folder of documents, a search's budget,
    what the judge is asked.
    """
    of_others = {"what", "models", "methods", "folder", *map(_name, _LIMITS)}
    named = set(QUESTIONS) - of_others
    if not request.asks_endpoint:
        named = named - set(AT_AN_ENDPOINT) | {"folder"}
    if not request.prompt.searches:
        named -= set(OF_A_SEARCH)
    if not (request.prompt.judge_model and request.asks_endpoint):
        named -= set(map(_name, prompt_questions.JUDGE[1:]))
    if "retrieval" not in request.prompt.techniques:
        named.discard("documents")
    embeds = bool(request.prompt.embedding_model)
    if not (embeds or compares(request)):
        named.discard("embedding_model")
    if not (embeds and request.asks_endpoint):
        named -= set(map(_name, prompt_questions.SIMILARITY[1:]))
    yield from named


def compares(request: CalibrationRequest) -> bool:
    """Whether prompts of the request choose rows or passages by how similar they are to an item."""
    prompt = request.prompt
    techniques = set(prompt.techniques)
    return prompt.searches or bool(techniques & {"retrieval", "retrieved-examples"})


def _name(question: Question) -> str:
    return question.key.removeprefix(PREFIX)


def in_words(line: str) -> str:
    """An error in the words of the form: options of the command line by their field names."""
    for name in sorted(QUESTIONS, key=len, reverse=True):
        line = line.replace(f"--{name.replace('_', '-')}", f"“{label(name)}”")
    return line
