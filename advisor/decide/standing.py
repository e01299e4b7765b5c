"""How the approaches stand, and which form of an option stands for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.verdict import Advantage, ApproachRecord, BaselineErrors
from advisor.decide.ranking import Ranking
from advisor.decide.record import Recorder

Group = tuple[str, bool, bool]


def group_of(option: Option) -> Group:
    """Options of one group only differ in how a provider serves them (cached, in batches)."""
    return option.skill.lower(), option.is_self_hosted, option.as_is


def best_forms(ranking: Ranking) -> Mapping[Group, int]:
    """The form that stands for each group: the named one, else the cheapest on average."""
    forms: dict[Group, int] = {}
    means = ranking.cost[1:].mean(axis=0)
    for i, option in enumerate(ranking.options):
        group = group_of(option)
        current = forms.get(group)
        if (
            current is None
            or i == ranking.pick
            or (current != ranking.pick and means[i] < means[current])
        ):
            forms[group] = i
    return forms


def approaches(ranking: Ranking) -> tuple[ApproachRecord, ...]:
    """Every approach with its share of the draws, the longest bar first; forms count together."""
    forms = best_forms(ranking)
    shares: dict[Group, float] = {}
    for option, share in zip(ranking.options, ranking.p_best, strict=True):
        shares[group_of(option)] = shares.get(group_of(option), 0.0) + float(share)
    records = []
    for approach in dict.fromkeys(option.approach for option in ranking.options):
        own = [g for g, i in forms.items() if ranking.options[i].approach == approach]
        best = max(own, key=lambda g: (shares[g], forms[g] == ranking.pick))
        option = ranking.options[forms[best]]
        share = round(ranking.p_approach(approach), 6)
        records.append(ApproachRecord(approach, share, option.id, round(shares[best], 6)))
    return tuple(sorted(records, key=lambda r: -r.p_best))


def advantage(recorder: Recorder, pick: Estimate, rival: Estimate | None) -> Advantage:
    """The rival less the pick, draw by draw; unknown without a rival."""
    if rival is None:
        return Advantage()
    cash, errors, total = (
        recorder.spread(rival[f"horizon.{part}"] - pick[f"horizon.{part}"])
        for part in ("cash", "errors", "total")
    )
    return Advantage(cash, errors, total)


def baseline_errors(
    recorder: Recorder, pick: Estimate, inputs: Mapping[str, Figure], brief: Brief
) -> BaselineErrors:
    """Requests x price of an error x share of wrong answers of the process without a model, over
    the discounted months of growing traffic; unknown where a part of it is not stated.
    """
    price = inputs.get("quality.error_cost_usd")
    volume = inputs.get("traffic.requests_per_month")
    score = brief.baseline.score if brief.baseline is not None else None
    if price is None or volume is None or score is None:
        return BaselineErrors()
    cost = volume * price * (1 - score) * pick["horizon.months_growing"]
    return BaselineErrors(recorder.spread(cost), recorder.spread(cost - pick["horizon.errors"]))
