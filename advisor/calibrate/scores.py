"""What finished quality and prompts trials say to a brief: measured scores, learning curves, scores
per item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev

from advisor.calibrate.metrics.extraction import MOST_ARTEFACTS
from advisor.calibrate.metrics.scorer import NAMES
from advisor.calibrate.quality_records import QualityResult
from advisor.core.brief import Score
from advisor.core.errors import UsageError
from advisor.core.experiment import (
    ExperimentPlan,
    KeptTrial,
    RunRecord,
    Status,
    TrialOutcome,
    digest,
)
from advisor.core.quantity import Range
from advisor.core.records import JsonRecord

HYBRID = "tuned-few-shot"
"""How a brief calls a tuned model with examples in its prompt, whatever it was tuned by."""


@dataclass(frozen=True, slots=True)
class ScoredTrial:
    """A finished trial with a score; `shots` are the examples in its prompt."""

    result: QualityResult
    shots: int = 0

    @property
    def technique(self) -> str:
        """As a brief calls it: hybrids have one name."""
        return HYBRID if self.is_tuned_prompt else self.result.technique

    @property
    def is_tuned_prompt(self) -> bool:
        """Whether this is a tuned model with examples in its prompt."""
        return self.result.approach == "hybrid" and self.result.technique != "cascade"

    @property
    def examples(self) -> int:
        """Examples it was tuned on, else those in its prompt."""
        return self.result.train_examples or self.result.shots or self.shots


@dataclass(frozen=True, slots=True)
class MeasuredRow(JsonRecord):
    """A row of the brief's `quality.measured`; None where a key stays out."""

    approach: str
    technique: str
    model: str
    score: float
    items: int
    sd: float | None = None
    train_examples: int | None = None
    static_tokens: int | None = None
    search_usd: float | None = None
    passed_on: float | None = None


def own_scores(
    trials: Sequence[KeptTrial], tested_on: str = "", metric: str = ""
) -> tuple[Score, ...]:
    """One score of every option and number of examples: the newest, and of several prompts that of
    the best on development items; a learning curve has several of one option.

    `tested_on` is the fingerprint of the brief's test set and `metric` its measure: scores on other
    items or by another measure are left aside; empty: any. Trainings that differ in their seed
    alone, of one run or of several, are their mean with their spread. Demonstrations and trainings
    that learned nothing never count.
    """
    usable = [t for t in trials if not t.spec.get("demonstration") and _fits(t, tested_on, metric)]
    by_option: dict[tuple[str, str, str, int], list[_MeasuredScore]] = {}
    for run in dict.fromkeys(t.run_id for t in usable):
        of_run = [t for t in usable if t.run_id == run]
        for score in _of_run(of_run):
            option = (score.approach, score.technique, score.model.lower(), score.train_examples)
            by_option.setdefault(option, []).append(_measured(of_run, score))
    return tuple(_chosen(by_option[option]) for option in sorted(by_option))


@dataclass(frozen=True, slots=True)
class _MeasuredScore:
    """A score of one run: its prompt, how that did on development items, and what was trained by
    which seeds.
    """

    score: Score
    prompt: str = ""
    development: float | None = None
    training: str = ""
    seeds: frozenset[int] = frozenset()


def _measured(trials: Sequence[KeptTrial], score: Score) -> _MeasuredScore:
    own = [t for t in trials if _is_of(t, score)]
    results = [QualityResult.from_json(t.outcome.result) for t in own]
    prompts = [result for result in results if result.prompt_hash]
    choice = prompts[0].choice if prompts else None
    tuned = score.approach != "prompt"
    names = {digest({k: v for k, v in t.spec.items() if k != "seed"}) for t in own} if tuned else ()
    return _MeasuredScore(
        score,
        prompt="" if tuned or not prompts else str(prompts[0].prompt_hash),
        development=choice.score if choice is not None else None,
        training=next(iter(names)) if len(names) == 1 else "",
        seeds=frozenset(int(t.spec.get("seed") or 0) for t in own) if tuned else frozenset(),
    )


def _is_of(trial: KeptTrial, score: Score) -> bool:
    result = QualityResult.from_json(trial.outcome.result)
    scored = ScoredTrial(result, int(trial.spec.get("shown") or 0))
    return (result.approach, scored.technique, scored.examples) == (
        score.approach,
        score.technique,
        score.train_examples,
    )


def _chosen(measured: Sequence[_MeasuredScore]) -> Score:
    """Of one option: the newest score of each prompt, and of several prompts the best by the
    development items; of trainings that differ in their seed alone the mean.

    A worse prompt that is tried later does not replace a better one.
    """
    newest = {m.prompt: m for m in measured}
    if len(newest) == 1:
        return _over_seeds(measured)
    scored = [m.development for m in newest.values() if m.development is not None]
    if len(scored) == len(newest):
        best = max(newest.values(), key=lambda m: m.development or 0.0)
        by = "on development items"
    else:
        best = max(newest.values(), key=lambda m: m.score.score)
        by = "on the test items themselves"
    source = f"{best.score.source}, the best of {len(newest)} prompts {by}"
    return replace(best.score, source=source)


def _over_seeds(measured: Sequence[_MeasuredScore]) -> Score:
    """The newest score; where other runs trained the same with other seeds, their mean."""
    last = measured[-1]
    by_seeds = {m.seeds: m.score for m in measured if m.training and m.training == last.training}
    if len(by_seeds) < 2 or len(frozenset.union(*by_seeds)) != sum(map(len, by_seeds)):
        return last.score
    scores = list(by_seeds.values())
    values = [score.score for score in scores]
    runs = ", ".join(score.source.removeprefix("calibration run ") for score in scores)
    return replace(
        last.score,
        score=round(fmean(values), 6),
        sd=round(stdev(values), 6),
        source=f"calibration runs {runs}: {len(values)} seeds",
    )


def _fits(trial: KeptTrial, tested_on: str, metric: str) -> bool:
    by = str(trial.outcome.result.get("metric", ""))
    if metric and _plain(by) != _plain(metric) and NAMES.get(_plain(metric)) != by:
        return False
    result = QualityResult.from_json(trial.outcome.result)
    if result.loss_fell is False or result.artefact_share > MOST_ARTEFACTS:
        return False
    return bool(trial.about.get("model")) and (
        not tested_on or trial.about.get("eval") == tested_on
    )


def _plain(name: str) -> str:
    """A metric's name as the table of spellings has it: letters and digits alone."""
    return "".join(c for c in name.lower() if c.isalnum())


def _of_run(trials: Sequence[KeptTrial]) -> list[Score]:
    first = trials[0]
    scored = [
        ScoredTrial(QualityResult.from_json(t.outcome.result), int(t.spec.get("shown") or 0))
        for t in trials
        if "item_scores" in t.outcome.result
    ]
    as_of = max(t.as_of for t in trials)
    source = f"calibration run {first.run_id}"
    return [_score(row, source, as_of) for row in _rows(scored, first.about["model"])]


def _score(row: MeasuredRow, source: str, as_of: str) -> Score:
    static = row.static_tokens
    return Score(
        approach=row.approach,
        technique=row.technique,
        model=row.model,
        score=row.score,
        items=row.items,
        sd=row.sd or 0.0,
        train_examples=row.train_examples or 0,
        static_tokens=Range.exact(float(static)) if static is not None else None,
        search_usd=Range.exact(row.search_usd) if row.search_usd is not None else None,
        passed_on=row.passed_on,
        source=source,
        as_of=as_of,
    )


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


def measured_scores(record: RunRecord, model: str = "") -> list[MeasuredRow]:
    """The scores of a run as rows of the brief's `quality.measured`; a learning curve has several
    of one technique.

    `model` names the model where the name that the run knows is not the one in the brief. Raises
    UsageError for a demonstration and for a run without scores.
    """
    if record.result.get("demonstration"):
        raise UsageError(
            f"run {record.summary.id}: a demonstration; its scores never enter a brief"
        )
    rows = _measured_rows(record, model)
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
    scored = _one_hybrid(_scored(record))
    if any(trial.result.item_labels for trial in scored):
        raise UsageError(
            f"run {record.summary.id}: macro F1 is a figure of the whole set; use --for-brief "
            "instead"
        )
    name = model or ("" if record.summary.kind == "imported" else _model_name(record))
    largest: dict[str, ScoredTrial] = {}
    for trial in scored:
        column = f"{trial.result.approach}/{trial.technique}@{name or trial.result.model}"
        if column not in largest or trial.examples > largest[column].examples:
            largest[column] = trial
    if not all(trial.result.item_scores for trial in largest.values()):
        raise UsageError(
            f"run {record.summary.id}: not every option has a score of every item; name its file "
            "in quality.results instead"
        )
    columns = [[float(x) for x in t.result.item_scores or ()] for t in largest.values()]
    return list(largest), [list(row) for row in zip(*columns, strict=True)]


def _rows(scored: Sequence[ScoredTrial], model: str) -> list[MeasuredRow]:
    """A row per option and number of examples; several seeds of one are their mean and standard
    deviation.
    """
    alike: dict[tuple[str, str, int], list[QualityResult]] = {}
    for trial in _one_hybrid(scored):
        option = (trial.result.approach, trial.technique, trial.examples)
        alike.setdefault(option, []).append(trial.result)
    return [_row(*option, results, model) for option, results in alike.items()]


def _row(
    approach: str, technique: str, examples: int, results: Sequence[QualityResult], model: str
) -> MeasuredRow:
    scores = [result.score or 0.0 for result in results]
    last = results[-1]
    repeated = last.consistency.sd if last.consistency is not None else None
    return MeasuredRow(
        approach,
        technique,
        model,
        score=round(fmean(scores), 6),
        items=results[0].items,
        sd=round(stdev(scores), 6) if len(scores) > 1 else repeated,
        train_examples=examples or None,
        static_tokens=last.static_tokens,
        search_usd=_search_usd(last) if technique == "searched" else None,
        passed_on=last.passed_on,
    )


def _search_usd(result: QualityResult) -> float | None:
    """What a search took: its answers and the texts that were embedded; None where no price is
    known.
    """
    if result.choice is None or result.choice.usd is None:
        return None
    embedded = result.embedding["usd"] if result.embedding is not None else 0.0
    return result.choice.usd + embedded if embedded is not None else None


def _one_hybrid(scored: Sequence[ScoredTrial]) -> list[ScoredTrial]:
    """Of the hybrids those of one method: the one whose tuned form alone scored best, so that no
    luck chooses.
    """
    alone: dict[str, float] = {}
    for result in (trial.result for trial in scored):
        if result.approach == "tune":
            alone[result.technique] = max(alone.get(result.technique, 0.0), result.score or 0.0)
    hybrids = [t.result.technique for t in scored if t.is_tuned_prompt]
    best = max(dict.fromkeys(hybrids), key=lambda name: alone.get(name, 0.0), default="")
    return [
        trial for trial in scored if not trial.is_tuned_prompt or trial.result.technique == best
    ]


def _scored(record: RunRecord) -> list[ScoredTrial]:
    shots = {t["digest"]: t["spec"].get("shown") for t in record.plan.get("trials", ())}
    return [
        ScoredTrial(QualityResult.from_json(o.result), int(shots.get(o.digest) or 0))
        for o in record.outcomes
        if o.status is Status.DONE and ("item_scores" in o.result or _is_imported(record, o))
    ]


def _measured_rows(record: RunRecord, model: str) -> list[MeasuredRow]:
    """The rows of a run; of an imported one by the models that its file names."""
    scored = _scored(record)
    if record.summary.kind != "imported" or model:
        return _rows(scored, model or _model_name(record))
    models = list(dict.fromkeys(str(trial.result.model) for trial in scored))
    return [
        row
        for name in models
        for row in _rows([trial for trial in scored if trial.result.model == name], name)
    ]


def _is_imported(record: RunRecord, outcome: TrialOutcome) -> bool:
    """Whether a file of another program scored this, perhaps without its items."""
    return record.summary.kind == "imported" and "score" in outcome.result


def _model_name(record: RunRecord) -> str:
    """As the run belongs to it, else the folder's name or that of the endpoint."""
    stated = str(record.plan.get("about", {}).get("model", ""))
    trials = record.plan.get("trials", ())
    model = trials[0]["spec"].get("model", "") if trials else ""
    if stated:
        return stated
    return Path(str(model["folder"])).name if isinstance(model, Mapping) else str(model)
