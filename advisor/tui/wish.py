"""What is to be measured, as questions of the Calibrate tab; a Wish holds the answers.

No Textual here.

Each question has the name of the command line's option, so that help, errors and guide speak of one
thing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from advisor.core.quantity import Range
from advisor.core.question import Question
from advisor.tui.wording import label

THROUGHPUT, QUALITY, SAMPLE, PROMPTS = "throughput", "quality", "sample", "prompts"
LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants measured, and within which limits. None and empty: left out."""

    what: str = THROUGHPUT
    models: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    folder: str = ""
    url: str = ""
    served_model: str = ""
    as_model: str = ""
    input_usd: float | None = None
    output_usd: float | None = None
    gpu: str = ""
    minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: Range | None = None
    busy_ok: bool = False
    again: bool = False

    def answered(self, key: str, value: Any) -> Wish:
        """This wish with an answer as the form gives it; None: left out."""
        name = key.removeprefix(_PREFIX)
        if value is None:
            value = getattr(Wish(), name)
        elif name in _PLAIN_NUMBERS:
            value = value.p50 if isinstance(value, Range) else float(value)
        elif name == "usd_per_hour" and not isinstance(value, Range):
            value = Range.exact(float(value))
        return replace(self, **{name: value})

    def value(self, key: str) -> Any:
        """The answer that stands at `key`; None where it is left out."""
        name = key.removeprefix(_PREFIX)
        held = getattr(self, name)
        return None if held == getattr(Wish(), name) and name != "what" else held


_PREFIX = "calibrate."
_PLAIN_NUMBERS = ("minutes", "max_usd", "input_usd", "output_usd")
"""Answers of which the likely value counts alone."""


def _ask(name: str, text: str, help: str, kind: str, source: str, **more: Any) -> Question:
    return Question(
        text,
        help,
        kind,
        more.pop("default", None),
        source,
        key=f"{_PREFIX}{name}",
        registered=False,
        **more,
    )


_QUESTIONS = (
    _ask(
        "what",
        "What is to be measured?",
        "throughput: how fast and with how much memory models train here, with random weights. quality: scores of "
        "prompts and of tuning, with a model folder and your data. sample: the same with the pocket model that comes "
        "along, a demonstration. prompts: prompt forms against an endpoint; your test items are sent there.",
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
        "A local folder with config.json and safetensors files; code in it is never run. Models of the hub: "
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
        "served_model", "Which model there?", "The name the endpoint knows it by.", "text", "needed"
    ),
    _ask(
        "as_model",
        "Which model of the brief is it?",
        "Scores enter the verdict under this name.",
        "text",
        "by its own name",
    ),
    _ask(
        "input_usd",
        "What do a million tokens cost to read?",
        "For the price of the run, and for a limit in dollars.",
        "number",
        "unknown",
        unit="USD",
        low=0.0,
        high=1e4,
    ),
    _ask(
        "output_usd",
        "What do a million tokens cost to write?",
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
        "A card by index or name; none: the processor.",
        "text",
        "the first card, else the processor",
    ),
    _ask(
        "minutes",
        "How long at most?",
        "What is finished by then is kept, and the next run goes on from there.",
        "number",
        "no limit",
        unit="minutes",
        low=0.1,
        high=100_000.0,
    ),
    _ask(
        "max_usd",
        "For how much at most?",
        "Needs the price of an hour, or of tokens.",
        "number",
        "no limit",
        unit="USD",
        low=0.0,
        high=1e6,
    ),
    _ask(
        "usd_per_hour",
        "What does an hour of this machine cost?",
        "0 for a machine of your own.",
        "number",
        "unknown",
        unit="USD/hour",
        low=0.0,
        high=1e4,
    ),
    _ask(
        "busy_ok",
        "Run though somebody else uses the card?",
        "Figures measured beside another program are too slow, and the run may run out of memory.",
        "yes-no",
        "a busy card is refused",
        default=False,
    ),
    _ask(
        "again",
        "Measure anew what an earlier run answered?",
        "Else only what has no answer yet is run.",
        "yes-no",
        "answers are kept",
        default=False,
    ),
)

QUESTIONS = MappingProxyType({q.key.removeprefix(_PREFIX): q for q in _QUESTIONS})

ASKED = MappingProxyType(
    {
        THROUGHPUT: ("models", "methods"),
        QUALITY: ("folder", "as_model", "methods"),
        SAMPLE: (),
        PROMPTS: ("url", "served_model", "as_model", "input_usd", "output_usd"),
    }
)
"""What is asked only for some kinds of run; everything else always is, but for `ON_A_MACHINE`."""

ON_A_MACHINE = ("gpu", "usd_per_hour", "busy_ok")
"""What does not matter for an endpoint of somebody else."""


RARE = ("busy_ok", "again")
"""What is asked only once it matters: the card was refused, or an earlier run has answers."""


def asked(what: str) -> tuple[str, ...]:
    """The names of the questions that matter for a kind of run, in their order."""
    own = {name for names in ASKED.values() for name in names}
    hidden = (own - set(ASKED[what])) | (set(ON_A_MACHINE) if what == PROMPTS else set())
    return tuple(name for name in QUESTIONS if name not in hidden)


def in_words(line: str) -> str:
    """An error of the command line in the words of the form: its options by the names of the
    fields.
    """
    for name in QUESTIONS:
        line = line.replace(f"--{name.replace('_', '-')}", f"“{label(name)}”")
    return line
