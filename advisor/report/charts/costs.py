"""Pictures of money: ranges of cost, parts of the bill, cash by month."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from advisor.core import format as fmt
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.cash import CashFlow, cash_band, median_flow
from advisor.report.charts import canvas
from advisor.report.charts.canvas import LETTER, MOST_ROWS, ROW, TOP, Scale
from advisor.report.page import Chart
from advisor.report.terms import Terms

PARTS = (
    ("once.total", "one-off"),
    ("run.inference", "tokens"),
    ("run.hosting", "GPUs and hosting"),
    ("run.people", "people"),
    ("run.retraining", "retraining"),
)
"""The figures stacked in a bar, each with its word; what runs monthly counts over the horizon."""

KEY = 50
"""Letters that fit in the key of the picture of cash."""


def stacked(options: Sequence[OptionRecord], months: float, terms: Terms) -> Chart | None:
    """What the cash of each option goes into: its median, in parts as at the likely values."""
    rows = [(option, _parts(option, months)) for option in options]
    rows = [(option, parts) for option, parts in rows if sum(parts) > 0][:MOST_ROWS]
    if not rows:
        return None
    scale = Scale(0.0, max(sum(parts) for _, parts in rows))
    bottom = TOP + ROW * len(rows)
    drawn = [canvas.grid(scale, bottom, canvas.tick_money)]
    twin = []
    for place, (option, parts) in enumerate(rows):
        top = TOP + ROW * place
        name = terms.option(option.id)
        drawn.append(canvas.row_label(name, fmt.money(sum(parts)), top))
        drawn.append(_bar(scale, parts, top + 20))
        twin.append((name, _listed(parts)))
    drawn.append(_legend(bottom + 34))
    title = f"Cash over {fmt.months(months)} by what it pays for, medians"
    return Chart("parts", title, canvas.svg(title, bottom + 60, drawn), tuple(twin))


def cash_by_month(verdict: Verdict, terms: Terms) -> Chart | None:
    """Cash paid by month for the recommended option and for what it is compared with, errors left
    out.
    """
    flows = [
        flow
        for option in verdict.arms
        if option.id in (verdict.subject, verdict.alternative)
        for flow in [median_flow(option)]
        if flow is not None
    ]
    months = verdict.horizon_months
    if len(flows) < 2 or not months:
        return None
    across = Scale(0.0, months)
    bands = [cash_band(verdict, flow) for flow in flows]
    tops = [flow.total for flow in flows] + [max(band[1], default=0.0) for band in bands]
    up = Scale(0.0, max(tops), 230.0, 56.0)
    drawn = [canvas.grid(across, 230.0, fmt.number)]
    drawn.append(canvas.line("grid", across(0), 230.0, across(months), 230.0))
    drawn += [
        _band(band, across, up, chosen=flow.option_id == verdict.subject)
        for flow, band in zip(flows, bands, strict=True)
    ]
    for flow in flows:
        drawn.append(_path(flow, across, up, chosen=flow.option_id == verdict.subject))
    drawn += [
        _key(flow, place, terms, chosen=flow.option_id == verdict.subject)
        for place, flow in enumerate(flows)
    ]
    crossing = _crossing(flows[0], flows[1])
    if crossing is not None:
        drawn.append(_crossing_mark(across(crossing), crossing, late=crossing > months / 2))
    title = "Cash paid by month, medians with 80 % bands"
    twin = tuple((terms.option(flow.option_id), fmt.money(flow.total)) for flow in flows)
    return Chart("cash", title, canvas.svg(title, 252.0, drawn), twin)


def _band(band: tuple[list[float], list[float]], across: Scale, up: Scale, *, chosen: bool) -> str:
    low, high = band
    if not low:
        return ""
    above = [(across(month), up(amount)) for month, amount in enumerate(high)]
    below = [(across(month), up(amount)) for month, amount in enumerate(low)]
    return canvas.polygon("haze" if chosen else "haze2", [*above, *reversed(below)])


def _crossing(a: CashFlow, b: CashFlow) -> float | None:
    """The month, interpolated, from which on the option that costs more at first has cost less."""
    gaps = [x - y for x, y in zip(a.cumulative, b.cumulative, strict=True)]
    for month, (before, after) in enumerate(pairwise(gaps)):
        if before * after < 0:
            return month + before / (before - after)
    return None


def _crossing_mark(x: float, month: float, *, late: bool) -> str:
    words = f"even after {fmt.months(month)}"
    anchor = "end" if late else "start"
    beside = canvas.text("note", x + (-5 if late else 5), 66.0, words, anchor)
    return canvas.line("grid dash", x, 56.0, x, 230.0) + beside


def _path(flow: CashFlow, across: Scale, up: Scale, *, chosen: bool) -> str:
    style = "mark path" if chosen else "rest path dash"
    points = list(enumerate(flow.cumulative))
    return "".join(
        canvas.line(style, across(m), up(a), across(m + 1), up(b))
        for (m, a), (_, b) in pairwise(points)
    )


def _key(flow: CashFlow, place: int, terms: Terms, *, chosen: bool) -> str:
    """A line of the key above the picture: stroke, name and total."""
    y = 12.0 + 18 * place
    style = "mark path" if chosen else "rest path dash"
    stroke = canvas.line(style, canvas.LEFT, y - 4, canvas.LEFT + 24, y - 4)
    name = terms.option(flow.option_id)
    left = canvas.LEFT + 32
    words = canvas.text("text", left, y, canvas.short(name, KEY), full=name, room=KEY)
    amount = canvas.text("text", canvas.RIGHT, y, fmt.compact_money(flow.total), "end")
    return stroke + words + amount


def _parts(option: OptionRecord, months: float) -> list[float]:
    amounts = []
    for figure_id, _ in PARTS:
        figure = option.figure(figure_id)
        value = figure.value if figure is not None and figure.value is not None else 0.0
        amounts.append(value if figure_id.startswith("once.") else value * months)
    sunk = option.figure("once.sunk")
    moved = option.figure("horizon.move")
    amounts[0] -= sunk.value or 0.0 if sunk is not None else 0.0
    amounts[0] += moved.value or 0.0 if moved is not None else 0.0
    paid = extract.cash(option).p50
    scale = paid / sum(amounts) if paid is not None and sum(amounts) > 0 else 1.0
    return [scale * amount for amount in amounts]


def _bar(scale: Scale, parts: Sequence[float], top: float) -> str:
    drawn = []
    start = 0.0
    for place, amount in enumerate(parts):
        if amount > 0:
            left = scale(start)
            drawn.append(canvas.rect(f"part{place}", left, top, scale(start + amount) - left, 11))
            start += amount
    return "".join(drawn)


def _legend(top: float) -> str:
    drawn = []
    x = canvas.LEFT
    for place, (_, word) in enumerate(PARTS):
        drawn.append(canvas.rect(f"part{place}", x, top - 9, 10, 10))
        drawn.append(canvas.text("note", x + 14, top, word))
        x += 14 + 14 + len(word) * LETTER
    return "".join(drawn)


def _listed(parts: Sequence[float]) -> str:
    entries = [
        f"{word} {fmt.money(amount)}"
        for (_, word), amount in zip(PARTS, parts, strict=True)
        if amount > 0
    ]
    return fmt.sentence_list(entries)
