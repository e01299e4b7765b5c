"""Items in groups: intervals and p-values equal to independent computations on random tables."""

from __future__ import annotations

import math
import random

import pytest

from advisor.calibrate.clusters import error_of_mean, sign_flip
from advisor.calibrate.intervals import Z_POWER, comparisons, paired, score_interval, student
from advisor.calibrate.quality import task
from advisor.calibrate.quality_records import QualityResult
from advisor.core.errors import UsageError

np = pytest.importorskip("numpy")


def table(rng: random.Random, groups: int) -> tuple[list[float], list[int]]:
    """Items of a group share its luck; sizes differ."""
    scores: list[float] = []
    codes: list[int] = []
    for group in range(groups):
        share = rng.choice((0.2, 0.5, 0.9))
        size = rng.randint(2, 9)
        scores += [float(rng.random() < share) for _ in range(size)]
        codes += [group] * size
    return scores, codes


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_is_that_of_a_plain_cluster_bootstrap(seed: int) -> None:
    rng = random.Random(seed)
    count = rng.choice((8, 20, 45))
    scores, codes = table(rng, count)
    by_group = [[s for s, c in zip(scores, codes, strict=True) if c == g] for g in range(count)]
    means = []
    for _ in range(3000):
        drawn = [s for g in rng.choices(by_group, k=count) for s in g]
        means.append(sum(drawn) / len(drawn))
    known = float(np.std(means)) * math.sqrt(count / (count - 1))
    assert error_of_mean(scores, codes) == pytest.approx(known, rel=0.08)
    low, high = score_interval(scores, None, codes)
    mean = sum(scores) / len(scores)
    half = student(count - 1) * known
    assert (low, high) == pytest.approx((max(mean - half, 0), min(mean + half, 1)), abs=0.02)


def test_p_values_are_those_of_scipys_permutation_test() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = random.Random(4)
    for count in (3, 7, 10, 30):
        a, codes = table(rng, count)
        differences = [rng.choice((0.0, 1.0, 0.4)) - x for x in a]
        sums = np.bincount(codes, weights=differences)
        known = stats.permutation_test(
            (sums,), np.sum, permutation_type="samples", n_resamples=20_000, random_state=1
        ).pvalue
        assert sign_flip(differences, codes) == pytest.approx(
            known, abs=1e-9 if count < 13 else 0.02
        )


@pytest.mark.parametrize(("groups", "ways"), [(5, 2**5), (12, 2**12), (13, 20_001), (30, 20_001)])
def test_all_signs_of_twelve_groups_are_tried_and_of_more_twenty_thousand(
    groups: int, ways: int
) -> None:
    """The p-value is a whole number of equally likely ways, those drawn and the one that was
    seen.
    """
    rng = random.Random(groups)
    chance = sign_flip([rng.gauss(0.2, 1.0) for _ in range(groups)], range(groups))
    assert 0 < chance < 1
    assert chance * ways == pytest.approx(round(chance * ways), abs=1e-6)


def test_groups_of_one_are_as_items_and_copies_add_nothing() -> None:
    rng = random.Random(8)
    a = [float(rng.random() < 0.5) for _ in range(60)]
    b = [float(rng.random() < 0.7) for _ in range(60)]
    alone = paired(a, b, groups=range(60))
    differences = np.array(b) - np.array(a)
    error = differences.std(ddof=1) / math.sqrt(60)
    assert alone.smallest == pytest.approx((student(59) + Z_POWER) * error, rel=0.08)
    copied = paired(a * 5, b * 5, groups=list(range(60)) * 5)
    assert copied.interval == pytest.approx(alone.interval, abs=1e-9)
    assert copied.p_value == alone.p_value
    naive = paired(a * 5, b * 5)
    assert naive.interval[1] - naive.interval[0] < 0.6 * (copied.interval[1] - copied.interval[0])
    assert (copied.items, copied.groups, naive.groups) == (300, 60, None)


def test_the_interval_covers_the_truth_where_items_stand_and_fall_together() -> None:
    rng = random.Random(21)
    covered = plain = 0
    for _ in range(150):
        scores, codes = table(rng, 15)
        truth = (0.2 + 0.5 + 0.9) / 3
        low, high = score_interval(scores, None, codes)
        covered += low <= truth <= high
        low, high = score_interval(scores)
        plain += low <= truth <= high
    assert 0.7 <= covered / 150 <= 0.9
    assert plain < covered - 15


def test_macro_f1_and_comparisons_are_by_groups_too() -> None:
    rng = random.Random(2)
    labels = [(i % 2, rng.randrange(2)) for i in range(30)]
    codes = list(range(30))
    low, high = score_interval([], labels * 4, codes * 4)
    narrow = score_interval([], labels * 4)
    assert high - low > 1.6 * (narrow[1] - narrow[0])
    results = {
        name: QualityResult(approach="prompt", score=sum(s) / 40, items=40, item_scores=s)
        for name, s in (("a", [1.0, 0.0] * 20), ("b", [1.0] * 25 + [0.0] * 15))
    }
    (compared,) = comparisons(results, [i // 4 for i in range(40)])
    assert compared.groups == 10
    assert compared.to_json()["groups"] == 10


def test_whole_groups_are_held_out() -> None:
    rows = [(f"question {i}", f"answer {i}") for i in range(100)]
    group_of = {row: f"customer {i // 5}" for i, row in enumerate(rows)}
    own = task(rows, group_of=group_of)
    tested = {group_of[item] for item in own.items}
    assert tested.isdisjoint(group_of[row] for row in own.train)
    assert len(set(own.groups)) == len(tested) == 4
    assert len(own.groups) == len(own.items) == 20
    assert "customer" not in str(own.shared()["groups"])
    with pytest.raises(UsageError, match="one group"):
        task(rows, rows[:12], group_of=dict.fromkeys(rows, "all"))
