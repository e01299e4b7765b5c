"""The difference of two briefs as text."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from advisor.report import words
from advisor.report.difference import Change, Difference, Side, cents
from advisor.report.page import Cell, Code, Column, Table
from advisor.report.table import draw


def render(held: Difference, width: int = 80) -> str:
    """The difference as text of at most `width` columns."""
    return "\n".join(_lines(held, width)) + "\n"


def _lines(held: Difference, width: int) -> Iterator[str]:
    for letter, one in (("A", held.a), ("B", held.b)):
        word = words.VERDICT_WORDS.get(one.verdict, one.verdict)
        yield from words.wrap(
            f"{letter}  {words.clean(one.name)}: {word} {words.clean(one.arm)}", width
        )
    yield ""
    yield from draw(_money_table(held), width, str, str)
    yield ""
    if not held.changed:
        yield "No input differs."
        return
    yield from words.wrap("Inputs that differ, and what each alone changes in A", width)
    yield from draw(_changes_table(held), width, str, str)
    yield from _remainder(held, width)


def _money_table(held: Difference) -> Table:
    rows = (
        _money_row(
            "a month",
            held.a.monthly_usd,
            held.b.monthly_usd,
            f"{_cash(held.change.monthly_usd)} a month",
        ),
        _money_row("once", held.a.one_off_usd, held.b.one_off_usd, _cash(held.change.one_off_usd)),
        _money_row(
            held.horizon, held.a.horizon_usd, held.b.horizon_usd, _cash(held.change.horizon_usd)
        ),
    )
    return Table(
        "money",
        (Column("chosen option"), *(Column(c, right=True) for c in ("A", "B", "change"))),
        rows,
    )


def _money_row(title: str, a: float | None, b: float | None, change: str) -> tuple[Cell, ...]:
    return title, words.money(a, cents=True), words.money(b, cents=True), change


def _changes_table(held: Difference) -> Table:
    rows = tuple(
        (Code(words.clean(c.input)), words.clean(c.a), words.clean(c.b), _effect(c, held.a))
        for c in held.changed
    )
    return Table("changes", tuple(Column(c) for c in ("input", "A", "B", "alone")), rows)


def _effect(change: Change, a: Side) -> str:
    if change.effect is None:
        return words.clean(change.reason)
    money = f"{_cash(change.effect.monthly_usd)} a month"
    return (
        money
        if change.verdict == a.verdict
        else f"{money}; becomes {words.APPROACH_WORDS[change.verdict]}"
    )


def _remainder(held: Difference, width: int) -> Iterator[str]:
    """What the inputs change together beyond what each changes alone."""
    alone = [c.effect.monthly_usd for c in held.changed if c.effect is not None]
    whole = held.change.monthly_usd
    known = [usd for usd in alone if usd is not None]
    if whole is None or len(known) < len(alone) or (not known and len(held.changed) < 2):
        return
    rest = float(cents(whole) - sum(map(cents, known), Decimal(0)))
    if rest:
        yield from words.wrap(f"Only together: {_cash(rest)} a month", width)


def _cash(usd: float | None) -> str:
    return words.signed_money(usd, cents=True)
