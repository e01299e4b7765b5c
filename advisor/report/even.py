"""Where the recommended option and its alternative cost the same, in words."""

from __future__ import annotations

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.quantity import Range
from advisor.core.verdict import Verdict
from advisor.report import extract


def break_even_sentences(verdict: Verdict) -> list[str]:
    """What is known of the break-even, a sentence each; empty where the options never cost the
    same.
    """
    even = verdict.break_even
    months = f"{fmt.months(even.months or 0.0)}{_interval(even.months_range)}"
    requests = (
        f"{_rounded(even.requests_per_month)} requests per month"
        f"{_interval(even.requests_per_month_range)}"
    )
    multiple = (
        f"{_rounded(even.price_multiple)} × today's prices{_interval(even.price_multiple_range)}"
    )
    sentences = (
        (even.months, _payback(verdict, months)),
        (even.requests_per_month, f"equal cost at {requests}"),
        (even.price_multiple, f"equal cost at {multiple}"),
        (even.uplift, f"equal worth at a quality difference of {fmt.signed_score(even.uplift)}"),
    )
    return [sentence for value, sentence in sentences if fmt.is_known(value)]


def _payback(verdict: Verdict, months: str) -> str:
    """When the option that costs more once has earned that back."""
    pair = [o for o in verdict.arms if o.id in (verdict.subject, verdict.alternative)]
    dearer = max(pair, key=lambda option: option.one_off_usd.p50 or 0.0)
    errors = ", errors counted" if extract.has_errors(dearer) else ""
    return f"{option_name(dearer.id)} earns its higher one-off cost back in {months}{errors}"


def _interval(interval: Range) -> str:
    """The 80 % interval in brackets; an end that is not reached in the draws is said to be
    never.
    """
    if interval.p10 is None:
        return ""
    low = _rounded(interval.p10)
    high = "never" if interval.p90 is None else _rounded(interval.p90)
    return f" ({low} – {high})" if low != high else ""


def _rounded(value: float | None) -> str:
    """What is searched for or read off draws: three digits are enough."""
    return fmt.number(fmt.about(value))
