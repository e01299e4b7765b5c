"""The same figures as statsmodels on random tables, where it is installed."""

from __future__ import annotations

import math
import random

import pytest

from advisor.calibrate.intervals import interval, mcnemar, paired

proportion = pytest.importorskip("statsmodels.stats.proportion")
contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
multitest = pytest.importorskip("statsmodels.stats.multitest")


def marks(rng: random.Random, n: int) -> list[float]:
    share = rng.random()
    return [float(rng.random() < share) for _ in range(n)]


def test_shares_have_its_wilson_interval() -> None:
    rng = random.Random(11)
    for _ in range(60):
        scores = marks(rng, rng.randint(3, 300))
        known = proportion.proportion_confint(sum(scores), len(scores), 0.2, method="wilson")
        assert interval(scores) == pytest.approx(known, abs=1e-9)


def test_pairs_have_its_exact_mcnemar_p_value() -> None:
    rng = random.Random(12)
    for _ in range(60):
        n = rng.randint(5, 150)
        a, b = marks(rng, n), marks(rng, n)
        cells = [
            [sum((x, y) == (i, j) for x, y in zip(a, b, strict=True)) for j in (0, 1)]
            for i in (0, 1)
        ]
        known = float(contingency.mcnemar(cells, exact=True).pvalue)
        assert mcnemar(cells[1][0], cells[0][1]) == pytest.approx(min(known, 1.0), abs=1e-9)


def test_several_pairs_have_its_bonferroni_p_values() -> None:
    rng = random.Random(13)
    for _ in range(20):
        n = 80
        base = marks(rng, n)
        others = [[float((rng.random() < 0.15) != bool(x)) for x in base] for _ in range(6)]
        alone = [paired(base, other).p_value for other in others]
        known = multitest.multipletests(alone, method="bonferroni")[1]
        ours = [paired(base, other, len(others)).p_value for other in others]
        assert ours == pytest.approx(list(known), abs=1e-9)
        holm = multitest.multipletests(alone, method="holm")[1]
        # Holm rejects whatever Bonferroni does: ours never decides what it leaves open.
        assert all(h <= o + 1e-12 for h, o in zip(holm, ours, strict=True))
        assert not any(math.isnan(p) for p in ours)
