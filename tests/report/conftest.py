"""A verdict made by hand: a marketplace extracts attributes; a small tuned model beats the batched
prompt on cost.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import (
    Answer,
    Assumption,
    BreakEven,
    DrawnOption,
    Excluded,
    FigureInput,
    FigureRecord,
    FlipPoint,
    Information,
    LearningCurve,
    LearningPoint,
    MapCell,
    NextStep,
    OptionRecord,
    PlanStage,
    Readiness,
    Risk,
    SegmentVerdict,
    Sensitivity,
    SourceRecord,
    Verdict,
)

GOLDEN = Path(__file__).parent / "golden"


def given(id: str, value: float, unit: str, basis: str = "quoted") -> FigureInput:
    return FigureInput(id, value, unit, basis, f"brief catalogue.toml: {id}", "2026-11-20")


def figure(
    id: str, value: float, unit: str, formula: str, filled: str, *inputs: FigureInput
) -> FigureRecord:
    low, high = (value, value) if not inputs else (0.9 * value, 1.2 * value)
    return FigureRecord(
        id,
        value,
        low,
        value,
        high,
        unit,
        "modelled",
        formula,
        filled,
        inputs,
        "",
        "",
        id.replace(".", "-"),
    )


def prompt_option() -> OptionRecord:
    requests = given("traffic.requests_per_month", 3_000_000, "requests/month")
    price = FigureInput(
        "price.input", 3.0, "USD/1M tokens", "quoted", "genai-prices: claude-sonnet-5", "2026-11-01"
    )
    figures = (
        figure("tokens.static", 1650, "tokens/request", "", ""),
        figure(
            "run.inference",
            12168,
            "USD/month",
            "traffic.requests_per_month × price.request",
            "3,000,000 × 0.004056",
            requests,
            price,
        ),
        figure(
            "run.total",
            12168,
            "USD/month",
            "run.inference",
            "12,168",
            given("run.inference", 12168, "USD/month"),
        ),
        figure(
            "once.total", 720, "USD", "once.evaluation", "720", given("once.evaluation", 720, "USD")
        ),
        figure("quality.score", 0.905, "score", "", ""),
        figure(
            "time.weeks",
            2,
            "weeks",
            "team.prompt_hours ÷ 40",
            "40 ÷ 20",
            given("team.prompt_hours", 40, "h"),
        ),
    )
    return OptionRecord(
        "prompt/few-shot@claude-sonnet-5+batch",
        "prompt",
        "few-shot",
        "claude-sonnet-5",
        "anthropic",
        Range(720, 720, 720),
        Range(9_734.4, 12_168, 14_601.6),
        Range(117_533, 146_736, 175_939),
        Range(1, 2, 3),
        Range(0.889, 0.905, 0.92),
        0.62,
        0.09,
        figures,
    )


def tune_option() -> OptionRecord:
    hours, rate = given("train.hours", 3.875, "h"), given("hardware.usd_per_hour", 1.861, "USD/h")
    figures = (
        figure(
            "once.training",
            43.27,
            "USD",
            "team.training_runs × train.hours × hardware.usd_per_hour",
            "6 × 3.875 × 1.861",
            given("team.training_runs", 6, "runs"),
            hours,
            rate,
        ),
        figure(
            "once.total",
            18363.27,
            "USD",
            "once.training + once.people",
            "43.27 + 18,320",
            given("x", 18320, "USD"),
        ),
        figure(
            "run.hosting",
            237.28,
            "USD/month",
            "card hours × hardware.usd_per_hour",
            "127.5 × 1.861",
            rate,
        ),
        figure(
            "run.total", 3317.28, "USD/month", "run.hosting + run.people", "237.28 + 3,080", rate
        ),
        figure(
            "horizon.total",
            58170.63,
            "USD",
            "once.total + run.total × months",
            "18,363.27 + 3,317.28 × 12",
            given("budget.horizon_months", 12, "months"),
        ),
        figure("cache.break_even_hit_rate", 0.2174, "share", "", ""),
        figure("quality.score", 0.912, "score", "", ""),
        figure("time.weeks", 7, "weeks", "", ""),
    )
    return OptionRecord(
        "tune/lora@llama-3.1-8b+batch+rented",
        "tune",
        "lora",
        "llama-3.1-8b",
        "rented card",
        Range(14_200, 18_363.27, 24_000),
        Range(2_900, 3_317.28, 4_100),
        Range(50_100, 58_170.63, 71_900),
        Range(5, 7, 11),
        Range(0.896, 0.912, 0.926),
        0.83,
        0.91,
        figures,
    )


def unpriced_option() -> OptionRecord:
    total = FigureRecord(
        "run.total",
        None,
        None,
        None,
        None,
        "USD/month",
        "assumed",
        "run.inference + run.people",
        "unknown + 400",
        (),
        "",
        "",
        "run-total",
        at_least=400.0,
        missing=("run.inference",),
    )
    return OptionRecord(
        "hybrid/tuned-few-shot@qwen3-4b+hosted",
        "hybrid",
        "tuned-few-shot",
        "qwen3-4b",
        "some host",
        Range(15_000, 19_000, 26_000),
        UNKNOWN,
        UNKNOWN,
        Range(6, 8, 13),
        Range(0.88, 0.91, 0.93),
        0.8,
        0.0,
        (total,),
    )


def marketplace() -> Verdict:
    tune, prompt = tune_option(), prompt_option()
    today = replace(
        prompt, id="as-is/zero-shot@gpt-4.1-mini+cached", p_best=0.0, p_meets_constraints=0.004
    )
    return Verdict(
        schema=1,
        name="Catalogue attribute extraction",
        client="Marketplace",
        as_of="2026-11-20",
        seed=20261120,
        draws=10_000,
        verdict="tune",
        arm=tune.id,
        p_best=0.91,
        expected_regret_usd=1_130.4,
        why=(
            "Equal quality: 0.912 and 0.905 cannot be told apart on 600 items.",
            "The tuned model runs at $3,317 per month, 27 % of the batched prompt's $12,168.",
            "The one-off $18,363 is earned back in 2.0 months; $43 of it is training.",
        ),
        arms=(prompt, tune, today, unpriced_option()),
        excluded=(
            Excluded(
                "prompt/few-shot@claude-haiku-4-5+batch",
                "quality target",
                "0.842 is below the target of 0.9",
            ),
        ),
        break_even=BreakEven(
            1.99,
            1_150_000,
            0.27,
            None,
            Range(1.6, 2.0, 2.9),
            requests_per_month_range=Range(940_000, 1_150_000, None),
        ),
        flip_points=(
            FlipPoint(
                "traffic.requests_per_month",
                1_150_000,
                "prompt",
                3_000_000,
                "requests/month",
                prompt.id,
            ),
            FlipPoint("prices.multiple", 0.27, "prompt"),
        ),
        sensitivity=(
            Sensitivity("traffic.requests_per_month", 62_000, 121_500, 59_500, variance_share=0.41),
            Sensitivity("traffic.batch_cache_hit_rate", 104_000, 71_000, 33_000),
            Sensitivity("team.tuning_hours", 91_000, -1_200, 92_200),
        ),
        next_step=NextStep("Decide now: no measurement is worth its price", 0, 0, 0),
        readiness=(
            Readiness("test set", "ok", "600 items"),
            Readiness("leakage", "warn", "40 test items are near-copies of training rows"),
        ),
        segments=(
            SegmentVerdict(
                "brands with an archive",
                "tune",
                tune.id,
                0.94,
                Range(15_000, 18_000, 21_000),
                Range(2_000, 2_300, 2_900),
            ),
            SegmentVerdict(
                "new brands", "prompt", prompt.id, 0.88, Range(0, 0, 0), Range(2_900, 3_650, 4_400)
            ),
        ),
        plan=(
            PlanStage(1, prompt.id, "the test set stands and 0.90 is reached", 2),
            PlanStage(2, tune.id, "0.90 held for two weeks on live traffic", 7),
        ),
        assumptions=(
            Assumption("house.retry_rate", "3 % (1 % – 10 %)", "assumed", "practice reports", ""),
            Assumption("house.epochs", "3", "assumed", "usual for adapters", ""),
        ),
        warnings=("40 near-duplicate rows between training and test data.",),
        sources=(
            SourceRecord(
                "genai-prices: claude-sonnet-5",
                "quoted",
                "2026-11-01",
                ("price.input", "price.output"),
            ),
        ),
        alternative=prompt.id,
        horizon_months=12,
        steps=(NextStep("Label 300 more", 360, 4, 900),),
        information=(Information("traffic.requests_per_month", 2_350),),
        risks=(Risk("lifecycle", "llama-3.1-8b has open weights and no end date"),),
    )


@pytest.fixture
def verdict() -> Verdict:
    return marketplace()


def with_months(option: OptionRecord, discount: float = 0.08) -> OptionRecord:
    """The option with the figures of a horizon of twelve months, costs level, none from errors."""
    months = sum((1 + discount) ** (-t / 12) for t in range(1, 13))
    once = option.figure("once.total").value
    month = option.figure("run.total").value
    rate = given("budget.discount_rate", discount, "share/year")
    level = figure(
        "horizon.months_level",
        months,
        "months",
        "annuity(12, growth.none, budget.discount_rate)",
        f"annuity(12, 0, {discount:g})",
        rate,
    )
    cash = figure(
        "horizon.cash",
        once + month * months,
        "USD",
        "once.total + run.total × horizon.months_level",
        "",
        rate,
    )
    return replace(option, figures=(*option.figures, level, cash))


@pytest.fixture
def priced() -> Verdict:
    """The record with cash by month and with what the brief states."""
    record = marketplace()
    answers = (
        Answer("quality.metric", "How?", "exact match", None, "", "brief"),
        Answer("quality.target", "Which?", "0.9", 0.9, "score", "brief"),
        Answer("budget.one_off_usd", "What?", "15,000 USD", 15_000.0, "USD", "brief"),
        Answer("budget.monthly_usd", "What?", "15,000 USD/month", 15_000.0, "USD/month", "brief"),
        Answer("budget.weeks", "When?", "12 weeks", 12.0, "weeks", "brief"),
    )
    options = tuple(
        with_months(o) if o.figure("run.total").value and o.horizon_usd.is_known else o
        for o in record.arms
    )
    cells = tuple(
        MapCell(volume, price, "tune" if volume > 1e6 else "prompt", record.arm)
        for volume in (3e5, 3e6, 3e7)
        for price in (0.0, 0.1)
    )
    points = tuple(
        LearningPoint(float(n), Range(score - 0.03, score, score + 0.02))
        for n, score in ((500, 0.84), (2_000, 0.88), (8_000, 0.91))
    )
    volume = Answer("traffic.requests_per_month", "How many?", "3,000,000", 3e6, "", "brief")
    return replace(
        record,
        arms=options,
        answers=(*answers, volume),
        cost_map=cells,
        curve=LearningCurve(record.arm, 2_000.0, points),
        drawn=tuple(_drawn(option) for option in options[:2]),
    )


def _drawn(option: OptionRecord) -> DrawnOption:
    """Twenty draws around the option's likely cash."""
    once, month = option.figure("once.total").value, option.figure("run.total").value
    shares = [0.8 + 0.02 * i for i in range(20)]
    cash = tuple(s * (once + 11.5 * month) for s in shares)
    flat = tuple(s * month for s in shares)
    scores = tuple(option.quality.p50 + 0.01 * (s - 1) for s in shares)
    return DrawnOption(option.id, tuple(s * once for s in shares), flat, cash, (0.0,) * 20, scores)


@pytest.fixture
def nothing_left() -> Verdict:
    held = marketplace()
    return replace(
        held,
        verdict="undecided",
        arm="",
        arms=(),
        p_best=0.0,
        expected_regret_usd=None,
        why=("1 option is ruled out.",),
        flip_points=(),
        break_even=BreakEven(),
        sensitivity=(),
        segments=(),
        plan=(),
        steps=(),
        information=(),
        risks=(),
        alternative="",
    )


HOSTILE = '<script>alert(1)</script>\x1b[31m | `x` [link](http://a) *b* & "q"\nnew\u202eline'


@pytest.fixture
def hostile() -> Verdict:
    """The same record with an attack in every text that can come from a file."""
    held = marketplace()
    options = tuple(replace(a, id=f"{a.id}{HOSTILE}", model=HOSTILE) for a in held.arms)
    return replace(
        held,
        name=HOSTILE,
        client=HOSTILE,
        arms=options,
        arm=options[1].id,
        alternative=options[0].id,
        why=(HOSTILE,),
        warnings=(HOSTILE,),
        excluded=(Excluded(HOSTILE, HOSTILE, HOSTILE),),
        assumptions=(Assumption(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        sources=(SourceRecord(HOSTILE, HOSTILE, HOSTILE, (HOSTILE,)),),
        readiness=(Readiness(HOSTILE, "warn", HOSTILE),),
        flip_points=(FlipPoint(HOSTILE, 1.0, HOSTILE, 2.0, HOSTILE, HOSTILE),),
        sensitivity=(Sensitivity(HOSTILE, 1.0, 2.0, 1.0),),
        segments=(SegmentVerdict(HOSTILE, HOSTILE, HOSTILE, 0.5, UNKNOWN, UNKNOWN),),
        plan=(PlanStage(1, HOSTILE, HOSTILE, 1.0),),
        next_step=NextStep(HOSTILE, 1.0, 1.0, 1.0),
        steps=(NextStep(HOSTILE, 2.0, 1.0, 1.0),),
        information=(Information(HOSTILE, 1.0),),
        risks=(Risk(HOSTILE, HOSTILE),),
    )


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a kept file; UPDATE_GOLDEN=1 writes it instead, to be looked at before it is
    committed.
    """

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
