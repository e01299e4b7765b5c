"""How numbers, ranges and words are shown, once for screen, command line and every report.

Unknown is shown as `unknown`, never as zero; rounding never turns a chance into certainty. All
functions are pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import TypeAlias

from advisor.core.figure import plain
from advisor.core.quantity import Range
from advisor.core.text import printable

Show: TypeAlias = Callable[[float | None], str]
"""A way to show one number."""

UNKNOWN_WORD = "unknown"

VERDICT_WORDS = MappingProxyType(
    {"prompt": "PROMPT", "tune": "FINE-TUNE", "hybrid": "HYBRID", "undecided": "NOT DECIDABLE YET"}
)
"""What a verdict is called where it stands alone."""

APPROACH_WORDS = MappingProxyType(
    {
        "prompt": "prompting",
        "tune": "fine-tuning",
        "hybrid": "a hybrid",
        "undecided": "not decidable",
    }
)
"""The same inside a sentence."""

STATUS_MARKS = MappingProxyType({"ok": "✓", "warn": "!", "stop": "✗"})
"""The mark of a readiness check; always shown beside its word."""

_SCALES = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
_MINUS = "−"
_NOTHING = 1e-9  # USD; less is the noise of adding up
_SPEAKING = {"USD", "share", "score"}  # units that their numbers show by themselves


def is_known(value: float | None) -> bool:
    """Whether there is a finite number to show."""
    return value is not None and math.isfinite(value)


def money(value: float | None, *, cents: bool = False) -> str:
    """US dollars: `$12,168`, `$43.16` below 100, three digits below a cent; `cents` always keeps
    two decimals.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    size = abs(value) if abs(value) >= _NOTHING else 0.0
    if cents or (0.01 <= size < 99.995 and round(size, 2) != int(size)):
        shown = f"{size:,.2f}"
    elif 0 < size < 0.01:
        shown = _three_digits(size)
    else:
        shown = f"{size:,.0f}"
    return f"{_sign(value, shown)}${shown}"


def signed_money(value: float | None, *, cents: bool = False) -> str:
    """A change in US dollars with its sign: `+$1,231.44`."""
    shown = money(value, cents=cents)
    return shown if not is_known(value) or shown.startswith(_MINUS) else f"+{shown}"


def at_least(value: float, unknowns: int) -> str:
    """A sum with unknown parts: `≥ $400, 1 unknown`."""
    return f"≥ {money(value)}, {unknowns} unknown"


def compact(value: float | None, *, prefix: str = "") -> str:
    """Three digits and a scale, for narrow places: `12.2 k`, `3.00 M`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    for scale, letter in _SCALES:
        if abs(value) >= scale * 0.9995:
            return f"{_sign(value)}{prefix}{_three_figures(abs(value) / scale)} {letter}"
    whole, tiny = value == int(value), 0 < abs(value) < 0.01
    shown = (
        f"{abs(value):.0f}"
        if whole
        else _three_digits(abs(value))
        if tiny
        else _three_figures(abs(value))
    )
    return f"{_sign(value, shown)}{prefix}{shown}"


def compact_money(value: float | None) -> str:
    """US dollars for narrow places: `$12.2 k`."""
    return compact(value, prefix="$")


def number(value: float | None) -> str:
    """A plain number: thousands grouped, four digits where it is small."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    size = abs(value)
    if size >= 1000 or size == int(size):
        shown = f"{size:,.0f}"
    elif size >= 0.001:
        shown = f"{size:.4g}"
    else:
        shown = _three_digits(size)
    return _sign(value, shown) + shown


def share(value: float | None, digits: int = 0) -> str:
    """A share or chance in percent: `91 %`; what is not quite 0 or 1 is shown as `<1 %` or `>99
    %`.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    percent, step = abs(value) * 100, 10.0**-digits
    if 0 < percent <= step / 2:  # a half rounds to the even 0
        return f"<{step:.{digits}f} %"
    if 100 - step / 2 <= percent < 100:
        return f">{100 - step:.{digits}f} %"
    return f"{_sign(value)}{percent:.{digits}f} %"


def of_hundred(chance: float | None) -> str:
    """A chance as draws out of 100, without the percent sign: `91`, `<1`, `>99`."""
    return share(chance).removesuffix(" %")


def score(value: float | None) -> str:
    """A quality score from 0 to 1: `0.912`."""
    return (
        f"{_sign(value)}{abs(value):.3f}"
        if value is not None and math.isfinite(value)
        else UNKNOWN_WORD
    )


def signed_score(value: float | None) -> str:
    """A difference of scores with its sign: `+0.020`."""
    shown = score(value)
    return shown if value is None or not math.isfinite(value) or value < 0 else f"+{shown}"


def weeks(value: float | None) -> str:
    """Calendar weeks, to a half below ten."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    return number(round(value * 2) / 2 if value < 10 else round(value))


def days(value: float | None) -> str:
    """Calendar days in whole ones: `less than a day`, `1 day`, `5 days`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    return "less than a day" if value < 0.5 else plural(round(value), "day")


def measure(value: float | None, unit: str) -> str:
    """A number with its unit: `$12,168 a month`, `$1.861/h`, `21.7 %`, `1,650 tokens/request`."""
    if not is_known(value):
        return UNKNOWN_WORD
    if unit == "USD/month":
        return f"{money(value)} a month"
    if unit.startswith("USD/"):
        return bare(value, unit) + unit.removeprefix("USD")
    kind, _, per = unit.partition("/")
    if kind in _SPEAKING:
        return bare(value, unit) + (f" a {per}" if per else "")
    return f"{bare(value, unit)} {unit}".rstrip()


def bare(value: float | None, unit: str) -> str:
    """A number as its unit is usually written, without the unit's name; prices for one of a thing
    keep six digits.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    if unit in ("USD", "USD/month"):
        return money(value)
    if unit.startswith("USD/"):
        return f"{_sign(value)}${plain(abs(value))}"
    return (
        share(value, 1)
        if unit.split("/")[0] == "share"
        else score(value)
        if unit == "score"
        else number(value)
    )


def about(value: float | None) -> float | None:
    """`value` to three digits, for what is searched for rather than known exactly."""
    return value if value is None or not math.isfinite(value) else float(f"{value:.3g}")


def span(held: Range, show: Show = number) -> str:
    """The 80 % interval `2,900 – 4,100`; one number where both ends read alike, `unknown` where it
    is not known.
    """
    low, high = show(held.p10), show(held.p90)
    return low if low == high else f"{low} – {high}"


def short_span(held: Range, show: Show) -> str:
    """`0.888–0.930`, for the line below a figure; empty where it is unknown or both ends read
    alike.
    """
    low, high = show(held.p10), show(held.p90)
    return f"{low}–{high}" if low != high else ""


def tight_span(held: Range) -> str:
    """Money for narrow columns, both ends on the scale of the upper: `2.90–4.10 k`; else as
    `short_span`.
    """
    if held.p10 is None or held.p90 is None:
        return ""
    size = max(abs(held.p10), abs(held.p90))
    if size < 1:
        return short_span(held, money)
    scale, letter = next(((s, f" {n}") for s, n in _SCALES if size >= s * 0.9995), (1.0, ""))
    digits = 2 if size < 9.995 * scale else 1 if size < 99.95 * scale else 0

    def end(value: float) -> str:
        shown = f"{abs(value) / scale:.{digits}f}"
        return _sign(value, shown) + shown

    low, high = end(held.p10), end(held.p90)
    return f"{low}–{high}{letter}" if low != high else ""


def range_bar(
    p10: float | None,
    p50: float | None,
    p90: float | None,
    low: float,
    high: float,
    width: int,
) -> str:
    """`├──●──┤` on a scale from `low` to `high`, exactly `width` columns; blank where unknown."""
    if (
        p10 is None
        or p50 is None
        or p90 is None
        or not all(map(math.isfinite, (p10, p50, p90)))
        or width < 1
    ):
        return " " * max(width, 0)

    def column(value: float) -> int:
        part = (value - low) / (high - low) if high > low else 0.5
        return round(min(max(part, 0.0), 1.0) * (width - 1))

    left, middle, right = column(p10), column(p50), column(p90)
    cells = ["─" if left < i < right else " " for i in range(width)]
    cells[left], cells[right], cells[middle] = "├", "┤", "●"
    return "".join(cells)


def share_bar(value: float | None, width: int) -> str:
    """A bar of `width` columns, filled to `value` (0 to 1); blank if unknown."""
    if value is None or not math.isfinite(value):
        return " " * width
    filled = round(min(max(value, 0.0), 1.0) * width)
    return "━" * filled + "╌" * (width - filled)


def clean(text: str) -> str:
    """Text from data made safe to show: white space becomes one space; control and bidi characters
    are spelt out.
    """
    return printable(" ".join(text.split()))


def plural(count: int, word: str) -> str:
    """`1 option`, `2 options`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def sentence_list(words: Iterable[str]) -> str:
    """`a, b and c`."""
    items = list(words)
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def _sign(value: float, shown: str = "1") -> str:
    return _MINUS if value < 0 and re.search(r"[1-9]", shown) else ""


def _three_digits(value: float) -> str:
    if value < 1e-9:
        return f"{value:.2e}"
    return f"{value:.{2 - math.floor(math.log10(value))}f}".rstrip("0")


def _three_figures(value: float) -> str:
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f}"
