"""What a test set of that size can tell: intervals of scores, and of differences on the same
items.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from statistics import NormalDist, fmean, pvariance, stdev

from advisor.calibrate.clusters import error_of_mean, resampled, sign_flip, spread
from advisor.calibrate.metrics.labels import Marks, macro_f1
from advisor.calibrate.quality_records import Comparison, OptionComparison, QualityResult
from advisor.core.constants import Z80
from advisor.core.quantity import share_range

Z_POWER = 0.8416212335729143
"""The 80th percentile: with it, a difference of (1.2816 + 0.8416) × its standard error is seen at
80 % power.
"""


def score_interval(
    item_scores: Sequence[float],
    item_labels: Marks | None = None,
    groups: Sequence[int] = (),
) -> tuple[float, float]:
    """80 % interval of an option's score: by its items, or by `item_labels` where the score is one
    of the whole set. With `groups`, the number of each item's group, by whole groups.
    """
    if item_labels:
        return _macro_interval(item_labels, groups)
    return clustered(item_scores, groups) if groups else interval(item_scores)


def clustered(scores: Sequence[float], groups: Sequence[int]) -> tuple[float, float]:
    """80 % interval of a mean of scores from 0 to 1 whose items belong to groups."""
    error = max(error_of_mean(scores, groups), 0.5 / len(scores))
    half = _z(1, groups) * error
    return max(fmean(scores) - half, 0.0), min(fmean(scores) + half, 1.0)


def interval(scores: Sequence[float]) -> tuple[float, float]:
    """80 % interval of a mean of scores from 0 to 1: Wilson's of shares, else Student's, never
    outside 0 and 1.
    """
    if set(scores) <= {0.0, 1.0}:
        share = share_range(fmean(scores), len(scores))
        return share.p10 or 0.0, share.p90 or 0.0
    n = len(scores)
    error = max(stdev(scores) / math.sqrt(n) if n > 1 else 1.0, 0.5 / n)
    half = student(n - 1) * error
    return max(fmean(scores) - half, 0.0), min(fmean(scores) + half, 1.0)


def student(freedom: int) -> float:
    """The 90th percentile of Student's t by its expansion around the normal (Abramowitz and Stegun
    26.7.5).

    To a thousandth from 4 degrees of freedom; fewer are taken as 4.
    """
    z = Z80
    v = float(max(freedom, 4))
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3


MOST_CHANCE = 0.05
"""A difference is decided where chance alone would show one as large no more often than this, over
all pairs of options that are compared.
"""


def paired(
    a: Sequence[float], b: Sequence[float], pairs: int = 1, groups: Sequence[int] = ()
) -> Comparison:
    """b − a on the same items: mean, 80 % interval, exact p-value, and the smallest difference such
    a test could show.

    `pairs` is how many pairs of options are compared: the interval holds for all of them at once,
    and the p-value is multiplied by it (Bonferroni). Scores of 0 and 1 alone have McNemar's exact
    p-value and the interval of Bonett and Price (2012); others are taken as normal; of items in
    `groups` the groups are resampled and their signs flipped. The smallest difference is
    (z + 0.8416) × the standard error: seen at 80 % power on that interval.
    """
    differences = [y - x for x, y in zip(a, b, strict=True)]
    n = len(differences)
    z = _z(pairs)
    if groups:
        return _paired_groups(differences, pairs, groups)
    error = math.sqrt(pvariance(differences) / n) if n > 1 else float("nan")
    floor = math.sqrt(0.25 / n / n)  # one item that changes sides: no test is surer than that
    error = max(error, floor)
    mean = fmean(differences)
    if set(differences) <= {-1.0, 0.0, 1.0}:
        better = differences.count(1.0)
        worse = differences.count(-1.0)
        chance = mcnemar(worse, better)
        low, high = _bonett_price(worse, better, n, z)
    else:
        chance = 2.0 * NormalDist().cdf(-abs(mean) / error)
        low = mean - z * error
        high = mean + z * error
    return _comparison(mean, error, (low, high), n, min(chance * pairs, 1.0), z)


def _paired_groups(differences: list[float], pairs: int, groups: Sequence[int]) -> Comparison:
    """As `paired`, where items of one group stand and fall together."""
    n = len(differences)
    mean = fmean(differences)
    z = _z(pairs, groups)
    error = max(error_of_mean(differences, groups), 0.5 / n)
    chance = min(sign_flip(differences, groups) * pairs, 1.0)
    interval = (max(mean - z * error, -1.0), min(mean + z * error, 1.0))
    return _comparison(mean, error, interval, n, chance, z, groups)


def mcnemar(worse: int, better: int) -> float:
    """Exact two-sided p-value of discordant pairs: the binomial test of one half (McNemar 1947)."""
    discordant = worse + better
    tail = sum(math.comb(discordant, k) for k in range(min(worse, better) + 1))
    return min(2.0 * tail / float(2**discordant), 1.0)


def _bonett_price(worse: int, better: int, n: int, z: float) -> tuple[float, float]:
    """Interval of a difference of paired shares, honest for few items: one pair is added to each
    discordant cell (Bonett and Price, J. Educ. Behav. Stat. 37, 2012).
    """
    down = (worse + 1) / (n + 2)
    up = (better + 1) / (n + 2)
    middle = up - down
    half = z * math.sqrt(max(up + down - middle**2, 0.0) / (n + 2))
    return max(middle - half, -1.0), min(middle + half, 1.0)


def _z(pairs: int, groups: Sequence[int] = ()) -> float:
    """The normal quantile of an 80 % interval that holds for so many pairs at once; of few groups
    wider, as Student's t is.
    """
    few = student(len(set(groups)) - 1) / Z80 if groups else 1.0
    return few * (Z80 if pairs <= 1 else NormalDist().inv_cdf(1.0 - 0.1 / pairs))


def paired_macro_f1(a: Marks, b: Marks, pairs: int = 1, groups: Sequence[int] = ()) -> Comparison:
    """Macro F1 of b − a on the same items, as `paired`, by resampling items, or groups of them:
    both options lose and gain the same ones.
    """

    counts = resampled(len(a), tuple(groups) or None)
    error = max(spread(macro_f1(b, counts) - macro_f1(a, counts), groups), 0.5 / len(a))
    mean = float(macro_f1(b)[0] - macro_f1(a)[0])
    z = _z(pairs, groups)
    chance = min(2.0 * NormalDist().cdf(-abs(mean) / error) * pairs, 1.0)
    interval = (mean - z * error, mean + z * error)
    return _comparison(mean, error, interval, len(a), chance, z, groups)


def _comparison(
    mean: float,
    error: float,
    interval: tuple[float, float],
    items: int,
    chance: float,
    z: float,
    groups: Sequence[int] = (),
) -> Comparison:
    decided = chance <= MOST_CHANCE
    return Comparison(
        difference=mean,
        interval=list(interval),
        smallest=(z + Z_POWER) * error,
        decided=decided,
        items=items,
        groups=len(set(groups)) or None,
        p_value=chance,
        items_to_settle=None if decided else items_to_settle(mean, error * math.sqrt(items), z),
    )


MOST_ITEMS = 10**6


def items_to_settle(difference: float, sd: float, z: float) -> int | None:
    """Items on which a difference this large is seen at 80 % power, at `sd` per item; None beyond a
    million.
    """
    if difference == 0.0:
        return None
    items = math.ceil(((z + Z_POWER) * sd / abs(difference)) ** 2)
    return items if items <= MOST_ITEMS else None


def _macro_interval(pairs: Marks, groups: Sequence[int] = ()) -> tuple[float, float]:
    """By the spread over resamples around the score itself: their mean is low, because rare labels
    drop out.
    """

    score = float(macro_f1(pairs)[0])
    counts = resampled(len(pairs), tuple(groups) or None)
    half = _z(1, groups) * max(spread(macro_f1(pairs, counts), groups), 0.5 / len(pairs))
    return max(score - half, 0.0), min(score + half, 1.0)


def comparisons(
    results: Mapping[str, QualityResult], groups: Sequence[int] = ()
) -> list[OptionComparison]:
    """Every option compared with the best prompt on the same items; results by label, `groups` the
    number of each item's group where it has one.

    The best prompt is the one chosen on development items; of prompts without such a choice it is
    the best on the test items themselves, so that all pairs count as compared.
    """
    prompts = {label: r for label, r in results.items() if r.approach == "prompt"}
    if not prompts:
        return []
    best, is_chosen = best_prompt(prompts)
    others = len(results) - 1
    pairs = others if is_chosen else (others + 1) * others // 2
    return [
        _priced(_between(results[best], result, pairs, groups), results[best], result, label, best)
        for label, result in results.items()
        if label != best and len(result.item_scores or ()) == len(results[best].item_scores or ())
    ]


def best_prompt(prompts: Mapping[str, QualityResult]) -> tuple[str, bool]:
    """(the label of the best prompt, whether it was chosen on development items)."""
    by_choice = {label: r.choice.score for label, r in prompts.items() if r.choice is not None}
    if len(by_choice) == len(prompts):
        return max(by_choice, key=by_choice.__getitem__), True
    return max(prompts, key=lambda label: prompts[label].score or 0.0), False


def _priced(
    between: Comparison, best: QualityResult, other: QualityResult, label: str, against: str
) -> OptionComparison:
    """With the price of the calls that would settle it, where both options have prices."""
    more = (between.items_to_settle or 0) - between.items
    usd = None
    if between.items_to_settle and best.usd is not None and other.usd is not None:
        usd = max(more, 0) * (best.usd / best.items + other.usd / other.items)
    priced = replace(between, usd_to_settle=usd)
    return OptionComparison(**asdict(priced), arm=label, against=against)


def _between(a: QualityResult, b: QualityResult, pairs: int, groups: Sequence[int]) -> Comparison:
    if a.item_labels and b.item_labels:
        return paired_macro_f1(a.item_labels, b.item_labels, pairs, groups)
    return paired(a.item_scores or (), b.item_scores or (), pairs, groups)
