"""Unsaved drafts on disk, so that a killed terminal or a crash loses no answer.

Each draft has two files in the state folder: the brief as TOML, and a record of where it belongs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from advisor.core.errors import AdvisorError
from advisor.tui.model.draft import Draft

FOLDER = "drafts"


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft that was left unsaved: `path` is the file it belongs to (None: none yet)."""

    id: str
    name: str
    saved_at: str
    path: Path | None
    pid: int

    @property
    def is_open_elsewhere(self) -> bool:
        """Whether the program that wrote it still runs; a later one may have its number."""
        import psutil

        try:
            started = psutil.Process(self.pid).create_time()
            return started <= datetime.fromisoformat(self.saved_at).timestamp() + 1
        except (psutil.Error, ValueError):
            return False


class DraftStore:
    """Keeps at most one draft per brief file, and one for each new brief."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            from advisor.store.folders import folders

            folder = folders().state / FOLDER
        self._folder = folder

    def keep(self, draft: Draft, pid: int) -> None:
        """Write an unsaved draft. Raises OSError, AdvisorError."""
        from advisor import brief

        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft_id = _id(draft, pid)
        record = {
            "name": draft.brief.name,
            "path": str(draft.path) if draft.path else "",
            "folder": draft.brief.folder,
            "text": draft.text,
            "changed": list(draft.changed),
            "saved_at": datetime.now().isoformat(timespec="seconds"),
            "pid": pid,
        }
        brief.save(self._folder / f"{draft_id}.toml", draft.toml())
        brief.save(self._folder / f"{draft_id}.json", json.dumps(record))

    def forget(self, draft: Draft, pid: int) -> None:
        """The draft was saved or discarded."""
        self.remove(_id(draft, pid))

    def remove(self, draft_id: str) -> None:
        """Delete a saved draft."""
        for ending in (".toml", ".json"):
            (self._folder / f"{draft_id}{ending}").unlink(missing_ok=True)

    def drafts(self) -> tuple[SavedDraft, ...]:
        """Drafts that no running program holds, the newest first; damaged records are skipped."""
        if not self._folder.is_dir():
            return ()
        records = (_record(path) for path in self._folder.glob("*.json"))
        left = [record for record in records if record and not record.is_open_elsewhere]
        return tuple(sorted(left, key=lambda record: record.saved_at, reverse=True))

    def of_file(self, path: Path) -> SavedDraft | None:
        """The unsaved draft of a brief file, where there is one."""
        wanted = path.resolve()
        return next((d for d in self.drafts() if d.path and d.path.resolve() == wanted), None)

    def restore(self, saved: SavedDraft) -> Draft:
        """The draft as it was left, unsaved. Raises UsageError, OSError."""
        record = json.loads((self._folder / f"{saved.id}.json").read_text(encoding="utf-8"))
        draft = Draft.read(self._folder / f"{saved.id}.toml")
        return replace(
            draft,
            path=saved.path,
            text=record["text"] if saved.path else "",
            changed=tuple(record["changed"]),
            brief=replace(draft.brief, folder=record["folder"]),
        )


def _id(draft: Draft, pid: int) -> str:
    if draft.path is None:
        return f"new-{pid}"
    return sha256(str(draft.path.resolve()).encode()).hexdigest()[:16]


def _record(path: Path) -> SavedDraft | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        file = Path(record["path"]) if record["path"] else None
        return SavedDraft(
            path.stem, str(record["name"]), str(record["saved_at"]), file, int(record["pid"])
        )
    except (OSError, ValueError, KeyError, TypeError, AdvisorError):
        return None
