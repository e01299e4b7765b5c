"""Small charts as SVG, without scripts or fonts of their own.

The tables beside them hold the same figures.

Colours come from the page's style sheet by class; the attributes are what a reader without that
style sheet gets. Labels stand above their bars, so that a chart can shrink to a telephone's width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from types import MappingProxyType

from advisor.core import format as fmt
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report.headline import horizon
from advisor.report.sections import ranked, widest_first

WIDTH = 480
ROW = 44
MOST_ROWS = 8
_LEFT = 6.0
_RIGHT = WIDTH - 6.0
_TOP = 8.0
_LABEL = 58  # letters that fit beside each other in a row
_LETTER = 6.8  # mean width of a letter
_PAINT = MappingProxyType(
    {
        "mark": 'fill="#0b6e66" stroke="#0b6e66"',
        "rest": 'fill="#7b8794" stroke="#7b8794"',
        "grid": 'fill="none" stroke="#d5dae0"',
        "text": 'fill="#1f2933" font-size="13"',
        "note": 'fill="#52606d" font-size="12"',
    }
)


def draw(name: str, verdict: Verdict) -> str:
    """The chart of that name; empty where the record holds too little.

    Raises KeyError for another name.
    """
    return _CHARTS[name](verdict)


def cost_ranges(verdict: Verdict) -> str:
    """The 80 % interval of the cost over the horizon, an option a row."""
    options = [a for a in ranked(verdict) if a.horizon_usd.is_known][:MOST_ROWS]
    if len(options) < 2:
        return ""
    ends = [
        end for a in options for end in (a.horizon_usd.p10, a.horizon_usd.p90) if end is not None
    ]
    scale = _Scale(min(0.0, *ends), max(ends))
    bottom = _TOP + ROW * len(options)
    parts = [_grid(scale, bottom, fmt.compact_money)]
    for place, option in enumerate(options):
        top = _TOP + ROW * place
        style = _style(option, verdict)
        parts.append(_row_label(option.id, fmt.money(option.horizon_usd.p50), top))
        parts.append(_interval(scale, option, top + 24, style))
    return _svg(f"Cost over {horizon(verdict)} by option, 80 % interval", bottom + 22, parts)


def best_shares(verdict: Verdict) -> str:
    """The share of draws in which each option is best."""
    options = [a for a in ranked(verdict) if fmt.is_known(a.p_best)][:MOST_ROWS]
    if len(options) < 2:
        return ""
    scale = _Scale(0.0, 1.0)
    parts = []
    for place, option in enumerate(options):
        top = _TOP + ROW * place
        parts.append(_row_label(option.id, fmt.share(option.p_best), top))
        parts.append(_rect("grid", _LEFT, top + 20, _RIGHT - _LEFT, 8))
        if option.p_best > 0:
            parts.append(
                _rect(_style(option, verdict), _LEFT, top + 20, scale(option.p_best) - _LEFT, 8)
            )
    return _svg("Chance to be the best option", _TOP + ROW * len(options), parts)


def tornado(verdict: Verdict) -> str:
    """How the advantage of the chosen option moves with each input, widest swing first."""
    rows = widest_first(verdict)[:MOST_ROWS]
    if not rows:
        return ""
    scale = _Scale(
        min(0.0, *(min(r.low, r.high) for r in rows)), max(0.0, *(max(r.low, r.high) for r in rows))
    )
    bottom = _TOP + ROW * len(rows)
    parts = [
        _grid(scale, bottom, fmt.compact_money),
        _line("rest", scale(0), _TOP, scale(0), bottom),
    ]
    for place, row in enumerate(rows):
        top = _TOP + ROW * place
        left, right = sorted((scale(row.low), scale(row.high)))
        parts.append(_row_label(row.input, f"swing {fmt.money(row.swing_usd)}", top))
        parts.append(_rect("mark", left, top + 20, right - left, 9))
        parts.append(_circle("end", scale(row.high), top + 24.5, 5.5))
    return _svg(
        "Advantage of the chosen option as each input moves from its P10 to its P90 (ring)",
        bottom + 22,
        parts,
    )


def break_even(verdict: Verdict) -> str:
    """Money spent by month: the chosen option against the one it is compared with, errors left
    out.
    """
    lines = [_spending(a) for a in verdict.arms if a.id in (verdict.arm, verdict.alternative)]
    drawn = [line for line in lines if line is not None]
    crossing = verdict.break_even.months
    if len(drawn) < 2 or crossing is None or crossing <= 0:
        return ""
    months = max(verdict.horizon_months or 12.0, 1.25 * crossing)
    dearest = max(once + month * months for _, once, month in drawn)
    across = _Scale(0.0, months)
    top = 30.0
    bottom = 230.0

    def height(usd: float) -> float:
        return bottom - (bottom - top) * usd / dearest if dearest else bottom

    parts = [_grid(across, bottom, fmt.number), _line("grid", _LEFT, bottom, _RIGHT, bottom)]
    for name, once, month in drawn:
        style = "mark" if name == verdict.arm else "rest"
        end = once + month * months
        parts.append(_line(f"{style} path", across(0), height(once), across(months), height(end)))
        label = f"{_short(name, 40)} {fmt.compact_money(end)}"
        start = months * (1 - len(label) * _LETTER / WIDTH)
        beside = height(end) - 7 if end == dearest else height(once + month * start) + 17
        parts.append(_text("text", _RIGHT, beside, label, "end"))
    late = crossing > months / 2
    parts.append(_line("grid dash", across(crossing), top, across(crossing), bottom))
    note = f"even after {fmt.months(crossing)}"
    parts.append(
        _text(
            "note",
            across(crossing) + (-5 if late else 5),
            top + 24,
            note,
            "end" if late else "start",
        )
    )
    return _svg(
        f"Money spent over {fmt.months(round(months))}, at the likely values", bottom + 22, parts
    )


class _Scale:
    """Values to columns."""

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high if high > low else low + 1.0

    def __call__(self, value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Three to six round values inside the scale."""
        rough = (self.high - self.low) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [i * step for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _spending(option: OptionRecord) -> tuple[str, float, float] | None:
    """Id, one-off cost and running cost per month (USD) at the likely values; None where one is
    unknown.
    """
    once = option.figure("once.total")
    month = option.figure("run.total")
    if once is None or month is None or once.value is None or month.value is None:
        return None
    return option.id, once.value, month.value


def _interval(scale: _Scale, option: OptionRecord, y: float, style: str) -> str:
    interval = option.horizon_usd
    if interval.p10 is None or interval.p50 is None or interval.p90 is None:
        return ""
    return _line(f"{style} band", scale(interval.p10), y, scale(interval.p90), y) + _circle(
        f"{style} dot", scale(interval.p50), y, 5
    )


def _grid(scale: _Scale, bottom: float, show: Callable[[float | None], str]) -> str:
    parts = []
    for tick in scale.ticks():
        x = scale(tick)
        anchor = _anchor(x)
        parts.append(
            _line("grid", x, _TOP, x, bottom) + _text("note", x, bottom + 16, show(tick), anchor)
        )
    return "".join(parts)


def _anchor(x: float) -> str:
    """Which end of a text stands at column x, so that it stays inside the picture."""
    if x < 30:
        return "start"
    return "end" if x > WIDTH - 30 else "middle"


def _row_label(id: str, value: str, top: float) -> str:
    room = _LABEL - len(value)
    return _text("text", _LEFT, top + 13, _short(id, room)) + _text(
        "text", _RIGHT, top + 13, value, "end"
    )


def _short(id: str, most: int) -> str:
    """A name from data, cleaned; what does not fit is left out in the middle, because both ends
    tell options apart.
    """
    text = fmt.clean(id)
    return text if len(text) <= most else f"{text[: most - most // 2 - 1]}…{text[-(most // 2) :]}"


def _style(option: OptionRecord, verdict: Verdict) -> str:
    return "mark" if option.id == verdict.arm else "rest"


def _svg(title: str, height: float, parts: Iterable[str]) -> str:
    name = escape(title)
    size = f'viewBox="0 0 {WIDTH} {_n(height)}" xmlns="http://www.w3.org/2000/svg"'
    look = 'font-family="system-ui, sans-serif"'
    head = f'<svg class="chart" {size} role="img" {look} aria-label="{name}">'
    return f"{head}<title>{name}</title>{''.join(parts)}</svg>"


def _text(style: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    place = f'x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}"'
    return f'<text class="{style}" {_paint(style)} {place}>{escape(text)}</text>'


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> str:
    place = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
    return f'<line class="{style}" {_paint(style)} {place}/>'


def _rect(style: str, x: float, y: float, width: float, height: float) -> str:
    size = f'width="{_n(max(width, 1))}" height="{_n(height)}"'
    return f'<rect class="{style} bar" {_paint(style)} x="{_n(x)}" y="{_n(y)}" {size} rx="2"/>'


def _circle(style: str, x: float, y: float, radius: float) -> str:
    return f'<circle class="{style}" {_paint(style)} cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'


def _paint(style: str) -> str:
    return _PAINT.get(style.split()[0], 'fill="#ffffff" stroke="#0b6e66"')


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


_CHARTS = {"costs": cost_ranges, "best": best_shares, "tornado": tornado, "break-even": break_even}
