"""The number that an answer ends in: thousands separators, decimal commas, fractions and units do
not hide it.
"""

from __future__ import annotations

import re
from fractions import Fraction

MARK = "####"
"""What stands before the result in the reasoning of GSM8K and its kin."""

TOLERANCE = Fraction(1, 10**6)
_GROUP = "\u00a0\u202f\u2009'’_"
_NUMBER = re.compile(
    rf"""(?<![\w.,])[-+−]?
    (?: \d+[ ]\d+/\d+ | \d+/\d+                       # 1 1/2, 3/4
      | (?:\d[\d.,{_GROUP}]*\d|\d|\.\d+)(?:[eE][-+]?\d{{1,3}}(?!\w))? )
    (?:\s*(?P<power>thousand|million|billion|trillion)\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNS = str.maketrans("", "", "$€£¥₹*\\")
_POWERS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def last_number(text: str) -> Fraction | None:
    """The number behind the last `####` where one stands there, else the last in the text; None
    where there is none.
    """
    behind = text.rpartition(MARK)[2] if MARK in text else ""
    for part in (behind, text):
        numbers = [
            n for n in map(_value, _NUMBER.finditer(part.translate(_SIGNS))) if n is not None
        ]
        if numbers:
            return numbers[0] if part is behind else numbers[-1]
    return None


def numeric_match(prediction: str, answer: str) -> float:
    """1 where both end in the same number, else 0: whole numbers exactly, others to a millionth."""
    spoken = last_number(prediction)
    wanted = last_number(answer)
    if spoken is None or wanted is None:
        return 0.0
    return float(
        abs(spoken - wanted) <= (0 if wanted.denominator == 1 else abs(wanted) * TOLERANCE)
    )


def _value(match: re.Match[str]) -> Fraction | None:
    text = match.group(0)
    power = _POWERS[match["power"].lower()] if match["power"] else 1
    digits = text[: match.start("power") - match.start()].strip() if match["power"] else text
    sign = -1 if digits[0] in "-−" else 1
    digits = digits.lstrip("+-−")
    try:
        if "/" in digits:
            whole, _, parts = digits.rpartition(" ")
            return sign * power * (Fraction(int(whole or 0)) + Fraction(parts))
        return sign * power * Fraction(_plain(digits))
    except (ValueError, ZeroDivisionError):
        return None


def _plain(digits: str) -> str:
    """Digits with a point before the decimals: `1,234.5`, `1.234,5` and `1 234,5` are one
    number.
    """
    mantissa, _, power = digits.translate(str.maketrans("", "", _GROUP)).lower().partition("e")
    exponent = f"e{power}" if power else ""
    marks = [c for c in mantissa if c in ".,"]
    if not marks:
        return mantissa + exponent
    decimal = marks[-1]
    groups = mantissa.split(decimal)
    if len(set(marks)) == 1 and (len(groups) > 2 or (decimal == "," and _grouped(groups))):
        decimal = ""
    whole, _, rest = mantissa.rpartition(decimal) if decimal else (mantissa, "", "")
    return re.sub(r"[.,]", "", whole) + (f".{rest}" if decimal else "") + exponent


def _grouped(groups: list[str]) -> bool:
    return len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:])


def is_number(text: str) -> bool:
    """Whether a text is a number, with its unit at most."""
    bare = text.strip().translate(_SIGNS)
    return (
        len(bare.split()) <= 3 and _NUMBER.match(bare) is not None and last_number(bare) is not None
    )
