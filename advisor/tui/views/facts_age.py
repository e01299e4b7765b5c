"""How old the prices behind a verdict are, for the line on top."""

from __future__ import annotations

from datetime import date

from advisor.core.verdict import Verdict


def price_age(verdict: Verdict) -> str:
    """`prices up to 38 days old`, by the oldest price a figure rests on; empty where no price has a
    date.
    """
    from advisor.facts import earliest_day

    try:
        today = date.fromisoformat(verdict.as_of)
    except ValueError:
        return ""
    prices = (s for s in verdict.sources if any(used.startswith("price.") for used in s.used_for))
    days = [(today - day).days for s in prices if (day := earliest_day(s.as_of))]
    return f"prices up to {max(0, *days)} days old" if days else ""
