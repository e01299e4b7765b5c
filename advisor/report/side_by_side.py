"""The difference of two briefs as text."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from advisor.core import format as fmt
from advisor.report import layout
from advisor.report.difference import Change, Difference, Side, cents
from advisor.report.page import Cell, Code, Column, Table
from advisor.report.table import draw


def render(held: Difference, width: int = 80) -> str:
    """The difference as text of at most `width` columns."""
    return "\n".join(_lines(held, width)) + "\n"


def _lines(held: Difference, width: int) -> Iterator[str]:
    for letter, one in (("A", held.a), ("B", held.b)):
        word = fmt.VERDICT_WORDS.get(one.verdict, one.verdict)
        yield from layout.wrap(
            f"{letter}  {fmt.clean(one.name)}: {word} {fmt.clean(one.option)}", width
        )
    yield ""
    yield from draw(_money_table(held), width, str, str)
    yield ""
    if not held.changed:
        yield "No input differs."
        return
    yield from layout.wrap("Inputs that differ, and what each alone changes in A", width)
    yield from draw(_changes_table(held), width, str, str)
    yield from _remainder(held, width)


def _money_table(held: Difference) -> Table:
    rows = (
        _money_row(
            "per month",
            held.a.monthly_usd,
            held.b.monthly_usd,
            f"{_cash(held.change.monthly_usd)} per month",
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
    return title, fmt.money(a, cents=True), fmt.money(b, cents=True), change


def _changes_table(held: Difference) -> Table:
    rows = tuple(
        (Code(fmt.clean(c.input)), fmt.clean(c.a), fmt.clean(c.b), _effect(c, held.a))
        for c in held.changed
    )
    return Table("changes", tuple(Column(c) for c in ("input", "A", "B", "alone")), rows)


def _effect(change: Change, a: Side) -> str:
    if change.effect is None:
        return fmt.clean(change.reason)
    money = f"{_cash(change.effect.monthly_usd)} per month"
    return (
        money
        if change.verdict == a.verdict
        else f"{money}; becomes {fmt.APPROACH_WORDS[change.verdict]}"
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
        yield from layout.wrap(f"Only together: {_cash(rest)} per month", width)


def _cash(usd: float | None) -> str:
    return fmt.signed_money(usd, cents=True)
