"""What is safe to use until the answer is known: rows on both sides of each limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.verdict import Readiness
from advisor.decide.settling import meanwhile
from tests.decide.test_settling import STOP, WARN, cheaper_in, ranking, scored

FEW = (Readiness("scores", "warn", "few"),)


def test_a_scored_prompt_takes_over_only_where_no_check_stops() -> None:
    cases = ranking(("prompt", 10.0), ("prompt", 90.0), ("tune", 20.0), meets=(0.2, 1.0, 0.79))
    in_place = replace(cases.options[0], as_is=True)
    held = scored(replace(cases, options=(in_place, *cases.options[1:])), False, True, False)
    assert meanwhile(held, ()).pick == 1
    assert meanwhile(held, WARN).pick == 1
    assert meanwhile(held, STOP).pick == 0
    assert meanwhile(held, FEW).pick == 0
    likely = replace(held, meets=np.ones_like(held.meets))
    assert meanwhile(likely, ()).pick == 0
    trained = scored(replace(held, meets=held.meets[:, [0, 2, 1]]), False, False, True)
    assert meanwhile(trained, ()).pick == 0  # what is proven has to be trained first


def test_of_what_beats_the_safe_option_the_one_of_least_cash_is_used() -> None:
    """Both tuned models cost less; the dearer one in all takes less cash."""
    cases = ranking(
        ("prompt", 1000.0), ("tune", 500.0), ("tune", 600.0), errors=(100.0, 50.0, 300.0)
    )
    assert meanwhile(cases, ()).pick == 2
    assert meanwhile(cases, STOP).pick == 0


@pytest.mark.parametrize(
    ("cost", "errors", "named"),
    [
        (999.0, 99.0, 1),  # 900 in cash, against 1,000 and 901
        (1000.0, 200.0, 0),  # as dear in all
        (999.0, 98.0, 0),  # as dear in cash
        (1001.0, 300.0, 0),
    ],
)
def test_what_is_used_meanwhile_costs_less_with_and_without_errors(
    cost: float, errors: float, named: int
) -> None:
    cases = ranking(("prompt", 1000.0), ("tune", cost), errors=(99.0, errors))
    assert meanwhile(cases, ()).pick == named


@pytest.mark.parametrize(
    ("beats", "rival_scored", "rival", "named"),
    [
        (0.81, False, "prompt", 1),
        (0.80, False, "prompt", 1),
        (0.79, False, "prompt", 0),
        (0.79, True, "prompt", 1),
        (0.81, False, "tune", 0),
        (0.79, True, "tune", 1),
    ],
)
def test_an_unscored_option_is_used_meanwhile_where_it_is_a_prompt_that_clearly_beats(
    beats: float, rival_scored: bool, rival: str, named: int
) -> None:
    """Beside a prompt that was scored and is likely to keep the limits."""
    cases = ranking(("prompt", 100.0), (rival, cheaper_in(beats, 10.0, 110.0)))
    assert meanwhile(scored(cases, True, rival_scored), ()).pick == named


@pytest.mark.parametrize(
    ("safe_scored", "chance", "named"), [(True, 1.0, 0), (False, 1.0, 1), (True, 0.4, 1)]
)
def test_beside_what_is_not_proven_a_prompt_need_not_beat_clearly(
    safe_scored: bool, chance: float, named: int
) -> None:
    """The one in place is dearer in 60 of 100 draws and 24 a draw on average."""
    cases = ranking(
        ("prompt", 100.0), ("prompt", cheaper_in(0.6, 10.0, 130.0)), meets=(chance, 0.75), as_is=0
    )
    assert meanwhile(scored(cases, safe_scored, False), ()).pick == named


@pytest.mark.parametrize(
    ("chances", "pick"),
    [
        ((0.40, 0.31), 1),  # nearly the chance, and cheaper
        ((0.40, 0.29), 0),
        ((0.05, 0.01), 1),
        ((0.5, 0.39), 0),  # likely: the leader among those
        ((0.04, 0.0), 0),  # hopeless: the better score
    ],
)
def test_of_prompts_that_may_keep_the_limits_the_cheapest_of_nearly_the_best_chance(
    chances: tuple[float, float], pick: int
) -> None:
    cases = ranking(("prompt", 90.0), ("prompt", 10.0), meets=chances, quality=(0.8, 0.7))
    assert meanwhile(cases, STOP).pick == pick


@pytest.mark.parametrize(
    ("flags", "pick"),
    [
        ({}, 0),
        ({"scored": (False, True, False)}, 1),
        ({"scored": (True, True, False), "lasting": (False, True, True)}, 1),
        ({"scored": (True, False, False), "lasting": (False, True, True)}, 1),
        ({"scored": (True, False, False), "cleared": (False, True, True)}, 1),
        ({"cleared": (False, False, True), "lasting": (True, True, False)}, 2),
        ({"cleared": (False, True, True), "lasting": (True, False, True)}, 2),
    ],
)
def test_the_safest_prompt_keeps_the_policy_then_lasts_then_was_scored(
    flags: dict[str, tuple[bool, ...]], pick: int
) -> None:
    cases = ranking(("prompt", 10.0), ("prompt", 20.0), ("prompt", 30.0), ("tune", 1.0))
    known = {name: np.array([*own, True]) for name, own in flags.items()}
    assert meanwhile(replace(cases, **known), STOP).pick == pick


@pytest.mark.parametrize(
    ("flags", "pick"),
    [
        ({}, 1),
        ({"lasting": (True, False)}, 0),
        ({"lasting": (False, False)}, 1),
        ({"cleared": (True, False)}, 0),
        ({"cleared": (False, False)}, 1),
    ],
)
def test_what_takes_over_meanwhile_is_as_safe(
    flags: dict[str, tuple[bool, ...]], pick: int
) -> None:
    cases = ranking(("prompt", 100.0), ("tune", 10.0))
    known = {name: np.array(own) for name, own in flags.items()}
    assert meanwhile(replace(cases, **known), ()).pick == pick
