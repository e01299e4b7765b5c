"""Combines two kept runs on the same items into a cascade, kept as a run of its own."""

from __future__ import annotations

from dataclasses import replace

from advisor.calibrate.cascade import cascade_scores
from advisor.calibrate.intervals import best_prompt
from advisor.calibrate.protocol import plan_data
from advisor.calibrate.quality import summary
from advisor.calibrate.quality_records import QualityResult
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, RunRecord, Status, Trial, TrialOutcome
from advisor.experiments.records import run_record
from advisor.store import Runs, Store


def cascade(small_run: int, large_run: int) -> RunRecord:
    """The small run's tuned model (its surest option) with the large run's best prompt behind it.

    Raises UsageError where the runs have other items, or the first has no confidences.
    """
    small = run_record(small_run)
    large = run_record(large_run)
    items = small.plan.get("shared", {}).get("items")
    if not items or items != large.plan.get("shared", {}).get("items"):
        raise UsageError(
            f"runs {small_run} and {large_run}: not the same test items; use the same --data, "
            "--eval, --items and --seed for both"
        )
    first = _sure(small)
    label, behind = _best(large)
    scores = cascade_scores(
        first.confidences or (), first.item_scores or (), behind.item_scores or ()
    )
    result = replace(
        first,
        approach="hybrid",
        technique="cascade",
        score=sum(scores.item_scores) / len(scores.item_scores),
        item_scores=scores.item_scores,
        item_labels=None,
        also={},
        confidences=None,
        passed_on=scores.passed_on,
        general=None,
        language=None,
        choice=None,
        warnings=[f"behind it: {label} of run {large_run}"],
    )
    return _kept(small, large, result)


def _results(record: RunRecord) -> dict[str, QualityResult]:
    return {
        outcome.label: QualityResult.from_json(outcome.result)
        for outcome in record.outcomes
        if outcome.status is Status.DONE and "item_scores" in outcome.result
    }


def _sure(record: RunRecord) -> QualityResult:
    """The option that says how sure it is of each item: of several the one tuned on most rows."""
    sure = [result for result in _results(record).values() if result.confidences]
    if not sure:
        raise UsageError(
            f"run {record.summary.id}: does not say how sure its answers are; give a run of "
            "`calibrate quality` with labels, or of self-consistency"
        )
    return max(sure, key=lambda result: (result.approach == "tune", result.train_examples or 0))


def _best(record: RunRecord) -> tuple[str, QualityResult]:
    prompts = {k: r for k, r in _results(record).items() if r.approach == "prompt"}
    if not prompts:
        raise UsageError(f"run {record.summary.id}: has no prompt; give a run of prompts")
    label = best_prompt(prompts)[0]
    return label, prompts[label]


def _kept(small: RunRecord, large: RunRecord, result: QualityResult) -> RunRecord:
    """The cascade as a run of one trial, which belongs to the small run's data."""
    spec = {
        "approach": "hybrid",
        "technique": "cascade",
        "shown": 0,
        "train_examples": result.train_examples or 0,
        "runs": [small.summary.id, large.summary.id],
    }
    if small.result.get("demonstration") or large.result.get("demonstration"):
        spec["demonstration"] = True
    trial = Trial("quality", "hybrid/cascade", spec)
    about = small.plan.get("about", {})
    plan = ExperimentPlan(
        "quality",
        f"cascade of runs {small.summary.id} and {large.summary.id}",
        (trial,),
        small.plan["shared"],
        about=about,
    )
    outcome = TrialOutcome(
        plan.trial_digest(trial), trial.label, Status.DONE, None, result.to_json()
    )
    with Store.open() as store:
        runs = Runs(store)
        run_id = runs.begin(
            kind=plan.kind,
            name=plan.name,
            digest=plan.digest,
            plan=plan_data(plan),
            trials=1,
            device=small.summary.device,
            forecast={},
            about=about,
        )
        runs.keep(run_id, outcome, spec)
        scored = {"reason": "", "enough": "", **summary(plan, [outcome])}
        runs.end(run_id, Status.DONE, result=scored, events="", machine=small.machine)
    return run_record(run_id)
