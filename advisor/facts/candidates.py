"""The models a brief is compared with when it names none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor import shipped
from advisor.core import toml_text
from advisor.core.errors import UsageError
from advisor.core.facts import Cited
from advisor.facts.price_file import TomlTable


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model and why it is worth comparing; `tasks` empty: for every task. `large`: only where the
    team's own GPUs have room for it.
    """

    model: str
    reason: str
    tasks: tuple[str, ...]
    cited: Cited
    large: bool = False

    def suits(self, task: str) -> bool:
        """Whether it is worth comparing for this type of task."""
        return not self.tasks or task in self.tasks


@dataclass(frozen=True, slots=True)
class Candidates:
    """Models to prompt and models to tune, in the order they are named."""

    prompt: tuple[Candidate, ...]
    tune: tuple[Candidate, ...]


def load_candidates(user_folder: Path | None) -> Candidates:
    """Reads candidates.toml; the user's file replaces ours whole.

    Raises UsageError where it is wrong.
    """
    mine = user_folder / "candidates.toml" if user_folder else None
    file = (
        mine
        if mine is not None and mine.is_file()
        else shipped.folder("profiles") / "candidates.toml"
    )
    try:
        document = toml_text.parse(file.read_text(encoding="utf-8"))
    except toml_text.TomlError as error:
        raise UsageError(f"{file}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read ({error}); correct or remove it") from None
    return Candidates(_list(file, document, "prompt"), _list(file, document, "tune"))


def _list(file: Path, document: TomlTable, key: str) -> tuple[Candidate, ...]:
    rows = document.get(key, [])
    if not isinstance(rows, list):
        raise UsageError(f"{file}: {key}: must be a list of tables; write [[{key}]]")
    return tuple(_candidate(file, f"{key}[{i}]", row) for i, row in enumerate(rows))


def _candidate(file: Path, where: str, row: Any) -> Candidate:
    for key in ("model", "reason", "source", "as_of"):
        if not isinstance(row, dict) or not isinstance(row.get(key), str) or not row[key]:
            raise UsageError(f"{file}: {where}.{key}: is missing; write it as text in quotes")
    tasks = row.get("tasks", [])
    if not isinstance(tasks, list) or not all(isinstance(task, str) for task in tasks):
        raise UsageError(f"{file}: {where}.tasks: must be a list of task types")
    large = row.get("large", False)
    if not isinstance(large, bool):
        raise UsageError(f"{file}: {where}.large: must be true or false")
    cited = Cited(row["source"], row["as_of"])
    return Candidate(row["model"], row["reason"], tuple(tasks), cited, large)
