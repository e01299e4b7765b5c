"""The values at which the verdict becomes another; enter tries one as a what-if."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from advisor.core.format import APPROACH_WORDS, bare, clean
from advisor.core.naming import input_name
from advisor.core.verdict import FlipPoint, Verdict
from advisor.report.phrases import beyond, is_near
from advisor.tui.messages import FlipTried
from advisor.tui.widgets.table_keys import TABLE_KEYS


class FlipList(OptionList):
    """One line per flip, the nearest first."""

    BINDINGS: ClassVar[list[BindingType]] = TABLE_KEYS
    about = "enter tries it as a what-if · K keeps it, D drops it"

    def __init__(self) -> None:
        super().__init__()
        self._flips: tuple[FlipPoint, ...] = ()

    def show(self, verdict: Verdict) -> None:
        """List the flips of a verdict."""
        self._flips = tuple(flip for flip in verdict.flip_points if is_near(flip))
        at = self.highlighted
        self.set_options(Option(flip_line(flip)) for flip in self._flips)
        self.highlighted = min(at or 0, len(self._flips) - 1) if self._flips else None

    @on(OptionList.OptionSelected)
    def _try(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        flip = self._flips[event.option_index]
        self.post_message(FlipTried(flip.input, flip.value, flip.now))


def flip_line(flip: FlipPoint) -> Content:
    """`→ prompting  requests / month below 1,150,000 (now 2,400,000)`."""
    word = APPROACH_WORDS.get(flip.verdict_becomes, flip.verdict_becomes)
    now = f"  (now {bare(flip.now, flip.unit)})" if flip.now is not None else ""
    return Content.assemble(
        ("→ ", "$text-accent"),
        (f"{clean(word):<14} ", "bold"),
        clean(f"{input_name(flip.input)} {beyond(flip)}"),
        (f"  {clean(now.strip())}", "dim"),
    )
