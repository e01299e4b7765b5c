"""The constants against what they are defined by."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from advisor.core import constants


def test_a_month_is_a_twelfth_of_a_year() -> None:
    assert constants.HOURS_PER_MONTH == 365 * 24 / 12
    assert pytest.approx(365 / 12) == constants.DAYS_PER_MONTH
    assert pytest.approx(365 / 7 / 12) == constants.WEEKS_PER_MONTH


def test_eighty_percent_lie_within_z80_deviations_of_the_mean() -> None:
    normal = NormalDist()
    assert normal.cdf(constants.Z80) - normal.cdf(-constants.Z80) == pytest.approx(0.8, abs=1e-12)
    assert [normal.cdf(z) for z in (-constants.Z80, 0.0, constants.Z80)] == pytest.approx(
        constants.QUANTILES
    )
