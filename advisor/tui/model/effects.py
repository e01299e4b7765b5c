"""How much each answer moves the verdict. No Textual here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core import format as fmt

if TYPE_CHECKING:
    from advisor.core.verdict import FlipPoint, Sensitivity, Verdict

BLOCKS = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """`level` from 0 to 3 of the largest effect, whether a flip is near, and all in words."""

    level: int
    flips: bool
    text: str

    @property
    def sign(self) -> str:
        """`▰▰▱`, with ◆ where the verdict flips."""
        bar = "▰" * self.level + "▱" * (BLOCKS - self.level) if self.level else ""
        return " ".join(part for part in (bar, "◆" if self.flips else "") if part)


def effects(verdict: Verdict | None) -> Mapping[str, Effect]:
    """By the key of the question; nothing for answers that move nothing."""
    if verdict is None:
        return {}
    from advisor.report.phrases import is_near

    largest = max((row.swing_usd for row in verdict.sensitivity), default=0.0)
    rows = {row.input: row for row in verdict.sensitivity}
    flips = {flip.input: flip for flip in verdict.flip_points if is_near(flip)}
    return {
        key: Effect(
            _level(rows.get(key), largest), key in flips, _text(rows.get(key), flips.get(key))
        )
        for key in rows.keys() | flips.keys()
    }


def _level(row: Sensitivity | None, largest: float) -> int:
    if row is None or largest <= 0:
        return 0
    return min(BLOCKS, int(BLOCKS * row.swing_usd / largest) + 1)


def _text(row: Sensitivity | None, flip: FlipPoint | None) -> str:
    from advisor.report.phrases import beyond

    parts = []
    if row is not None:
        show = fmt.score if row.unit == "score" else fmt.compact_money
        parts.append(f"over its range the advantage goes from {show(row.low)} to {show(row.high)}")
    if flip is not None:
        word = fmt.APPROACH_WORDS.get(flip.verdict_becomes, flip.verdict_becomes)
        parts.append(f"◆ {word} {beyond(flip)}")
    return "; ".join(parts)
