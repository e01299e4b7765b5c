"""The total over the horizon: one-off cost, every month's bill and errors, growth, discounting and
later prices.

Formulas: docs/reference/formulas.md#horizon, #price-changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from advisor.core.figure import Figure, add
from advisor.core.quantity import Basis
from advisor.estimate import algebra
from advisor.estimate.ledger import Ledger
from advisor.estimate.money import RUN_PARTS


def move(ledger: Ledger, months: float, ends: str) -> None:
    """`once.move`: when the model ends inside the horizon, the work is done again on its successor.

    `horizon.move` is what that is worth today: it is paid when the model ends, so many months on.
    """
    sheet = ledger.sheet
    hourly = sheet["team.hourly_usd"]
    ledger.put("time.model_ends", "months", max(0.0, months), "horizon", ends)
    test = ledger["once.evaluation"]
    if "once.sunk" in ledger:
        test = test - ledger["once.sunk"]
    if ledger.option.approach == "prompt" or ledger.option.helper:
        again = sheet["team.prompt_hours"] * hourly + test
    else:
        again = sheet["team.retrain_hours"] * hourly + ledger["train.run_usd"] + test
    ledger.put("once.move", "USD", again, "horizon", ends)
    worth = algebra.discount(max(0.0, months), sheet["budget.discount_rate"])
    ledger.put("horizon.move", "USD", ledger["once.move"] * worth, "horizon")


def horizon(ledger: Ledger) -> None:
    """`horizon.total` in USD, the sum of `horizon.cash` and of `horizon.errors`.

    Money that is paid and the cost of wrong answers stay apart. Where a part is unknown the total
    is unknown, with the known part and what is missing.
    """
    _months(ledger)
    cash = [_still_to_pay(ledger)]
    cash += [_over_horizon(ledger, part) for part in RUN_PARTS if _is_paid(ledger, part)]
    if "horizon.move" in ledger:
        cash.append(ledger["horizon.move"])
    _put_sum(ledger, "horizon.cash", cash)
    if _is_paid(ledger, "run.errors"):
        _put_sum(ledger, "horizon.errors", [_over_horizon(ledger, "run.errors")])
    else:
        ledger.put("horizon.errors", "USD", ledger["run.errors"], "horizon")
    _put_sum(ledger, "horizon.total", [ledger["horizon.cash"], ledger["horizon.errors"]])


def _still_to_pay(ledger: Ledger) -> Figure:
    """What is paid once, without what is spent already: no choice brings that back."""
    once = ledger["once.total"]
    if "once.sunk" not in ledger or not once.is_known:
        return once
    return once - ledger["once.sunk"]


def _is_paid(ledger: Ledger, part: str) -> bool:
    """Whether a monthly part is more than the plain statement that nothing is paid."""
    return bool(ledger[part].operands) or not ledger[part].is_known


def _put_sum(ledger: Ledger, name: str, parts: Sequence[Figure]) -> None:
    """A sum in USD; where parts are unknown, the known part and what is missing."""
    missing = tuple(
        dict.fromkeys(m for p in parts for m in p.missing or (() if p.is_known else (p.id,)))
    )
    total = ledger.put(name, "USD", add(*parts), "horizon")
    if missing:
        least = sum(p.value if p.is_known else p.at_least or 0.0 for p in parts)
        ledger[name] = replace(total, at_least=least, missing=missing)


def _months(ledger: Ledger) -> None:
    """Discounted months of a cost that stays level, and of one that grows with traffic."""
    sheet = ledger.sheet
    months = ledger.brief.budget.horizon_months
    rates = {
        "horizon.months_level": _no_growth(ledger),
        "horizon.months_growing": sheet["traffic.growth_per_month"],
    }
    for name, growth in rates.items():
        worth = partial(algebra.annuity, months, growth, sheet["budget.discount_rate"])
        ledger.put(name, "months", sheet.shared(name, worth), "horizon")


def _no_growth(ledger: Ledger) -> Figure:
    source = "a cost that does not follow traffic"
    return ledger.sheet.exact("growth.none", 0.0, "share/month", Basis.MEASURED, source, "")


def _over_horizon(ledger: Ledger, part: str) -> Figure:
    """What a monthly part costs over the horizon; unknown, under its own name, where it is."""
    if not ledger[part].is_known:
        return ledger[part]
    if part == "run.hosting" and "serve.replicas" in ledger and _grows(ledger):
        return _growing_sets(ledger)
    growing = part in _follows_traffic(ledger)
    if any(part in period.parts for period in ledger.later):
        return _by_period(ledger, part, growing=growing)
    return ledger[part] * ledger["horizon.months_growing" if growing else "horizon.months_level"]


def _grows(ledger: Ledger) -> bool:
    """Whether traffic grows in any case."""
    growth = ledger.sheet["traffic.growth_per_month"].rows
    return growth != 0 if isinstance(growth, (int, float)) else bool(growth.any())


def _by_period(ledger: Ledger, part: str, *, growing: bool) -> Figure:
    """Each period at its own price: a change of price inside a month splits that month by its
    days.
    """
    sheet = ledger.sheet
    months = ledger.brief.budget.horizon_months
    growth = sheet["traffic.growth_per_month"] if growing else _no_growth(ledger)
    changes = [
        (0.0, ledger[part]),
        *((p.begin, p.parts[part]) for p in ledger.later if part in p.parts),
    ]
    ends = [*(begin for begin, _ in changes[1:]), float(months)]
    rate = sheet["budget.discount_rate"]

    def worth(begin: float, end: float) -> Figure:
        name = f"horizon.months|{growth.id}|{begin}|{end}"
        return sheet.shared(name, lambda: algebra.annuity(months, growth, rate, begin, end))

    terms = [cost * worth(begin, end) for (begin, cost), end in zip(changes, ends, strict=True)]
    total = add(*terms)
    unknown = tuple(cost.id for _, cost in changes if not cost.is_known)
    name = part.replace("run.", "horizon.")
    named = ledger.put(name, "USD", total, "price-changes")
    if unknown:
        least = sum(t.value for t in terms if t.is_known)
        ledger[name] = replace(named, at_least=least, missing=unknown)
    return ledger[name]


def _growing_sets(ledger: Ledger) -> Figure:
    """GPUs of growing traffic: a further set whenever the load calls for one; an index is paid as
    it is.
    """
    sheet = ledger.sheet
    months = ledger.brief.budget.horizon_months
    sets = algebra.replica_months(
        months,
        ledger["serve.load"],
        sheet["traffic.growth_per_month"],
        sheet["budget.discount_rate"],
    )
    ledger.put("horizon.replica_months", "months", sets, "horizon")
    grown = ledger["run.gpus"] / ledger["serve.replicas"] * ledger["horizon.replica_months"]
    if "run.depreciation" in ledger:
        grown = grown + ledger["run.depreciation"] * ledger["horizon.months_level"]
    if not ledger.option.traits.retrieves:
        return grown
    return grown + sheet["retrieval.usd_per_month"] * ledger["horizon.months_level"]


def _follows_traffic(ledger: Ledger) -> frozenset[str]:
    """Parts that grow with the requests: charges by token, errors, and GPUs that are paid by the
    hour used.
    """
    by_use = "serve.busy_hours" in ledger and "serve.replicas" not in ledger
    return frozenset({"run.inference", "run.errors"} | ({"run.hosting"} if by_use else set()))
