"""Scores that another program measured, kept as a run: `runs show N --for-brief` and `--scores`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.calibrate.quality_records import QualityResult
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.experiment import Status, TrialOutcome, digest
from advisor.probe.evaluations import ScoreFile
from advisor.store import Runs, Store

SETTABLE = ("approach", "technique", "model")


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: its format, the run that keeps it, how many rows, and what was not
    kept.
    """

    form: str
    run_id: int
    count: int
    notes: tuple[str, ...] = ()


def import_scores(path: Path, evaluation: ScoreFile, stated: Mapping[str, str]) -> Imported:
    """Keep the scores of a file as one run; the same file is kept once.

    `stated` names the option of a file with one system: approach, technique, model. Raises
    UsageError.
    """
    for name in stated:
        if name not in SETTABLE:
            raise UsageError(f"--set {name}: no such column{did_you_mean(name, SETTABLE)}")
    if stated and len(evaluation.systems) > 1:
        named = ", ".join(evaluation.systems)
        raise UsageError(f"--set: the file scores {len(evaluation.systems)} systems ({named})")
    outcomes = [
        _outcome(number, name, evaluation, stated) for number, name in enumerate(evaluation.systems)
    ]
    name = digest([path.name, [dict(outcome.result) for outcome in outcomes]])
    with Store.open() as store:
        runs = Runs(store)
        earlier = runs.latest(name)
        if earlier is not None:
            return Imported(evaluation.form, earlier.summary.id, len(outcomes), _notes(evaluation))
        run_id = runs.begin(
            kind="imported",
            name=f"{path.name}: {evaluation.form}",
            digest=name,
            plan={"form": evaluation.form, "file": str(path)},
            trials=len(outcomes),
            device="",
            forecast={},
        )
        for outcome in outcomes:
            runs.keep(run_id, outcome, {})
        notes = list(_notes(evaluation))
        runs.end(run_id, Status.DONE, result={"notes": notes}, events="", machine={})
    return Imported(evaluation.form, run_id, len(outcomes), _notes(evaluation))


def _notes(evaluation: ScoreFile) -> tuple[str, ...]:
    return tuple(evaluation.notes)


def _outcome(
    number: int, name: str, evaluation: ScoreFile, stated: Mapping[str, str]
) -> TrialOutcome:
    """One system's scores on the items of the whole file; an item that it lacks is left out."""
    system = evaluation.systems[name]
    approach, _, rest = name.partition("/")
    technique, _, model = rest.partition("@")
    items = evaluation.table()[1]
    scores = list(system.scores.values())
    mean = math.fsum(scores) / len(scores) if scores else system.mean
    result = QualityResult(
        approach=stated.get("approach", approach),
        technique=stated.get("technique", technique),
        model=stated.get("model", model),
        metric=evaluation.form,
        score=mean,
        items=len(scores) or system.count,
        item_scores=scores if len(scores) == len(items) else None,
    )
    label = f"{result.approach}/{result.technique}@{result.model}"
    return TrialOutcome(f"{number}", label, Status.DONE, None, result.to_json())
