"""The conditioning agrees with the textbook formula of a joint Gaussian and with importance
weighting.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from advisor.estimate.quality.design import Loadings
from advisor.estimate.quality.posterior import Conditioned, Observation, family_trust
from advisor.estimate.quality.prior import Family

NAMES = ("a", "b")
MEAN = np.array([0.5, -0.2])
ROOT = np.array([[0.8, 0.0], [0.3, 0.5]])


def family(bend: float = 0.0, scale: float = 1.0) -> Family:
    return Family(bend, NAMES, MEAN * scale, ROOT, {"skill": 0.7, "group": 0.4})


def loads(a: float, b: float, group: str, skill: str) -> Loadings:
    return Loadings({"a": a, "b": b}, {("group", group): 1.0, ("skill", skill): 1.0})


def normals(id: str) -> np.ndarray:
    return np.random.default_rng([3, crc32(id.encode())]).standard_normal(200_000)


def test_draws_have_the_moments_of_the_conditional_gaussian() -> None:
    one, two, other = loads(1, 0, "g", "1"), loads(1, 1, "g", "2"), loads(0, 1, "h", "3")
    seen = [Observation("1", (one,), 1.5, 0.09), Observation("3", (other,), -1.0, 0.04)]
    drawn = Conditioned([family()], seen, normals, 200_000).logits([(one,), (two,)])
    # by hand: coefficients on (a, b, g, h, s1, s2, s3)
    rows = np.array(
        [[1, 0, 1, 0, 1, 0, 0], [1, 1, 1, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0, 1]], dtype=float
    )
    prior = np.zeros((7, 7))
    prior[:2, :2] = ROOT @ ROOT.T
    prior[2:, 2:] = np.diag([0.16, 0.16, 0.49, 0.49, 0.49])
    cov, mean = rows @ prior @ rows.T, rows[:, :2] @ MEAN
    at = [0, 2]
    gain = cov[:, at] @ np.linalg.inv(cov[np.ix_(at, at)] + np.diag([0.09, 0.04]))
    want_mean = mean + gain @ (np.array([1.5, -1.0]) - mean[at])
    want_cov = cov - gain @ cov[at]
    assert drawn.mean(axis=1) == pytest.approx(want_mean[:2], abs=0.01)
    np.testing.assert_allclose(np.cov(drawn), want_cov[:2, :2], atol=0.01)


def test_a_case_of_zeros_is_the_conditional_mean() -> None:
    one = loads(1, 0, "g", "1")
    seen = [Observation("1", (one,), 2.0, 0.01)]
    found = Conditioned([family()], seen, lambda _: np.zeros(1), 1).logits([(one,)])
    total = (ROOT @ ROOT.T)[0, 0] + 0.16 + 0.49
    assert found[0, 0] == pytest.approx(0.5 + total / (total + 0.01) * 1.5)


def test_families_are_trusted_as_they_foresaw_the_scores() -> None:
    one = loads(1, 0, "g", "1")
    sets = [family(), family(0.2, 4.0)]
    seen = [Observation("1", (one, one), 0.5, 0.01)]
    variance = (ROOT @ ROOT.T)[0, 0] + 0.16 + 0.49 + 0.01
    likelihoods = [np.exp(-0.5 * (0.5 - m) ** 2 / variance) for m in (0.5, 2.0)]
    assert family_trust(sets, seen)[0] == pytest.approx(likelihoods[0] / sum(likelihoods))
    assert family_trust(sets, []) == [0.5, 0.5]


def test_cases_are_shared_among_families_as_they_are_trusted() -> None:
    one = loads(1, 0, "g", "1")
    far = [family(), family(0.2, 40.0)]
    drawn = Conditioned(far, [], normals, 200_000).logits([(one, one)])
    assert np.mean(drawn > 10) == pytest.approx(0.5, abs=0.01)


def test_a_wide_family_is_trusted_less_where_a_narrow_one_foresaw_as_well() -> None:
    """The density of what was seen: both foresee 0.5, one within a tenth of the other's width."""
    one, two = loads(1, 0, "g", "1"), loads(0, 1, "h", "2")
    narrow = Family(0.0, NAMES, MEAN, ROOT * 0.1, {"skill": 0.07, "group": 0.04})
    sets = [family(), narrow]
    seen = [
        Observation("1", (one, one), 0.5, 0.01),
        Observation("2", (two, two), -0.1, 0.02),
    ]
    densities = []
    for scale in (1.0, 0.01):
        weights = ROOT @ ROOT.T * scale
        cov = weights + np.eye(2) * (0.16 + 0.49) * scale + np.diag([0.01, 0.02])
        densities.append(multivariate_normal(MEAN, cov).pdf([0.5, -0.1]))
    expected = densities[0] / sum(densities)
    assert expected < 0.2
    assert family_trust(sets, seen)[0] == pytest.approx(expected)
