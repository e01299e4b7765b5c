"""What may go wrong after the decision, with rows on both sides of what is worth naming."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from advisor.core import format as fmt
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option, Place, Serving
from advisor.core.quantity import Basis, Range
from advisor.core.verdict import BreakEven
from advisor.decide.breaches import over_budget
from advisor.decide.risks import risks
from tests.options import SONNET, TUNED, brief, estimated, prompt, rented, setting


def names(*args: object) -> dict[str, str]:
    return {risk.name: risk.detail for risk in risks(*args)}  # type: ignore[arg-type]


def test_a_hosted_model_ends_or_will_have_to_be_moved() -> None:
    pick = estimated(prompt("batch"))
    open_ = names(brief(), setting(), pick, None, BreakEven())
    assert "no end of claude-sonnet-5 is announced" in open_["lifecycle"]
    ends = setting({"claude-sonnet-5": replace(SONNET, ends=date(2027, 1, 14))})
    dated = names(brief(), ends, pick, None, BreakEven())
    assert "2027-01-14, 55 days" in dated["lifecycle"]
    own = names(brief(), setting(), estimated(rented()), None, BreakEven())
    assert "lifecycle" not in own


@pytest.mark.parametrize(
    ("multiple", "is_named"),
    [(None, False), (0.09, False), (0.1, True), (10.0, True), (10.1, False)],
)
def test_a_price_is_a_risk_where_it_has_to_move_tenfold_at_most(
    multiple: float | None, is_named: bool
) -> None:
    even = BreakEven(price_multiple=multiple)
    pair = estimated(rented()), estimated(prompt("batch"))
    pick, rival = pair if multiple is None or multiple < 1 else reversed(pair)
    found = names(brief(), setting(), pick, rival, even)
    assert ("price" in found) is is_named


def test_a_price_rises_for_a_prompt_and_falls_for_its_rival() -> None:
    """A change that favours the pick, which is dearer today, is no risk of it."""
    half, twice = (BreakEven(price_multiple=m) for m in (0.5, 2.0))
    tuned, prompted = estimated(rented()), estimated(prompt("batch"))
    assert "a fall of claude-sonnet-5" in names(brief(), setting(), tuned, prompted, half)["price"]
    assert "a rise of claude-sonnet-5" in names(brief(), setting(), prompted, tuned, twice)["price"]
    assert "price" not in names(brief(), setting(), tuned, prompted, twice)
    assert "price" not in names(brief(), setting(), prompted, tuned, half)


def test_only_weights_at_a_provider_lock_in_and_only_tuning_forgets() -> None:
    hosted = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    facts = setting(tuned={"gpt-4.1-mini": TUNED})
    tuned = names(brief(), facts, estimated(hosted, facts=facts), None, BreakEven())
    assert "lock-in" in tuned
    assert "forgetting" in tuned
    prompted = names(brief(), setting(), estimated(prompt("batch")), None, BreakEven())
    assert not {"lock-in", "forgetting"} & set(prompted)


@pytest.mark.parametrize(("change", "is_named"), [(0.0, False), (0.02, True)])
def test_knowledge_that_changes_drifts_away_from_a_tuned_model(
    change: float, is_named: bool
) -> None:
    held = brief(task__factual_share=1.0, task__knowledge_change_per_month=change)
    found = names(held, setting(), estimated(rented(), held), None, BreakEven())
    assert ("drift" in found) is is_named
    if is_named:
        assert "3.0 %" in found["drift"] or "3 %" in found["drift"]  # 0.02 · 3 ÷ 2


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (date(2026, 11, 21), "ends 2026-11-21, 1 days after the decision"),
        (date(2036, 11, 20), "ends 2036-11-20, 3653 days"),  # two leap days and eight years
        (None, "over 12 months expect one migration"),
    ],
)
def test_an_announced_end_is_counted_in_days_and_else_a_move_is_expected(
    ends: date | None, words: str
) -> None:
    facts = setting({"claude-sonnet-5": replace(SONNET, ends=ends)})
    assert (
        words in names(brief(), facts, estimated(prompt("batch")), None, BreakEven())["lifecycle"]
    )


def test_without_a_rival_there_is_no_price_to_watch() -> None:
    even = BreakEven(price_multiple=2.0)
    assert "price" not in names(brief(), setting(), estimated(prompt("batch")), None, even)


def test_wrong_answers_come_before_an_end_that_nobody_has_announced() -> None:
    case = brief(quality__error_cost_usd=Range(0.5, 0.5, 0.5))
    pick = estimated(prompt("batch"), case)
    listed = names(case, setting(), pick, None, BreakEven())
    assert list(listed) == ["wrong answers", "lifecycle"]
    assert f"cost ${pick['run.errors'].value:,.0f}"[:8] in listed["wrong answers"]
    free = names(brief(quality__error_cost_usd=Range(0, 0, 0)), setting(), pick, None, BreakEven())
    assert list(free)[-1] == "lifecycle"


def test_wrong_answers_cost_the_median_as_in_every_other_place() -> None:
    case = brief(quality__error_cost_usd=Range(0.1, 0.5, 9.0))
    pick = estimated(prompt("batch"), case, rows=201, seed=1)
    rows = np.asarray(pick["run.errors"].rows)[1:]
    listed = names(case, setting(), pick, None, BreakEven())["wrong answers"]
    assert f"cost {fmt.money(float(np.median(rows)))} (" in listed


def test_risks_with_a_price_come_first() -> None:
    hosted = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    facts = setting(tuned={"gpt-4.1-mini": TUNED})
    case = brief(task__factual_share=1.0, task__knowledge_change_per_month=0.02)
    pick = estimated(hosted, case, facts)
    rival = estimated(prompt("batch"), case)
    listed = names(case, facts, pick, rival, BreakEven(price_multiple=0.5))
    assert list(listed) == ["price", "lock-in", "forgetting", "drift", "lifecycle"]
    assert f"${pick['once.total'].value:,.0f} again" in listed["lock-in"]


def test_an_exceeded_budget_is_warned_of_with_the_median_that_is_shown() -> None:
    traffic = Range(1e5, 3e5, 2e6)
    case = brief(budget__monthly_usd=Range.exact(1.0), traffic__requests_per_month=traffic)
    pick = estimated(prompt("batch"), case, rows=201, seed=1)
    (warning,) = over_budget(case, pick)
    rows = np.asarray(pick["run.total"].rows)[1:]
    assert fmt.money_rate(float(np.median(rows))) in warning


# --- every sentence by hand ----------------------------------------------------------------------

HOSTED = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))


def figures(option: Option, basis: Basis = Basis.MEASURED, **values: object) -> Estimate:
    """Figures by hand; `__` stands for a dot."""
    usual: dict[str, object] = {"once.total": 1000.0, "quality.score": 0.9}
    own = usual | {k.replace("__", "."): v for k, v in values.items()}
    made = {
        k: Figure(v, "", k, basis=basis, source="a study")  # type: ignore[arg-type]
        for k, v in own.items()
    }
    return Estimate(option, made)


def said(pick: Estimate, rival: Estimate | None = None, **changes: object) -> dict[str, str]:
    facts = setting(tuned={"gpt-4.1-mini": TUNED})
    even = changes.pop("even", BreakEven())
    return names(brief(**changes), facts, pick, rival, even)


@pytest.mark.parametrize(
    ("month", "words"),
    [
        (500.0, "20 % of answers are expected to be wrong, and cost $500 per month"),
        (0.0, ""),
        (-5.0, ""),
        (float("nan"), ""),
        (
            np.array([9e9, 100.0, 200.0, 300.0, 400.0, 500.0]),
            "20 % of answers are expected to be wrong, and cost $300 ($140 to $460) per month",
        ),
        (
            np.array([500.0, np.nan]),
            "20 % of answers are expected to be wrong, and cost $500 per month",
        ),
    ],
)
def test_wrong_answers_with_their_price_and_its_spread(month: object, words: str) -> None:
    pick = figures(prompt("batch"), run__errors=month, quality__score=0.8)
    assert said(pick).get("wrong answers", "") == words
    assert "wrong answers" not in said(figures(prompt("batch")))


@pytest.mark.parametrize(
    ("multiple", "pick_is_prompt", "words"),
    [
        (0.5, False, "a fall of claude-sonnet-5 to 0.50 × today's prices makes "),
        (2.0, True, "a rise of claude-sonnet-5 to 2 × today's prices makes "),
        (1.0, False, "a fall of claude-sonnet-5 to 1 × today's prices makes "),
        (1.0, True, ""),
    ],
)
def test_a_price_that_moves_makes_the_rival_as_cheap(
    multiple: float, pick_is_prompt: bool, words: str
) -> None:
    pair = [figures(prompt("batch")), figures(rented())]
    pick, rival = pair if pick_is_prompt else pair[::-1]
    found = said(pick, rival, even=BreakEven(price_multiple=multiple)).get("price", "")
    assert found == (f"{words}{rival.option.id} as cheap" if words else "")


def test_weights_at_a_provider_cost_the_whole_again() -> None:
    once = np.array([9e9, 900.0, 1000.0, 1100.0])
    assert said(figures(HOSTED, once__total=once))["lock-in"] == (
        "weights tuned at azure stay there: leaving costs the $1,000 again"
    )
    assert "lock-in" not in said(figures(prompt("batch")))
    assert "lock-in" not in said(figures(rented()))


@pytest.mark.parametrize(("basis", "is_said"), [(Basis.MEASURED, False), (Basis.ASSUMED, True)])
def test_training_may_forget_and_an_unmeasured_one_overfit(basis: Basis, is_said: bool) -> None:
    pick = figures(rented(), basis, quality__forgetting=0.03, quality__below_prompt=0.12)
    found = said(pick)
    assert found["forgetting"] == (
        "tuning costs general skill, 3.0 points on general tests (a study); score a general set "
        "before roll-out"
    )
    assert ("overfitting" in found) is is_said
    if is_said:
        assert found["overfitting"] == (
            "tuning fell below the best prompt in 12 % of such cases (a study); compare both on "
            "the test items before roll-out"
        )
    assert not {"forgetting", "overfitting"} & set(said(figures(rented(), basis)))


@pytest.mark.parametrize(("stale", "words"), [(0.0, ""), (0.034, "3.4 % of answers rest on stale")])
def test_facts_drift_between_two_trainings(stale: float, words: str) -> None:
    found = said(figures(rented(), quality__stale_share=stale), team__retrain_every_months=2.5)
    assert found.get("drift", "").startswith(words)
    assert ("drift" in found) is bool(words)
    assert not words or found["drift"].endswith("facts when tuned every 2.5 months")
    assert "drift" not in said(figures(rented()))


def test_an_end_comes_first_and_one_that_nobody_announced_last() -> None:
    ends = setting(tuned={"gpt-4.1-mini": replace(TUNED, ends=date(2026, 12, 4))})
    pick = figures(HOSTED, quality__forgetting=0.03)
    dated = names(brief(), ends, pick, None, BreakEven())
    assert next(iter(dated.items())) == (
        "lifecycle",
        "gpt-4.1-mini ends 2026-12-04, 14 days after the decision: plan the move",
    )
    assert list(dated).count("lifecycle") == 1
    open_ = said(pick)
    assert list(open_.items())[-1] == (
        "lifecycle",
        "no end of gpt-4.1-mini is announced; over 12 months expect one migration",
    )
