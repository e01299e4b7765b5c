"""The one folder that an agent may name files in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.core.brief import Brief, questions
from advisor.core.errors import UsageError
from advisor.core.question import Kind


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder; files outside it do not exist for an agent, wherever links lead."""

    root: Path

    @classmethod
    def at(cls, folder: Path) -> Workspace:
        """Raises UsageError where it is not a folder."""
        if not folder.is_dir():
            raise UsageError(f"{folder}: is not a folder; name the one that agents may read")
        return cls(folder.resolve())

    def file(self, name: str) -> Path:
        """The file or folder of that name, relative to the root.

        Raises UsageError where it is outside or does not exist.
        """
        path = self._inside(self.root / name, name)
        if not path.exists():
            raise UsageError(f"{name}: no such file in the folder that agents may read")
        return path

    def check_brief(self, brief: Brief) -> None:
        """Raises UsageError where a brief names a file outside, with its key."""
        for key, question in questions().items():
            name = brief.get(key) if question.kind is Kind.PATH else ""
            if name:
                self._inside(Path(brief.folder) / name, f"{key}: {name}")

    def _inside(self, path: Path, name: str) -> Path:
        try:
            resolved = path.resolve()
        except (OSError, ValueError, RuntimeError):
            raise UsageError(f"{name}: not a possible path") from None
        if not resolved.is_relative_to(self.root):
            raise UsageError(f"{name}: is outside the folder that agents may read ({self.root})")
        return resolved
