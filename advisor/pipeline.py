"""The order of the stages: brief, probe, estimate, decide.

Both front ends stand on these functions.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from advisor.core.arm import Arm, Estimate
from advisor.core.brief import APPROACHES, Brief, Origin, Score
from advisor.core.errors import Infeasible, UsageError
from advisor.core.events import CancelToken, EventSink, StageEvent, ignore
from advisor.core.figure import Figure
from advisor.core.probes import DataReport, HardwareReport, ResultsReport, TrafficReport
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.setting import Setting
from advisor.core.training import TrainingMeasurement
from advisor.core.verdict import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from advisor.decide.evaluator import Cases
    from advisor.estimate.sheet import Sheet
    from advisor.facts import Facts

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # our matrices are small: waiting threads cost more than they bring

DRAWS = 10_000
SEED = 20_261_120
CURVE_DRAWS = 1000
"""Draws of a whole learning curve: enough for its three quantiles."""

RENTED_CARD = "L40S"
"""The card to rent where the brief says auto and there is none here: the cheapest 48 GB card with
published runs.
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a look around found: facts, data, machine and request log; None where there was nothing
    to look at.
    """

    facts: Facts
    data: DataReport | None
    hardware: HardwareReport | None
    traffic: TrafficReport | None
    results: ResultsReport | None = None
    warnings: tuple[str, ...] = ()
    measured: tuple[TrainingMeasurement, ...] = ()  # own training runs on the brief's card
    scores: tuple[Score, ...] = ()  # of own quality and prompts runs on the brief's data


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Cases that were evaluated: an estimate per arm, and the inputs behind them."""

    size: int
    estimates: tuple[Estimate, ...]
    inputs: Mapping[str, Figure]
    spreads: Mapping[str, Range]
    quality: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The estimators, bound to a brief, its setting and its arms."""

    brief: Brief
    setting: Setting
    arms: tuple[Arm, ...]

    def draws(self, count: int, seed: int) -> Evaluated:
        """Row 0 at the likely value of every input, then joint draws."""
        from advisor.estimate.sheet import Sheet

        return self._on(Sheet(self.brief, count + 1, seed))

    def searched(self, count: int, seed: int) -> Mapping[str, Figure]:
        """The score that a searched prompt would reach, by model, in the same draws; nothing where
        quality is free.
        """
        from advisor.estimate.scoring import quality_figures
        from advisor.estimate.sheet import Sheet

        quality = self.brief.quality
        if quality.target == 0 and (quality.error_cost_usd.p90 or 0) == 0:
            return {}
        models = dict.fromkeys(arm.model for arm in self.arms if arm.approach == "prompt")
        tried = {model: Arm("prompt", "searched", model) for model in models}
        known = {arm.skill for arm in self.arms}
        new = {model: arm for model, arm in tried.items() if arm.skill not in known}
        told = quality_figures(
            tuple(new.values()), Sheet(self.brief, count + 1, seed), self.setting
        )
        return {model: told[arm.skill] for model, arm in new.items()}

    def labels_needed(self, count: int, seed: int) -> Mapping[str, Quantity]:
        """Labels in all at which each tuned option reaches the target, by skill; empty without a
        target.
        """
        if self.brief.quality.target == 0:
            return {}
        from advisor.estimate.scoring import labels_needed
        from advisor.estimate.sheet import Sheet

        return labels_needed(self.arms, Sheet(self.brief, count + 1, seed), self.setting)

    def what_if(self, changes: Sequence[tuple[str, float]]) -> Evaluated:
        """Row 0 changes nothing, row i the i-th input to its value."""
        from advisor.estimate.sheet import what_if

        return self._on(what_if(self.brief, changes))

    def at(
        self, cases: Cases, which: Sequence[int], key: str, rows: NDArray[np.float64]
    ) -> tuple[Estimate, ...]:
        """The arms `which` in the first `len(rows)` of these cases, with the input `key` at `rows`;
        all else equal.
        """
        from advisor.estimate.cost import estimate_all
        from advisor.estimate.sheet import Sheet

        size, arms = len(rows), [self.arms[i] for i in which]
        made = {name: figure.first(size) for name, figure in cases.inputs.items()}
        made[key] = replace(made[key], rows=rows)
        quality = {
            self.arms[i].skill: cases.estimates[i]["quality.score"].first(size) for i in which
        }
        return estimate_all(arms, Sheet(self.brief, size, made=made), self.setting, quality)

    def _on(self, sheet: Sheet) -> Evaluated:
        from advisor.estimate.cost import estimate_all
        from advisor.estimate.scoring import quality_figures

        quality = quality_figures(self.arms, sheet, self.setting)
        estimates = estimate_all(self.arms, sheet, self.setting, quality)
        return Evaluated(sheet.size, estimates, sheet.made, sheet.spreads, quality)


class NothingLeft(Infeasible):
    """Every option is ruled out; `verdict` is the record that lists them with their rules."""

    def __init__(self, message: str, verdict: Verdict) -> None:
        super().__init__(message)
        self.verdict = verdict


def load(path: Path, answers: Sequence[str] = ()) -> Brief:
    """The brief in a file, with `KEY=VALUE` answers laid over it. Raises UsageError."""
    from advisor import brief

    return brief.with_answers(brief.read(path), answers)


def weights(text: str) -> Mapping[str, float]:
    """`cost=3,quality=2` as weights of criteria; empty text: none. Raises UsageError."""
    from advisor.decide.criteria import parse_weights

    return parse_weights(text) if text.strip() else {}


def look(
    brief: Brief,
    *,
    own_runs: bool = True,
    events: EventSink = ignore,
    cancel: CancelToken | None = None,
) -> Surroundings:
    """Look at facts, data, machine and request log; seconds where the data are large.

    Raises UsageError, Cancelled.

    Without `own_runs` nothing that calibrations measured is looked up.
    """
    from advisor import facts
    from advisor.store.folders import folders

    token = cancel or CancelToken()
    events(StageEvent("facts", "prices and models"))
    own_prices = _path(brief, brief.prices.file)
    used = folders()
    known = facts.load(used.config, own_prices, memo=used.state / "prices.json")
    data = _look_at_data(brief, events, token)
    token.check()
    hardware = _look_at_hardware(brief, known, events)
    warnings: tuple[str, ...] = ()
    if hardware is not None and not any(c.gpu and not c.hidden for c in hardware.cards):
        why = hardware.cards_reason or "no card is a known product"
        warnings = (
            f"No local GPU is used ({why}): tuned models are priced on a rented {RENTED_CARD}",
        )
    measured, scores = (
        _own_runs(_with_card(brief, hardware), known, events) if own_runs else ((), ())
    )
    if data is not None and own_runs:
        data = read_by_model(data, [Path(brief.folder) / brief.data.path], events)
    log, results = _look_at_log(brief, events), _look_at_results(brief)
    return Surroundings(known, data, hardware, log, results, warnings, measured, scores)


def with_own_runs(
    brief: Brief, surroundings: Surroundings, *, without: int = 0, events: EventSink = ignore
) -> Surroundings:
    """What was found, with own calibrations looked up anew: all, or all but the run `without`."""
    card = _with_card(brief, surroundings.hardware)
    measured, scores = _own_runs(card, surroundings.facts, events, without)
    return replace(surroundings, measured=measured, scores=scores)


def judge(
    brief: Brief,
    surroundings: Surroundings,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    deep: bool = True,
    weights: Mapping[str, float] = MappingProxyType({}),
) -> Verdict:
    """The verdict; `deep=False`: at once, without flips, sensitivity and next step.

    Raises UsageError, NothingLeft.

    `weights` of criteria (cost, quality, time) order the options a second way; they never move the
    verdict.
    """
    whole = _judge(brief, surroundings, draws=draws, seed=seed, deep=deep, weights=weights)
    if not brief.segments:
        return whole
    from advisor.decide.segments import segment_brief, segment_verdict

    informed, apart = inform(brief, surroundings), replace(surroundings, results=None, scores=())
    parts = tuple(
        segment_verdict(
            s, _judge(segment_brief(informed, s), apart, draws=draws, seed=seed, deep=False)
        )
        for s in brief.segments
    )
    return replace(whole, segments=parts)


def recommend(
    path: Path,
    answers: Sequence[str] = (),
    *,
    seed: int = SEED,
    weights: Mapping[str, float] = MappingProxyType({}),
    own_runs: bool = True,
    events: EventSink = ignore,
) -> Verdict:
    """The main job: a brief file in, a verdict out; kept in the history where the database can be
    written.

    Where no option is left the verdict has no arms, and lists what was excluded by which rule.
    """
    brief = load(path, answers)
    surroundings = look(brief, own_runs=own_runs, events=events)
    try:
        verdict = judge(brief, surroundings, seed=seed, weights=weights)
    except NothingLeft as stop:
        verdict = stop.verdict
    _remember(path, surroundings, verdict, events)
    return verdict


def _judge(
    brief: Brief,
    surroundings: Surroundings,
    *,
    draws: int,
    seed: int,
    deep: bool,
    weights: Mapping[str, float] = MappingProxyType({}),
) -> Verdict:
    from advisor.brief import assumptions
    from advisor.decide.rules import rule_out
    from advisor.decide.verdict import Question, decide, nothing_left
    from advisor.estimate.advice import cautions

    every = evaluation(brief, surroundings)
    informed, setting = every.brief, every.setting
    kept, excluded = rule_out(every.arms, informed, setting)
    if not kept:
        rules = (
            "; ".join(dict.fromkeys(f"{e.rule}: {e.detail}" for e in excluded))
            or "the brief names no model"
        )
        record = nothing_left(informed, setting, excluded, assumptions(informed), seed)
        raise NothingLeft(f"no option is left: {rules}", record)
    bound = replace(every, arms=kept)
    cases = bound.draws(draws, seed)
    advice = cautions(cases.estimates, informed, setting)
    warnings = (*surroundings.warnings, *setting.warnings, *_data_warnings(setting.data), *advice)
    question = Question(
        informed,
        setting,
        cases,
        bound,
        cases.quality,
        excluded,
        assumptions(informed),
        warnings,
        seed,
        weights,
        bound.searched(draws, seed) if deep else {},
        bound.labels_needed(min(draws, CURVE_DRAWS), seed) if deep else {},
    )
    return decide(question, deep=deep)


def evaluation(brief: Brief, surroundings: Surroundings) -> Evaluation:
    """The estimators bound to a brief, with every option, also those a rule takes out.

    Raises UsageError.
    """
    from advisor.estimate.arms import arms
    from advisor.estimate.limits import refuse_impossible

    informed = inform(brief, surroundings)
    setting = _setting(informed, surroundings)
    refuse_impossible(informed, setting)
    return Evaluation(informed, setting, arms(informed, setting))


def inform(brief: Brief, surroundings: Surroundings) -> Brief:
    """The brief with what the probes measured, the date, the card, and our candidates where it
    names no models.
    """
    if surroundings.data is not None:
        from advisor.probe.proposals import apply

        brief = apply(surroundings.data, brief)
    if brief.segments:
        from advisor.decide.segments import with_counts

        brief = with_counts(brief)
    if surroundings.results is not None:
        brief = _with_results(brief, surroundings.results)
    if brief.as_of is None:
        today = date.today()
        brief = brief.answered(
            "as_of", today, Origin(Basis.MEASURED, "the clock of this machine", today.isoformat())
        )
    brief = _with_scores(_with_candidates(brief, surroundings.facts), surroundings)
    return _with_card(brief, surroundings.hardware)


def _with_results(brief: Brief, report: ResultsReport) -> Brief:
    """Scores per item count as measured for the options that the brief gives no score of."""
    known = {f"{s.approach}/{s.technique}@{s.model}".lower() for s in brief.quality.measured}
    found = []
    for name in report.means.keys() - known:
        approach, _, rest = name.partition("/")
        technique, _, model = rest.partition("@")
        if approach in APPROACHES and model:
            found.append(Score(approach, technique, model, report.means[name], report.items[name]))
    measured = (
        *brief.quality.measured,
        *sorted(found, key=lambda s: (s.approach, s.technique, s.model)),
    )
    return replace(brief, quality=replace(brief.quality, measured=measured))


def _with_scores(brief: Brief, surroundings: Surroundings) -> Brief:
    """Scores of own runs for the options that the brief gives no score of, with models called as
    the brief does.
    """
    known = {(s.approach, s.technique, s.model.lower()) for s in brief.quality.measured}
    named = (*(brief.models.prompt or ()), *(brief.models.tune or ()))
    spelled = {
        model.name: name
        for name in named
        if (model := surroundings.facts.architecture(name)) is not None
    }
    scores = [replace(s, model=spelled.get(s.model, s.model)) for s in surroundings.scores]
    found = [s for s in scores if (s.approach, s.technique, s.model.lower()) not in known]
    if not found:
        return brief
    return replace(
        brief, quality=replace(brief.quality, measured=(*brief.quality.measured, *found))
    )


def _with_candidates(brief: Brief, facts: Facts) -> Brief:
    """Our candidates for a list of models that was left out; they stay assumptions."""
    known, models = facts.candidates(), brief.models
    if models.prompt is None:
        models = replace(
            models, prompt=tuple(c.model for c in known.prompt if c.suits(brief.task.type))
        )
    if models.tune is None:
        models = replace(
            models, tune=tuple(c.model for c in known.tune if c.suits(brief.task.type))
        )
    return replace(brief, models=models)


def _with_card(brief: Brief, hardware: HardwareReport | None) -> Brief:
    """`auto` is the local card where it is a known product, else a card to rent."""
    if brief.hardware.gpu.lower() != "auto":
        return brief
    card = (
        next((c for c in hardware.cards if c.gpu and not c.hidden), None)
        if hardware is not None
        else None
    )
    if card is None:
        return replace(brief, hardware=replace(brief.hardware, gpu=RENTED_CARD, owned=False))
    owned = brief.hardware.owned if "hardware.owned" in brief.origins else True
    told = Origin(
        Basis.MEASURED,
        "the driver of the local card",
        hardware.as_of if hardware is not None else "",
    )
    return replace(brief, hardware=replace(brief.hardware, owned=owned)).answered(
        "hardware.gpu", card.gpu, told
    )


def _setting(brief: Brief, surroundings: Surroundings) -> Setting:
    """Facts resolved for the brief, with an estimate of the training run of every open model."""
    from advisor.estimate.planned import training_estimates
    from advisor.facts.setting import setting_of

    setting = setting_of(brief, surroundings.facts)
    setting = replace(
        setting, data=surroundings.data, traffic=surroundings.traffic, results=surroundings.results
    )
    return replace(setting, training=training_estimates(brief, setting, surroundings.measured))


def _path(brief: Brief, name: str) -> Path | None:
    """A path of the brief, relative to its folder."""
    return Path(brief.folder) / name if name else None


def _look_at_data(brief: Brief, events: EventSink, cancel: CancelToken) -> DataReport | None:
    path, test = _path(brief, brief.data.path), _path(brief, brief.data.eval_path)
    if path is None:
        return None
    for key, file in (("data.path", path), ("data.eval_path", test)):
        if file is not None and not file.exists():
            raise UsageError(
                f"{key}: no file {file}; correct the path (relative to the brief) or leave the key out"
            )
    from advisor.probe.data import probe

    tests = () if test is None else (test,)
    return probe(
        [path], eval_paths=tests, count_tokens=not brief.data.sample, events=events, cancel=cancel
    )


def _look_at_hardware(brief: Brief, facts: Facts, events: EventSink) -> HardwareReport | None:
    """The local cards, where the brief asks for them."""
    if brief.hardware.gpu.lower() != "auto":
        return None
    from advisor.probe.hardware import probe

    events(StageEvent("hardware", "local cards"))
    return probe(known=facts.driver_names)


def _look_at_log(brief: Brief, events: EventSink) -> TrafficReport | None:
    path = _path(brief, brief.traffic.log)
    if path is None:
        return None
    from advisor.probe.traffic import read_log

    events(StageEvent("traffic", "request log"))
    return read_log(path)


def _own_runs(
    brief: Brief, facts: Facts, events: EventSink, without: int = 0
) -> tuple[tuple[TrainingMeasurement, ...], tuple[Score, ...]]:
    """Training runs on the brief's card, and scores on its data; none where nothing was ever
    kept.
    """
    from advisor.store import Runs, Store, StoreError
    from advisor.store.folders import folders

    card = brief.hardware.gpu
    if not folders().database.exists():
        return (), ()
    try:
        with Store.open() as store:
            if not Runs(store).runs(1):
                return (), ()
        from advisor.calibration import learned

        events(StageEvent("runs", "own calibrations"))
        trained = learned.measurements(facts, card, without) if card.lower() != "none" else ()
        return trained, learned.scores(brief, without)
    except (
        StoreError,
        UsageError,
    ) as error:  # an unknown card is refused with its key when the brief is judged
        events(StageEvent("runs", f"not used: {error}"))
        return (), ()


def read_by_model(
    report: DataReport, files: Sequence[Path], events: EventSink = ignore
) -> DataReport:
    """The report with what a base model found of the language, where a calibration on the same data
    has asked one.
    """
    from advisor.store import StoreError
    from advisor.store.folders import folders

    if not folders().database.exists():
        return report
    try:
        from advisor.calibration import learned

        return replace(report, base_model=learned.base_model_reading(files))
    except StoreError as error:
        events(StageEvent("runs", f"not used: {error}"))
        return report


def _look_at_results(brief: Brief) -> ResultsReport | None:
    path = _path(brief, brief.quality.results)
    if path is None:
        return None
    from advisor.probe.results import read_results

    return read_results(path)


def _data_warnings(report: DataReport | None) -> tuple[str, ...]:
    return report.warnings if report is not None else ()


def _remember(path: Path, surroundings: Surroundings, verdict: Verdict, events: EventSink) -> None:
    """Keep brief, probes and verdict in the local database; one that cannot be written is told and
    stops nothing.
    """
    from advisor.report import json
    from advisor.store import Store, StoreError

    try:
        with Store.open() as store:
            if surroundings.data is not None:
                store.save_probe(
                    "data", "; ".join(surroundings.data.files), json.dump(surroundings.data)
                )
            if surroundings.hardware is not None:
                store.save_probe(
                    "hardware", surroundings.hardware.platform, json.dump(surroundings.hardware)
                )
            brief_id = store.save_brief(path.read_text(encoding="utf-8"), path, name=verdict.name)
            store.save_verdict(
                brief_id,
                json.render(verdict),
                verdict=verdict.verdict,
                arm=verdict.arm,
                p_best=verdict.p_best,
                as_of=verdict.as_of,
            )
    except StoreError as error:
        events(StageEvent("history", f"not kept: {error}"))
