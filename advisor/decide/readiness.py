"""Checks before deciding: evaluation set, test size, leakage, duplicates, personal data, prices.

A stop: undecided.
"""

from __future__ import annotations

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.setting import Setting
from advisor.core.verdict import Readiness
from advisor.decide.information import items_needed, smallest_difference, told_apart
from advisor.decide.ranking import Ranking

EVALUATION = "evaluation set"
SCORES = "scores"

MINIMUM_ITEMS = 30
"""Fewer test items than this decide nothing: the normal approximation of a share breaks down below
about 30.
"""


def readiness(brief: Brief, setting: Setting, ranking: Ranking) -> tuple[Readiness, ...]:
    """Every rule with its status, worst first among equals in this order."""
    return tuple(
        r
        for r in (
            _evaluation_set(brief, ranking),
            _scores(brief, ranking),
            _test_size(brief, ranking),
            _leakage(brief, setting, ranking),
            _duplicates(setting),
            _personal_data(brief, setting),
            _target(brief),
            _prices(ranking),
        )
        if r is not None
    )


def stops(brief: Brief, setting: Setting, ranking: Ranking) -> tuple[Readiness, ...]:
    """The checks that stop one ranking of a brief and not another, as far as they do."""
    checks = (_leakage(brief, setting, ranking), _prices(ranking))
    return tuple(check for check in checks if check is not None and check.status == "stop")


def items_in_hand(brief: Brief) -> float:
    """Test items behind the scores: those in hand, or those the largest measured score rests on.

    Of alike segments each is accepted on its own items.
    """
    segment = brief.segments[0] if len(brief.segments) == 1 else None
    alike = segment.count if segment is not None and segment.share.likely == 1 else 1
    return max(
        [brief.data.eval_examples.likely / alike, *(float(s.items) for s in brief.quality.measured)]
    )


def quality_matters(brief: Brief) -> bool:
    """Whether a score can move the verdict: there is a target, or errors have a price."""
    return brief.quality.target > 0 or (brief.quality.error_cost_usd.p90 or 0) > 0


def _evaluation_set(brief: Brief, ranking: Ranking) -> Readiness:
    items = items_in_hand(brief)
    power = (
        f"{fmt.count(items)} test items show differences of "
        f"{fmt.points(smallest_difference(items))} or more"
    )
    if items >= MINIMUM_ITEMS:
        return Readiness(EVALUATION, "ok", power)
    detail = power if items else "no test items are in hand"
    if quality_matters(brief):
        return Readiness(
            EVALUATION, "stop", f"{detail}; collect an evaluation set of graded items first"
        )
    if len({option.skill for option in ranking.options}) > 1:
        return Readiness(
            EVALUATION,
            "stop",
            f"{detail}, and neither quality.target nor quality.error_cost_usd is set: nothing says "
            "what a good answer is; set one of them and collect graded items",
        )
    return Readiness(
        EVALUATION, "warn", f"{detail}; the options differ in cost only, so money decides"
    )


def _scores(brief: Brief, ranking: Ranking) -> Readiness | None:
    """Test items that no option was scored on show nothing, unless money alone decides."""
    if items_in_hand(brief) < MINIMUM_ITEMS:
        return None
    if any(score.items >= MINIMUM_ITEMS for score in brief.quality.measured):
        return None
    if not quality_matters(brief) and len(_rivals_alike(ranking)) == 1:
        return None
    measured = len(brief.quality.measured)
    detail = "no option is scored yet" if not measured else "every score rests on too few items"
    items = fmt.count(brief.data.eval_examples.likely)
    if not quality_matters(brief):
        return Readiness(
            SCORES,
            "warn",
            f"{detail}, and neither quality.target nor quality.error_cost_usd is set: money alone "
            f"chooses between {len(_rivals_alike(ranking))} ways that may answer unlike; score "
            f"them on the {items} test items before roll-out",
        )
    return Readiness(
        SCORES,
        "stop",
        f"{detail}; {items} test items decide nothing until an option is measured on them",
    )


def _rivals_alike(ranking: Ranking) -> set[str]:
    """Skills of the pick's approach: where there are several, money alone would choose a model
    whose answers nobody has looked at.
    """
    approach = ranking.options[ranking.pick].approach
    return {option.skill for option in ranking.options if option.approach == approach}


def _test_size(brief: Brief, ranking: Ranking) -> Readiness | None:
    """Whether the test can separate the pick from the next approach, where their scores decide."""
    items = items_in_hand(brief)
    rival = best_of_another_approach(ranking)
    if rival is None or items < MINIMUM_ITEMS:
        return None
    gap = abs(float(ranking.quality[0, ranking.pick] - ranking.quality[0, rival]))
    difference = f"the expected scores differ by {fmt.points(gap)}"
    if told_apart(gap, items):
        return Readiness(
            "test size",
            "ok",
            f"{difference}, and {fmt.count(items)} test items can tell that apart",
        )
    needed = items_needed(max(gap, 0.01))
    return Readiness(
        "test size",
        "warn",
        f"{difference}: {fmt.count(items)} test items cannot tell that apart, {needed:,} could",
    )


def best_of_another_approach(ranking: Ranking) -> int | None:
    """The likely-cheapest option of another approach that meets the limits and does not rest on the
    same tuned model.
    """
    pick = ranking.options[ranking.pick]
    others = [
        i
        for i, option in enumerate(ranking.options)
        if option.approach != pick.approach
        and ranking.rankable[i]
        and not (pick.family and option.family == pick.family)
    ]
    for allowed in (ranking.meets[0], ranking.p_meets >= 0.05, [True] * len(ranking.options)):
        candidates = [i for i in others if allowed[i]]
        if candidates:
            return min(candidates, key=lambda i: float(ranking.cost[0, i]))
    return None


def _leakage(brief: Brief, setting: Setting, ranking: Ranking) -> Readiness | None:
    """Leaked items count as answered right only because they leaked: the worst case of the tuned
    score.
    """
    report = setting.data
    if report is None or report.leaked_eval_rows is None or not report.eval_rows:
        return None
    leaked = report.leaked_eval_rows
    items = report.eval_rows
    if not leaked:
        return Readiness(
            "leakage", "ok", f"none of {items:,} test items is a copy of a training example"
        )
    detail = (
        f"{leaked} of {items:,} test items are near-copies of training examples (near-duplicates)"
    )
    target = brief.quality.target
    tuned = [s.score for s in brief.quality.measured if s.approach != "prompt"]
    worst = max(((q * items - leaked) / max(1, items - leaked) for q in tuned), default=1.0)
    if (
        target > 0
        and tuned
        and max(tuned) >= target > worst
        and ranking.options[ranking.pick].approach != "prompt"
    ):
        return Readiness(
            "leakage",
            "stop",
            f"{detail}; without them the tuned score could be as low as {fmt.score(worst)}",
        )
    return Readiness("leakage", "warn", f"{detail}: take them out and score again")


def _duplicates(setting: Setting) -> Readiness | None:
    report = setting.data
    if report is None:
        return None
    extra = report.rows - report.distinct_rows
    if not extra and not report.near_duplicate_rows:
        return Readiness("duplicates", "ok", f"{report.rows:,} rows, all distinct")
    identical = (
        f"{extra} of {report.rows:,} rows are identical copies (duplicates): "
        f"{report.distinct_rows:,} distinct"
    )
    count = report.near_duplicate_rows
    near = "1 row is a near-duplicate" if count == 1 else f"{count:,} rows are near-duplicates"
    return Readiness(
        "duplicates",
        "warn",
        "; ".join(t for t, n in ((identical, extra), (near, report.near_duplicate_rows)) if n),
    )


def _personal_data(brief: Brief, setting: Setting) -> Readiness | None:
    """What the data hold, or the brief calls them, against what policy lets out."""
    kinds_by_rows = setting.data.personal_data if setting.data is not None else {}
    if not kinds_by_rows and not brief.data.sensitive:
        return None
    kinds = ", ".join(f"{kind} in {n:,} rows" for kind, n in sorted(kinds_by_rows.items()))
    description = kinds or "the brief calls the data sensitive"
    policy = brief.policy
    if not policy.data_may_leave:
        caution = "policy keeps it here, but a tuned model can repeat what it learned"
        return Readiness("personal data", "warn", f"{description}; {caution}")
    terms = [f"only in {policy.residency}"] if policy.residency else []
    terms += ["with nothing retained"] if policy.zero_retention else []
    rule = " ".join(["policy says it may leave", *terms])
    return Readiness(
        "personal data", "warn", f"{description}; {rule}: remove it or check the contract"
    )


def _target(brief: Brief) -> Readiness | None:
    ceiling = brief.quality.human_ceiling
    if ceiling is not None and brief.quality.target > ceiling:
        return Readiness(
            "target",
            "stop",
            f"the target {brief.quality.target:g} is above the human ceiling {ceiling:g}",
        )
    if not quality_matters(brief):
        return Readiness(
            "target",
            "warn",
            "no target and no price of an error: 0 % of the verdict rests on quality, cost decides",
        )
    return None


def _prices(ranking: Ranking) -> Readiness | None:
    unknown = [
        a.id
        for a, is_rankable in zip(ranking.options, ranking.rankable, strict=True)
        if not is_rankable
    ]
    if not unknown:
        return None
    status = "warn" if ranking.rankable.any() else "stop"
    names = ", ".join(unknown[:3]) + (", …" if len(unknown) > 3 else "")
    count = "1 option has" if len(unknown) == 1 else f"{len(unknown)} options have"
    return Readiness("prices", status, f"{count} an unknown price and no rank by cost: {names}")
