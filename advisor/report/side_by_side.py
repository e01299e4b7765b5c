"""The difference of two briefs as text."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.report import layout
from advisor.report.difference import Difference, InputChange, JudgedBrief, remainder_usd
from advisor.report.page import Cell, Code, Table, TableColumn
from advisor.report.table import draw


def render(difference: Difference, width: int = 80) -> str:
    """The difference as text of at most `width` columns."""
    return "\n".join(_lines(difference, width)) + "\n"


def _lines(difference: Difference, width: int) -> Iterator[str]:
    for letter, one in (("A", difference.a), ("B", difference.b)):
        word = fmt.VERDICT_WORDS.get(one.verdict, one.verdict)
        yield from layout.wrap(
            f"{letter}  {fmt.clean(one.name)}: {word} {fmt.clean(one.option)}", width
        )
    yield ""
    yield from draw(_money_table(difference), width, str, str)
    yield ""
    if not difference.changed:
        yield "No input differs."
        return
    yield from layout.wrap("Inputs that differ, and what each alone changes in A", width)
    yield from draw(_changes_table(difference), width, str, str)
    yield from _remainder(difference, width)


def _money_table(difference: Difference) -> Table:
    rows = (
        _money_row(
            "per month",
            difference.a.monthly_usd,
            difference.b.monthly_usd,
            f"{_cash(difference.change.monthly_usd)} per month",
        ),
        _money_row(
            "once",
            difference.a.one_off_usd,
            difference.b.one_off_usd,
            _cash(difference.change.one_off_usd),
        ),
        _money_row(
            difference.horizon,
            difference.a.horizon_usd,
            difference.b.horizon_usd,
            _cash(difference.change.horizon_usd),
        ),
    )
    return Table(
        "money",
        (TableColumn("chosen option"), *(TableColumn(c, right=True) for c in ("A", "B", "change"))),
        rows,
    )


def _money_row(title: str, a: float | None, b: float | None, change: str) -> tuple[Cell, ...]:
    return title, fmt.money(a, cents=True), fmt.money(b, cents=True), change


def _changes_table(difference: Difference) -> Table:
    rows = tuple(
        (Code(fmt.clean(c.input)), fmt.clean(c.a), fmt.clean(c.b), _effect(c, difference.a))
        for c in difference.changed
    )
    return Table("changes", tuple(TableColumn(c) for c in ("input", "A", "B", "alone")), rows)


def _effect(change: InputChange, a: JudgedBrief) -> str:
    if change.effect is None:
        return fmt.clean(change.reason)
    money = f"{_cash(change.effect.monthly_usd)} per month"
    return (
        money
        if change.verdict == a.verdict
        else f"{money}; becomes {fmt.APPROACH_WORDS[change.verdict]}"
    )


def _remainder(difference: Difference, width: int) -> Iterator[str]:
    """What the inputs change together beyond what each changes alone."""
    rest = remainder_usd(difference)
    if rest:
        yield from layout.wrap(f"Only together: {_cash(rest)} per month", width)


def _cash(usd: float | None) -> str:
    return fmt.signed_money(usd, cents=True)
