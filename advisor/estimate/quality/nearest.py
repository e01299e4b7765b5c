"""What tuning and hybrids gained in the published decisions that are nearest to the user's.

A published decision is a task and metric of a study on which prompting and tuning were both
measured. Its gain is expressed as a share of the headroom, (tuned − prompt) / (1 − prompt), and
adjusted to `USUAL_LABELS`. Near means: a similar score of the best prompt, the same task type and
kind of metric, documents needed or not, and labels of the task used or not. All studies weigh the
same, whatever their number of rows. The quantiles of the nearest rows are averaged with those of
all rows.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache

import numpy as np

from advisor import shipped
from advisor.estimate.quality.design import USUAL_LABELS, Coefficient
from advisor.estimate.quality.metric_kind import MetricKind
from advisor.estimate.quality.skills import Rows

LEVELS = np.array([0.01, *np.arange(1, 20) / 20, 0.99])
"""Probabilities of the quantiles that describe a distribution of gains."""

PROMPT_WIDTH = 0.3  # of the Gaussian kernel over the prompt's score
OTHER_TYPE = 0.2  # weight of a row of another task type
OTHER_METRIC = 0.1  # of a row whose metric is of another kind: its full mark is not in reach alike
OTHER_DOCUMENTS = 0.1  # of a row that needs documents where this task does not, or the reverse
OTHER_LABELS = 0.1  # of a row tuned without labels of the task, or the reverse
OTHER_BASE = 0.6  # of a row on one base model where any model may be used, or the reverse
OTHER_HYBRID = 0.3  # of a row of another kind of hybrid
LABELS_SLOPE = 0.1  # logits per ln(labels), by which a gain is adjusted to another number of labels
NEAR = 0.5  # weight of the nearest rows; all rows, studies equal, have the rest
LEAST_HEADROOM = 0.02
EXTREME = 0.005  # scores are kept this far from 0 and 1 on the logit scale


@dataclass(frozen=True, slots=True)
class DecisionTraits:
    """One decision as far as its gain depends on it; scores 0 to 1.

    `hybrid_kind` is the hybrid's technique, empty without one. `labels` are those tuned on.
    """

    type: str
    documents: bool
    weak: bool
    same_base: bool
    prompt: float
    labels: float
    hybrid_kind: str = ""
    metric: MetricKind = MetricKind.SHARE


@dataclass(frozen=True, slots=True)
class PublishedDecision:
    """A decision with its results: the best tuned and the best hybrid score, 0 to 1."""

    study: str
    about: DecisionTraits
    tuned: float
    hybrid: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The decisions that measured one approach, column by column."""

    types: Sequence[str]
    metrics: Sequence[MetricKind]
    documents: Rows
    weak: Rows
    same_base: Rows
    prompt: Rows
    hybrid_kinds: Sequence[str]
    headroom_shares: Rows
    study_weights: Rows


class Neighbours:
    """Published decisions, ready to be searched."""

    def __init__(self, decisions: Sequence[PublishedDecision]) -> None:
        self.decisions = tuple(decisions)
        self._tuned = _columns(decisions, [d.tuned for d in decisions])
        with_hybrid = [d for d in decisions if d.hybrid is not None]
        self._hybrid = _columns(with_hybrid, [d.hybrid or 0.0 for d in with_hybrid])

    def without(self, *studies: str) -> Neighbours:
        """The same, had these studies never been published."""
        return Neighbours([d for d in self.decisions if d.study not in studies])

    def tuned_scores(self, about: DecisionTraits) -> Rows:
        """Quantiles, at `LEVELS`, of the tuned score of a decision at `USUAL_LABELS`."""
        return _scores(self._tuned, about, _weights(self._tuned, about))

    def hybrid_scores(self, about: DecisionTraits) -> Rows:
        """Quantiles, at `LEVELS`, of the hybrid score of a decision at `USUAL_LABELS`."""
        weights = _weights(self._hybrid, about)
        other = np.array([kind != about.hybrid_kind for kind in self._hybrid.hybrid_kinds])
        return _scores(self._hybrid, about, weights * np.where(other, OTHER_HYBRID, 1.0))


def at_labels(scores: Rows, labels: Coefficient) -> Rows:
    """Scores at `USUAL_LABELS` adjusted to another number of labels; the reverse with
    USUAL_LABELS²/labels.
    """
    q = np.clip(scores, EXTREME, 1 - EXTREME)
    step = LABELS_SLOPE * np.log(np.maximum(labels, 1.0) / USUAL_LABELS)
    return np.asarray(1 / (1 + np.exp(-(np.log(q / (1 - q)) + step))))


def _columns(decisions: Sequence[PublishedDecision], scores: Sequence[float]) -> Columns:
    about = [d.about for d in decisions]
    prompt = np.array([a.prompt for a in about])
    labels = np.array([max(a.labels, 1.0) for a in about])
    usual = at_labels(np.array(scores), USUAL_LABELS**2 / labels)
    count = Counter(d.study for d in decisions)
    return Columns(
        [a.type for a in about],
        [a.metric for a in about],
        np.array([a.documents for a in about], dtype=float),
        np.array([a.weak for a in about], dtype=float),
        np.array([a.same_base for a in about], dtype=float),
        prompt,
        [a.hybrid_kind for a in about],
        (usual - prompt) / np.maximum(1 - prompt, LEAST_HEADROOM),
        np.array([1 / count[d.study] for d in decisions]),
    )


def _weights(rows: Columns, about: DecisionTraits) -> Rows:
    """How much each row counts for a decision: the product of its kernels."""
    distance = (rows.prompt - about.prompt) / PROMPT_WIDTH
    other_type = np.array([kind != about.type for kind in rows.types], dtype=bool)
    other_metric = np.array([kind is not about.metric for kind in rows.metrics], dtype=bool)
    weights = rows.study_weights * np.exp(-0.5 * distance**2)
    weights = weights * np.where(other_metric, OTHER_METRIC, 1.0)
    weights = weights * np.where(other_type, OTHER_TYPE, 1.0)
    weights = weights * np.where(rows.documents == about.documents, 1.0, OTHER_DOCUMENTS)
    weights = weights * np.where(rows.weak == about.weak, 1.0, OTHER_LABELS)
    return np.asarray(weights * np.where(rows.same_base == about.same_base, 1.0, OTHER_BASE))


def _scores(rows: Columns, about: DecisionTraits, weights: Rows) -> Rows:
    """Quantiles of the score: those of the nearest rows averaged with those of all studies."""
    order = np.argsort(rows.headroom_shares)
    ordered = rows.headroom_shares[order]
    near = weighted_quantiles(ordered, weights[order], LEVELS)
    anywhere = weighted_quantiles(ordered, rows.study_weights[order], LEVELS)
    share = NEAR * near + (1 - NEAR) * anywhere
    return np.asarray(np.clip(about.prompt + share * (1 - about.prompt), 0.0, 1.0))


def weighted_quantiles(ordered: Rows, weights: Rows, levels: Rows) -> Rows:
    """Quantiles of `ordered` values, each standing in the middle of its weight."""
    middle = (np.cumsum(weights) - weights / 2) / weights.sum()
    return np.asarray(np.interp(levels, middle, ordered))


@cache
def load() -> Neighbours:
    """The shipped decisions, profiles/quality_decisions.csv."""
    path = shipped.folder("profiles") / "quality_decisions.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return Neighbours([_read(row) for row in csv.DictReader(file)])


COLUMNS = ("study", *(f.name for f in fields(DecisionTraits)), "tuned", "hybrid")


def to_row(decision: PublishedDecision) -> list[str]:
    """A line of profiles/quality_decisions.csv, in the order of `COLUMNS`."""
    hybrid = "" if decision.hybrid is None else f"{decision.hybrid:.5g}"
    about = [_cell(value) for value in astuple(decision.about)]
    return [decision.study, *about, f"{decision.tuned:.5g}", hybrid]


def _cell(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.5g}" if isinstance(value, float) else value


def _read(row: dict[str, str]) -> PublishedDecision:
    about = DecisionTraits(
        row["type"],
        row["documents"] == "1",
        row["weak"] == "1",
        row["same_base"] == "1",
        float(row["prompt"]),
        float(row["labels"]),
        row["hybrid_kind"],
        MetricKind(row["metric"]),
    )
    hybrid = float(row["hybrid"]) if row["hybrid"] else None
    return PublishedDecision(row["study"], about, float(row["tuned"]), hybrid)
