"""What a chat template adds to the texts of a row: rendered where the template is at hand, else per
message.

A template is a program that came with a model, so it runs in Jinja's sandbox with a budget of loop
steps, without filters that blow up a text, and sees nothing but the messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.core.errors import UsageError
from advisor.core.quantity import Basis, Range
from advisor.probe.tokens import O200K_FAMILIES

Message = Mapping[str, Any]

OPENAI_EACH = 4
OPENAI_ONCE = 3
"""Tokens around each message (three marks and the role's name) and before the reply: OpenAI
Cookbook, "How to count tokens with tiktoken", for gpt-4o and its kin.
"""

USUAL_EACH = Range(3.0, 5.0, 7.0)
"""Tokens a message of the templates of Mistral (3), ChatML and Gemma (5), Llama 3 (5 and line
breaks).
"""

MAX_TEMPLATE_CHARACTERS = 200_000
LOOP_STEPS = 20_000
FILTERS = frozenset(
    (
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "float",
        "int",
        "items",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "replace",
        "reverse",
        "round",
        "safe",
        "select",
        "selectattr",
        "sort",
        "string",
        "sum",
        "title",
        "trim",
        "unique",
        "upper",
    )
)

PADDING = frozenset(("center", "ljust", "rjust", "zfill", "expandtabs", "format", "format_map"))
"""Methods of texts that make much of little."""


@dataclass(frozen=True, slots=True)
class Chat:
    """How messages are wrapped.

    `each` and `once` are tokens; `render` is there where a template is, and wins.

    `render` raises ValueError where the template refuses the messages.
    """

    note: str
    basis: Basis
    each: Range
    once: int = 0
    render: Callable[[Sequence[Message]], str] | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is this model's own, not what templates usually add."""
        return self.basis is not Basis.ASSUMED


def chat_for(model: str, folder: Path | str | None = None) -> Chat:
    """The chat form of `model`, or the one in its `folder`.

    Raises UsageError for a template that cannot be read.
    """
    if folder is not None:
        render = _template_in(Path(folder))
        if render:
            return Chat(
                "rendered with the chat template in the tokenizer's folder",
                Basis.MEASURED,
                USUAL_EACH,
                0,
                render,
            )
    wanted = model.lower().removeprefix("ft:").rpartition("/")[2]
    if wanted.startswith(O200K_FAMILIES) and folder is None:
        note = f"{OPENAI_EACH} tokens a message and {OPENAI_ONCE} for the reply (OpenAI Cookbook)"
        return Chat(note, Basis.PUBLISHED, Range.exact(float(OPENAI_EACH)), OPENAI_ONCE)
    note = "without a chat template: + about 5 tokens a message (3 to 7 in common templates)"
    return Chat(note, Basis.ASSUMED, USUAL_EACH)


def _template_in(path: Path) -> Callable[[Sequence[Message]], str] | None:
    """The template of a model's folder, from the file of its own or from tokenizer_config.json;
    None: it has none.
    """
    folder = path if path.is_dir() else path.parent
    settings = _settings(folder / "tokenizer_config.json")
    own = folder / "chat_template.jinja"
    source = _read(own) if own.is_file() else _default(settings.get("chat_template"))
    if not source:
        return None
    if len(source) > MAX_TEMPLATE_CHARACTERS:
        raise UsageError(
            f"{folder}: a chat template of {len(source):,} characters; check where it comes from"
        )
    marks = {
        name: _mark(settings.get(name))
        for name in ("bos_token", "eos_token", "pad_token", "unk_token")
    }
    return _renderer(folder, source, marks)


def _settings(file: Path) -> Message:
    if not file.is_file():
        return {}
    try:
        settings = json.loads(_read(file))
    except (ValueError, RecursionError):
        raise UsageError(f"{file}: not JSON; fetch it again") from None
    return settings if isinstance(settings, dict) else {}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}; fetch it again") from None


def _default(entry: Any) -> str:
    """A template, or the one called `default` of several."""
    if isinstance(entry, list):
        named = {
            str(t.get("name")): str(t.get("template", "")) for t in entry if isinstance(t, dict)
        }
        return named.get("default", next(iter(named.values()), ""))
    return entry if isinstance(entry, str) else ""


def _mark(entry: Any) -> str:
    if isinstance(entry, dict):
        return str(entry.get("content", ""))
    return entry if isinstance(entry, str) else ""


def _renderer(
    folder: Path, source: str, marks: Mapping[str, str]
) -> Callable[[Sequence[Message]], str]:
    import jinja2

    budget = [0]
    environment = _sandbox(budget)
    try:
        template = environment.from_string(re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", source))
    except (jinja2.TemplateError, RecursionError) as error:
        raise UsageError(
            f"{folder}: the chat template is damaged: {str(error)[:120]}; fetch it again"
        ) from None

    def render(messages: Sequence[Message]) -> str:
        budget[0] = LOOP_STEPS
        try:
            return str(
                template.render(
                    messages=messages,
                    add_generation_prompt=False,
                    tools=None,
                    documents=None,
                    **marks,
                )
            )
        except Exception as error:  # a program from outside may fail in any way
            raise ValueError(
                (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
            ) from None

    return render


def _sandbox(budget: list[int]) -> Any:
    """Jinja as model hubs run it, with little in reach: counted loops, no repeated or padded
    texts.
    """
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(["*", "**", "%"])

        def wrap_str_format(self, value: Any) -> Any:
            if getattr(value, "__name__", "") in PADDING and isinstance(
                getattr(value, "__self__", None), str
            ):
                raise SecurityError("texts are not padded here")
            return None

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if (
                not (isinstance(left, (int, float)) and isinstance(right, (int, float)))
                or operator == "**"
            ):
                raise SecurityError("texts and lists are not multiplied here")
            return super().call_binop(context, operator, left, right)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return attr not in PADDING and super().is_safe_attribute(obj, attr, value)

    def counted(*bounds: int) -> range:
        budget[0] -= len(range(*bounds))
        if budget[0] < 0:
            raise SecurityError("the template loops too long")
        return range(*bounds)

    def refuse(message: str) -> str:
        raise ValueError(str(message))

    environment = Sandbox(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters = {
        name: function for name, function in environment.filters.items() if name in FILTERS
    }
    environment.filters["tojson"] = _to_json
    environment.globals = {
        "range": counted,
        "raise_exception": refuse,
        "namespace": environment.globals["namespace"],
    }
    environment.globals["strftime_now"] = _a_day
    return environment


def _to_json(value: Any, indent: int | None = None, **options: Any) -> str:
    return json.dumps(
        value, ensure_ascii=False, indent=indent if indent is None else min(indent, 8), default=str
    )


def _a_day(form: str) -> str:
    """A day of fixed length, so that counts do not depend on when they are made."""
    return {"%Y-%m-%d": "2026-01-01", "%d %b %Y": "01 Jan 2026"}.get(form, "2026-01-01")
