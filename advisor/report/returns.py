"""What the recommended option returns against another way to do the task, or against today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from advisor.core import format as fmt
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.headline import as_is
from advisor.report.terms import Terms


@dataclass(frozen=True, slots=True)
class Return:
    """Against what; cash and cost of errors saved over the horizon (USD, discounted: the net
    present value); what is invested beyond the other, and what a month then saves, at the medians;
    the months to break even where the verdict says them.
    """

    against: str
    cash_usd: Range
    errors_usd: Range
    invest_usd: float | None
    monthly_usd: float | None
    even_months: float | None = None

    @property
    def is_outweighed(self) -> bool:
        """Whether wrong answers cost more, at the medians, than what is saved in cash."""
        saved = self.cash_usd.p50
        errors = self.errors_usd.p50
        return saved is not None and errors is not None and saved > 0 > saved + errors

    @property
    def payback_months(self) -> float | None:
        """Months until the investment is earned back; 0 where nothing more is invested."""
        if self.invest_usd is None or self.monthly_usd is None:
            return None
        if self.invest_usd <= 0:
            return 0.0 if self.monthly_usd >= 0 else None
        if self.even_months is not None and self.monthly_usd > 0:
            return self.even_months
        return self.invest_usd / self.monthly_usd if self.monthly_usd > 0 else None

    @property
    def on_investment(self) -> float | None:
        """Cash saved per dollar invested beyond the other (ROI); None where nothing is, and where
        errors outweigh it.
        """
        saved = self.cash_usd.p50
        if saved is None or self.is_outweighed or not self.invest_usd or self.invest_usd <= 0:
            return None
        return saved / self.invest_usd


def returns(verdict: Verdict, terms: Terms) -> Iterator[Return]:
    """Against the runner-up, against what is in place, and against the process by hand."""
    chosen = verdict.chosen
    if chosen is None:
        return
    other = extract.runner_up(verdict)
    if other is not None and other.id != chosen.id:
        gain = verdict.advantage
        yield _against(verdict, chosen, other, terms, gain.cash_usd, gain.errors_usd)
    today = as_is(verdict)
    if today is not None and today.id not in (chosen.id, verdict.alternative):
        gain = verdict.against_today
        yield _against(verdict, chosen, today, terms, gain.cash_usd, gain.errors_usd)
    by_hand = extract.number(verdict, "baseline.monthly_usd")
    if by_hand is not None:
        yield _by_hand(verdict, chosen, by_hand)


def _against(
    verdict: Verdict,
    chosen: OptionRecord,
    other: OptionRecord,
    terms: Terms,
    cash: Range,
    errors: Range,
) -> Return:
    saved = extract.cash_saved(verdict, other)
    gain = cash if cash.is_known else Range(None, saved, None)
    return Return(
        terms.option(other.id),
        gain,
        errors,
        _less(chosen.one_off_usd.p50, other.one_off_usd.p50),
        _less(other.monthly_usd.p50, chosen.monthly_usd.p50),
        verdict.break_even.months if other.id == verdict.alternative else None,
    )


def _by_hand(verdict: Verdict, chosen: OptionRecord, by_hand: float) -> Return:
    """Nothing is invested in today's process; its cost is as stated, without a spread."""
    total = by_hand * extract.level_months(verdict)
    paid = extract.cash(chosen)
    saved = Range(_less(total, paid.p90), _less(total, paid.p50), _less(total, paid.p10))
    name = extract.answer(verdict, "baseline.process")
    return Return(
        f"By hand: {name}" if name else "By hand",
        saved if saved.is_known else UNKNOWN,
        verdict.baseline_errors.saved_usd,
        chosen.one_off_usd.p50,
        _less(by_hand, chosen.monthly_usd.p50),
    )


def lacks_baseline_score(verdict: Verdict) -> bool:
    """Whether errors have a price, today's process has a cost, and its score is not stated."""
    chosen = verdict.chosen
    is_priced = chosen is not None and extract.has_errors(chosen)
    has_cost = extract.number(verdict, "baseline.monthly_usd") is not None
    return is_priced and has_cost and extract.number(verdict, "baseline.score") is None


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None or not fmt.is_known(a - b) else a - b
