"""A change of a verdict in words, for a terminal, a log or a mail."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.figure import plain
from advisor.core.quantity import Range
from advisor.core.text import printable
from advisor.watch.changes import Decision, FactChange, VerdictChange

MOST_LINES = 12
"""Changed facts that are listed; of more, the number."""


def lines(change: VerdictChange) -> Iterator[str]:
    """The brief, the decision before and after, and what is behind it."""
    yield printable(change.brief)
    before = change.before
    if before is None:
        yield f"  first verdict: {_decided(change.after)}"
        return
    if not change.is_anything:
        yield f"  nothing changed since {before.as_of}: {_decided(change.after)}"
        return
    if change.is_other_decision:
        yield f"  the verdict changed: {_decided(before)}"
        yield f"  now: {_decided(change.after)}"
    else:
        yield f"  the verdict stays: {_decided(change.after)}"
    yield f"  per month {_moved(before.monthly_usd, change.after.monthly_usd)}"
    yield from _listed([_fact(fact) for fact in change.facts])
    yield from _listed([f"{a.key}: {a.before or '-'} → {a.after or '-'}" for a in change.answers])
    yield from _listed([f"new option {printable(name)}" for name in change.new_options])
    yield from _listed([f"no longer an option: {printable(name)}" for name in change.lost_options])


def _listed(entries: list[str]) -> Iterator[str]:
    yield from (f"    {printable(entry)}" for entry in entries[:MOST_LINES])
    if len(entries) > MOST_LINES:
        yield f"    and {len(entries) - MOST_LINES} more"


def _decided(decision: Decision) -> str:
    word = fmt.VERDICT_WORDS[decision.verdict]
    if not decision.option:
        return f"{word} as of {decision.as_of}"
    chance = fmt.of_hundred(decision.p_best)
    return printable(
        f"{word} {decision.option}, best in {chance} of 100 draws, as of {decision.as_of}"
    )


def _moved(before: Range, after: Range) -> str:
    return f"{fmt.money(before.p50)} → {fmt.money(after.p50)}"


def _fact(fact: FactChange) -> str:
    dated = f", {fact.as_of}" if fact.as_of else ""
    values = f"{_number(fact.before)} → {_number(fact.after)} {fact.unit}"
    return f"{fact.what} of {fact.where}: {values} ({fact.source}{dated})"


def _number(value: float | None) -> str:
    return fmt.UNKNOWN_WORD if value is None else plain(value)
