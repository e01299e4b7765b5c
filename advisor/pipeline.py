"""The order of the stages: brief, probe, estimate, decide. Both front ends stand on them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from advisor.core.brief import Brief
from advisor.core.errors import Infeasible, UsageError
from advisor.core.events import EventSink, ignore
from advisor.core.verdict import Verdict
from advisor.judging.enriching import inform
from advisor.judging.evaluation import Evaluated, Evaluation, evaluation
from advisor.judging.history import remember
from advisor.judging.observing import look, read_by_model, with_own_runs
from advisor.judging.surroundings import Surroundings

__all__ = [
    "DRAWS",
    "SEED",
    "Evaluated",
    "Evaluation",
    "NothingLeft",
    "Surroundings",
    "evaluation",
    "inform",
    "judge",
    "load",
    "look",
    "read_by_model",
    "recommend",
    "set_aside",
    "weights",
    "with_own_runs",
]

# Our matrices are small: waiting threads cost more than they bring.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Our arrays live for milliseconds: at a million draws, clearing huge pages for them took two thirds
# of the time.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")

DRAWS = 10_000
SEED = 20_261_120
CURVE_DRAWS = 1000
"""Draws of a whole learning curve: enough for its three quantiles."""


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

    informed = inform(brief, surroundings)
    apart = replace(surroundings, results=None, scores=())
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
    keep: bool = True,
    events: EventSink = ignore,
) -> Verdict:
    """The main job: a brief file in, a verdict out; kept in the history where the database can be
    written, unless `keep` is false.

    Where no option is left the verdict has no arms, and lists what was excluded by which rule.
    """
    brief = load(path, answers)
    surroundings = look(brief, own_runs=own_runs, events=events)
    try:
        verdict = judge(brief, surroundings, seed=seed, weights=weights)
    except NothingLeft as stop:
        verdict = stop.verdict
    if keep:
        remember(path, surroundings, verdict, events, _as_judged(brief) if answers else None)
    return verdict


def _as_judged(brief: Brief) -> str:
    """The brief with the answers laid over it, as a file."""
    from advisor.brief import write

    return write(brief)


def _judge(
    brief: Brief,
    surroundings: Surroundings,
    *,
    draws: int,
    seed: int,
    deep: bool,
    weights: Mapping[str, float] = MappingProxyType({}),
) -> Verdict:
    from advisor.brief import answers, assumptions
    from advisor.decide.assembly import nothing_left
    from advisor.decide.judgement import DecisionInputs
    from advisor.decide.rules import rule_out
    from advisor.decide.verdict import decide
    from advisor.estimate.advice import cautions
    from advisor.judging.unknown_names import missing_techniques

    every = evaluation(brief, surroundings)
    informed = every.brief
    setting = every.setting
    missing = tuple(missing_techniques(informed, every.options))
    allowed, excluded = rule_out(every.options, informed, setting)
    if not allowed:
        rules = (
            "; ".join(dict.fromkeys(f"{e.rule}: {e.detail}" for e in excluded))
            or "the brief names no model"
        )
        record = nothing_left(informed, setting, excluded, assumptions(informed), seed)
        stated = replace(record, answers=answers(informed), warnings=missing)
        raise NothingLeft(f"no option is left: {'; '.join((*missing, rules))}", stated)
    bound = replace(every, options=allowed)
    cases = bound.draws(draws, seed)
    advice = cautions(cases.estimates, informed, setting)
    warnings = (
        *surroundings.warnings,
        *surroundings.run_remarks,
        *missing,
        *setting.warnings,
        *(setting.data.warnings if setting.data else ()),
        *advice,
    )
    inputs = DecisionInputs(
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
    verdict = decide(inputs, deep=deep)
    return replace(verdict, answers=answers(informed), offers=every.offers) if deep else verdict


def set_aside(path: Path, items: int, label_field: str = "") -> tuple[Path, Path, int, int]:
    """Divide the labelled rows of a file into `NAME.test` and `NAME.train` beside it.

    Gives both paths and their numbers of rows. Raises UsageError, also where one of them exists.
    """
    from advisor import brief
    from advisor.probe.holdout import divided

    test, train = (path.with_name(f"{path.stem}.{part}{path.suffix}") for part in ("test", "train"))
    for target in (test, train):
        if target.exists():
            raise UsageError(f"{target.name} exists; delete it, or name it as the test set")
    rows = divided(path, items, label_field)
    brief.save(test, rows.test)
    brief.save(train, rows.train)
    return test, train, rows.test_rows, rows.train_rows
