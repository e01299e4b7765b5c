"""Undo and redo over drafts. Drafts are frozen, so a step is one reference."""

from __future__ import annotations

from dataclasses import dataclass, field

from advisor.tui.model.draft import Draft

MOST_STEPS = 500


@dataclass(slots=True)
class UndoHistory:
    """The drafts before each change; changes of one question in a row are one step."""

    _past: list[Draft] = field(default_factory=list)
    _future: list[Draft] = field(default_factory=list)
    _last_keys: frozenset[str] = frozenset()

    def record(self, before: Draft, keys: frozenset[str]) -> bool:
        """Note the draft before a change of the questions `keys`; whether a step begins with it."""
        self._future.clear()
        if keys == self._last_keys and len(keys) == 1:
            return False
        self._last_keys = keys
        self._past.append(before)
        del self._past[:-MOST_STEPS]
        return True

    def end_step(self) -> None:
        """The field was left: the next change is a step of its own."""
        self._last_keys = frozenset()

    def undo(self, now: Draft) -> Draft | None:
        """The draft before the newest change; None where there is none."""
        return self._move(self._past, self._future, now)

    def redo(self, now: Draft) -> Draft | None:
        """The draft that was undone last; None where there is none."""
        return self._move(self._future, self._past, now)

    def _move(self, source: list[Draft], target: list[Draft], now: Draft) -> Draft | None:
        self.end_step()
        if not source:
            return None
        target.append(now)
        return source.pop()
