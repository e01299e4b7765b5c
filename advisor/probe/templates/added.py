"""What a chat template adds to the texts of a row: rendered where the template is at hand, else per
message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.core import bounded_json, given_files
from advisor.core.errors import UsageError
from advisor.core.quantity import Basis, Range
from advisor.probe.templates.rendering import Renderer
from advisor.probe.tokens import O200K_FAMILIES

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


@dataclass(frozen=True, slots=True)
class Chat:
    """How messages are wrapped.

    `each` and `once` are tokens; `renderer` is there where a template is, and wins; whoever asked
    for it closes it.
    """

    note: str
    basis: Basis
    each: Range
    once: int = 0
    renderer: Renderer | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is this model's own, not what templates usually add."""
        return self.basis is not Basis.ASSUMED


def chat_for(model: str, folder: Path | str | None = None) -> Chat:
    """The chat form of `model`, or the one in its `folder`.

    Raises UsageError for a template that cannot be read or is damaged.
    """
    if folder is not None:
        renderer = _template_in(Path(folder))
        if renderer:
            return Chat(
                "rendered with the chat template in the tokenizer's folder",
                Basis.MEASURED,
                USUAL_EACH,
                0,
                renderer,
            )
    wanted = model.lower().removeprefix("ft:").rpartition("/")[2]
    if wanted.startswith(O200K_FAMILIES) and folder is None:
        note = f"{OPENAI_EACH} tokens a message and {OPENAI_ONCE} for the reply (OpenAI Cookbook)"
        return Chat(note, Basis.PUBLISHED, Range.exact(float(OPENAI_EACH)), OPENAI_ONCE)
    note = "without a chat template: + about 5 tokens a message (3 to 7 in common templates)"
    return Chat(note, Basis.ASSUMED, USUAL_EACH)


def _template_in(path: Path) -> Renderer | None:
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
    return Renderer(folder, source, marks)


def _settings(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        settings = bounded_json.loads(_read(file))
    except (ValueError, RecursionError):
        raise UsageError(f"{file}: not JSON; fetch it again") from None
    return settings if isinstance(settings, dict) else {}


def _read(file: Path) -> str:
    try:
        return given_files.read_text(file)
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
