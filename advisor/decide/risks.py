"""What may go wrong after the decision, each with a number: lifecycle, lock-in, price, forgetting,
drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.lifecycle import first_end, tariffs
from advisor.core.option import Estimate, Place
from advisor.core.quantity import Basis
from advisor.core.setting import Setting
from advisor.core.verdict import BreakEven, Risk
from advisor.decide.quantiles import middle, quantiles

THINKABLE = 10.0
"""Prices of one model have fallen and risen by no more than tenfold within a horizon; beyond, it is
no risk to name.
"""


def risks(
    brief: Brief, setting: Setting, pick: Estimate, rival: Estimate | None, even: BreakEven
) -> tuple[Risk, ...]:
    """The risks of the chosen option, those with a date or a price first; an end that nobody has
    announced comes last.
    """
    return (
        *_end(brief, setting, pick),
        *_errors(pick),
        *_price(pick, rival, even),
        *_lock_in(setting, pick),
        *_learning(pick),
        *_drift(brief, pick),
        *_no_end(brief, setting, pick),
    )


def _end(brief: Brief, setting: Setting, pick: Estimate) -> Iterator[Risk]:
    end = first_end(pick.option, brief, setting)
    if end is not None:
        days = (end.day - setting.as_of).days
        yield Risk(
            "lifecycle",
            f"{end.model} ends {end.day:%Y-%m-%d}, {days} days after the decision: plan the move",
        )


def _no_end(brief: Brief, setting: Setting, pick: Estimate) -> Iterator[Risk]:
    if pick.option.sends_data_out and first_end(pick.option, brief, setting) is None:
        months = brief.budget.horizon_months
        yield Risk(
            "lifecycle",
            f"no end of {pick.option.model} is announced; over {fmt.months(months)} expect one "
            "migration",
        )


def _errors(pick: Estimate) -> Iterator[Risk]:
    """Wrong answers, where the brief gives them a price."""
    month = pick.figures.get("run.errors")
    if month is not None and month.is_known and month.value > 0:
        wrong = fmt.share(1 - pick["quality.score"].value)
        yield Risk(
            "wrong answers",
            f"{wrong} of answers are expected to be wrong, and cost {_spread(month, fmt.money)} "
            "per month",
        )


def _price(pick: Estimate, rival: Estimate | None, even: BreakEven) -> Iterator[Risk]:
    if (
        rival is None
        or even.price_multiple is None
        or not 1 / THINKABLE <= even.price_multiple <= THINKABLE
    ):
        return
    prompted = pick if pick.option.approach == "prompt" else rival
    is_rise = even.price_multiple > 1
    if is_rise is not (prompted is pick):
        return  # the pick is dearer already: such a change would favour it
    change = f"a {'rise' if is_rise else 'fall'} of {prompted.option.model}"
    moved = f"{change} to {fmt.times(even.price_multiple)} today's prices"
    yield Risk("price", f"{moved} makes {rival.option.id} as cheap")


def _lock_in(setting: Setting, pick: Estimate) -> Iterator[Risk]:
    for price in tariffs(pick.option, setting):
        again = middle(pick["once.total"])
        if pick.option.serving.place is Place.HOSTED:
            yield Risk(
                "lock-in",
                f"weights tuned at {price.provider} stay there: leaving costs the "
                f"{fmt.money(again)} again",
            )


def _learning(pick: Estimate) -> Iterator[Risk]:
    """What training may do to other skills, and, while its score is only predicted, to this one."""
    lost = pick.figures.get("quality.forgetting")
    if lost is not None:
        yield Risk(
            "forgetting",
            f"tuning costs general skill, {_spread(lost, fmt.points)} on general tests "
            f"({lost.source}); score a general set before roll-out",
        )
    below = pick.figures.get("quality.below_prompt")
    if below is not None and pick["quality.score"].basis is not Basis.MEASURED:
        yield Risk(
            "overfitting",
            f"tuning fell below the best prompt in {_spread(below, fmt.share)} "
            f"of such cases ({below.source}); compare both on the test items before roll-out",
        )


def _spread(figure: Figure, write: Callable[[float], str]) -> str:
    """The median of a figure, as everywhere in a report, with its P10 and P90, in words."""
    median = write(middle(figure))
    if isinstance(figure.rows, (int, float)) or len(figure.rows) < 2:
        return median
    ends = quantiles(figure.rows[1:])
    if ends.p10 is None or ends.p90 is None:
        return median
    return f"{median} ({write(ends.p10)} to {write(ends.p90)})"


def _drift(brief: Brief, pick: Estimate) -> Iterator[Risk]:
    stale = pick.figures.get("quality.stale_share")
    if stale is not None and stale.value > 0:
        months = brief.team.retrain_every_months.likely
        yield Risk(
            "drift",
            f"{fmt.share(stale.value, 1)} of answers rest on stale facts when tuned every "
            f"{months:g} months",
        )
