"""What may be spent, and what people's hours cost."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.quantity import Range
from advisor.core.question import ask, exactly, spread
from advisor.core.sections.plan import TeamRole
from advisor.core.sections.words import PLANNING, UNPRICED


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, and by when."""

    one_off_usd: Range | None = ask(
        "What may be spent once?",
        "Labels, training, evaluation and people until launch. Left out: no limit.",
        "number",
        None,
        "no limit given",
        unit="USD",
        low=0,
        high=1e11,
        basic=True,
    )
    monthly_usd: Range | None = ask(
        "What may be spent each month?",
        "Inference, hosting, upkeep and retraining. Left out: no limit.",
        "number",
        None,
        "no limit given",
        unit="USD/month",
        low=0,
        high=1e11,
        basic=True,
    )
    hard: bool = ask(
        "Are these limits hard?",
        "If so, an option that exceeds money or weeks is excluded.",
        "yes-no",
        False,
        "limits are soft, unless stated",
    )
    weeks: Range | None = ask(
        "In how many weeks must it be live?",
        "Counted from the day of the decision. Left out: no deadline.",
        "number",
        None,
        "no deadline given",
        unit="weeks",
        low=0,
        high=1040,
    )
    horizon_months: int = ask(
        "Over how many months is it judged?",
        "One-off costs must pay back within it.",
        "whole",
        12,
        "the usual budget year",
        unit="months",
        low=1,
        high=120,
    )
    discount_rate: Range = ask(
        "At what yearly rate is later money discounted?",
        "0.08 is 8 % per year; 0: a dollar next year counts like one today.",
        "number",
        exactly(0.0),
        "no discounting within a year",
        unit="share/year",
        low=0,
        high=1,
    )


@dataclass(frozen=True, slots=True)
class Team:
    """People: hours and their price."""

    hourly_usd: Range = ask(
        "What does an hour of engineering cost?",
        "Loaded: salary and all overheads. 0 if the hours are free.",
        "number",
        spread(65, 95, 150),
        "US median wage 65.4 USD/h (BLS) × 1.45 loaded; consultants more",
        unit="USD/h",
        low=0,
        high=10_000,
        as_of="2025-05",
    )
    prompt_hours: Range = ask(
        "How many hours does it take to engineer the prompt?",
        "Those still ahead until a prompt is accepted; 0 if it is already written.",
        "number",
        spread(16, 40, 100),
        PLANNING,
        unit="h",
        low=0,
        high=1e6,
    )
    tuning_hours: Range = ask(
        "How many hours does it take to tune?",
        "Those still ahead: data work, training, evaluation and roll-out.",
        "number",
        spread(80, 160, 320),
        "data preparation is 40 to 60 % of it; " + PLANNING,
        unit="h",
        low=0,
        high=1e6,
    )
    adapter_hours: Range = ask(
        "How many more hours does each adapter take?",
        "One adapter per segment, otherwise one per task sharing the model.",
        "number",
        exactly(0.0),
        UNPRICED,
        unit="h",
        low=0,
        high=1e5,
    )
    evaluation_hours: Range = ask(
        "How many hours does it take to set up the test?",
        "Once, for any new option.",
        "number",
        spread(0, 8, 24),
        PLANNING,
        unit="h",
        low=0,
        high=1e6,
    )
    retrain_hours: Range = ask(
        "How many hours does it take to tune again?",
        "Each time: new data, a run, a test, a roll-out.",
        "number",
        spread(8, 24, 60),
        PLANNING,
        unit="h",
        low=0,
        high=1e6,
    )
    retrain_every_months: Range = ask(
        "After how many months is it tuned again?",
        "As often as the task drifts, and whenever its base model is retired.",
        "number",
        spread(2, 3, 6),
        "quarterly is typical; " + PLANNING,
        unit="months",
        low=0.1,
        high=1200,
    )
    ops_hours_per_month: Range = ask(
        "How many hours per month does it take to run your own model?",
        "Upkeep of a model that you serve; hosted models need none.",
        "number",
        spread(4, 20, 60),
        "self-host cost pages: managed 4 to 10 h, self-hosted a quarter to half a post",
        unit="h/month",
        low=0,
        high=1e5,
        as_of="2026",
    )
    training_runs: Range = ask(
        "How many runs does it take until one is accepted?",
        "Each costs one full training.",
        "number",
        spread(3, 5, 10),
        PLANNING,
        unit="runs",
        low=1,
        high=10_000,
    )
    roles: tuple[TeamRole, ...] = ()
