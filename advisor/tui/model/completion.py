"""What a text in a field may become: models, GPUs, paths, and families such as Claude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.core.question import Question

MOST_OFFERED = 12


@dataclass(frozen=True, slots=True)
class Names:
    """The names that our tables know; empty until they are loaded."""

    models: tuple[str, ...] = ()
    gpus: tuple[str, ...] = ()

    def of(self, question: Question) -> tuple[str, ...]:
        """The names that may answer a question; empty where any text may."""
        if question.key == "hardware.gpu":
            return self.gpus
        asks_models = question.key == "current.model" or question.key.startswith("models.")
        return self.models if asks_models else ()


def last_part(question: Question, text: str) -> str:
    """The part of a text that is being typed: of a list of names the last."""
    return text.rpartition(",")[2].strip() if question.kind == "names" else text.strip()


def candidates(names: Sequence[str], text: str) -> tuple[str, ...]:
    """Names that begin with `text`, then those that contain all its words, the newest first."""
    wanted = text.lower()
    if not wanted:
        return ()
    words = wanted.replace("-", " ").split()
    begins = [name for name in names if name.lower().startswith(wanted)]
    contains = [
        name for name in names if name not in begins and all(word in name.lower() for word in words)
    ]
    return tuple((*sorted(begins, reverse=True), *sorted(contains, reverse=True))[:MOST_OFFERED])


def family(names: Sequence[str], text: str) -> tuple[str, ...]:
    """The models that a name such as `Claude` may mean; empty where it is one model or none."""
    if any(name.lower() == text.lower() for name in names):
        return ()
    return candidates(names, text)


def path_completion(folder: Path, text: str) -> str:
    """The only or first path that begins with `text`, relative to `folder`; empty where none."""
    base = Path(text).expanduser()
    parent = folder / (base if text.endswith("/") else base.parent)
    start = "" if text.endswith("/") else base.name
    try:
        matches = sorted(
            path.name + ("/" if path.is_dir() else "")
            for path in parent.iterdir()
            if path.name.startswith(start) and (start or not path.name.startswith("."))
        )
    except OSError:
        return ""
    if not matches or not text:
        return ""
    return text[: len(text) - len(start)] + matches[0]
