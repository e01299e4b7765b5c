"""What the model has to do, and what does it today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from advisor.core.quantity import Range
from advisor.core.question import ask, exactly
from advisor.core.sections.words import APPROACHES, TASK_TYPES, TECHNIQUES


@dataclass(frozen=True, slots=True)
class Task:
    """What the model has to do."""

    type: str = ask(
        "What kind of task is it?",
        "The kind of task; the evidence base is read for this kind.",
        "choice",
        "generation",
        "the most general kind",
        choices=TASK_TYPES,
        basic=True,
    )
    domain: str = ask(
        "Which domain?",
        "A word or two, such as banking or e-commerce; shown in reports.",
        "text",
        "",
        "not stated",
        registered=False,
    )
    domain_specificity: str = ask(
        "How far is its language from general English?",
        "The further, the more tuning can teach. auto: measured from the data.",
        "choice",
        "auto",
        "measured from the data if there are any, else medium",
        choices=("low", "medium", "high", "auto"),
    )
    labels: int = ask(
        "How many classes?",
        "For classification: the number of labels. 0: not a classification.",
        "whole",
        0,
        "not stated: taken as few classes",
        unit="classes",
        low=0,
        high=10**6,
        basic=True,
    )
    output: str = ask(
        "What does it write?",
        "The form of an answer. Labels allow small classifiers.",
        "choice",
        "short-text",
        "the most common form",
        choices=("label", "json", "short-text", "long-text"),
        basic=True,
    )
    factual_share: Range = ask(
        "What share of requests rests on facts that can change?",
        "A tuned model keeps old facts until it is tuned again; a prompt takes new ones at once.",
        "share",
        exactly(1.0),
        "cautious: every request",
    )
    knowledge_change_per_month: Range = ask(
        "What share of those facts changes per month?",
        "0 if the facts do not change.",
        "share",
        exactly(0.0),
        "the facts do not change, unless stated",
    )
    tasks_sharing_model: int = ask(
        "How many tasks or tenants share one base model?",
        "Adapters on one base share its hosting.",
        "whole",
        1,
        "this task alone",
        unit="tasks",
        low=1,
        high=10**6,
    )


@dataclass(frozen=True, slots=True)
class Current:
    """What is in place today: the as-is option."""

    approach: str = ask(
        "Which approach is in place today?",
        "prompt, tune or hybrid.",
        "choice",
        "prompt",
        "the usual first step",
        choices=APPROACHES,
    )
    technique: str = ask(
        "Which technique is in place?",
        "As it would appear in the name of an option.",
        "choice",
        "zero-shot",
        "the usual first step",
        choices=TECHNIQUES,
    )
    model: str = ask(
        "Which model is in use today?",
        "A name listed by `advisor facts models` or `advisor facts prices`.",
        "text",
        "",
        "not stated",
        required=True,
    )
    monthly_usd: Range | None = ask(
        "What does it cost per month?",
        "From the bill. Left out: computed like any other option.",
        "number",
        None,
        "computed from traffic and prices",
        unit="USD/month",
        low=0,
        high=1e11,
    )
    ends: date | None = ask(
        "What is its last day?",
        "The day on which the service or model is switched off, if known.",
        "date",
        None,
        "the published end of its model, if there is one",
    )
