"""What every arm has in common: people, labels, evaluation, errors, calendar time and the total over the horizon.

Formulas: docs/reference/formulas.md#once, #errors, #horizon, #weeks.
"""

from __future__ import annotations

from advisor.core.figure import Figure
from advisor.core.quantity import Basis
from advisor.estimate import algebra
from advisor.estimate.ledger import Ledger

HOURS_PER_WEEK_AT_WORK = 40.0
HOURS_PER_WEEK = 168.0

RUN_PARTS = ("run.inference", "run.hosting", "run.people", "run.retraining")
ONCE_PARTS = ("once.labels", "once.data", "once.training", "once.evaluation", "once.people", "once.integration")


def run_total(ledger: Ledger) -> None:
    """`run.total`: the month's bill without errors."""
    for part in RUN_PARTS:
        if part not in ledger:
            ledger.put(part, "USD/month", 0.0, "run", "a prompted model has none of its own")
    ledger["run.total"] = algebra.total("run.total", "USD/month", [ledger[p] for p in RUN_PARTS], "run")


def errors(ledger: Ledger) -> None:
    """`run.errors`: requests × price of an error × share of wrong answers, stale facts included."""
    sheet = ledger.sheet
    wrong = 1 - ledger["quality.score"]
    if _goes_stale(ledger):
        stale = sheet["task.factual_share"] * sheet["task.knowledge_change_per_month"]
        interval = sheet["team.retrain_every_months"]
        ledger.put("quality.stale_share", "share", algebra.lowest(stale * interval / 2.0, 1.0), "errors")
        wrong = algebra.lowest(wrong + ledger["quality.stale_share"], 1.0)
    if ledger.brief.quality.error_cost_usd.p90 == 0 and "quality.error_cost_usd" not in sheet.cases:
        ledger.put("run.errors", "USD/month", 0.0, "errors", "quality.error_cost_usd is 0: errors are not priced")
        return
    monthly = sheet["traffic.requests_per_month"] * wrong * sheet["quality.error_cost_usd"]
    ledger.put("run.errors", "USD/month", monthly, "errors")


def _goes_stale(ledger: Ledger) -> bool:
    """A tuned model keeps the facts of its training until the next one, unless it looks them up."""
    return ledger.arm.approach != "prompt" and "retrieval" not in ledger.arm.technique


def people_hours(ledger: Ledger) -> Figure:
    """Hours of engineering before the arm runs for the first time."""
    sheet, arm, brief = ledger.sheet, ledger.arm, ledger.brief
    if arm.approach == "prompt":
        return sheet["team.prompt_hours"]
    adapters = sum(s.count for s in brief.segments) or brief.task.tasks_sharing_model
    hours = sheet["team.tuning_hours"] + float(adapters) * sheet["team.adapter_hours"]
    return hours + sheet["team.prompt_hours"] if arm.approach == "hybrid" else hours


def once_total(ledger: Ledger) -> None:
    """`once.*` and their sum: what is paid before the arm runs. The arm in place costs nothing more."""
    if ledger.arm.as_is:
        for part in ONCE_PARTS:
            ledger.put(part, "USD", 0.0, "once", "already in place")
    else:
        _once_parts(ledger)
    ledger["once.total"] = algebra.total("once.total", "USD", [ledger[p] for p in ONCE_PARTS], "once")


def _once_parts(ledger: Ledger) -> None:
    sheet, brief = ledger.sheet, ledger.brief
    hourly = sheet["team.hourly_usd"]
    _labels(ledger)
    ledger.put("once.data", "USD", 0.0, "once", "the hours of data work are in team.tuning_hours")
    if "once.training" not in ledger:
        ledger.put("once.training", "USD", 0.0, "once", "nothing is trained")
    grade = sheet["data.eval_label_usd"] if brief.data.eval_label_usd is not None else 2.0 * sheet["data.label_usd"]
    evaluation = sheet["data.eval_examples"] * grade + sheet["team.evaluation_hours"] * hourly
    ledger.put("once.evaluation", "USD", evaluation, "once")
    ledger.put("work.hours", "h", people_hours(ledger), "once")
    ledger.put("once.people", "USD", ledger["work.hours"] * hourly, "once")
    if "retrieval" in ledger.arm.technique:
        ledger.put("once.integration", "USD", sheet["retrieval.build_hours"] * hourly, "once")
    else:
        ledger.put(
            "once.integration", "USD", 0.0, "once", "the hours of integration are in the hours of prompt or tuning"
        )


def _labels(ledger: Ledger) -> None:
    """Labels still to be bought: those a many-shot prompt shows beyond the ones in hand."""
    shown = ledger.arm.shown_examples
    if shown <= ledger.brief.data.examples.likely:
        ledger.put("once.labels", "USD", 0.0, "once", "labels in hand are not paid again")
        return
    missing = algebra.highest(float(shown) - ledger.sheet["data.examples"], 0.0)
    ledger.put("labels.missing", "labels", missing, "once")
    cost = ledger.sheet["data.label_setup_usd"] + ledger["labels.missing"] * ledger.sheet["data.label_usd"]
    ledger.put("once.labels", "USD", cost, "once")


def weeks(ledger: Ledger) -> None:
    """`time.weeks` to production: hours of one engineer, labels at their pace, runs one after another."""
    if ledger.arm.as_is:
        ledger.put("time.weeks", "weeks", 0.0, "weeks", "already in place")
        return
    time = (ledger["work.hours"] + ledger.sheet["team.evaluation_hours"]) / HOURS_PER_WEEK_AT_WORK
    if "labels.missing" in ledger:
        time = time + ledger["labels.missing"] / ledger.sheet["data.labels_per_week"]
    if "train.hours" in ledger:
        time = time + ledger.sheet["team.training_runs"] * ledger["train.hours"] / HOURS_PER_WEEK
    ledger.put("time.weeks", "weeks", time, "weeks")


def horizon(ledger: Ledger) -> None:
    """`horizon.total`: one-off cost, every month's bill and errors, discounted, and the move off a model that ends."""
    sheet, months = ledger.sheet, ledger.brief.budget.horizon_months
    none = sheet.exact("growth.none", 0.0, "share/month", Basis.MEASURED, "a cost that does not follow traffic", "")
    rate = sheet["budget.discount_rate"]
    level = ledger.put("horizon.months_level", "months", algebra.annuity(months, none, rate), "horizon")
    growing = ledger.put(
        "horizon.months_growing", "months", algebra.annuity(months, sheet["traffic.growth_per_month"], rate), "horizon"
    )
    follows = _follows_traffic(ledger)
    parts = [*RUN_PARTS, "run.errors"]
    total: Figure = ledger["once.total"]
    for part in parts:
        if ledger[part].operands or not ledger[part].is_known:
            total = total + ledger[part] * (growing if part in follows else level)
    if "once.move" in ledger:
        total = total + ledger["once.move"]
    named = ledger.put("horizon.total", "USD", total, "horizon")
    missing = ledger["once.total"].missing + ledger["run.total"].missing
    if missing:
        known = (ledger["once.total"].at_least or ledger["once.total"].value) + level.value * (
            ledger["run.total"].at_least or 0.0
        )
        ledger["horizon.total"] = Figure(
            named.rows, "USD", "horizon.total", named.operator, named.operands, named.basis, anchor="horizon",
            at_least=known, missing=missing,
        )  # fmt: skip


def _follows_traffic(ledger: Ledger) -> frozenset[str]:
    """Parts that grow with the requests: charges by token, errors, and cards that are paid by the hour used."""
    by_use = "serve.busy_hours" in ledger and "serve.replicas" not in ledger
    return frozenset({"run.inference", "run.errors"} | ({"run.hosting"} if by_use else set()))


def move(ledger: Ledger, ends: str) -> None:
    """`once.move`: when the model ends inside the horizon, the work is done again on its successor."""
    sheet = ledger.sheet
    hourly = sheet["team.hourly_usd"]
    if ledger.arm.approach == "prompt":
        again = sheet["team.prompt_hours"] * hourly + ledger["once.evaluation"]
    else:
        again = sheet["team.retrain_hours"] * hourly + ledger["train.run_usd"] + ledger["once.evaluation"]
    ledger.put("once.move", "USD", again, "horizon", ends)
