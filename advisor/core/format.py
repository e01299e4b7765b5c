"""How numbers, ranges and words are written, once for screen, command line and every report.

Unknown is written `unknown`, never zero; rounding never turns a chance into a certainty.

One rule for money: in full (`$5,032`) wherever it stands alone, with cents only below $100; on a
scale (`$122 k`) from $100,000 where space is scarce; the ends of a range share the scale of the
upper one. A rate is written "per month", never "a month". All functions are pure.
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
"""The mark of a readiness check; always written beside its word."""

IN_FULL = 100_000.0
"""US dollars from which money is written on a scale where space is scarce."""

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
        text = f"{size:,.2f}"
    elif 0 < size < 0.01:
        text = _three_digits(size)
    else:
        text = f"{size:,.0f}"
    return f"{_sign(value, text)}${text}"


def signed_money(value: float | None, *, cents: bool = False) -> str:
    """A change in US dollars with its sign: `+$1,231.44`."""
    text = money(value, cents=cents)
    return text if not is_known(value) or text.startswith(_MINUS) else f"+{text}"


def at_least(value: float, unknowns: int) -> str:
    """A sum with unknown parts: `≥ $400, 1 unknown`."""
    return f"≥ {money(value)}, {unknowns} unknown"


def compact(value: float | None, *, prefix: str = "") -> str:
    """Three digits and a scale, for the ticks of a chart: `12.2 k`, `3.00 M`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    size = abs(value)
    for scale, letter in _SCALES:
        if size >= scale * 0.9995:
            return f"{_sign(value)}{prefix}{_three_figures(size / scale)} {letter}"
    digits = _small(size)
    return f"{_sign(value, digits)}{prefix}{digits}"


def compact_money(value: float | None) -> str:
    """US dollars where space is scarce: `$12,168`, on a scale from 100,000: `$122 k`."""
    if value is None or abs(value) < IN_FULL:
        return money(value)
    return compact(value, prefix="$")


def money_rate(value: float | None, per: str = "month", *, cents: bool = False) -> str:
    """US dollars per time: `$3,317 per month`."""
    return f"{money(value, cents=cents)} per {per}" if is_known(value) else UNKNOWN_WORD


def number(value: float | None) -> str:
    """A plain number: thousands grouped, four digits where it is small."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    size = abs(value)
    if size >= 999.95 or size == int(size):
        text = f"{size:,.0f}"
    elif size >= 0.001:
        text = f"{size:.4g}"
    else:
        text = _three_digits(size)
    return _sign(value, text) + text


def share(value: float | None, digits: int = 0) -> str:
    """A share or chance in percent: `91 %`; what is not quite 0 or 1 is written `<1 %` or `>99
    %`.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    percent = abs(value) * 100
    step = 10.0**-digits
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
    text = score(value)
    return text if value is None or not math.isfinite(value) or value < 0 else f"+{text}"


def points(difference: float | None) -> str:
    """A difference of scores or shares in percentage points: `3.0 points`."""
    if difference is None or not math.isfinite(difference):
        return UNKNOWN_WORD
    return f"{_sign(difference)}{abs(difference) * 100:.1f} points"


def count(value: float | None) -> str:
    """How many there are, in whole ones: `1,500`."""
    return number(None if value is None or not math.isfinite(value) else round(value))


def times(value: float | None) -> str:
    """A multiple: `2.3 ×`, `0.27 ×`, `14 ×`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    return f"{_sign(value)}{_small(abs(value)) if abs(value) < 10 else count(abs(value))} ×"


def decimal(value: float | None, digits: int = 1) -> str:
    """A measured number with a fixed count of decimals: `1,234.5`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    text = f"{abs(value):,.{digits}f}"
    return _sign(value, text) + text


def significant(value: float | None, digits: int = 3) -> str:
    """A number to its first digits, thousands grouped: `1,140,000`, `0.0213`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 10.0 ** (digits - 1):
        return number(rounded)
    return f"{_sign(value)}{abs(value):.{digits}g}"


def gib(value: float | None) -> str:
    """Memory: `12.4 GiB`."""
    return f"{decimal(value)} GiB" if is_known(value) else UNKNOWN_WORD


def duration(seconds: float | None) -> str:
    """A span of time in the unit that suits it: `45 s`, `12 min`, `3.9 h`, `4 days`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN_WORD
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return plural(round(seconds / 86400), "day")


def months(value: float | None) -> str:
    """A length of time in months: `2.0 months`, `12 months`, `1 month`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    if value == int(value):
        return plural(int(value), "month")
    return f"{value:.1f} months" if value < 100 else f"{count(value)} months"


def weeks(value: float | None) -> str:
    """Calendar weeks as a bare number, to a half below ten."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    return number(round(value * 2) / 2 if value < 10 else round(value))


def weeks_long(value: float | None) -> str:
    """Calendar weeks with their word: `1 week`, `6.5 weeks`."""
    text = weeks(value)
    if text == UNKNOWN_WORD:
        return text
    return "1 week" if text == "1" else f"{text} weeks"


def days(value: float | None) -> str:
    """Calendar days in whole ones: `less than a day`, `1 day`, `5 days`."""
    if value is None or not math.isfinite(value):
        return UNKNOWN_WORD
    return "less than a day" if value <= 0.5 else plural(round(value), "day")


def measure(value: float | None, unit: str) -> str:
    """A number with its unit: `$12,168 per month`, `$1.861/h`, `21.7 %`, `1,650 tokens/request`."""
    if not is_known(value):
        return UNKNOWN_WORD
    if unit == "USD/month":
        return money_rate(value)
    if unit == "weeks":
        return weeks_long(value)
    if unit.startswith("USD/"):
        return bare(value, unit) + unit.removeprefix("USD")
    kind, _, per = unit.partition("/")
    if kind in _SPEAKING:
        return bare(value, unit) + (f" per {per}" if per else "")
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
    if unit.split("/")[0] == "share":
        return share(value, 1)
    return score(value) if unit == "score" else number(value)


def about(value: float | None) -> float | None:
    """`value` to three digits, for what is searched for rather than known exactly."""
    return value if value is None or not math.isfinite(value) else float(f"{value:.3g}")


def span(interval: Range, show: Show = number) -> str:
    """The 80 % interval `2,900 – 4,100`; one number where both ends read alike, `unknown` where it
    is not known.
    """
    low = show(interval.p10)
    high = show(interval.p90)
    return low if low == high else f"{low} – {high}"


def short_span(interval: Range, show: Show) -> str:
    """`0.888–0.930`, for the line below a figure; empty where it is unknown or both ends read
    alike.
    """
    low = show(interval.p10)
    high = show(interval.p90)
    return f"{low}–{high}" if low != high else ""


def tight_span(interval: Range) -> str:
    """Money for narrow columns, both ends on the scale of the upper: `2.90–4.10 k`; else as
    `short_span`.
    """
    if interval.p10 is None or interval.p90 is None:
        return ""
    size = max(abs(interval.p10), abs(interval.p90))
    if size < 1:
        return short_span(interval, money)
    scale, letter = next(((s, f" {n}") for s, n in _SCALES if size >= s * 0.9995), (1.0, ""))
    digits = _decimals(size / scale)

    def end(value: float) -> str:
        text = f"{abs(value) / scale:.{digits}f}"
        return _sign(value, text) + text

    low = end(interval.p10)
    high = end(interval.p90)
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

    left = column(p10)
    right = column(p90)
    cells = ["─" if left < i < right else " " for i in range(width)]
    cells[left] = "├"
    cells[right] = "┤"
    cells[column(p50)] = "●"
    return "".join(cells)


def share_bar(value: float | None, width: int) -> str:
    """A bar of `width` columns, filled to `value` (0 to 1); blank if unknown."""
    if value is None or not math.isfinite(value):
        return " " * width
    filled = round(min(max(value, 0.0), 1.0) * width)
    return "━" * filled + "╌" * (width - filled)


_PICTURE = "\u2600-\u27bf\U0001f000-\U0001faff"
_JOINED = re.compile(rf"(?<=[\ufe0f{_PICTURE}])\\u200d(?=[{_PICTURE}])")


def clean(text: str) -> str:
    """Text from data made safe to show: white space becomes one space; control and bidi characters
    are spelt out. Between two pictures a joiner stays: it makes them one.
    """
    return _JOINED.sub("\u200d", printable(" ".join(text.split())))


def plural(count: int, word: str) -> str:
    """`1 option`, `2 options`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def sentence_list(words: Iterable[str]) -> str:
    """`a, b and c`."""
    items = list(words)
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def _sign(value: float, text: str = "1") -> str:
    return _MINUS if value < 0 and re.search(r"[1-9]", text) else ""


def _three_digits(value: float) -> str:
    if value < 1e-9:
        return f"{value:.2e}"
    return f"{value:.{2 - math.floor(math.log10(value))}f}".rstrip("0")


def _small(size: float) -> str:
    """A size below a thousand: whole as it is, else three digits."""
    if size == int(size):
        return f"{size:.0f}"
    return _three_digits(size) if 0 < size < 0.01 else _three_figures(size)


def _three_figures(value: float) -> str:
    return f"{value:.{_decimals(value)}f}"


def _decimals(value: float) -> int:
    """How many decimals make three digits of a number below a thousand."""
    if value < 9.995:
        return 2
    return 1 if value < 99.95 else 0
