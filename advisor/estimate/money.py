"""What every option has in common: people, labels, evaluation, errors, calendar time and the total
over the horizon.

Formulas: docs/reference/formulas.md#once, #errors, #per-accepted, #weeks.
"""

from __future__ import annotations

import math

from advisor.core.constants import HOURS_PER_WEEK, WORKING_HOURS_PER_WEEK
from advisor.core.figure import Figure
from advisor.core.quantity import Basis
from advisor.estimate import algebra
from advisor.estimate.labels import labels
from advisor.estimate.ledger import Ledger
from advisor.estimate.options import adapters
from advisor.estimate.tuning import goes_stale

RUN_PARTS = ("run.inference", "run.hosting", "run.people", "run.retraining")
ONCE_PARTS = (
    "once.labels",
    "once.data",
    "once.training",
    "once.evaluation",
    "once.people",
    "once.integration",
)


def run_total(ledger: Ledger) -> None:
    """`run.total`: the month's bill without errors."""
    billed = (
        ledger.option.as_is
        and ledger.brief.current is not None
        and ledger.brief.current.monthly_usd is not None
    )
    why = (
        "the bill of what is in place holds it"
        if billed
        else "a prompted model has none of its own"
    )
    for part in RUN_PARTS:
        if part not in ledger:
            ledger.put(part, "USD/month", 0.0, "run", why)
    ledger["run.total"] = algebra.total(
        "run.total", "USD/month", [ledger[p] for p in RUN_PARTS], "run"
    )


def errors(ledger: Ledger) -> None:
    """`run.errors`: requests × price of an error × share of wrong answers, stale facts included."""
    sheet = ledger.sheet
    wrong = 1 - ledger["quality.score"]
    if goes_stale(ledger.option):
        stale = sheet["task.factual_share"] * sheet["task.knowledge_change_per_month"]
        interval = (
            ledger["retrain.months"]
            if "retrain.months" in ledger
            else sheet["team.retrain_every_months"]
        )
        ledger.put(
            "quality.stale_share", "share", algebra.lowest(stale * interval / 2.0, 1.0), "errors"
        )
        wrong = algebra.lowest(wrong + ledger["quality.stale_share"], 1.0)
    if ledger.brief.quality.error_cost_usd.p90 == 0 and "quality.error_cost_usd" not in sheet.cases:
        ledger.put(
            "run.errors",
            "USD/month",
            0.0,
            "errors",
            "quality.error_cost_usd is 0: errors are not priced",
        )
        return
    monthly = sheet["traffic.requests_per_month"] * wrong * sheet["quality.error_cost_usd"]
    ledger.put("run.errors", "USD/month", monthly, "errors")


def people_hours(ledger: Ledger) -> Figure:
    """Hours of prompt and tuning work before the option runs for the first time; none for the
    prompt that is in place, however it is served.
    """
    sheet = ledger.sheet
    option = ledger.option
    if option.approach == "prompt":
        current = ledger.brief.current
        if current is not None and option.skill.lower() == (
            f"{current.approach}/{current.technique}@{current.model}".lower()
        ):
            return Figure(0.0, "h", source="the prompt of [current] is in place")
        return sheet["team.prompt_hours"]
    hours = sheet["team.tuning_hours"] + float(adapters(ledger.brief)) * sheet["team.adapter_hours"]
    return hours + sheet["team.prompt_hours"] if option.approach == "hybrid" else hours


def once_total(ledger: Ledger) -> None:
    """`once.*` and their sum: what is paid before the option runs.

    The option in place costs nothing more.
    """
    if ledger.option.as_is:
        for part in ONCE_PARTS:
            ledger.put(part, "USD", 0.0, "once", "already in place")
    else:
        _once_parts(ledger)
    ledger["once.total"] = algebra.total(
        "once.total", "USD", [ledger[p] for p in ONCE_PARTS], "once"
    )


def _once_parts(ledger: Ledger) -> None:
    sheet = ledger.sheet
    brief = ledger.brief
    hourly = sheet["team.hourly_usd"]
    labels(ledger)
    ledger.put("once.data", "USD", 0.0, "once", "the hours of data work are in team.tuning_hours")
    if "once.training" not in ledger:
        ledger.put("once.training", "USD", 0.0, "once", "nothing is trained")
    grade = (
        sheet["data.eval_label_usd"]
        if brief.data.eval_label_usd is not None
        else 2.0 * sheet["data.label_usd"]
    )
    items = sheet["data.eval_examples"] * grade
    evaluation = items + sheet["team.evaluation_hours"] * hourly
    ledger.put("once.evaluation", "USD", evaluation, "once")
    if brief.data.eval_examples.likely > 0 and _grades_last(ledger):
        ledger.put("once.sunk", "USD", items, "sunk")
    people = people_hours(ledger)
    ledger.put("once.people", "USD", people * hourly, "once")
    if ledger.option.traits.retrieves:
        build = sheet["retrieval.build_hours"]
        ledger.put("work.hours", "h", people + build, "once")
        ledger.put("once.integration", "USD", build * hourly, "once")
    else:
        ledger.put("work.hours", "h", people, "once")
        ledger.put(
            "once.integration",
            "USD",
            0.0,
            "once",
            "the hours of integration are in the hours of prompt or tuning",
        )


def _grades_last(ledger: Ledger) -> bool:
    """Whether the test items in hand serve this option without being graded again: they hold a
    reference to compare with, or its own answers were graded.
    """
    has_reference = ledger.brief.task.output != "long-text"
    return has_reference or ledger["quality.score"].basis is Basis.MEASURED


def weeks(ledger: Ledger) -> None:
    """`time.weeks` to production: hours of one engineer, labels at their pace, runs one after
    another.
    """
    if ledger.option.as_is:
        ledger.put("time.weeks", "weeks", 0.0, "weeks", "already in place")
        return
    time = (ledger["work.hours"] + ledger.sheet["team.evaluation_hours"]) / WORKING_HOURS_PER_WEEK
    if "labels.missing" in ledger:
        time = time + ledger["labels.missing"] / ledger.sheet["data.labels_per_week"]
    if "train.hours" in ledger:
        time = time + ledger.sheet["team.training_runs"] * ledger["train.hours"] / HOURS_PER_WEEK
    ledger.put("time.weeks", "weeks", time, "weeks")


def per_accepted(ledger: Ledger) -> None:
    """`run.per_accepted_usd`: a month's bill and its part of the one-off cost, for each answer that
    is right.

    Source: cost-of-pass (arXiv 2504.13359), with the one-off cost spread over the horizon.
    """
    months = float(ledger.brief.budget.horizon_months)
    bill = ledger["run.total"] + ledger["once.total"] / months
    right = ledger.sheet["traffic.requests_per_month"] * (ledger["quality.score"] - _stale(ledger))
    ledger.put(
        "run.per_accepted_usd",
        "USD/answer",
        algebra.quotient(bill, right, math.nan),
        "per-accepted",
    )


def _stale(ledger: Ledger) -> Figure | float:
    stale = ledger.get("quality.stale_share")
    return 0.0 if stale is None else algebra.lowest(stale, ledger["quality.score"])
