from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.quantity import Range
from advisor.core.verdict import (
    Answer,
    BaselineErrors,
    FlipPoint,
    LabelsNeeded,
    NextStep,
    SourceRecord,
    Verdict,
)
from advisor.report import extract, text
from advisor.report.document import document
from advisor.report.phrases import (
    flip_sentence,
    is_near,
    ranked,
    step_sentence,
    widest_first,
)
from advisor.report.returns import returns
from advisor.report.terms import Terms


@pytest.mark.parametrize(
    ("flip", "sentence"),
    [
        (FlipPoint("a.b", 0.27, "prompt"), "prompting at 0.27 (a.b)"),
        (
            FlipPoint("team.hourly_usd", 347.694, "prompt", 110.0, "USD/h", "prompt/x@y"),
            "prompting above $348/h (team.hourly_usd, now $110/h): prompt/x@y",
        ),
        (
            FlipPoint("traffic.growth_per_month", -0.2043, "undecided", 0.0, "share/month"),
            "not decidable below −20.4 % per month (traffic.growth_per_month, now 0.0 % per month)",
        ),
    ],
)
def test_flip_points(flip: FlipPoint, sentence: str) -> None:
    assert flip_sentence(flip) == sentence


def test_a_step_that_costs_nothing_is_only_named() -> None:
    assert step_sentence(NextStep("decide now", 0, 0, 0)) == "decide now"
    assert (
        step_sentence(NextStep("label 300", 360, 1, 900))
        == "label 300: costs $360, takes 1 day, is worth $900"
    )


def test_reading_order(verdict: Verdict) -> None:
    assert [a.id for a in ranked(verdict)][:2] == [verdict.arm, verdict.alternative]
    swings = [abs(s.swing_usd) for s in widest_first(verdict)]
    assert swings == sorted(swings, reverse=True)


@pytest.mark.parametrize(
    ("value", "now", "near"),
    [
        (99.0, 1.0, True),
        (101.0, 1.0, False),
        (0.0101, 1.0, True),
        (0.0099, 1.0, False),
        (5.0, 0.0, True),
        (0.0, 3.0, True),
    ],
)
def test_only_flip_points_within_a_hundredfold_are_named(
    value: float, now: float, near: bool
) -> None:
    assert is_near(FlipPoint("a.b", value, "prompt", now)) == near


def test_far_flip_points_are_counted(verdict: Verdict) -> None:
    far = replace(
        verdict,
        flip_points=(FlipPoint("traffic.input_tokens", 9e6, "tune", 100.0, "tokens/request"),),
    )
    shown = text.render(far)
    assert "1 other input: only more than 100 times larger or smaller than now" in shown
    assert "9,000,000" not in shown


@pytest.mark.parametrize(
    ("days", "shown"), [(0.01, "less than a day"), (1, "1 day"), (4.667, "5 days")]
)
def test_days_are_whole(days: float, shown: str) -> None:
    assert shown in step_sentence(NextStep("grade", 1, days, 5))


def test_labels_beyond_the_curve_and_old_sources_are_marked(verdict: Verdict) -> None:
    labels, none = Range(8, 83_700, 2_000_000), Range(None, None, None)
    need = LabelsNeeded(
        "tune/lora@m", labels, none, none, "40% of draws do not get there by 2,000,000 labels"
    )
    source = SourceRecord("price list", "quoted", "2026-01-02", ("price.input",))
    shown = text.render(replace(verdict, labels_needed=(need,), sources=(source,)))
    assert "8 – beyond 2,000,000" in shown
    assert "2026-01-02 (old)" in shown


def test_todays_process_without_a_model_is_a_row_and_pays_back(priced: Verdict) -> None:
    answers = (
        Answer("baseline.process", "How?", "two clerks", None, "", "brief"),
        Answer("baseline.monthly_usd", "What?", "", 12_500.0, "USD/month", "brief"),
        Answer("baseline.score", "What?", "", 0.97, "score", "brief"),
        Answer("author", "Who?", "A. Consultant", None, "", "brief"),
        Answer("confidential", "Is it?", "yes", None, "", "brief"),
    )
    record = replace(priced, answers=(*priced.answers, *answers))
    shown = " ".join(text.render(record, 120).split())
    assert "By hand: two clerks" in shown
    returned = next(r for r in returns(record, Terms.of(record)) if r.against.startswith("By hand"))
    assert returned.payback_months == pytest.approx(18_363.27 / (12_500 - 3_317.28))
    months = priced.chosen.figure("horizon.months_level").value
    paid = priced.chosen.figure("horizon.cash").value
    assert returned.cash_usd.p50 == pytest.approx(12_500 * months - paid)
    assert returned.on_investment == pytest.approx((12_500 * months - paid) / 18_363.27)
    assert f"${12_500 * months - paid:,.0f}" in shown
    worse = BaselineErrors(Range(1e5, 1.2e5, 1.5e5), Range(-9e5, -8e5, -7e5))
    outweighed = replace(record, baseline_errors=worse)
    again = returns(outweighed, Terms.of(outweighed))
    by_hand = next(r for r in again if "By hand" in r.against)
    assert by_hand.errors_usd.p50 == -8e5
    assert by_hand.is_outweighed
    assert by_hand.on_investment is None
    shown = " ".join(text.render(outweighed, 120).split())
    assert "errors outweigh it" in shown
    page = document(record)
    assert ("Author", "A. Consultant") in page.cover.facts
    assert ("Confidential", "for the client's use only") in page.cover.facts


def test_options_of_one_skill_are_folded_and_today_stays(verdict: Verdict) -> None:
    variants = tuple(
        replace(verdict.arms[0], id=f"prompt/few-shot@claude-sonnet-5+{how}", p_best=0.0)
        for how in ("cached", "uncached")
    )
    others = tuple(
        replace(verdict.arms[0], id=f"prompt/few-shot@m{n}+batch", p_best=0.001) for n in range(9)
    )
    folds = extract.folded(replace(verdict, arms=(*verdict.arms, *variants, *others)))
    assert len(folds) == extract.MOST_OPTIONS
    assert folds[0].option.id == verdict.arm
    counts = {fold.option.id: fold.count for fold in folds}
    assert counts["prompt/few-shot@claude-sonnet-5+batch"] == 3
    assert folds[-1].option.id.startswith("as-is/")


def test_a_share_below_its_own_error_is_noise() -> None:
    assert not extract.is_above_noise(0.00005, 10_000)  # half a draw
    assert extract.is_above_noise(0.001, 10_000)
    assert not extract.is_above_noise(0.0, 10_000)
