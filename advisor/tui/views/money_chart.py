"""What the leading options cost over the months, and where they break even."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.quantity import Range
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report.phrases import break_even_sentences
from advisor.tui.views.plot import Axes, Band, Line, Mark, Plot

CASH = "horizon.cash"
STYLES = ("$text-success", "$text-primary", "$text-accent")
USUAL_MONTHS = 12.0


def money_lines(verdict: Verdict, width: int, height: int) -> Iterator[Content]:
    """The chart of `height` lines, its legend, and the break-even in words."""
    options = compared(verdict)
    months = verdict.horizon_months or USUAL_MONTHS
    pairs = [(option, cash) for option in options if (cash := _cash(option)).is_known]
    if not pairs:
        yield Content.styled("no cost over the months is known", "dim")
        return
    yield from legend([option for option, _ in pairs])
    yield from _plot(pairs, verdict, months).rows(width, height)
    yield Content.styled(
        "cash; straight between its start and its sum over the months; dots: 80 % of draws", "dim"
    )
    for sentence in break_even_sentences(verdict.break_even):
        yield Content(f"· {fmt.clean(sentence)}")


def compared(verdict: Verdict) -> list[OptionRecord]:
    """The chosen option, the best of another approach, and what is in place today."""
    by_id = {option.id: option for option in verdict.arms}
    today = [option for option in verdict.arms if option.id.startswith("as-is/")]
    wanted = [by_id.get(verdict.arm), by_id.get(verdict.alternative), *today[:1]]
    return list({option.id: option for option in wanted if option is not None}.values())


def legend(options: list[OptionRecord]) -> Iterator[Content]:
    """Each name in the style of its line."""
    for number, option in enumerate(options):
        yield Content.assemble(
            (f"━━{_SIGNS[number]} ", STYLES[number]), fmt.clean(option_name(option.id))
        )


_SIGNS = "●○◇"


def _cash(option: OptionRecord) -> Range:
    figure = option.figure(CASH)
    if figure is None:
        return option.horizon_usd
    return Range(figure.p10, figure.p50, figure.p90)


def _plot(pairs: list[tuple[OptionRecord, Range]], verdict: Verdict, months: float) -> Plot:
    lines, bands, marks = [], [], []
    for number, (option, cash) in enumerate(pairs):
        once, style = option.one_off_usd, STYLES[number]
        ends = [
            (once.p10 or 0.0, cash.p10),
            (once.p50 or 0.0, cash.p50),
            (once.p90 or 0.0, cash.p90),
        ]
        low, middle, high = ([(0.0, start), (months, end or 0.0)] for start, end in ends)
        lines.append(Line(middle, style))
        bands.append(Band(low, high, f"{style} dim"))
        marks.append(Mark((months, cash.p50 or 0.0), _SIGNS[number], f"bold {style}"))
    at = verdict.break_even.months
    if at is not None and 0 < at < months and len(pairs) > 1:
        first, cash = pairs[0]
        start = first.one_off_usd.p50 or 0.0
        height = start + ((cash.p50 or 0.0) - start) * at / months
        marks.append(Mark((at, height), "◆", "bold $text-warning"))
    axes = Axes(lambda v: f"{v:.0f}", fmt.compact_money, "months", from_zero=True)
    return Plot(axes, lines, bands, marks)
