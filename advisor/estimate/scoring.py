"""Quality as figures: one score per skill, from the user's own scores or the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from types import NoneType
from typing import TYPE_CHECKING

import numpy as np

from advisor.core.brief import Brief, Score, Segment
from advisor.core.figure import Figure
from advisor.core.option import Option
from advisor.core.quantity import Quantity
from advisor.core.setting import Setting
from advisor.estimate.labels import own_examples
from advisor.estimate.options import shown_static_tokens
from advisor.estimate.quality import (
    QualityPrediction,
    Skill,
    TaskProfile,
    labels_to_reach,
    predictions,
)
from advisor.estimate.quality.carrying import holds_at
from advisor.estimate.quality.metric_kind import kind_of
from advisor.estimate.quality.prediction import size_in_name
from advisor.estimate.quality.skills import release_year
from advisor.estimate.sheet import Sheet, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.core.figure import Rows

BILLION = 1e9

EXAMPLES = "data.examples"


def moves_scores(key: str) -> bool:
    """Whether scores are predicted from this answer, case by case."""
    return key == EXAMPLES


def scored_at(option: Option, brief: Brief, labels: float) -> bool:
    """Whether the score of a tuned model rests on its own measurements with so many labels in
    hand.
    """
    measured = whole_traffic(brief.quality.measured, brief.segments)
    own = [s.train_examples for s in measured if s.skill == option.skill.lower()]
    return bool(own) and holds_at(labels, own)


def quality_figures(
    options: Sequence[Option], sheet: Sheet, setting: Setting
) -> Mapping[str, Figure]:
    """`quality.score` by skill (`Option.skill`): joint draws, or what-if cases at the posterior
    median.
    """
    by_skill = {option.skill: option for option in options}
    brief = sheet.brief
    measured = whole_traffic(brief.quality.measured, brief.segments)
    skills = tuple(_skill(option, sheet, setting, measured) for option in by_skill.values())
    in_order = _predictions(task_of(brief), skills, tuple(measured), sheet)
    return {name: _figure(one) for name, one in zip(by_skill, in_order, strict=True)}


def task_of(brief: Brief) -> TaskProfile:
    """The task as the evidence base knows it."""
    return TaskProfile(
        brief.task.type,
        "medium" if brief.task.domain_specificity == "auto" else brief.task.domain_specificity,
        brief.task.labels,
        brief.task.output,
        brief.quality.human_ceiling,
        brief.quality.expected_uplift,
        documents=brief.retrieval is not None,
        metric=kind_of(brief.quality.metric, brief.task.type),
    )


def labels_needed(
    options: Sequence[Option], sheet: Sheet, setting: Setting
) -> Mapping[str, Quantity]:
    """Labels in all at which a tuned option reaches the brief's target, by skill; unknown where
    data cannot do it.
    """
    brief = sheet.brief
    measured = whole_traffic(brief.quality.measured, brief.segments)
    tuned = {option.skill: option for option in options if option.approach == "tune"}
    return {
        name: labels_to_reach(
            task_of(brief),
            _skill(option, sheet, setting, measured),
            measured,
            brief.quality.target,
            normals=sheet.normals,
            size=sheet.size,
        )
        for name, option in tuned.items()
    }


def _predictions(
    task: TaskProfile, skills: tuple[Skill, ...], measured: tuple[Score, ...], sheet: Sheet
) -> tuple[QualityPrediction, ...]:
    """The predictions for these skills; those that do not depend on an uncertain number of examples
    are kept.
    """
    if all(isinstance(s.examples, (float, int, NoneType)) for s in skills):
        if sheet.seed is not None:
            return _drawn(task, skills, measured, sheet.seed, sheet.size)
        medians = _drawn(task, skills, measured, None, 1)
        return tuple(replace(m, rows=np.broadcast_to(m.rows, sheet.shape)) for m in medians)
    return _case_by_case(task, skills, measured, sheet)


def _case_by_case(
    task: TaskProfile, skills: Sequence[Skill], measured: tuple[Score, ...], sheet: Sheet
) -> tuple[QualityPrediction, ...]:
    """The predictions for numbers of examples that differ by case, all blocks in a row."""

    def in_a_row(skill: Skill) -> Skill:
        if isinstance(skill.examples, (float, int, NoneType)):
            return skill
        return replace(skill, examples=sheet.flat(skill.examples))

    @cache
    def normals(name: str) -> NDArray[np.float64]:
        drawn = sheet.normals(name)
        return drawn if sheet.blocks == 1 else np.tile(drawn, sheet.blocks)

    flat = [in_a_row(skill) for skill in skills]
    predicted = predictions(task, flat, measured, normals=normals, size=sheet.blocks * sheet.size)
    return tuple(replace(one, rows=one.rows.reshape(sheet.shape)) for one in predicted)


@lru_cache(maxsize=16)
def _drawn(
    task: TaskProfile,
    skills: tuple[Skill, ...],
    measured: tuple[Score, ...],
    seed: int | None,
    size: int,
) -> tuple[QualityPrediction, ...]:
    """The draws of a seed, or the medians without one; most edits of a brief leave its scores as
    they are, so a redraw finds them here.
    """

    def normals(name: str) -> NDArray[np.float64]:
        return np.zeros(size) if seed is None else stream(seed, name, size)

    return predictions(task, skills, measured, normals=normals, size=size)


def whole_traffic(scores: Sequence[Score], segments: Sequence[Segment]) -> list[Score]:
    """Scores of the whole traffic; where a skill was only measured on segments, their mean weighted
    by share.

    That mean holds for the labels the segments have: it is no point of a curve over all labels
    together.
    """
    whole = [s for s in scores if not s.segment]
    measured_whole = {_name(s) for s in whole}
    shares = {segment.name: segment.share.likely for segment in segments}
    parts: dict[str, list[Score]] = {}
    for score in scores:
        if score.segment and _name(score) not in measured_whole:
            parts.setdefault(_name(score), []).append(score)
    return [*whole, *(_weighted(group, shares) for group in parts.values())]


def _name(score: Score) -> str:
    return f"{score.approach}/{score.technique}@{score.model.lower()}"


def _weighted(scores: Sequence[Score], shares: Mapping[str, float]) -> Score:
    total = sum(shares[s.segment] for s in scores)
    mean = sum(shares[s.segment] * s.score for s in scores) / total
    return replace(
        scores[-1], score=mean, items=sum(s.items for s in scores), segment="", train_examples=0
    )


def _skill(option: Option, sheet: Sheet, setting: Setting, measured: Sequence[Score]) -> Skill:
    technique = option.technique.removesuffix(f"-{option.shown_examples}")
    alike = _measured_elsewhere(option, technique, measured)
    model = setting.model(alike or option.model)
    return Skill(
        id=f"{option.approach}/{technique}@{option.model}",
        approach=option.approach,
        technique=technique,
        model=option.model,
        params_b=model.params / BILLION
        if model is not None
        else size_in_name(alike or option.model),
        examples=_examples(option, sheet),
        encoder=setting.is_encoder(option.model),
        released=release_year(alike) if alike else None,
        static_tokens=_tokens_for_classes(option, sheet.brief),
    )


def _tokens_for_classes(option: Option, brief: Brief) -> float | None:
    """The length of the static prompt that names the classes; None where the model learned them, or
    sees those that fit a request with what is retrieved for it.
    """
    finds_them = "retriev" in option.technique
    if option.approach != "prompt" or finds_them or brief.task.type != "classification":
        return None
    return shown_static_tokens(brief, option.technique, option.shown_examples)


def _measured_elsewhere(option: Option, technique: str, measured: Sequence[Score]) -> str:
    """The model whose score of this prompt technique stands in for an untested one; empty where it
    was tested itself.

    An untested model is expected to score alike, with the spread between models: it gets no credit
    for being newer or larger before it is measured.
    """
    if option.approach != "prompt":
        return ""
    models = [s.model for s in measured if s.approach == "prompt" and s.technique == technique]
    return "" if not models or option.model.lower() in {m.lower() for m in models} else models[-1]


def _examples(option: Option, sheet: Sheet) -> Rows | None:
    """Examples it is tuned on, case by case, or that its prompt shows; None: the technique's usual
    number.
    """
    if option.approach == "prompt":
        return float(option.shown_examples) if option.shown_examples else None
    rows = own_examples(sheet).rows
    return max(rows, 1.0) if isinstance(rows, (int, float)) else rows.clip(min=1.0)


def _figure(score: QualityPrediction) -> Figure:
    source = f"{score.source}: {score.detail}" if score.detail else score.source
    return Figure(
        score.rows,
        "score",
        "quality.score",
        basis=score.basis,
        source=source,
        as_of=score.as_of,
        anchor="quality",
    )
