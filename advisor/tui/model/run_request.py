"""The questions of the Calibrate tab; a CalibrationRequest has the answers.

No Textual here.

Each question has the name of the option of the command line, so that help, errors and the guide
use one name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from advisor.core.quantity import Range
from advisor.core.question import Kind, Question
from advisor.tui.model.question_text import label

THROUGHPUT = "throughput"
QUALITY = "quality"
SAMPLE = "sample"
PROMPTS = "prompts"


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """What is to be measured, and within which limits. None and empty: left out."""

    what: str = THROUGHPUT
    models: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    folder: str = ""
    url: str = ""
    served_model: str = ""
    as_model: str = ""
    key_env: str = ""
    input_usd: float | None = None
    output_usd: float | None = None
    gpu: str = ""
    minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: Range | None = None
    allow_busy: bool = False
    again: bool = False

    def answered(self, key: str, value: Any) -> CalibrationRequest:
        """This request with an answer as the form gives it; None: left out."""
        name = key.removeprefix(_PREFIX)
        if value is None:
            value = getattr(CalibrationRequest(), name)
        elif name in _PLAIN_NUMBERS:
            value = value.p50 if isinstance(value, Range) else float(value)
        elif name == "usd_per_hour" and not isinstance(value, Range):
            value = Range.exact(float(value))
        return replace(self, **{name: value})

    def value(self, key: str) -> Any:
        """The answer that stands at `key`; None where it is left out."""
        name = key.removeprefix(_PREFIX)
        answer = getattr(self, name)
        is_default = answer == getattr(CalibrationRequest(), name) and name != "what"
        return None if is_default else answer

    @classmethod
    def of_prompt(cls, model: str) -> CalibrationRequest:
        """Measure the prompt of a model; where its provider has a public address, there."""
        for family, (url, key_env) in PUBLIC.items():
            if model.lower().startswith(family):
                return cls(PROMPTS, url=url, served_model=model, as_model=model, key_env=key_env)
        return cls(PROMPTS, served_model=model, as_model=model)


PUBLIC = MappingProxyType(
    {
        "gpt": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
        "claude": ("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
        "gemini": (
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "GEMINI_API_KEY",
        ),
        "mistral": ("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    }
)
"""OpenAI-compatible addresses and the usual names of their keys, by the beginning of a model's
name (documentation of the providers, 2026-11).
"""

_PREFIX = "calibrate."
_PLAIN_NUMBERS = ("minutes", "max_usd", "input_usd", "output_usd")
"""Answers of which the likely value counts alone."""


def _ask(name: str, text: str, help: str, kind: str, source: str, **more: Any) -> Question:
    return Question(
        text,
        help,
        Kind(kind),
        more.pop("default", None),
        source,
        key=f"{_PREFIX}{name}",
        registered=False,
        **more,
    )


_QUESTIONS = (
    _ask(
        "what",
        "What should be measured?",
        "throughput: speed and memory of training here, with random weights. "
        "quality: scores of prompts and of tuning, with a model folder and your data. "
        "sample: the same with the included pocket model, a demonstration. "
        "prompts: prompt formats on an endpoint; your test items are sent there.",
        "choice",
        "needs no weights",
        default=THROUGHPUT,
        choices=(THROUGHPUT, QUALITY, SAMPLE, PROMPTS),
    ),
    _ask(
        "models",
        "Which models?",
        "Names from `advisor facts models`.",
        "names",
        "the brief's models to tune",
    ),
    _ask(
        "methods",
        "Trained how?",
        "lora, qlora, dora, full, soft-prompt.",
        "names",
        "as the estimate tunes",
    ),
    _ask(
        "folder",
        "Which weights?",
        "A local folder with config.json and safetensors files; code in it is never run. "
        "For models of the hub: "
        "`advisor calibrate quality --model org/name`.",
        "path",
        "needed",
    ),
    _ask(
        "url",
        "Which endpoint?",
        "Base address of an OpenAI-compatible endpoint.",
        "text",
        "needed: http://…/v1",
    ),
    _ask(
        "served_model",
        "Which model on the endpoint?",
        "Its name on the endpoint.",
        "text",
        "needed",
    ),
    _ask(
        "as_model",
        "Which model of the brief is it?",
        "Scores enter the verdict under this name.",
        "text",
        "under its own name",
    ),
    _ask(
        "key_env",
        "Which variable holds the key?",
        "The key itself is read from the environment; it is never stored or shown.",
        "text",
        "OPENAI_API_KEY",
    ),
    _ask(
        "input_usd",
        "What do a million input tokens cost?",
        "For the price of the run, and for a limit in dollars.",
        "number",
        "unknown",
        unit="USD",
        low=0.0,
        high=1e4,
    ),
    _ask(
        "output_usd",
        "What do a million output tokens cost?",
        "For the price of the run, and for a limit in dollars.",
        "number",
        "unknown",
        unit="USD",
        low=0.0,
        high=1e4,
    ),
    _ask(
        "gpu",
        "Where?",
        "A GPU by index or name; none: the CPU.",
        "text",
        "the first GPU, else the CPU",
    ),
    _ask(
        "minutes",
        "How long may it run?",
        "Finished trials are kept, and the next run continues from there.",
        "number",
        "no limit",
        unit="minutes",
        low=0.1,
        high=100_000.0,
    ),
    _ask(
        "max_usd",
        "How much may it cost?",
        "Needs the price per hour, or per token.",
        "number",
        "no limit",
        unit="USD",
        low=0.0,
        high=1e6,
    ),
    _ask(
        "usd_per_hour",
        "What does this machine cost per hour?",
        "0 for your own machine.",
        "number",
        "unknown",
        unit="USD/hour",
        low=0.0,
        high=1e4,
    ),
    _ask(
        "allow_busy",
        "Run although another program uses the GPU?",
        "Figures measured beside another program are too slow, and memory may run out.",
        "yes-no",
        "a busy GPU is refused",
        default=False,
    ),
    _ask(
        "again",
        "Measure again what an earlier run answered?",
        "Otherwise only trials without an answer are run.",
        "yes-no",
        "answers are kept",
        default=False,
    ),
)

QUESTIONS = MappingProxyType({q.key.removeprefix(_PREFIX): q for q in _QUESTIONS})

ONLY_FOR = MappingProxyType(
    {
        THROUGHPUT: ("models", "methods"),
        QUALITY: ("folder", "as_model", "methods"),
        SAMPLE: (),
        PROMPTS: ("url", "served_model", "as_model", "key_env", "input_usd", "output_usd"),
    }
)
"""Questions of some kinds of run only; all others are always asked, except `ON_A_MACHINE`."""

ON_A_MACHINE = ("gpu", "usd_per_hour", "allow_busy")
"""What does not matter for a remote endpoint."""


RARE = ("allow_busy", "again")
"""What is asked only once it matters: the GPU was refused, or an earlier run has answers."""


def questions_for(what: str) -> tuple[str, ...]:
    """The names of the questions that matter for a kind of run, in their order."""
    own = {name for names in ONLY_FOR.values() for name in names}
    hidden = (own - set(ONLY_FOR[what])) | (set(ON_A_MACHINE) if what == PROMPTS else set())
    return tuple(name for name in QUESTIONS if name not in hidden)


def in_words(line: str) -> str:
    """An error in the words of the form: options of the command line by their field names."""
    for name in QUESTIONS:
        line = line.replace(f"--{name.replace('_', '-')}", f"“{label(name)}”")
    return line
