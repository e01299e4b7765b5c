"""A question of the Calibrate tab. No Textual here."""

from __future__ import annotations

from typing import Any

from advisor.core.question import Kind, Question
from advisor.tui.model.run_request import PREFIX


def ask(name: str, text: str, help: str, kind: str, source: str, **more: Any) -> Question:
    """A question by the name of its option; `source` says what counts where it is left out."""
    return Question(
        text,
        help,
        Kind(kind),
        more.pop("default", None),
        source,
        key=f"{PREFIX}{name}",
        registered=False,
        **more,
    )
