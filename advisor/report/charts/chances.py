"""Pictures of confidence: approaches, the tornado, quality against cost, dots of quality."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.core import format as fmt
from advisor.core.naming import input_name
from advisor.core.quantity import Range
from advisor.core.verdict import OptionRecord, Sensitivity, Verdict
from advisor.report import extract
from advisor.report.charts import canvas
from advisor.report.charts.canvas import LEFT, MOST_ROWS, RIGHT, ROW, TOP, Scale
from advisor.report.page import Chart
from advisor.report.terms import Terms


def approaches(shares: Sequence[tuple[str, float]], chosen: str) -> Chart | None:
    """In how many of 100 simulated futures each approach is best."""
    if len(shares) < 2:
        return None
    scale = Scale(0.0, 1.0)
    drawn = []
    twin = []
    for place, (name, chance) in enumerate(shares):
        top = TOP + ROW * place
        value = f"{fmt.of_hundred(chance)} of 100"
        drawn.append(canvas.row_label(name, value, top))
        drawn.append(canvas.rect("grid", LEFT, top + 20, RIGHT - LEFT, 9))
        if chance > 0:
            style = "mark" if name == chosen else "rest"
            drawn.append(canvas.rect(style, LEFT, top + 20, scale(chance) - LEFT, 9))
        twin.append((name, value))
    title = "Simulated futures in which each approach is best"
    return Chart("best", title, canvas.svg(title, TOP + ROW * len(shares), drawn), tuple(twin))


def tornado(swings: Sequence[Sensitivity]) -> Chart | None:
    """How the advantage of the recommended option moves with each input, widest swing first."""
    rows = swings[:MOST_ROWS]
    if not rows:
        return None
    ends = [end for row in rows for end in (row.low, row.high)]
    scale = Scale(min(0.0, *ends), max(0.0, *ends))
    bottom = TOP + ROW * len(rows)
    drawn = [canvas.grid(scale, bottom, canvas.tick_money)]
    drawn.append(canvas.line("rest", scale(0), TOP, scale(0), bottom))
    twin = []
    for place, row in enumerate(rows):
        top = TOP + ROW * place
        left = min(scale(row.low), scale(row.high))
        right = max(scale(row.low), scale(row.high))
        drawn.append(canvas.row_label(input_name(row.input), fmt.money(row.swing_usd), top))
        drawn.append(canvas.rect("mark", left, top + 20, right - left, 9))
        drawn.append(canvas.circle("end", scale(row.high), top + 24.5, 5.5))
        twin.append((input_name(row.input), f"{fmt.money(row.low)} to {fmt.money(row.high)}"))
    title = "Advantage as each input moves from its P10 to its P90 (ring)"
    return Chart("tornado", title, canvas.svg(title, bottom + 22, drawn), tuple(twin))


def quality_against_cost(
    options: Sequence[OptionRecord], verdict: Verdict, terms: Terms, target: float | None
) -> Chart | None:
    """Quality upwards, cash over the horizon to the right, each with an ellipse around 80 % of its
    draws, and the target and budget as lines.
    """
    placed = [o for o in options if extract.cash(o).is_known and o.quality.is_known][:MOST_ROWS]
    if len(placed) < 2:
        return None
    across = Scale(0.0, max(extract.cash(o).p90 or 0.0 for o in placed) * 1.02, 46.0, RIGHT)
    lows = [o.quality.p10 or 0.0 for o in placed] + ([target] if target else [])
    highs = [o.quality.p90 or 0.0 for o in placed] + ([target] if target else [])
    margin = 0.06 * (max(highs) - min(lows)) or 0.01
    up = Scale(max(0.0, min(lows) - margin), min(1.0, max(highs) + margin), 232.0, 16.0)
    drawn = [canvas.grid(across, 232.0, canvas.tick_money)]
    drawn += [canvas.text("note", LEFT, up(tick) + 4, fmt.score(tick)) for tick in up.ticks()]
    if target:
        drawn.append(canvas.line("mark dash", 46.0, up(target), RIGHT, up(target)))
        drawn.append(canvas.text("note", RIGHT, up(target) - 4, f"target {target:g}", "end"))
    budget = _cash_limit(verdict)
    if budget is not None and budget <= across.high:
        drawn.append(canvas.line("rest dash", across(budget), 16.0, across(budget), 232.0))
        drawn.append(canvas.text("note", across(budget) - 4, 28.0, "budget", "end"))
    twin = []
    labels = _labels(
        [(across(extract.cash(o).p50 or 0.0), up(o.quality.p50 or 0.0)) for o in placed]
    )
    for place, option in enumerate(placed):
        drawn.append(_placed(option, across, up, chosen=option.id == verdict.subject))
        drawn.append(canvas.text("text", *labels[place], str(place + 1)))
        description = (
            f"quality {fmt.score(option.quality.p50)}, cash {fmt.money(extract.cash(option).p50)}"
        )
        twin.append((f"{place + 1} {terms.option(option.id)}", description))
    title = "Quality against cash over the horizon; an ellipse holds about 80 % of the draws"
    return Chart("trade-off", title, canvas.svg(title, 254.0, drawn), tuple(twin))


def _cash_limit(verdict: Verdict) -> float | None:
    """What both budgets together allow over the horizon; None where one is not stated."""
    once = extract.number(verdict, "budget.one_off_usd")
    month = extract.number(verdict, "budget.monthly_usd")
    if once is None or month is None:
        return None
    return once + month * extract.level_months(verdict)


def quality_dots(rows: Sequence[tuple[str, Range, bool]], target: float | None) -> Chart | None:
    """The expected score of each option with its 80 % interval; filled dots were measured."""
    rows = [row for row in rows if row[1].is_known][:MOST_ROWS]
    if not rows:
        return None
    lows = [r.p10 or 0.0 for _, r, _ in rows] + ([target] if target else [])
    highs = [r.p90 or 0.0 for _, r, _ in rows] + ([target] if target else [])
    margin = 0.05 * (max(highs) - min(lows)) or 0.01
    scale = Scale(max(0.0, min(lows) - margin), min(1.0, max(highs) + margin))
    bottom = TOP + ROW * len(rows)
    drawn = [canvas.grid(scale, bottom, fmt.score)]
    twin = []
    for place, (name, interval, is_measured) in enumerate(rows):
        top = TOP + ROW * place
        value = f"{fmt.score(interval.p50)} {'measured' if is_measured else 'predicted'}"
        drawn.append(canvas.row_label(name, value, top))
        drawn.append(_dot(scale, interval, top + 24, is_measured=is_measured))
        twin.append((name, f"{value}, {fmt.span(interval, fmt.score)}"))
    if target:
        drawn.append(canvas.line("mark dash", scale(target), TOP, scale(target), bottom))
    title = "Expected quality with 80 % interval; the dashed line is the target"
    return Chart("quality", title, canvas.svg(title, bottom + 22, drawn), tuple(twin))


JOINT = math.sqrt(-2 * math.log(1 - 0.8))
"""Half axis of an ellipse around 80 % of a bivariate normal, in standard deviations."""

MARGINAL = 1.2816
"""Standard deviations from the median to P10 and P90 of a normal distribution."""


APART = (9.0, 13.0)
"""How far two numbers must stand apart, across or downwards, so that both can be read."""


def _labels(dots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where the number of each dot begins: beside it, and clear of the numbers placed before; the
    first free place of those around the dot, nearest first.
    """
    around = [(7, -7), (7, 15), (-15, -7), (-15, 15), (19, 4), (-27, 4)]
    around += [(7, step) for step in (28, 41, 54)] + [(-15, step) for step in (28, 41, 54)]
    taken: list[tuple[float, float]] = []
    for x, y in dots:
        free = ((x + right, y + down) for right, down in around if x + right >= 0 < y + down - 9)
        clear = (spot for spot in free if all(_is_apart(spot, other) for other in taken))
        taken.append(next(clear, (x + 7, y - 7)))
    return taken


def _is_apart(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return abs(a[0] - b[0]) >= APART[0] or abs(a[1] - b[1]) >= APART[1]


def _placed(option: OptionRecord, across: Scale, up: Scale, *, chosen: bool) -> str:
    cost = extract.cash(option)
    quality = option.quality
    x = across(cost.p50 or 0.0)
    y = up(quality.p50 or 0.0)
    wide = (across(cost.p90 or 0.0) - across(cost.p10 or 0.0)) / 2 / MARGINAL
    high = (up(quality.p10 or 0.0) - up(quality.p90 or 0.0)) / 2 / MARGINAL
    style = "mark" if chosen else "rest"
    half, other, turned = _axes(wide, high, -(option.cash_quality_correlation or 0.0))
    frame = (across.start, up.end, across.end, up.start)
    outline = canvas.ellipse(style, x, y, JOINT * half, JOINT * other, turned, frame)
    return outline + canvas.circle(style, x, y, 4)


def _axes(wide: float, high: float, correlation: float) -> tuple[float, float, float]:
    """Half axes and turn (radians) of the ellipse of a covariance; rows of the picture grow
    downwards, so its correlation has the opposite sign.
    """
    shared = correlation * wide * high
    mean = (wide**2 + high**2) / 2
    apart = math.hypot((wide**2 - high**2) / 2, shared)
    turned = math.atan2(2 * shared, wide**2 - high**2) / 2
    return math.sqrt(mean + apart), math.sqrt(max(mean - apart, 0.0)), turned


def _dot(scale: Scale, interval: Range, y: float, *, is_measured: bool) -> str:
    if interval.p10 is None or interval.p50 is None or interval.p90 is None:
        return ""
    band = canvas.line("rest band", scale(interval.p10), y, scale(interval.p90), y)
    return band + canvas.circle("mark" if is_measured else "end", scale(interval.p50), y, 5.5)
