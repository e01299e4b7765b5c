"""The cash of an option month by month, taken from the formula of its total over the horizon.

`horizon.cash` is a sum of `part × factor`, where a factor is an annuity of the horizon. Each month
of an annuity is known, so the months add up to the total to the cent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from advisor.core.verdict import FigureRecord, OptionRecord, Verdict
from advisor.report import extract

_ANNUITY = re.compile(r"annuity\(([\d.]+), ([-\d.e]+), ([-\d.e]+)\)")


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Discounted USD: `once` before the first month, then `monthly`, one amount for each month."""

    option_id: str
    once: float
    monthly: tuple[float, ...]

    @property
    def cumulative(self) -> tuple[float, ...]:
        """What is paid by the end of month 0, 1, 2, ..."""
        return tuple(accumulate(self.monthly, initial=self.once))

    @property
    def total(self) -> float:
        """What is paid in all."""
        return self.once + sum(self.monthly)


def cash_flow(option: OptionRecord) -> CashFlow | None:
    """The months of an option's cash; None where its total is unknown.

    What is not a plain monthly bill (GPUs added as traffic grows, a later price, a move to
    another model) is spread over the months as a level cost of the same worth.
    """
    total = option.figure("horizon.cash") or option.figure("horizon.total")
    once = option.figure("once.total")
    level = _weights(option.figure("horizon.months_level"))
    if total is None or total.value is None or once is None or once.value is None or not level:
        return None
    growing = _weights(option.figure("horizon.months_growing")) or level
    follows = _in_formula(total, option, "horizon.months_growing")
    monthly = [follows * weight for weight in growing]
    rest = total.value - once.value - sum(monthly)
    share = rest / sum(level)
    by_month = (a + share * b for a, b in zip(monthly, level, strict=True))
    return CashFlow(option.id, once.value, tuple(by_month))


def median_flow(option: OptionRecord) -> CashFlow | None:
    """The months of an option's cash at the medians that stand in tables: what is still to pay once
    and the total over the horizon, its months in proportion to the likely ones.
    """
    flow = cash_flow(option)
    paid = extract.cash(option).p50
    once = still_to_pay(option)
    if flow is None or paid is None or once is None or not sum(flow.monthly):
        return flow
    scale = (paid - once) / sum(flow.monthly)
    return CashFlow(option.id, once, tuple(scale * amount for amount in flow.monthly))


def still_to_pay(option: OptionRecord) -> float | None:
    """The median of what is paid once, without what is spent already, USD."""
    sunk = option.figure("once.sunk")
    once = option.one_off_usd.p50
    spent = sunk.p50 if sunk is not None and sunk.p50 is not None else 0.0
    return None if once is None else max(0.0, once - spent)


def cash_band(verdict: Verdict, flow: CashFlow) -> tuple[list[float], list[float]]:
    """P10 and P90 of what is paid by the end of each month, over the listed draws, each spread over
    the months as the likely case is; empty where no draws are listed.
    """
    drawn = next((d for d in verdict.drawn if d.option == flow.option_id), None)
    later = sum(flow.monthly)
    if drawn is None or not drawn.cash_usd or not drawn.once_usd or not later:
        return [], []
    shares = [(paid - flow.once) / later for paid in flow.cumulative]
    low = []
    high = []
    for share in shares:
        pairs = zip(drawn.once_usd, drawn.cash_usd, strict=True)
        amounts = sorted(once + share * (cash - once) for once, cash in pairs)
        low.append(amounts[round(0.1 * (len(amounts) - 1))])
        high.append(amounts[round(0.9 * (len(amounts) - 1))])
    return low, high


def _weights(factor: FigureRecord | None) -> list[float]:
    """What a dollar in each month is worth: (1+growth)^(t−1) ÷ (1+rate)^(t÷12)."""
    if factor is None or factor.value is None:
        return []
    match = _ANNUITY.search(factor.filled)
    if match is None:
        return []
    months = int(float(match[1]))
    growth = float(match[2])
    rate = float(match[3])
    weights = [(1 + growth) ** (t - 1) / (1 + rate) ** (t / 12) for t in range(1, months + 1)]
    exact = factor.value / sum(weights)  # the formula shows rounded rates
    return [weight * exact for weight in weights]


def _in_formula(total: FigureRecord, option: OptionRecord, factor: str) -> float:
    """USD per month of the parts that the formula multiplies by `factor`."""
    part_ids = re.findall(rf"([\w.]+) × {re.escape(factor)}", total.formula)
    figures = [option.figure(part_id) for part_id in part_ids]
    return sum(figure.value or 0.0 for figure in figures if figure is not None)
