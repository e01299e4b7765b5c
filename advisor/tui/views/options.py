"""The options as a table: aligned columns, a bar of the chance to be best, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report.headline import money_of


class Order(StrEnum):
    """What the table is sorted by."""

    CHANCE = "chance to be best"
    RUNNING = "cost per month"
    ONCE = "cost once"
    QUALITY = "quality"
    TIME = "weeks"


@dataclass(frozen=True, slots=True)
class OptionColumn:
    """A column right of the name; shown where the table is at least `from_width` wide."""

    title: str
    width: int
    from_width: int


_BAR = 6
_MARK = 2
CHANCE = OptionColumn("best in 100", _BAR + 5, 0)
RUNNING = OptionColumn("per month", 9, 46)
ONCE = OptionColumn("once", 9, 58)
QUALITY = OptionColumn("quality", 7, 52)
WEEKS = OptionColumn("weeks", 6, 80)
COLUMNS = (CHANCE, RUNNING, ONCE, QUALITY, WEEKS)


def option_rows(
    verdict: Verdict, order: Order = Order.CHANCE, *, folded: bool = False
) -> list[tuple[OptionRecord, int]]:
    """The options in order, each with how many variants are folded into it.

    Variants are one option in another form of serving (`best_form` names the cheapest one); the
    one that is chosen, or most often best, stands for them.
    """
    ranked = sorted(verdict.arms, key=lambda o: _rank(o, verdict, order))
    if not folded:
        return [(option, 0) for option in ranked]
    best: dict[str, OptionRecord] = {}
    count: dict[str, int] = {}
    for option in sorted(verdict.arms, key=lambda o: (o.id != verdict.subject, -o.p_best)):
        family = option.best_form or option.id
        best.setdefault(family, option)
        count[family] = count.get(family, -1) + 1
    shown_ids = {option.id: count[family] for family, option in best.items()}
    return [(option, shown_ids[option.id]) for option in ranked if option.id in shown_ids]


def _rank(option: OptionRecord, verdict: Verdict, order: Order) -> tuple[bool, float]:
    """Unknown figures come last."""
    if order is Order.CHANCE:
        return option.id != verdict.subject, -option.p_best
    amount = {
        Order.RUNNING: option.monthly_usd.p50,
        Order.ONCE: option.one_off_usd.p50,
        Order.QUALITY: None if option.quality.p50 is None else -option.quality.p50,
        Order.TIME: option.weeks.p50,
    }[order]
    return amount is None, amount or 0.0


def matches(name: str, text: str) -> bool:
    """Whether a name contains all words of a text."""
    return all(word in name.lower() for word in text.lower().split())


def header(width: int, order: Order = Order.CHANCE) -> Content:
    """The titles of the columns; ▾ before the one that the table is sorted by."""
    columns = _columns(width)
    name = _name_width(width, columns)
    by = dict(zip(Order, COLUMNS, strict=True))[order]
    titles = "".join(f"{'▾' if c is by else ' '}{c.title}".rjust(c.width + 1) for c in columns)
    return Content.styled(f"{'  option':<{name + _MARK - 1}}{titles} ", "dim bold")


def option_line(
    option: OptionRecord, verdict: Verdict, variants: int, width: int, name: str = ""
) -> Content:
    """One row; ▸ marks the chosen option, `name` is its name among all options."""
    columns = _columns(width)
    room = _name_width(width, columns)
    chosen = option.id == verdict.subject
    name = name or option_name(option.id)
    more = f" +{variants}" if variants else ""
    text = Content(fmt.clean(name)).truncate(room - len(more) - 1, ellipsis=True)
    padded = (text + Content(more)).truncate(room, pad=True)
    cells = [_cell(column, option) for column in columns]
    mark = "▸ " if chosen else "  "
    return Content.assemble((mark, "bold"), padded.stylize("bold") if chosen else padded, *cells)


def _columns(width: int) -> Sequence[OptionColumn]:
    return [column for column in COLUMNS if width >= column.from_width]


def _name_width(width: int, columns: Sequence[OptionColumn]) -> int:
    return max(width - _MARK - sum(column.width + 1 for column in columns), 8)


def _cell(column: OptionColumn, option: OptionRecord) -> Content:
    if column is CHANCE:
        bar = fmt.share_bar(option.p_best, _BAR)
        return Content.assemble((bar, "$text-success"), f"{fmt.of_hundred(option.p_best):>5} ")
    text = {
        RUNNING.title: money_of(option, option.monthly_usd, "run.total"),
        ONCE.title: money_of(option, option.one_off_usd, "once.total"),
        QUALITY.title: fmt.score(option.quality.p50),
        WEEKS.title: fmt.weeks(option.weeks.p50),
    }[column.title]
    if len(text) > column.width:
        text = text.partition(",")[0][: column.width] if text.startswith("≥") else text
    return Content(f"{text:>{column.width}} ")
