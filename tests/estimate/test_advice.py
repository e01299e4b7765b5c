"""What a reader hears beside the figures: rows on both sides of what is worth a line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.brief import Brief, Current
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Mode, Option, Place, Serving
from advisor.core.quantity import Range
from advisor.estimate.advice import _in_time, cautions
from tests.options import brief, prompt, setting


def costing(option: Option, month: float, **figures: float) -> Estimate:
    """An option of which only these figures are known; `__` stands for a dot."""
    values = {"run.total": month, **{k.replace("__", "."): v for k, v in figures.items()}}
    return Estimate(option, {k: Figure(value, "USD", k) for k, value in values.items()})


def lines(*estimates: Estimate, case: Brief | None = None) -> tuple[str, ...]:
    return cautions(estimates, case or brief(), setting())


def reordered(mode: str, plain: float, first: float) -> tuple[Estimate, Estimate]:
    return (
        costing(prompt(mode), plain),
        costing(prompt(mode, "shared-first"), first),
    )


def test_the_largest_saving_of_another_order_is_named_and_no_other() -> None:
    """Caching saves 100 − 40 = 60, batches 90 − 80 = 10."""
    (line,) = lines(*reordered("batch", 90.0, 80.0), *reordered("cached", 100.0, 40.0))
    assert "cached+shared-first costs $40 per month, $60 less than" in line


@pytest.mark.parametrize(("first", "count"), [(99.98, 1), (99.995, 0), (101.0, 0)])
def test_another_order_is_worth_a_line_where_it_saves_more_than_a_cent(
    first: float, count: int
) -> None:
    assert len(lines(*reordered("cached", 100.0, first))) == count


@pytest.mark.parametrize(
    ("paid", "is_odd"),
    [(24.0, True), (26.0, False), (390.0, False), (410.0, True)],
)
def test_a_bill_twice_as_far_off_as_its_cheapest_and_dearest_form_is_odd(
    paid: float, is_odd: bool
) -> None:
    """The traffic would cost 50 in batches and 200 uncached: 25 to 400 may be explained."""
    current = Current(technique="few-shot", model="Claude-Sonnet-5", monthly_usd=Range.exact(paid))
    case = replace(brief(), current=current)
    place = Option("prompt", "few-shot", "claude-sonnet-5", "anthropic", as_is=True)
    forms = (costing(prompt("batch"), 50.0), costing(prompt("uncached"), 200.0))
    odd = lines(costing(place, paid), *forms, case=case)
    assert bool(odd) is is_odd
    assert lines(*forms, case=case) == odd  # also where today's option cannot stay
    assert all("$50 to $200 at today's prices" in line for line in odd)


@pytest.mark.parametrize(("padded", "is_named"), [(1.21, True), (1.2, False)])
def test_a_bill_by_padded_rows_is_worth_a_line_from_a_fifth_more(
    padded: float, is_named: bool
) -> None:
    hosted = Option("tune", "hosted", "m", "together", Serving(Place.HOSTED))
    run = costing(hosted, 5.0, train__run_padded_usd=100.0 * padded, train__run_usd=100.0)
    assert any("packing" in line for line in lines(run)) is is_named


@pytest.mark.parametrize(("provider", "is_named"), [("azure", True), ("openai", False)])
def test_a_month_of_thirty_days_is_named_for_those_who_reckon_with_it(
    provider: str, is_named: bool
) -> None:
    hosted = Option("tune", "hosted", "m", provider, Serving(Place.HOSTED, Mode.UNCACHED))
    fee = costing(hosted, 1241.0, run__hosting=1241.0, run__hosting_720h=1224.0)  # 1.7 · 730
    assert any("it is $1,224" in line for line in lines(fee)) is is_named


@pytest.mark.parametrize(
    ("load", "can_wait", "is_said"), [(0.01, True, True), (0.6, True, False), (0.01, False, False)]
)
def test_gpus_that_idle_for_most_of_a_month_are_named_where_results_may_wait(
    load: float, can_wait: bool, is_said: bool
) -> None:
    own = Option("tune", "lora", "m", "", Serving(Place.RENTED))
    said = lines(costing(own, 5.0, serve__load=load), case=brief(traffic__can_wait_24h=can_wait))
    assert any("charged for all 730 hours" in line for line in said) is is_said
    assert all("7.3 h" in line for line in said if "all 730" in line)  # 0.01 · 730


@pytest.mark.parametrize(
    ("figures", "is_named"),
    [
        ({"serve__replicas": 2.0}, True),
        ({"serve__replicas": 1.0}, False),
        ({"serve__replicas": 2.0, "serve__busy_hours": 9.0}, False),
    ],
)
def test_a_load_that_fills_several_gpus_of_unknown_speed_is_named(
    figures: dict[str, float], is_named: bool
) -> None:
    own = Option("tune", "lora", "m", "", Serving(Place.RENTED))
    assert any("the load fills" in line for line in lines(costing(own, 5.0, **figures))) is is_named


@pytest.mark.parametrize(
    ("at_once", "sets", "paid", "words"),
    [
        ([0.9, 1.0, 9.0], 4.0, 1.0, "does not finish one answer alone"),
        ([1.0, 1.0, 1.0], [4.0, 4.0, 4.0], 3.0, "needs 4 to 4 sets of L40S"),
        ([1.0, 1.0, 1.0], [4.0, 4.0, 4.0], 4.0, ""),
        ([2.0, 1.0, 0.9], [4.0, 4.0, 99.0], 3.0, "needs 4 to 4 sets"),  # a draw that never ends
        ([2.0, 0.9, 0.9], [4.0, 5.0, 5.0], 3.0, "needs 5 to 5 sets"),  # all draws are such
    ],
)
def test_sets_that_answer_in_time_are_told_where_more_than_are_charged(
    at_once: list[float], sets: object, paid: float, words: str
) -> None:
    option = Option("tune", "lora", "m", serving=Serving(Place.RENTED))
    values = {"serve.at_once": np.array(at_once), "serve.replicas_in_time": np.asarray(sets)}
    values |= {"serve.replicas": paid, "run.gpus": 1000.0 * paid}
    figures = {key: Figure(value, "", key) for key, value in values.items()}
    advice = "".join(_in_time(Estimate(option, figures), "L40S", 2.0))
    assert words in advice
    assert bool(words) is bool(advice)
    if "needs" in advice:
        assert f"cost ${advice.split('needs ')[1][0]},000 to" in advice
