"""Robustness: what the answer rests on, and which change of an input overturns it."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.naming import input_name
from advisor.core.quantity import Range
from advisor.core.verdict import FlipPoint, Sensitivity, Verdict
from advisor.report import extract
from advisor.report.charts import chances, maps
from advisor.report.page import Block, Cell, Heading, Paragraph, Table, TableColumn
from advisor.report.phrases import FAR, is_near, widest_first
from advisor.report.terms import Terms


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """Flip points, the map of volume and cost of errors, the swing of every input, three cases."""
    yield from _flips(verdict, terms)
    chart = maps.cost_map(verdict)
    if chart is not None:
        yield chart
    yield from _swings(verdict)
    yield from _cases(verdict, terms)


SAME = "the same, but decided"
"""What a flip leads to where the option that is used meanwhile is then the answer."""


def _flips(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    if not verdict.flip_points:
        return
    yield Heading("What would change the answer")
    near = [flip for flip in verdict.flip_points if is_near(flip)]
    columns = (
        TableColumn("if this input"),
        TableColumn("goes"),
        TableColumn("now"),
        TableColumn("chance", right=True),
        TableColumn("choose instead"),
    )
    if near:
        yield Table("flips", columns, tuple(_flip(flip, verdict, terms) for flip in near))
        yield Paragraph(
            "The chance is the share of simulated futures in which the input lies there. "
            "An input that the brief states exactly is not drawn."
        )
    far = len(verdict.flip_points) - len(near)
    if far:
        yield Paragraph(
            f"{fmt.plural(far, 'other input')}: only more than {FAR:g} times larger or smaller "
            "than now."
        )


def _flip(flip: FlipPoint, verdict: Verdict, terms: Terms) -> tuple[Cell, ...]:
    becomes = fmt.APPROACH_WORDS.get(flip.verdict_becomes, fmt.clean(flip.verdict_becomes))
    is_open = flip.verdict_becomes == "undecided" or not flip.arm
    option = becomes if is_open else terms.option(flip.arm)
    if not is_open and flip.arm == verdict.arm:
        option = SAME
    now = "" if flip.now is None else fmt.bare(flip.now, flip.unit)
    chance = "not drawn" if flip.p_beyond is None else fmt.share(flip.p_beyond)
    return input_name(flip.input), fmt.clean(_goes(flip)), fmt.clean(now), chance, option


def _goes(flip: FlipPoint) -> str:
    """`below 1,140,000`; the name of the input beside it says of what."""
    limit = fmt.bare(fmt.about(flip.value), flip.unit)
    if flip.now is None:
        return f"to {limit}"
    return f"below {limit}" if flip.value < flip.now else f"above {limit}"


def _swings(verdict: Verdict) -> Iterator[Block]:
    rows = [row for row in widest_first(verdict) if _matters(row, verdict)]
    if not rows:
        return
    yield Heading("What the answer rests on")
    yield Paragraph(
        "Advantage of the option on top over the next approach, with one input at its P10 "
        "and at its P90."
    )
    chart = chances.tornado(rows)
    if chart is not None:
        yield chart
    titles = ("at its P10", "at its P90", "swing", "of variance")
    columns = (TableColumn("input"), *(TableColumn(title, right=True) for title in titles))
    yield Table("sensitivity", columns, tuple(_swing(row) for row in rows))
    hidden = len(verdict.sensitivity) - len(rows)
    if hidden:
        yield Paragraph(f"{fmt.plural(hidden, 'input')} with no visible effect not listed.")
    together = verdict.unexplained_variance_share
    if together and extract.is_above_noise(together, verdict.draws):
        yield Paragraph(
            f"What no input explains alone, and inputs do together: {fmt.share(together)} of the "
            "variance."
        )


def _matters(row: Sensitivity, verdict: Verdict) -> bool:
    """A swing below a thousandth of the widest, or a share below its noise, says nothing."""
    widest = max(abs(other.swing_usd) for other in verdict.sensitivity)
    visible = abs(row.swing_usd) >= 0.001 * widest
    return visible or extract.is_above_noise(row.variance_share, verdict.draws)


def _swing(row: Sensitivity) -> tuple[Cell, ...]:
    return (
        input_name(row.input),
        fmt.measure(row.low, row.unit),
        fmt.measure(row.high, row.unit),
        fmt.money(row.swing_usd),
        fmt.share(row.variance_share),
    )


def _cases(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """Low, base and high of what is compared: P10, median and P90 over the simulated futures."""
    rows = [
        (f"{words}: {terms.option(option.id)}", *_three(amount))
        for option in extract.compared(verdict)
        for words, amount in (
            ("Cash", extract.cash(option)),
            ("Cost of errors", extract.interval(option, "horizon.errors")),
        )
        if amount.is_known and (words == "Cash" or amount.p90)
    ]
    gain = verdict.advantage
    for words, amount in (("Cash saved", gain.cash_usd), ("Errors saved", gain.errors_usd)):
        if amount.is_known and (amount.p10 or amount.p90):
            rows.append((f"{words} by the option on top", *_three(amount)))
    if rows:
        yield Heading("Low, base and high")
        titles = ("low (P10)", "base (median)", "high (P90)")
        columns = (
            TableColumn("USD over the horizon"),
            *(TableColumn(t, right=True) for t in titles),
        )
        yield Table("cases", columns, tuple(rows))


def _three(amount: Range) -> tuple[str, str, str]:
    return fmt.money(amount.p10), fmt.money(amount.p50), fmt.money(amount.p90)
