"""What is decided, what is not, and what is safe to use meanwhile: rows on both sides of each
limit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.option import Option
from advisor.core.verdict import Readiness
from advisor.decide.ranking import Ranking
from advisor.decide.settling import UNDECIDED, answer, meanwhile, settled, undecided

STOP = (Readiness("evaluation set", "stop", "no test items are in hand"),)
WARN = (Readiness("evaluation set", "warn", "few"),)
DRAWS = 1000


def share(of_draws: float) -> np.ndarray:
    """True in this share of the draws, spread evenly; the likely case first."""
    return np.concatenate([[True], np.arange(DRAWS) % 100 < 100 * of_draws])


def ranking(
    *columns: tuple[str, object],
    meets: tuple[float, ...] = (),
    errors: tuple[float, ...] = (),
    quality: tuple[float, ...] = (),
    as_is: int = -1,
) -> Ranking:
    """Options `(approach, cost)`; a cost is a number or one per case."""
    size = DRAWS + 1
    options = tuple(
        Option(approach, f"t{i}", f"m{i}", as_is=i == as_is)
        for i, (approach, _) in enumerate(columns)
    )
    cost = np.column_stack([np.broadcast_to(np.asarray(c, float), (size,)) for _, c in columns])
    flags = [share(m) for m in meets] or [share(1.0)] * len(columns)
    kept = np.column_stack(flags)
    scores = np.tile(quality or (0.9,) * len(columns), (size, 1))
    priced = np.tile(errors, (size, 1)) if errors else None
    every = np.ones_like(kept)
    return Ranking(options, cost, cost / 2, scores, kept, kept, every, every, priced)


def cheaper_in(share_of_draws: float, low: float, high: float) -> np.ndarray:
    """`low` in this share of the draws, `high` in the others."""
    return np.where(share(share_of_draws), low, high)


@pytest.mark.parametrize(("chance", "is_open"), [(0.49, True), (0.50, False), (0.51, False)])
def test_a_chance_below_one_half_to_keep_the_limits_decides_nothing(
    chance: float, is_open: bool
) -> None:
    cases = ranking(("prompt", 100.0), ("tune", 900.0), meets=(chance, 0.1))
    assert bool(undecided(cases, ())) is is_open
    if is_open:
        assert "likely to meet the limits" in undecided(cases, ())


@pytest.mark.parametrize(("best_in", "is_open"), [(0.54, True), (0.56, False)])
def test_an_approach_must_be_best_in_fifty_five_draws_where_money_is_at_stake(
    best_in: float, is_open: bool
) -> None:
    cases = ranking(("prompt", 100.0), ("tune", cheaper_in(1 - best_in, 50.0, 150.0)))
    assert cases.p_approach("prompt") == pytest.approx(best_in)
    assert bool(undecided(cases, ())) is is_open


@pytest.mark.parametrize(("gain", "is_open"), [(0.12, True), (0.09, False)])
def test_a_regret_of_a_twentieth_of_the_cost_is_at_stake(gain: float, is_open: bool) -> None:
    """The rival is cheaper by `gain` in half of the draws: the regret is half of that."""
    rival = cheaper_in(0.5, 100.0 * (1 - gain), 200.0)
    cases = ranking(("prompt", 100.0), ("tune", rival))
    assert cases.regret(0) == pytest.approx(100 * gain / 2)
    assert bool(undecided(cases, ())) is is_open


def test_a_check_that_stops_decides_nothing_and_a_warning_does_not_stop() -> None:
    cases = ranking(("prompt", 100.0), ("tune", 900.0))
    assert undecided(cases, STOP).startswith("evaluation set: ")
    assert undecided(cases, WARN) == ""


def test_without_a_known_cost_nothing_is_decided() -> None:
    cases = ranking(("prompt", np.nan), ("tune", np.nan))
    assert undecided(cases, ()) == "no option has a known cost"


def test_the_option_that_is_named_has_the_longest_bar() -> None:
    """Tuning is best in 60 draws but 3 % dearer on average: at next to no regret it is named."""
    tune = cheaper_in(0.6, 99.0, 110.0)
    cases = ranking(("prompt", 100.0), ("tune", tune))
    assert cases.options[cases.pick].approach == "prompt"
    assert cases.longest_approach == "tune"
    named = settled(cases)
    assert named.options[named.pick].approach == "tune"


def test_a_longest_bar_that_costs_much_in_the_other_draws_leaves_it_open() -> None:
    tune = cheaper_in(0.6, 99.0, 900.0)
    cases = ranking(("prompt", 100.0), ("tune", tune))
    assert answer(cases, ()).word == UNDECIDED
    assert answer(cases, ()).option.startswith("prompt/")


# --- meanwhile ---------------------------------------------------------------------------------


def interim(cases: Ranking, checks: tuple[Readiness, ...] = ()) -> str:
    named = meanwhile(cases, checks)
    option = named.options[named.pick]
    return "as-is" if option.as_is else option.approach


def test_where_nothing_keeps_the_limits_the_reversible_option_is_used() -> None:
    """A prompt for $21 beside a tuned model that is likelier to reach the target, for $74,835."""
    cases = ranking(("prompt", 21.0), ("tune", 74_835.0), meets=(0.01, 0.2), quality=(0.75, 0.85))
    assert interim(cases) == "prompt"


@pytest.mark.parametrize(("chance", "named"), [(0.49, "prompt"), (0.50, "tune")])
def test_a_trained_option_must_be_likely_to_keep_the_limits(chance: float, named: str) -> None:
    cases = ranking(("prompt", 1000.0), ("tune", 400.0), meets=(0.1, chance))
    assert interim(cases) == named


@pytest.mark.parametrize(("cost", "named"), [(1001.0, "prompt"), (999.0, "tune")])
def test_a_trained_option_must_cost_less(cost: float, named: str) -> None:
    cases = ranking(("prompt", 1000.0), ("tune", cost))
    assert interim(cases) == named


@pytest.mark.parametrize(("errors", "named"), [(500.0, "prompt"), (99.0, "tune")])
def test_it_must_cost_less_in_cash_too(errors: float, named: str) -> None:
    """The prompt costs 1,000, of which `errors` are priced mistakes; the tuned model 900 in
    cash.
    """
    cases = ranking(("prompt", 1000.0), ("tune", 900.0), errors=(errors, 0.0))
    assert interim(cases) == named


def test_where_a_check_stops_nothing_is_trained() -> None:
    cases = ranking(("prompt", 1000.0), ("tune", 400.0))
    assert interim(cases, WARN) == "tune"
    assert interim(cases, STOP) == "prompt"


def test_what_is_in_place_is_reversible_even_where_it_is_tuned() -> None:
    cases = ranking(("tune", 50.0), ("prompt", 60.0), ("tune", 10.0), as_is=0)
    assert interim(cases, STOP) == "as-is"


def test_without_a_reversible_option_the_leader_is_named() -> None:
    assert interim(ranking(("tune", 50.0), ("hybrid", 10.0)), STOP) == "hybrid"


def test_among_hopeless_prompts_the_better_one_is_used() -> None:
    cases = ranking(("prompt", 10.0), ("prompt", 11.0), meets=(0.0, 0.04), quality=(0.62, 0.75))
    assert meanwhile(cases, ()).pick == 1
    near = ranking(("prompt", 10.0), ("prompt", 11.0), meets=(0.0, 0.0), quality=(0.745, 0.75))
    assert meanwhile(near, ()).pick == 0


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0, 1), st.floats(0, 1))
def test_a_stop_never_names_a_trained_option_beside_a_prompt(
    a: float, b: float, p: float, q: float
) -> None:
    assert interim(ranking(("prompt", a), ("tune", b), meets=(p, q)), STOP) == "prompt"


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_likelier_tuned_model_is_never_given_up(low: float, more: float) -> None:
    """Monotone: what raises the chance of the tuned model alone never turns the answer away."""
    base = ranking(("prompt", 1000.0), ("tune", 400.0), meets=(0.1, low))
    better = replace(base, meets=np.column_stack([share(0.1), share(max(low, more))]))
    if interim(base) == "tune":
        assert interim(better) == "tune"


@pytest.mark.parametrize(
    ("status", "is_open"), [("ok", False), ("warn", False), ("stop", True)], ids=str
)
def test_only_the_first_check_that_stops_is_named(status: str, is_open: bool) -> None:
    checks = (Readiness("scores", status, "few"), Readiness("target", status, "too high"))
    cases = ranking(("prompt", 100.0), ("tune", 900.0))
    assert undecided(cases, checks) == ("scores: few" if is_open else "")


@pytest.mark.parametrize(
    ("low", "high", "named"),
    [
        (90.0, 110.0, "tune"),  # cheaper on average: 98
        (99.0, 112.2, "tune"),  # dearer by 0.4 · 12.2 = 4.88 in the other draws: below 4.95
        (99.0, 112.6, "prompt"),  # by 5.04
    ],
)
def test_the_longest_bar_is_named_where_it_costs_next_to_nothing(
    low: float, high: float, named: str
) -> None:
    """Tuning is best in 60 draws; the prompt costs 100. By hand: its mean against 100, and its
    regret against a twentieth of its likely cost.
    """
    cases = ranking(("prompt", 100.0), ("tune", cheaper_in(0.6, low, high)))
    mean = 0.6 * low + 0.4 * high
    regret = 0.4 * (high - 100.0)
    expected = "tune" if mean < 100 or regret <= 0.05 * low else "prompt"
    assert expected == named
    ruling = settled(cases)
    assert ruling.options[ruling.pick].approach == named


def test_a_ruling_names_its_option_and_why() -> None:
    cases = ranking(("prompt", 100.0), ("tune", 900.0), meets=(0.3, 0.2))
    ruling = answer(cases, ())
    assert (ruling.word, ruling.option) == (UNDECIDED, "prompt/t0@m0")
    assert ruling.stop.endswith("the chance of the best is 30 %")
