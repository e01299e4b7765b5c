"""A score that the user knows already, as a row of `[[quality.measured]]`. No Textual here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core.errors import UsageError
from advisor.core.naming import option_name
from advisor.core.sections.quality import Score

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.verdict import Verdict
    from advisor.tui.model.draft import Draft

MEASURED = "quality.measured"
EXAMPLE = "88% of 300, 0.88 of 300, 264 of 300"
_OF = re.compile(
    r"(?P<right>\d+(?:\.\d+)?)\s*(?P<percent>%?)\s*(?:of|/|on|out of)\s*(?P<items>\d[\d,_]*)"
    r"(?:\s*[a-z ]+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scorable:
    """What a score can be for: approach, technique and model, as in the name of an option."""

    approach: str
    technique: str
    model: str
    is_today: bool = False

    @property
    def name(self) -> str:
        """In plain words."""
        today = "Today: " if self.is_today else ""
        return today + option_name(f"{self.approach}/{self.technique}@{self.model}")


def scorables(brief: Brief, verdict: Verdict | None) -> tuple[Scorable, ...]:
    """What is in place today, then the options of the verdict, the most often best first."""
    return tuple(dict.fromkeys(_scorables(brief, verdict)))


def _scorables(brief: Brief, verdict: Verdict | None) -> Iterator[Scorable]:
    today = brief.current
    if today is not None and today.model:
        yield Scorable(today.approach, today.technique, today.model, is_today=True)
    for option in sorted(verdict.arms if verdict else (), key=lambda option: -option.p_best):
        if option.approach != "as-is" and not (
            today and (option.technique, option.model) == (today.technique, today.model)
        ):
            yield Scorable(option.approach, option.technique, option.model)


def parse_score(text: str) -> tuple[float, int]:
    """Share of right answers, and the number of items it was counted on. Raises UsageError."""
    match = _OF.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"write how many were right, and of how many: {EXAMPLE}")
    right = float(match["right"])
    items = int(re.sub(r"[,_]", "", match["items"]))
    share = right / 100 if match["percent"] else right
    if not match["percent"] and right > 1:
        share = right / items if items else 2.0
    if not (0 <= share <= 1 and 1 <= items <= 10**8):
        raise UsageError(f"a score is a share from 0 to 1 of at least one item: {EXAMPLE}")
    return round(share, 6), items


def with_score(draft: Draft, of: Scorable, score: float, items: int) -> Draft:
    """The draft with this score in place of an earlier one of the same option."""
    row = Score(of.approach, of.technique, of.model, score, items)
    others = [
        other
        for other in draft.brief.quality.measured
        if (other.approach, other.technique, other.model) != (of.approach, of.technique, of.model)
    ]
    return draft.answer(MEASURED, (*others, row))
