"""What the leading options cost over the months, and where they break even."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.quantity import Range
from advisor.core.verdict import DrawnOption, OptionRecord, Verdict
from advisor.report.even import break_even_sentences
from advisor.tui.views.plot import XY, Axes, Mark, Plot, PlottedLine, ShadedBand

CASH = "horizon.cash"
STYLES = ("$text-success", "$text-primary", "$text-accent")
USUAL_MONTHS = 12.0
STEPS = 12


def money_lines(verdict: Verdict, width: int, height: int) -> Iterator[Content]:
    """The chart of `height` lines, its legend, and the break-even in words."""
    months = verdict.horizon_months or USUAL_MONTHS
    options = [option for option in compared(verdict) if _cash(option).is_known]
    if not options:
        yield Content.styled("no cost over the months is known", "dim")
        return
    yield from legend(options, width)
    yield from _plot(options, verdict, months).rows(width, height)
    yield Content.styled(
        "cash so far, spread evenly over the months; dotted: 80 % of draws; ◆ break-even", "dim"
    )
    for sentence in break_even_sentences(verdict):
        yield Content(f"· {fmt.clean(sentence)}")


def compared(verdict: Verdict) -> list[OptionRecord]:
    """The chosen option, the best of another approach, and what is in place today."""
    by_id = {option.id: option for option in verdict.arms}
    today = [option for option in verdict.arms if option.id.startswith("as-is/")]
    wanted = [by_id.get(verdict.subject), by_id.get(verdict.alternative), *today[:1]]
    return list({option.id: option for option in wanted if option is not None}.values())


def legend(options: list[OptionRecord], width: int) -> Iterator[Content]:
    """Each name in the style of its line."""
    for number, option in enumerate(options):
        name = fmt.clean(option_name(option.id))
        line = Content.assemble((f"━━{_SIGNS[number]} ", STYLES[number]), name)
        yield line.truncate(width, ellipsis=True)


_SIGNS = "●○◇"


def _plot(options: list[OptionRecord], verdict: Verdict, months: float) -> Plot:
    lines: list[PlottedLine] = []
    bands: list[ShadedBand] = []
    marks: list[Mark] = []
    drawn = {one.option: one for one in verdict.drawn}
    for number, option in enumerate(options):
        style = STYLES[number]
        low, middle, high = _courses(option, drawn.get(option.id), months)
        lines.append(PlottedLine(middle, style))
        bands.append(ShadedBand(low, high, style))
        marks.append(Mark(middle[-1], _SIGNS[number], f"bold {style}"))
    at = verdict.break_even.months
    if at is not None and 0 < at < months and len(lines) > 1:
        (_, start), *_, (_, end) = lines[0].points
        marks.append(Mark((at, start + (end - start) * at / months), "◆", "bold $text-warning"))
    axes = Axes(lambda v: f"{v:.0f}", fmt.compact_money, "months", from_zero=True)
    return Plot(axes, lines, bands, marks)


def _cash(option: OptionRecord) -> Range:
    figure = option.figure(CASH)
    if figure is None:
        return option.horizon_usd
    return Range(figure.p10, figure.p50, figure.p90)


def _courses(option: OptionRecord, drawn: DrawnOption | None, months: float) -> list[list[XY]]:
    """P10, median and P90 of the cash so far, at a few months; from the draws where they are
    kept, else between the ends.
    """
    places = [months * step / STEPS for step in range(STEPS + 1)]
    if drawn is None or not drawn.cash_usd or len(drawn.cash_usd) != len(drawn.once_usd):
        once = option.one_off_usd
        cash = _cash(option)
        pairs = ((once.p10, cash.p10), (once.p50, cash.p50), (once.p90, cash.p90))
        ends = [(start or 0.0, end or 0.0) for start, end in pairs]
        return [[(t, a + (b - a) * t / months) for t in places] for a, b in ends]
    courses: list[list[XY]] = [[], [], []]
    for t in places:
        share = t / months
        so_far = sorted(
            a + (b - a) * share for a, b in zip(drawn.once_usd, drawn.cash_usd, strict=True)
        )
        for course, level in zip(courses, (0.1, 0.5, 0.9), strict=True):
            course.append((t, so_far[round(level * (len(so_far) - 1))]))
    return courses
