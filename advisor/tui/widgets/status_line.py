"""The line on top: the program, the brief, and what the user must not forget about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from advisor.core.format import clean
from advisor.tui.model.draft import Draft

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict


class StatusLine(Widget):
    """Name of the brief on the left; date, price age and offline on the right, as far as there is
    room.
    """

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    draft: reactive[Draft] = reactive(Draft)
    running: reactive[str] = reactive("")
    verdict: reactive[Verdict | None] = reactive(None)

    def render(self) -> Content:
        left = Content.assemble(
            ("advisor  ", "bold $text-primary"),
            clean(self.draft.brief.name),
            ("  ● unsaved" if self.draft.unsaved else "", "bold"),
            (f"  {self.running}" if self.running else "", "bold $text-accent"),
            (
                f"  ? what-if: {len(self.draft.supposed)}" if self.draft.supposed else "",
                "bold $text-warning",
            ),
        )
        room = self.size.width - left.cell_length - 2
        facts = self._facts()
        while facts and len(" · ".join(facts)) > room:
            facts.pop()
        right = " · ".join(facts)
        return left.truncate(self.size.width, ellipsis=True) + Content(
            right.rjust(max(room + 2, 0))
        )

    def _facts(self) -> list[str]:
        """What is true of the whole screen, the most important first."""
        as_of = self.verdict.as_of if self.verdict else str(self.draft.brief.as_of or "")
        from advisor.tui.views.facts_age import price_age

        age = price_age(self.verdict) if self.verdict else ""
        return [part for part in (f"as of {clean(as_of)}" if as_of else "", age, "offline") if part]
