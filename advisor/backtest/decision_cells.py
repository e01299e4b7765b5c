"""Decision cells of published studies: a task and metric on which several approaches were tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from advisor.backtest.studies import Result
from advisor.estimate.quality.design import USUAL_LABELS
from advisor.estimate.quality.nearest import DecisionTraits, PublishedDecision

APPROACHES = ("prompt", "tune", "hybrid")


@dataclass(frozen=True, slots=True)
class Cell:
    """One decision: a task and metric of a study, over all base models ("") or on one.

    `results` are those of the study, `rows` the places of the cell's results by approach.
    """

    study: str
    task: str
    metric: str
    base_model: str
    results: Sequence[Result]
    rows: dict[str, list[int]]

    @property
    def scope(self) -> str:
        return "same_base" if self.base_model else "any_model"

    @property
    def first(self) -> Result:
        return self.results[next(iter(self.rows.values()))[0]]

    def of(self, approach: str) -> list[Result]:
        """The results of an approach, published or not."""
        return [self.results[i] for i in self.rows.get(approach, ())]

    def best(self, approach: str) -> float | None:
        """The best published score, 0 to 1; None where the file has none."""
        return max((r.value for r in self.of(approach) if r.value is not None), default=None)


@dataclass(frozen=True, slots=True)
class Truth:
    """Best measured score of each approach, 0 to 1, None where it was not measured; `scale` is the
    full mark of the metric.
    """

    prompt: float | None
    tune: float | None
    hybrid: float | None
    scale: float
    has_unit: bool = True

    def of(self, approach: str) -> float | None:
        return {"prompt": self.prompt, "tune": self.tune, "hybrid": self.hybrid}[approach]

    @property
    def decided(self) -> bool:
        """Whether there is a gain to score: both sides measured, on a metric whose full mark is
        stated.
        """
        return self.prompt is not None and self.tune is not None and self.has_unit

    @property
    def gain(self) -> float:
        """Best tuned minus best prompted score. Raises ValueError where one is missing."""
        if self.tune is None or self.prompt is None:
            raise ValueError("a gain needs a tuned and a prompted score")
        return self.tune - self.prompt


def usable_by_study(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Results on a scale of 0 to 1 where more is better, with or without their score, by study."""
    by_study: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if not result.lower_is_better and (result.value is None or 0 <= result.value <= 1):
            by_study[result.study].append(result)
    return by_study


def cells(study: str, results: Sequence[Result]) -> list[Cell]:
    """Every task and metric on which at least two approaches were tried, over all models and by
    base model.
    """
    groups: dict[tuple[str, str, str], dict[str, list[int]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for i, result in enumerate(results):
        for model in {"", result.skill.model}:
            groups[result.task, result.metric, model][result.family].append(i)
    return [Cell(study, *key, results, dict(rows)) for key, rows in groups.items() if len(rows) > 1]


def truth_of(cell: Cell) -> Truth:
    """What the file says of a cell."""
    return Truth(
        cell.best("prompt"),
        cell.best("tune"),
        cell.best("hybrid"),
        cell.first.scale,
        cell.first.has_unit,
    )


def decision_of(cell: Cell) -> DecisionTraits | None:
    """What the gain of a cell depends on; None without a published prompt, or with nothing tuned.

    Uses nothing of the tuned and hybrid results but how they were made.
    """
    prompt = cell.best("prompt")
    tuned = cell.of("tune")
    if prompt is None or not tuned:
        return None
    labels = [USUAL_LABELS if r.examples is None else r.examples for r in tuned]
    return DecisionTraits(
        cell.first.about.type,
        cell.first.about.documents,
        all(r.skill.weak or r.skill.technique == "reinforced" for r in tuned),
        bool(cell.base_model),
        prompt,
        max(*labels, 1.0),
        hybrid_kind([r.skill.technique for r in cell.of("hybrid")]),
        cell.first.about.metric,
    )


def hybrid_kind(techniques: Sequence[str]) -> str:
    """The technique that stands for several hybrids: the one with documents, else the first."""
    if "tuned-retrieval" in techniques:
        return "tuned-retrieval"
    return techniques[0] if techniques else ""


def published_decisions(results: Iterable[Result]) -> list[PublishedDecision]:
    """Every decided cell with its results, ready for profiles/quality_decisions.csv."""
    out = []
    for study, own in usable_by_study(results).items():
        for cell in cells(study, own):
            about = decision_of(cell)
            tuned = cell.best("tune")
            if about is not None and tuned is not None and cell.first.has_unit:
                out.append(PublishedDecision(study, about, tuned, cell.best("hybrid")))
    return out
