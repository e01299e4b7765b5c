"""Statistics of prompts and tunings equal to those of scipy on random tables."""

from __future__ import annotations

import math
import random

import pytest

from advisor.calibrate.intervals import (
    Z_POWER,
    comparisons,
    interval,
    items_to_settle,
    mcnemar,
    paired,
    student,
)
from advisor.calibrate.quality_records import PromptChoice, QualityResult
from advisor.calibrate.statistics import quantile
from advisor.core.constants import Z80

stats = pytest.importorskip("scipy.stats")
np = pytest.importorskip("numpy")


def tables(count: int) -> list[tuple[list[float], list[float]]]:
    rng = random.Random(17)

    def marks(n: int, share: float) -> list[float]:
        return [float(rng.random() < share) for _ in range(n)]

    sizes = [rng.randint(10, 200) for _ in range(count)]
    return [(marks(n, rng.random()), marks(n, rng.random())) for n in sizes]


def test_shares_have_wilsons_interval() -> None:
    for a, _ in tables(60):
        low, high = interval(a)
        known = stats.binomtest(int(sum(a)), len(a)).proportion_ci(0.8, method="wilson")
        assert (low, high) == pytest.approx((known.low, known.high), abs=1e-6)


def test_pairs_have_mcnemars_exact_p_value_times_the_number_of_pairs() -> None:
    for number, (a, b) in enumerate(tables(60)):
        worse = sum(x > y for x, y in zip(a, b, strict=True))
        better = sum(x < y for x, y in zip(a, b, strict=True))
        known = stats.binomtest(better, worse + better, 0.5).pvalue if worse + better else 1.0
        assert mcnemar(worse, better) == pytest.approx(known, abs=1e-9)
        pairs = 1 + number % 15
        assert paired(a, b, pairs).p_value == pytest.approx(min(known * pairs, 1.0), abs=1e-9)


def test_graded_scores_have_students_interval_and_a_normal_p_value() -> None:
    rng = random.Random(3)
    for _ in range(40):
        n = rng.randint(8, 150)
        a = [rng.random() for _ in range(n)]
        b = [min(max(x + rng.gauss(0.02, 0.2), 0.0), 1.0) for x in a]
        known = stats.t.interval(0.8, n - 1, np.mean(a), stats.sem(a))
        assert interval(a) == pytest.approx(known, abs=2e-3)
        assert student(n - 1) == pytest.approx(stats.t.ppf(0.9, n - 1), abs=1.5e-3)
        difference = np.array(b) - np.array(a)
        z = difference.mean() / (difference.std() / math.sqrt(n))
        assert paired(a, b).p_value == pytest.approx(2 * stats.norm.sf(abs(z)), abs=1e-6)


def test_the_interval_for_many_pairs_is_bonferronis() -> None:
    rng = random.Random(5)
    a = [rng.random() for _ in range(90)]
    b = [min(x + rng.random() / 5, 1.0) for x in a]
    difference = np.array(b) - np.array(a)
    error = difference.std() / math.sqrt(90)
    for pairs in (1, 3, 15):
        half = stats.norm.ppf(1 - 0.1 / pairs) * error
        low, high = paired(a, b, pairs).interval
        assert (low, high) == pytest.approx(
            (difference.mean() - half, difference.mean() + half), abs=1e-6
        )


@pytest.mark.parametrize("difference", [0.05, 0.1, 0.2])
def test_the_smallest_difference_is_seen_four_times_in_five(difference: float) -> None:
    """On as many items as would settle it, the one-sided 80 % interval excludes 0 in 80 %."""
    rng = np.random.default_rng(9)
    sd = 0.5
    items = items_to_settle(difference, sd, Z80)
    assert items is not None
    assert items == math.ceil(((Z80 + Z_POWER) * sd / difference) ** 2)
    draws = rng.normal(difference, sd, (4000, items))
    means = draws.mean(axis=1)
    seen = (means - Z80 * sd / math.sqrt(items) > 0).mean()
    assert seen == pytest.approx(0.8, abs=0.03)
    assert items_to_settle(0.0, sd, Z80) is None
    assert items_to_settle(1e-6, sd, Z80) is None


def test_what_would_settle_a_comparison_has_its_price() -> None:
    a = [1.0, 0.0] * 20
    b = [1.0] * 22 + [0.0] * 18
    results = {
        name: QualityResult(
            approach="prompt",
            score=sum(s) / 40,
            items=40,
            item_scores=s,
            usd=0.4,
            choice=PromptChoice(10, chosen),
        )
        for name, s, chosen in (("a", a, 0.9), ("b", b, 0.5))
    }
    (told,) = comparisons(results)
    assert told.against == "a"  # the better one on development items
    assert not told.decided
    assert told.items_to_settle is not None
    assert told.items_to_settle > 40
    more = told.items_to_settle - 40
    assert told.usd_to_settle == pytest.approx(more * (0.01 + 0.01))


def test_quantiles_of_latency_are_those_of_numpy() -> None:
    rng = np.random.default_rng(1)
    for n in (1, 2, 7, 300):
        values = rng.lognormal(0, 1, n)
        for share in (0.5, 0.9, 0.99):
            assert quantile(list(values), share) == pytest.approx(float(np.quantile(values, share)))
