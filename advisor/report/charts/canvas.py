"""Small pictures as SVG, without scripts or fonts of their own.

Colours come from a page's style sheet by class; the attributes are what a reader without that
style sheet gets. Marks differ in shape and lightness as well as in colour, so that they are told
apart by colour-blind readers and in black and white.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from types import MappingProxyType
from typing import TypeAlias

from advisor.core import format as fmt

WIDTH = 480
ROW = 44
MOST_ROWS = 8
LEFT = 6.0
RIGHT = WIDTH - 6.0
TOP = 8.0

_LABEL = 62  # letters that fit beside each other in a row
LETTER = 6.4  # mean width of a letter
_PAINT = MappingProxyType(
    {
        "mark": 'fill="#0b6e66" stroke="#0b6e66"',
        "rest": 'fill="#7b8794" stroke="#7b8794"',
        "part0": 'fill="#0b6e66" stroke="none"',
        "part1": 'fill="#5aa89f" stroke="none"',
        "part2": 'fill="#f0b429" stroke="none"',
        "part3": 'fill="#9aa5b1" stroke="none"',
        "part4": 'fill="#c2410c" stroke="none"',
        "grid": 'fill="none" stroke="#d5dae0"',
        "haze": 'fill="#0b6e66" fill-opacity="0.16" stroke="none"',
        "haze2": 'fill="#7b8794" fill-opacity="0.2" stroke="none"',
        "text": 'fill="#1f2933" font-size="13"',
        "note": 'fill="#52606d" font-size="12"',
    }
)
_EXTRA = MappingProxyType(
    {"band": ' stroke-width="5" stroke-linecap="round"', "path": ' stroke-width="2.5"',
     "dash": ' stroke-dasharray="3 4"', "bar": ' stroke-width="0"'}
)  # fmt: skip


Frame: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of the picture."""


class Scale:
    """Values to columns of the picture, or to rows where `start` is below `end`."""

    def __init__(self, low: float, high: float, start: float = LEFT, end: float = RIGHT) -> None:
        self.low = low
        self.high = high if high > low else low + 1.0
        self.start = start
        self.end = end

    def __call__(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * part

    def ticks(self, count: int = 4) -> list[float]:
        """Three to six round values inside the scale."""
        rough = (self.high - self.low) / count
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [i * step for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


class LogScale(Scale):
    """The same for values above 0 that span several powers of ten."""

    def __init__(self, low: float, high: float, start: float = LEFT, end: float = RIGHT) -> None:
        super().__init__(math.log10(low), math.log10(high), start, end)

    def __call__(self, value: float) -> float:
        return super().__call__(math.log10(value))


def tick_money(value: float | None) -> str:
    """A dollar amount below an axis: `$50 k`, `$1.2 M`."""
    if value is None:
        return fmt.UNKNOWN_WORD
    text = fmt.compact(value, prefix="$")
    number, _, scale = text.partition(" ")
    short = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{short} {scale}".rstrip()


def svg(title: str, height: float, parts: Iterable[str]) -> str:
    """The whole picture, named for readers who do not see it."""
    name = escape(title)
    size = f'viewBox="0 0 {WIDTH} {_n(height)}" xmlns="http://www.w3.org/2000/svg"'
    look = 'font-family="Lato, system-ui, sans-serif"'
    head = f'<svg class="chart" {size} role="img" {look} aria-label="{name}">'
    return f"{head}<title>{name}</title>{''.join(parts)}</svg>"


def grid(scale: Scale, bottom: float, show: Callable[[float | None], str]) -> str:
    """Upright lines at round values, each with its value below."""
    parts = []
    for tick in scale.ticks():
        x = scale(tick)
        parts.append(line("grid", x, TOP, x, bottom))
        parts.append(text("note", x, bottom + 16, show(tick), anchor_at(x)))
    return "".join(parts)


def row_label(name: str, value: str, top: float) -> str:
    """A name on the left and its value on the right, above the bar of a row."""
    room = _LABEL - len(value)
    left = text("text", LEFT, top + 13, short(name, room), full=name, room=room)
    return left + text("text", RIGHT, top + 13, value, "end")


def short(name: str, most: int) -> str:
    """A name, cleaned; what does not fit is left out in the middle, as both ends tell options
    apart.
    """
    clean = fmt.clean(name)
    if len(clean) <= most:
        return clean
    return f"{clean[: most - most // 2 - 1]}…{clean[-(most // 2) :]}"


def anchor_at(x: float) -> str:
    """Which end of a text stands at column x, so that it stays inside the picture."""
    if x < 30:
        return "start"
    return "end" if x > WIDTH - 30 else "middle"


def text(
    style: str,
    x: float,
    y: float,
    words: str,
    anchor: str = "start",
    *,
    full: str = "",
    room: int = 0,
) -> str:
    """Words whose `anchor` (start, middle, end) stands at x.

    Where they were shortened, `full` and `room` (letters) let them be shortened again in another
    language.
    """
    place = f'x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}"'
    if room:
        place += f' data-full="{escape(fmt.clean(full))}" data-room="{room}"'
    return f'<text class="{style}" {_paint(style)} {place}>{escape(words)}</text>'


def line(style: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """A straight line."""
    place = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
    return f'<line class="{style}" {_paint(style)} {place}/>'


def rect(style: str, x: float, y: float, width: float, height: float) -> str:
    """A bar, at least one unit wide."""
    size = f'width="{_n(max(width, 1))}" height="{_n(height)}"'
    style = f"{style} bar"
    return f'<rect class="{style}" {_paint(style)} x="{_n(x)}" y="{_n(y)}" {size} rx="2"/>'


def circle(style: str, x: float, y: float, radius: float) -> str:
    """A dot."""
    place = f'cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"'
    return f'<circle class="{style}" {_paint(style)} {place}/>'


def ellipse(
    style: str, x: float, y: float, across: float, up: float, turned: float, inside: Frame
) -> str:
    """An outline around what is likely, cut at the edges of the frame `inside` (left, top, right,
    bottom); `across` and `up` are its half axes, `turned` in radians, clockwise.
    """
    left, top, right, bottom = inside
    corners = []
    for step in range(72):
        angle = math.radians(5 * step)
        along = across * math.cos(angle)
        aside = up * math.sin(angle)
        column = x + along * math.cos(turned) - aside * math.sin(turned)
        row = y + along * math.sin(turned) + aside * math.cos(turned)
        corners.append((min(max(column, left), right), min(max(row, top), bottom)))
    paint = _paint(style).replace('fill="', 'fill-opacity="0.12" fill="')
    points = " ".join(f"{_n(column)},{_n(row)}" for column, row in corners)
    return f'<polygon class="{style} area" {paint} points="{points}"/>'


def frame(x: float, y: float, width: float, height: float) -> str:
    """An empty rectangle with a strong outline."""
    size = f'width="{_n(width)}" height="{_n(height)}"'
    place = f'x="{_n(x)}" y="{_n(y)}" {size}'
    return f'<rect class="frame" fill="none" stroke="#1f2933" stroke-width="2.5" {place}/>'


def diamond(style: str, x: float, y: float, radius: float) -> str:
    """A point in time."""
    corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
    return polygon(style, corners)


def polygon(style: str, corners: Iterable[tuple[float, float]]) -> str:
    """A filled shape."""
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
    return f'<polygon class="{style}" {_paint(style)} points="{points}"/>'


def _paint(style: str) -> str:
    words = style.split()
    paint = _PAINT.get(words[0], 'fill="#ffffff" stroke="#0b6e66" stroke-width="2"')
    return paint + "".join(_EXTRA.get(word, "") for word in words[1:])


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
