"""What a reader hears beside the figures: rows on both sides of what is worth a line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.brief import Brief, Current, Score
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Mode, Option, Place, Serving
from advisor.core.quantity import Basis, Range
from advisor.estimate.advice import _in_time, cautions
from tests.estimate.test_limits import L40S
from tests.options import LLAMA, ROBERTA, brief, prompt, setting


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
    assert all(line.startswith("The bill of as-is/few-shot@Claude-Sonnet-5 is $") for line in odd)


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


PROMPTED = costing(prompt("uncached"), 5.0)


@pytest.mark.parametrize(
    ("changes", "estimates", "is_said"),
    [
        ({}, (PROMPTED,), True),
        ({"labels": 25}, (PROMPTED,), False),
        ({"type": "extraction"}, (PROMPTED,), False),
        ({}, (costing(Option("tune", "lora", "m", "", Serving(Place.RENTED)), 5.0),), False),
    ],
)
def test_a_prompt_that_cannot_name_all_classes_is_named_where_something_is_prompted(
    changes: dict[str, object], estimates: tuple[Estimate, ...], is_said: bool
) -> None:
    """Four tokens per class: 100 tokens name 25."""
    case = brief(traffic__static_tokens=100)
    task = replace(case.task, **{"type": "classification", "labels": 26, **changes})  # type: ignore[arg-type]
    said = lines(*estimates, case=replace(case, task=task))
    assert any("cannot name 26 classes, which takes about 104 tokens" in s for s in said) is is_said


@pytest.mark.parametrize(
    ("basis", "counts", "is_said"),
    [
        (Basis.MODELLED, (100, 500), True),
        (Basis.MEASURED, (100, 500), False),
        (Basis.MODELLED, (0,), False),
        (Basis.MODELLED, (), False),
    ],
)
def test_scores_of_far_other_numbers_of_labels_are_named_with_the_most(
    basis: Basis, counts: tuple[int, ...], is_said: bool
) -> None:
    tuned = Option("tune", "lora", "M", "", Serving(Place.RENTED))
    quality = Figure(0.8, "score", "quality.score", basis=basis)
    measured = tuple(
        Score("tune", "lora", "m", 0.5 + n / 1000, 200, train_examples=n) for n in counts
    )
    case = replace(brief(), quality=replace(brief().quality, measured=measured))
    found = Estimate(tuned, {"quality.score": quality, "run.total": Figure(1.0, "USD", "run")})
    said = lines(found, case=case)
    words = "tune/lora@M scored 1 with 500 examples, and data.examples is 18,000"
    assert any(line.startswith(words) for line in said) is is_said


@pytest.mark.parametrize(("technique", "is_said"), [("dpo", True), ("lora", False)])
def test_what_preference_pairs_add_is_not_known(technique: str, is_said: bool) -> None:
    tuned = costing(Option("tune", technique, "m", "", Serving(Place.RENTED)), 5.0)
    assert any("preference pairs" in line for line in lines(tuned)) is is_said


@pytest.mark.parametrize(
    ("owned", "stated", "models", "is_said"),
    [
        (True, False, ("llama-3.1-8b",), True),
        (True, True, ("llama-3.1-8b",), False),
        (False, False, ("llama-3.1-8b",), False),
        (True, False, ("roberta-base",), False),
        (True, False, (), False),
        (True, False, ("roberta-base", "llama-3.1-8b"), True),
    ],
)
def test_candidates_of_our_own_are_named_on_own_gpus(
    owned: bool, stated: bool, models: tuple[str, ...], is_said: bool
) -> None:
    case = brief(hardware__owned=owned)
    origins = {k: o for k, o in case.origins.items() if stated or k != "models.tune"}
    case = replace(case, models=replace(case.models, tune=models), origins=origins)
    known = replace(setting(), models={"roberta-base": ROBERTA, "llama-3.1-8b": LLAMA})
    said = cautions([PROMPTED], case, known)
    assert any("models are compared: llama-3.1-8b." in line for line in said) is is_said


def test_a_change_of_price_is_told_once_per_model_and_day() -> None:
    later = {f"run__inference_from_{day}": 9.0 for day in ("2027-01-01", "2027-02-01")}
    cascade = replace(prompt("batch"), approach="hybrid", technique="cascade", helper="m2")
    said = lines(
        costing(prompt("uncached"), 5.0, run__inference=4.0, **later),
        costing(prompt("batch"), 5.0, run__inference=3.0, **later),
        costing(cascade, 5.0, run__inference=2.0, **later),
    )
    changes = [line for line in said if line.startswith("The price of")]
    assert [line.split(":")[0] for line in changes] == [
        "The price of claude-sonnet-5 changes on 2027-01-01",
        "The price of claude-sonnet-5 changes on 2027-02-01",
        "The price of m2 changes on 2027-01-01",
        "The price of m2 changes on 2027-02-01",
    ]
    assert changes[0].endswith("then costs $9 per month, not $4")


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        ([2.0, 1.0, 1.0, 1.0], None),
        ([1.0, 2.0, 2.0, 2.0], "fills 2 deployments of azure in its busiest hour"),
        ([3.0, 1.0, 3.0, 9.0], "fills 1 to 9 deployments of azure in its busiest hour"),
    ],
)
def test_a_load_is_told_by_its_draws_and_charged_by_the_likely_number(
    sets: list[float], words: str | None
) -> None:
    hosted = Option("tune", "hosted", "m", "azure", Serving(Place.HOSTED))
    figures = {
        "serve.deployments": Figure(np.array(sets), "", "serve.deployments"),
        "serve.busy_hours": Figure(9.0, "h", "serve.busy_hours"),
        "run.total": Figure(1.0, "USD", "run.total"),
    }
    case = brief(traffic__can_wait_24h=False)
    said = [s for s in lines(Estimate(hosted, figures), case=case) if "the load fills" in s]
    assert len(said) == (words is not None)
    if words:
        assert words in said[0]
        assert f"likely number, {sets[0]:.0f}, is charged" in said[0]
        waits = lines(Estimate(hosted, figures))
        assert "busiest hour" not in next(s for s in waits if "the load fills" in s)


def limited(limit: float, option: Option, **figures: float) -> tuple[str, ...]:
    """Llama 3.1 8B in 16 bits on an L40S: 864 GB/s over 15.01 GB are 57.6 tokens per second."""
    known = replace(setting(), models={"llama-3.1-8b": LLAMA, "roberta-base": ROBERTA}, gpu=L40S)
    found = costing(option, 5.0, tokens__output=320.0, **figures)
    return cautions([found], brief(traffic__max_latency_seconds=limit), known)


OWN = Option("tune", "lora", "llama-3.1-8b", "", Serving(Place.RENTED))
ALONE = 320 * 2 * (8_030_000_000 - 525_000_000) / 864e9


def test_a_limit_is_compared_with_one_answer_alone() -> None:
    tight = limited(ALONE / 10, OWN)
    assert any("takes at least 1.5 s to write an answer in 4 bits" in line for line in tight)
    wide = limited(ALONE / 0.6 * 1.01, OWN)
    assert any("writes an answer in 5.6 s at best" in line for line in wide)
    assert not limited(0.0, OWN)
    for other in (
        replace(OWN, serving=Serving(Place.HOSTED)),
        replace(OWN, model="closed"),
        replace(OWN, technique="encoder", model="roberta-base"),
    ):
        assert not limited(ALONE / 10, other)


def test_an_interval_that_was_worked_out_is_told_for_one_option_alone() -> None:
    case = brief()
    origins = {k: o for k, o in case.origins.items() if k != "team.retrain_every_months"}
    case = replace(case, origins=origins)
    found = costing(OWN, 5.0, retrain__optimum_months=2.0, retrain__months=2.5)
    said = lines(costing(OWN, 5.0), found, replace(found, option=replace(OWN, technique="full")))
    assert not [line for line in said if "retrain_every_months" in line]
    said = lines(
        costing(OWN, 5.0),
        found,
        replace(found, option=replace(OWN, technique="full")),
        case=case,
    )
    told = [line for line in said if "retrain_every_months" in line]
    assert [line.split("That is every ")[1] for line in told] == [f"2.5 months for {OWN.id}"]
