"""Lengths against numpy and brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.probe.statistics.lengths import histogram, length_fit, length_fits, percentiles

sizes = st.lists(st.integers(1, 5000), min_size=1, max_size=80).map(
    lambda x: np.array(x, dtype=np.float64)
)


@given(sizes)
def test_histogram_holds_every_row_once(tokens):
    bins = histogram(tokens)
    assert sum(rows for _, _, rows in bins) == len(tokens)
    for low, below, rows in bins:
        assert low < below
        assert rows == ((tokens >= low) & (tokens < below)).sum()
    assert all(a[1] == b[0] for a, b in itertools.pairwise(bins))


@given(sizes, st.sampled_from([128, 512, 4096]))
def test_fit_against_brute_force(tokens, length):
    fit = length_fit(tokens, length)
    kept = [min(t, length) for t in tokens]
    assert fit.rows_cut == sum(t > length for t in tokens)
    assert fit.tokens_lost == pytest.approx(1 - sum(kept) / sum(tokens))
    assert fit.padding == pytest.approx(1 - sum(kept) / (length * len(kept)))
    assert 0 <= fit.packed_padding <= fit.padding + 1e-12


def test_packing_by_hand():
    assert length_fit(np.array([60.0, 30.0, 50.0, 50.0]), 100).packed_padding == pytest.approx(
        1 - 190 / 200
    )
    assert length_fit(np.array([60.0, 50.0, 60.0]), 100).packed_padding == pytest.approx(
        1 - 170 / 300
    )


def test_lengths_end_where_nothing_is_cut():
    fits = length_fits(np.array([100.0, 900.0]))
    assert [f.tokens for f in fits] == [256, 512, 1024]
    assert fits[-1].rows_cut == 0


@given(sizes)
def test_percentiles_rise(tokens):
    values = list(percentiles(tokens).values())
    assert values == sorted(values)
