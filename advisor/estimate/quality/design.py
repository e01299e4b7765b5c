"""From a skill to the weights that its score (as a logit) is the sum of.

logit q = level + metric + approach x (task type, specificity, weak) + technique + size + age
+ classes + slope · ln(labels per class) + named deviations.

Deviations are Gaussian, one variance per kind, one draw per key: two rows with the same key share
it. So a score of one skill moves every other skill with the same model, technique or task. Fixed
weights are pooled over all studies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log10
from typing import TypeVar

import numpy as np

from advisor.core.techniques import TABLE, names_of
from advisor.estimate.quality.metric_kind import MetricKind
from advisor.estimate.quality.skills import (
    CHANCE_SPECIFICITY,
    USUAL_CLASSES,
    Rows,
    Skill,
    TaskProfile,
    release_year,
)

USUAL_LABELS = 3000.0  # taken where a source does not say on how many examples it tuned
USUAL_SHOTS = {name: TABLE[name].shown_examples for name in names_of("prompt")}
PROMPT_SHARE = {name: TABLE[name].prompt_share for name in names_of("hybrid")}
"""Of a hybrid's deviations."""

PROMPT_FORM = {row.name: row.evidence for row in TABLE.values() if row.approach != "tune"}
"""The prompt technique whose published scores stand for a technique."""

ADDED_EXAMPLES = "added-few-shot"  # examples shown to a model that was tuned without them
PROMPT_FORM[ADDED_EXAMPLES] = "few-shot"

SHOWN = tuple(name for name, examples in USUAL_SHOTS.items() if examples)
"""Prompts that show examples."""

WEAK_SHARE = 0.9
"""Of a model tuned without labels of the task: it stays near the untuned model."""

CLOSED_BOOK_SHARE = 0.9
"""Of a model tuned without the documents that the answers rest on: it stays near the level of a
prompt without documents.
"""

TUNED_SHARE = 0.3
"""Of any other tuned model: where the prompted model does badly, tuning is hard too."""

LABELS_WEIGHT = "tune-labels"
FLATTEST = 0.02
"""Of a learning curve that nobody has measured, logits per ln(labels): more labels do not lower a
score. Studies compare tasks that differ in more than their labels, so fitted slopes vary below 0.
"""

CLASS_POWER = 0.5
"""Labels needed for the same score ~ classes^CLASS_POWER. More classes take more labels; by the
marginal likelihood of the studies 0 to 0.5 fit alike (within 1.7), and 1 fits worse by 5.6.
"""

SHOTS_BEND = 0.3  # by which examples in a prompt saturate faster than labels to tune on
SMALL_B = 20.0  # open models below this many billions answer prompts erratically

Coefficient = float | Rows
K = TypeVar("K")


@dataclass(slots=True)
class Loadings:
    """Coefficients by name: of fixed weights, and of deviations as kind ─▶ key ─▶ coefficient."""

    fixed: dict[str, Coefficient] = field(default_factory=dict)
    deviations: dict[tuple[str, str], Coefficient] = field(default_factory=dict)


def bent(n: Coefficient, usual: float, bend: float) -> Coefficient:
    """A learning curve's abscissa: ln(n/usual), or (1 − (n/usual)^−b)/b, which has the same slope
    at `usual`.
    """
    ratio = np.maximum(n, 1e-9) / usual
    value = np.log(ratio) if bend == 0 else (1 - ratio**-bend) / bend
    return value if isinstance(n, np.ndarray) else float(value)


def loadings(
    task: TaskProfile, skill: Skill, bend: float, study: str = "", task_id: str = ""
) -> Loadings:
    """The weights behind one score in the family `bend`; `study` and `task_id` keep sources
    apart.
    """
    here = f"{study}|{task_id}"
    out = Loadings({f"type:{task.type}": 1.0}, {("study", study): 1.0, ("task", here): 1.0})
    if task.metric is not MetricKind.SHARE:
        out.fixed[f"metric:{task.metric}"] = 1.0
    out.deviations["model", f"{study}|{skill.model.lower()}"] = 1.0
    share = prompt_share(task, skill)
    if share > 0:
        _prompted(out, skill, bend, study, here, share)
        if task.type == "classification":
            out.fixed["prompt-classes"] = share * log10(task.classes / USUAL_CLASSES)
    if share < 1:
        _tuned(out, task, skill, bend, study, here, 1 - share)
    if skill.approach == "hybrid":
        _both(out, skill, study, here)
    out.deviations[f"answer-{skill.approach}", f"{here}|{skill.id.lower()}"] = 1.0
    return out


def difference(one: Loadings, other: Loadings) -> Loadings:
    """The weights of the difference of two scores, without those that cancel out."""
    return Loadings(_less(one.fixed, other.fixed), _less(one.deviations, other.deviations))


def _less(ones: Mapping[K, Coefficient], others: Mapping[K, Coefficient]) -> dict[K, Coefficient]:
    rest = {key: ones.get(key, 0.0) - others.get(key, 0.0) for key in {**ones, **others}}
    return {key: value for key, value in rest.items() if np.any(value)}


def curve_of(one: Loadings) -> Loadings | None:
    """The slope, in ln(labels), of the learning curve behind a score; None without labels."""
    slope = Loadings()
    slope.fixed |= {name: 1.0 for name in one.fixed if name.startswith(LABELS_WEIGHT)}
    slope.deviations |= {key: 1.0 for key in one.deviations if key[0].startswith("labels-")}
    return slope if slope.fixed else None


def flattened(slope: Rows) -> Rows:
    """What is to be added to slopes of learning curves so that none falls."""
    return np.asarray(np.maximum(slope, FLATTEST) - slope)


def prompt_share(task: TaskProfile, skill: Skill) -> float:
    """How much of a score moves as the prompted model's does, 0 to 1; weak tuning stays near the
    untuned model.
    """
    if skill.approach == "prompt":
        return 1.0
    if _is_weak(skill):
        return WEAK_SHARE
    if skill.approach == "tune":
        return CLOSED_BOOK_SHARE if is_closed_book(task, skill) else TUNED_SHARE
    return PROMPT_SHARE.get(skill.technique, 0.5)


def _is_weak(skill: Skill) -> bool:
    """An encoder cannot be prompted, so even weak tuning makes all of its score."""
    return (skill.weak or skill.technique == "reinforced") and not skill.encoder


def is_closed_book(task: TaskProfile, skill: Skill) -> bool:
    """Tuned without the documents that the answers rest on. A hybrid that shows none either counts
    as such where a tuned model was scored without them: studies say nothing of it.
    """
    if not task.documents or skill.encoder:
        return False
    if skill.approach == "hybrid":
        return task.closed_book and PROMPT_FORM.get(skill.technique) != "retrieval"
    return skill.approach == "tune"


def _prompted(
    out: Loadings, skill: Skill, bend: float, study: str, here: str, share: float
) -> None:
    """What a prompt's score is made of."""
    technique = (
        PROMPT_FORM.get(skill.technique, skill.technique)
        if skill.approach == "prompt"
        else PROMPT_FORM.get(skill.technique, "zero-shot")
    )
    year = release_year(skill.model) if skill.released is None else skill.released
    add = out.fixed
    if skill.technique == "self-consistency":
        add["prompt:voting"] = share
    if not skill.encoder:
        add["prompt-year"] = share * (min(year, 2026.5) - 2023)
    if skill.params_b is None:
        add["prompt-closed"] = share
    elif not skill.encoder:
        add["prompt-size"] = share * log10(skill.params_b / 7)
    if technique != "zero-shot":
        add[f"prompt:{technique}"] = share
        if technique in SHOWN:
            out.deviations["prompt-shown", here] = share
        out.deviations["prompt-technique", f"{study}|{technique}"] = share
        out.deviations["prompt-technique-task", f"{here}|{technique}"] = share
    if skill.approach == "prompt":
        shots = skill.examples if skill.examples is not None else USUAL_SHOTS.get(technique, 5.0)
        examples = (
            0.0
            if technique in ("zero-shot", "retrieval")
            else bent(1 + shots, 6.0, bend + SHOTS_BEND)
        )
        add["prompt-shots"] = examples
        out.deviations["shots-task", here] = examples
    out.deviations["prompt-task", here] = share
    out.deviations["prompt-model", f"{study}|{skill.model.lower()}"] = share
    plain = technique in ("zero-shot", "one-shot", "few-shot")
    small = plain and skill.params_b is not None and skill.params_b < SMALL_B
    out.deviations["prompt-small" if small else "prompt-large", f"{here}|{skill.model.lower()}"] = (
        share
    )


def _tuned(
    out: Loadings, task: TaskProfile, skill: Skill, bend: float, study: str, here: str, share: float
) -> None:
    """What a tuned model's score is made of."""
    add = out.fixed
    technique = skill.technique if skill.approach == "tune" else "lora"
    if _is_weak(skill):
        add["tune:reinforced" if technique == "reinforced" else "tune-weak"] = 1.0
    elif is_closed_book(task, skill):
        share = 1.0 if skill.approach == "tune" else share
        add["tune-closed-book"] = share
        _labelled(out, task, skill, bend, study, here, share * (1 - TUNED_SHARE))
    else:
        add["tune"] = share
        add[f"tune-type:{task.type}"] = share
        add["tune-specificity"] = share * CHANCE_SPECIFICITY.get(task.specificity, 0.0)
        if skill.params_b is not None and not skill.encoder:
            add["tune-size"] = share * log10(skill.params_b / 7)
        if technique != "lora":
            add[f"tune:{technique}"] = share
        _labelled(out, task, skill, bend, study, here, share)
    out.deviations["tune-study", study] = share
    out.deviations["tune-task", here] = share
    out.deviations["tune-technique", f"{study}|{technique}"] = share
    out.deviations["tune-model", f"{study}|{skill.model.lower()}"] = share
    out.deviations["tune-model-task", f"{here}|{skill.model.lower()}"] = share


def _labelled(
    out: Loadings, task: TaskProfile, skill: Skill, bend: float, study: str, here: str, share: float
) -> None:
    """What the number of labels adds. Each class needs its own: the more there are, the more labels
    it takes to get as far.
    """
    labels = USUAL_LABELS if skill.examples is None else skill.examples
    alike = np.maximum(labels, 1.0) * (USUAL_CLASSES / task.classes) ** CLASS_POWER
    many = share * bent(alike, 1000.0, bend)
    out.fixed[LABELS_WEIGHT] = many
    out.deviations["labels-task", here] = many
    out.deviations["labels-study", study] = many


def _both(out: Loadings, skill: Skill, study: str, here: str) -> None:
    """What a hybrid adds to the mean of its parts."""
    out.fixed[f"hybrid:{skill.technique}"] = 1.0
    out.deviations["hybrid-study", study] = 1.0
    out.deviations["hybrid-task", here] = 1.0
