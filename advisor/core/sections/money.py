"""What may be spent, and what people's hours cost."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.quantity import Range
from advisor.core.question import ask, exactly, spread
from advisor.core.sections.words import PLANNING, UNPRICED


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, and by when."""

    one_off_usd: Range | None = ask(
        "What may be spent once?",
        "Labels, training, evaluation and people until it runs. Left out: no limit.",
        "number",
        None,
        "no limit given",
        unit="USD",
        low=0,
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
        basic=True,
    )
    hard: bool = ask(
        "Are these limits hard?",
        "Then an option that breaks money or weeks is out.",
        "yes-no",
        False,
        "limits are wishes unless told",
    )
    weeks: Range | None = ask(
        "In how many weeks must it run?",
        "Counted from the day of the decision. Left out: no deadline.",
        "number",
        None,
        "no deadline given",
        unit="weeks",
        low=0,
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
        "0.08 is 8 % a year; 0: a dollar next year counts like one today.",
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
        "Loaded: salary with everything on top. 0 where the hours are free.",
        "number",
        spread(65, 95, 150),
        "US median wage 65.4 USD/h (BLS) × 1.45 loaded; consultants more",
        unit="USD/h",
        low=0,
        as_of="2025-05",
    )
    prompt_hours: Range = ask(
        "How many hours to engineer the prompt?",
        "Until a prompt is accepted; 0 where it is written already.",
        "number",
        spread(16, 40, 100),
        PLANNING,
        unit="h",
        low=0,
    )
    tuning_hours: Range = ask(
        "How many hours to tune?",
        "Data work, training, evaluation and roll-out.",
        "number",
        spread(80, 160, 320),
        "data preparation is 40 to 60 % of it; " + PLANNING,
        unit="h",
        low=0,
    )
    adapter_hours: Range = ask(
        "How many hours more for each adapter?",
        "As many adapters as segments count, else tasks sharing the model.",
        "number",
        exactly(0.0),
        UNPRICED,
        unit="h",
        low=0,
    )
    evaluation_hours: Range = ask(
        "How many hours to set up the test?",
        "Once, for any new option.",
        "number",
        spread(0, 8, 24),
        PLANNING,
        unit="h",
        low=0,
    )
    retrain_hours: Range = ask(
        "How many hours to tune again?",
        "Each time: new data, a run, a test, a roll-out.",
        "number",
        spread(8, 24, 60),
        PLANNING,
        unit="h",
        low=0,
    )
    retrain_every_months: Range = ask(
        "Every how many months is it tuned again?",
        "As often as the task drifts, and whenever its base model retires.",
        "number",
        spread(2, 3, 6),
        "quarterly is typical; " + PLANNING,
        unit="months",
        low=0.1,
    )
    ops_hours_per_month: Range = ask(
        "How many hours a month to run one's own model?",
        "Upkeep of a model one serves; hosted models need none of it.",
        "number",
        spread(4, 20, 60),
        "self-host cost pages: managed 4 to 10 h, self-hosted a quarter to half a post",
        unit="h/month",
        low=0,
        as_of="2026",
    )
    training_runs: Range = ask(
        "How many runs until one is accepted?",
        "Each costs a whole training.",
        "number",
        spread(3, 5, 10),
        PLANNING,
        unit="runs",
        low=1,
    )
