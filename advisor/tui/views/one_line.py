"""The verdict in one line of text, to be copied into a message."""

from __future__ import annotations

from advisor.core import format as fmt
from advisor.core.verdict import Verdict
from advisor.report.headline import approach_chance, headline
from advisor.report.terms import Terms


def verdict_line(verdict: Verdict) -> str:
    """Brief, word, option, chance and the leading figures."""
    top = headline(verdict, Terms.of(verdict))
    word = fmt.VERDICT_WORDS.get(verdict.verdict, verdict.verdict)
    figures = [f"{f.label} {f.value} {f.unit}".rstrip() for f in top.figures]
    sure = f"best in {fmt.of_hundred(approach_chance(verdict))} of 100 draws"
    parts = (f"{verdict.name}: {word}", top.option, sure, *figures, f"as of {verdict.as_of}")
    return " · ".join(fmt.clean(part) for part in parts if part)
