"""Quality as figures: one score per skill, from the user's own scores or the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from advisor.core.arm import Arm
from advisor.core.figure import Figure, Rows
from advisor.core.setting import Setting
from advisor.estimate.quality import Forecast, Skill, Task, scores
from advisor.estimate.sheet import Sheet

BILLION = 1e9


def quality_figures(arms: Sequence[Arm], sheet: Sheet, setting: Setting) -> Mapping[str, Figure]:
    """`quality.score` by skill (`Arm.skill`): joint draws, or what-if cases at the posterior median."""
    by_skill = {arm.skill: arm for arm in arms}
    brief = sheet.brief
    task = Task(
        brief.task.type,
        "medium" if brief.task.domain_specificity == "auto" else brief.task.domain_specificity,
        brief.task.labels,
        brief.task.output,
        brief.quality.human_ceiling,
        brief.quality.expected_uplift,
    )
    measured = [s for s in brief.quality.measured if not s.segment]
    found: dict[str, Forecast] = {}
    for group in _rounds([(name, _skill(arm, sheet, setting)) for name, arm in by_skill.items()]):
        told = scores(task, [skill for _, skill in group], measured, normals=sheet.normals, size=sheet.size)
        found |= {name: told[skill.id] for name, skill in group}
    return {name: _figure(forecast) for name, forecast in found.items()}


def _rounds(skills: list[tuple[str, Skill]]) -> list[list[tuple[str, Skill]]]:
    """Skills of one name at different numbers of examples, one of each name per round."""
    rounds: list[list[tuple[str, Skill]]] = []
    for _, same in groupby(sorted(skills, key=lambda s: s[1].id), key=lambda s: s[1].id):
        for i, skill in enumerate(same):
            if i == len(rounds):
                rounds.append([])
            rounds[i].append(skill)
    return rounds


def _skill(arm: Arm, sheet: Sheet, setting: Setting) -> Skill:
    technique = arm.technique.removesuffix(f"-{arm.shown_examples}") if arm.shown_examples else arm.technique
    model = setting.model(arm.model)
    return Skill(
        id=f"{arm.approach}/{technique}@{arm.model}",
        approach=arm.approach,
        technique=technique,
        model=arm.model,
        params_b=model.params / BILLION if model is not None else None,
        examples=_examples(arm, sheet),
        encoder=setting.is_encoder(arm.model),
    )


def _examples(arm: Arm, sheet: Sheet) -> Rows | None:
    """Examples it is tuned on, case by case, or that its prompt shows; None: the technique's usual number."""
    if arm.approach == "prompt":
        return float(arm.shown_examples) if arm.shown_examples else None
    rows = sheet["data.examples"].rows
    return max(rows, 1.0) if isinstance(rows, (int, float)) else rows.clip(min=1.0)


def _figure(forecast: Forecast) -> Figure:
    source = f"{forecast.source}: {forecast.detail}" if forecast.detail else forecast.source
    return Figure(
        forecast.rows, "score", "quality.score", basis=forecast.basis, source=source, as_of=forecast.as_of,
        anchor="quality",
    )  # fmt: skip
