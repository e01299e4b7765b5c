"""A cascade of two models that are paid by token: both bills, today and at later prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from advisor.core.brief import Current, Retrieval, Score
from advisor.core.option import RANKED, Option, Place, Serving
from advisor.core.quantity import Basis, Range
from advisor.core.setting import Setting
from advisor.estimate.cost import estimate, estimate_all
from advisor.estimate.sheet import Sheet
from tests.options import (
    DAY,
    SONNET,
    TUNED,
    brief,
    estimated,
    prompt,
    rented,
    score,
    setting,
)

CASCADE = Option(
    "hybrid", "cascade", "gpt-4.1-mini", "azure", Serving(Place.HOSTED), helper="claude-sonnet-5"
)
OWN = 3e6 * (300 * 0.4 + 320 * 1.6) / 1e6
"""The tuned model reads its 120 tokens and the input of 180, and writes 320."""

HELPER = 3e6 * 0.5 * (1650 * (0.6 * 0.3 + 0.4 * 3.75) + 180 * 3 + 320 * 15) / 1e6


def known(own_day: int | None = None, helper_day: int | None = None) -> Setting:
    """Both models; each costs twice as much from a day on."""
    tuned = [TUNED]
    if own_day is not None:
        start = DAY + timedelta(days=own_day)
        tuned.append(replace(TUNED, start=start, input_usd=0.8, output_usd=3.2))
    rows = [SONNET]
    if helper_day is not None:
        start = DAY + timedelta(days=helper_day)
        twice = {
            name: 2 * getattr(SONNET, name)
            for name in ("input_usd", "output_usd", "cached_input_usd", "cache_write_usd")
        }
        rows.append(replace(SONNET, start=start, **twice))
    schedules = {
        ("azure", TUNED.model): tuple(tuned),
        ("anthropic", SONNET.model): tuple(rows),
    }
    return replace(setting(tuned={"gpt-4.1-mini": TUNED}), schedules=schedules)


def test_both_models_of_a_cascade_are_paid() -> None:
    found = estimated(CASCADE, brief(), known())
    assert found["run.tuned_inference"].value == pytest.approx(OWN)
    assert found["run.inference"].value == pytest.approx(OWN + 0.2 * HELPER)
    assert found["helper.request"].value == pytest.approx(HELPER / 3e6)


def test_a_cascade_on_gpus_of_ones_own_pays_its_helper_alone() -> None:
    found = estimated(replace(rented("cascade", "hybrid"), helper="claude-sonnet-5"))
    assert found["run.inference"].value == pytest.approx(0.2 * HELPER)
    assert "run.tuned_inference" not in found.figures


@pytest.mark.parametrize(
    ("own_day", "helper_day", "bills"),  # by day, times today's
    [
        (73, None, [(73, 2, 1)]),
        (None, 73, [(73, 1, 2)]),
        (73, 73, [(73, 2, 2)]),
        (73, 146, [(73, 2, 1), (146, 2, 2)]),
        (146, 73, [(73, 1, 2), (146, 2, 2)]),
    ],
)
def test_whichever_price_did_not_change_holds_on(
    own_day: int | None, helper_day: int | None, bills: list[tuple[int, int, int]]
) -> None:
    found = estimated(CASCADE, brief(), known(own_day, helper_day))
    months = [0.0, *(day / (730 / 24) for day, _, _ in bills), 12.0]
    costs = [OWN + 0.2 * HELPER, *(a * OWN + b * 0.2 * HELPER for _, a, b in bills)]
    for (day, _, _), cost in zip(bills, costs[1:], strict=True):
        name = f"run.inference_from_{DAY + timedelta(days=day)}"
        assert found[name].value == pytest.approx(cost)
    spans = [end - begin for begin, end in pairwise(months)]
    parts = [span * cost for span, cost in zip(spans, costs, strict=True)]
    assert found["horizon.inference"].value == pytest.approx(sum(parts))


def test_a_measured_share_has_its_interval_and_an_unmeasured_one_that_of_reports() -> None:
    cascade = replace(rented("cascade", "hybrid"), helper="claude-sonnet-5")
    usual = estimated(cascade, brief(), rows=4001, seed=3)["cascade.passed_on"]
    assert usual.value == 0.2
    assert np.quantile(usual.rows, [0.1, 0.9]) == pytest.approx([0.1, 0.35], rel=0.1)
    score_ = Score("hybrid", "cascade", cascade.model, 0.9, items=200, passed_on=0.05)
    case = brief(quality__measured=(score_,))
    measured = estimated(cascade, case, rows=4001, seed=3)["cascade.passed_on"]
    assert measured.basis is Basis.MEASURED
    assert 0.0 < np.quantile(measured.rows, 0.1) < 0.05 < np.quantile(measured.rows, 0.9) < 0.08


def test_a_search_costs_what_it_cost_else_that_of_a_usual_one() -> None:
    searched = prompt("uncached", technique="searched")
    usual = estimated(searched)
    assert usual["once.training"].value == pytest.approx(3200 * usual["run.request"].value)
    paid = Score("prompt", "searched", "claude-sonnet-5", 0.9, 100, search_usd=Range.exact(77.0))
    found = estimated(searched, brief(quality__measured=(paid,)))
    assert found["once.training"].value == 77.0
    leaf = next(found["once.training"].leaves())
    assert (leaf.source, leaf.basis) == ("quality.measured", Basis.MEASURED)
    cited = replace(paid, source="a log", as_of="2026-11")
    found = estimated(searched, brief(quality__measured=(cited,)))
    leaf = next(found["once.training"].leaves())
    assert (leaf.source, leaf.as_of) == ("a log", "2026-11")


@pytest.mark.parametrize(("as_is", "billed"), [(True, True), (True, False), (False, True)])
def test_only_the_option_in_place_costs_its_bill(as_is: bool, billed: bool) -> None:
    bill = Range.exact(777.0) if billed else None
    current = Current("prompt", "few-shot", "claude-sonnet-5", bill)
    option = replace(prompt("uncached"), as_is=as_is)
    found = estimated(option, replace(brief(), current=current))
    by_token = 3e6 * (1830 * 3 + 320 * 15) / 1e6
    expected = 777.0 if as_is and billed else by_token
    assert found["run.inference"].value == pytest.approx(expected)
    assert ("run.request" in found.figures) is not (as_is and billed)


def test_retrieval_pays_for_its_index_whoever_serves_it() -> None:
    case = replace(brief(), retrieval=Retrieval(usd_per_month=Range.exact(45.0)))
    prompted = estimated(prompt("uncached", technique="retrieval"), case)
    assert prompted["run.hosting"].value == 45.0
    plain = estimated(prompt("uncached"), case)
    assert plain["run.hosting"].value == 0.0
    with_index = estimated(rented("tuned-retrieval", "hybrid"), case)
    assert with_index["run.hosting"].value == pytest.approx(with_index["run.gpus"].value + 45.0)
    without = estimated(rented("tuned-few-shot", "hybrid"), case)
    assert without["run.hosting"].value == pytest.approx(without["run.gpus"].value)


def test_a_lean_sheet_has_the_ranked_figures_with_the_same_numbers() -> None:
    option = rented()
    whole = estimate(option, Sheet(brief(), 1), setting(), score())
    lean = estimate(option, Sheet(brief(), 1, lean=True), setting(), score())
    assert set(lean.figures) == set(RANKED) & set(whole.figures)
    for name, figure in lean.figures.items():
        assert figure.value == whole[name].value
        assert not figure.operands
    assert "run.per_accepted_usd" in whole.figures


def test_all_options_are_estimated_with_the_score_of_their_skill() -> None:
    options = (prompt("uncached"), rented())
    quality = {option.skill: score(0.5 + 0.1 * i) for i, option in enumerate(options)}
    sheet = Sheet(brief(), 1)
    found = estimate_all(options, sheet, setting(), quality)
    assert [one["quality.score"].value for one in found] == [0.5, 0.6]
    assert [one.option for one in found] == list(options)
    assert sheet.ledgers == {}
