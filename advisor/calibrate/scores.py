"""What finished quality and prompts trials say to a brief: measured scores, learning curves, scores
per item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from advisor.calibrate.metrics.scorer import NAMES
from advisor.core.brief import Score
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, KeptTrial, RunRecord, Status, TrialOutcome
from advisor.core.quantity import Range

HYBRID = "tuned-few-shot"
"""How a brief calls a tuned model with examples in its prompt, whatever it was tuned by."""

Scored = tuple[Mapping[str, Any], TrialOutcome]


def own_scores(
    trials: Sequence[KeptTrial], tested_on: str = "", metric: str = ""
) -> tuple[Score, ...]:
    """The newest score of every option and number of examples; a learning curve has several of one
    option.

    `tested_on` is the fingerprint of the brief's test set and `metric` its measure: scores on other
    items or by another measure are left aside; empty: any. Several seeds of one run are their mean,
    with their spread. Demonstrations and trainings that learned nothing never count.
    """
    usable = [t for t in trials if not t.spec.get("demonstration") and _fits(t, tested_on, metric)]
    newest: dict[tuple[str, str, str, int], Score] = {}
    for run in dict.fromkeys(t.run_id for t in usable):
        of_run = [t for t in usable if t.run_id == run]
        for score in _of_run(of_run):
            newest[score.approach, score.technique, score.model.lower(), score.train_examples] = (
                score
            )
    return tuple(newest[key] for key in sorted(newest))


def _fits(trial: KeptTrial, tested_on: str, metric: str) -> bool:
    by = str(trial.outcome.result.get("metric", ""))
    if metric and _plain(by) != _plain(metric) and NAMES.get(_plain(metric)) != by:
        return False
    if trial.outcome.result.get("loss_fell") is False:
        return False
    return bool(trial.about.get("model")) and (
        not tested_on or trial.about.get("eval") == tested_on
    )


def _plain(name: str) -> str:
    """A metric's name as the table of spellings has it: letters and digits alone."""
    return "".join(c for c in name.lower() if c.isalnum())


def _of_run(trials: Sequence[KeptTrial]) -> list[Score]:
    first = trials[0]
    pairs = [(t.spec, t.outcome) for t in trials if "item_scores" in t.outcome.result]
    source = f"calibration run {first.run_id}"
    return [
        Score(
            approach=row["approach"],
            technique=row["technique"],
            model=row["model"],
            score=row["score"],
            items=row["items"],
            sd=row.get("sd", 0.0),
            train_examples=row.get("train_examples", 0),
            static_tokens=Range.exact(float(row["static_tokens"]))
            if "static_tokens" in row
            else None,
            source=source,
            as_of=max(t.as_of for t in trials),
        )
        for row in _rows(pairs, first.about["model"])
    ]


def scores_so_far(plan: ExperimentPlan, outcomes: Sequence[TrialOutcome]) -> tuple[Score, ...]:
    """The scores of a run that goes on, as own runs will have them once it is kept."""
    specs = {plan.trial_digest(t): t.spec for t in plan.trials}
    about = {"model": plan.about.get("model", "model")}
    trials = [
        KeptTrial(0, plan.kind, "", about, specs[o.digest], o)
        for o in outcomes
        if o.status is Status.DONE and o.digest in specs
    ]
    return tuple(_of_run(trials)) if trials else ()


def measured_scores(record: RunRecord, model: str = "") -> list[dict[str, Any]]:
    """The scores of a run as rows of the brief's `quality.measured`; a learning curve has several
    of one technique.

    `model` names the model where the name that the run knows is not the one in the brief. Raises
    UsageError for a demonstration and for a run without scores.
    """
    if record.result.get("demonstration"):
        raise UsageError(
            f"run {record.summary.id}: a demonstration; its scores never enter a brief"
        )
    rows = _rows(_scored(record), model or _model_name(record))
    if not rows:
        raise UsageError(
            f"run {record.summary.id}: holds no scores; give a run of kind quality or prompts"
        )
    return rows


def item_scores(record: RunRecord, model: str = "") -> tuple[list[str], list[list[float]]]:
    """(columns, rows by item) for the brief's `quality.results`: of each option the trial with most
    examples.
    """
    measured_scores(record, model)
    if any(o.result.get("item_labels") for _, o in _scored(record)):
        raise UsageError(
            f"run {record.summary.id}: macro F1 is a figure of the whole set; use --for-brief "
            "instead"
        )
    columns: dict[str, tuple[int, list[float]]] = {}
    for spec, outcome in _one_hybrid(_scored(record)):
        name = f"{outcome.result['approach']}/{_technique(outcome)}@{model or _model_name(record)}"
        size = _examples(spec, outcome)
        if name not in columns or size > columns[name][0]:
            columns[name] = (size, [float(x) for x in outcome.result["item_scores"]])
    by_option = [scores for _, scores in columns.values()]
    return list(columns), [list(row) for row in zip(*by_option, strict=True)]


def _rows(pairs: Iterable[Scored], model: str) -> list[dict[str, Any]]:
    """A row an option and number of examples; several seeds of one are their mean and standard
    deviation.
    """
    alike: dict[tuple[str, str, int], list[TrialOutcome]] = {}
    for spec, outcome in _one_hybrid(list(pairs)):
        alike.setdefault(
            (outcome.result["approach"], _technique(outcome), _examples(spec, outcome)), []
        ).append(outcome)
    return [_row(*key, outcomes, model) for key, outcomes in alike.items()]


def _row(
    approach: str, technique: str, examples: int, outcomes: Sequence[TrialOutcome], model: str
) -> dict[str, Any]:
    scores = [float(o.result["score"]) for o in outcomes]
    row = {
        "approach": approach,
        "technique": technique,
        "model": model,
        "score": round(fmean(scores), 6),
        "items": int(outcomes[0].result["items"]),
    }
    row |= {"sd": round(stdev(scores), 6)} if len(scores) > 1 else {}
    row |= {"train_examples": examples} if examples else {}
    static = outcomes[-1].result.get("static_tokens")
    return row | ({"static_tokens": int(static)} if static is not None else {})


def _technique(outcome: TrialOutcome) -> str:
    return HYBRID if outcome.result["approach"] == "hybrid" else str(outcome.result["technique"])


def _examples(spec: Mapping[str, Any], outcome: TrialOutcome) -> int:
    """Examples it was tuned on, else shown."""
    result = outcome.result
    return int(result.get("train_examples") or result.get("shown") or spec.get("shown") or 0)


def _one_hybrid(pairs: Sequence[Scored]) -> list[Scored]:
    """Of the hybrids those of one method: the one whose tuned form alone scored best, so that no
    luck chooses.
    """
    alone: dict[str, float] = {}
    for _, outcome in pairs:
        if outcome.result["approach"] == "tune":
            name = str(outcome.result["technique"])
            score = float(outcome.result["score"])
            alone[name] = max(alone.get(name, 0.0), score)
    hybrids = [str(o.result["technique"]) for _, o in pairs if o.result["approach"] == "hybrid"]
    best = max(dict.fromkeys(hybrids), key=lambda name: alone.get(name, 0.0), default="")
    return [
        (s, o)
        for s, o in pairs
        if o.result["approach"] != "hybrid" or o.result["technique"] == best
    ]


def _scored(record: RunRecord) -> list[Scored]:
    specs = {t["digest"]: t["spec"] for t in record.plan.get("trials", ())}
    done = [o for o in record.outcomes if o.status is Status.DONE and "item_scores" in o.result]
    return [(specs.get(o.digest, {}), o) for o in done]


def _model_name(record: RunRecord) -> str:
    """As the run belongs to it, else the folder's name or that of the endpoint."""
    stated = str(record.plan.get("about", {}).get("model", ""))
    spec: Mapping[str, Any] = next((t["spec"] for t in record.plan.get("trials", ())), {})
    model = spec.get("model", "")
    return stated or (Path(str(model["folder"])).name if isinstance(model, Mapping) else str(model))
