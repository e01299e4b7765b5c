"""The answers of the Calibrate tab: what is to be measured, and within which limits.

No Textual here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from advisor.calibrate.prompt_choices import PromptChoices, shot_counts, techniques_by_shots
from advisor.core.errors import UsageError
from advisor.core.quantity import Range

THROUGHPUT = "throughput"
QUALITY = "quality"
SAMPLE = "sample"
PROMPTS = "prompts"

ENDPOINT = "endpoint"
HERE = "this machine"

ITEMS = 100
DEVELOPMENT = 50
AT_ONCE = 4


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
    runs_on: str = ENDPOINT
    items: int = ITEMS
    development: int = DEVELOPMENT
    group_field: str = ""
    at_once: int = AT_ONCE
    max_tokens: int = 0
    send_anyway: bool = False
    prompt: PromptChoices = PromptChoices()

    @property
    def asks_endpoint(self) -> bool:
        """Whether rows go to an endpoint, and not to a model with weights here."""
        return self.what == PROMPTS and self.runs_on == ENDPOINT

    @property
    def shown_techniques(self) -> tuple[str, ...]:
        """The techniques that will run: as ticked, else by the numbers of examples."""
        if self.prompt.techniques:
            return self.prompt.techniques
        try:
            return techniques_by_shots(shot_counts(self.prompt.shots))
        except UsageError:
            return ()

    def answered(self, key: str, value: Any) -> CalibrationRequest:
        """This request with an answer as the form gives it; None: left out."""
        name = key.removeprefix(PREFIX)
        if value is None:
            value = _of(CalibrationRequest(), name)
        elif name == "usd_per_hour":
            value = value if isinstance(value, Range) else Range.exact(float(value))
        elif isinstance(value, Range):
            value = value.p50
        if isinstance(_of(self, name), int) and not isinstance(value, bool):
            value = round(value)
        if name in _PROMPT_NAMES:
            return replace(self, prompt=replace(self.prompt, **{name: value}))
        return replace(self, **{name: value})

    def value(self, key: str) -> Any:
        """The answer that stands at `key`; None where it is left out."""
        name = key.removeprefix(PREFIX)
        answer = _of(self, name)
        is_default = answer == _of(CalibrationRequest(), name) and name not in _ALWAYS_SHOWN
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

PREFIX = "calibrate."
_ALWAYS_SHOWN = ("what", "runs_on")
_PROMPT_NAMES = frozenset(field.name for field in fields(PromptChoices))


def _of(request: CalibrationRequest, name: str) -> Any:
    """An answer by the name of its question."""
    return getattr(request.prompt if name in _PROMPT_NAMES else request, name)
