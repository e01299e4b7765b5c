"""Embeddings that say which rows and passages are like an item: by whom, of which texts, how much.

Where the model is asked at an endpoint, texts are embedded at one too; where it runs on this
machine, by an encoder's weights here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.calibrate.prompting.forms import NEAREST, forms_of
from advisor.calibrate.quality_records import ModelWeights, PromptsSpec, TrialData
from advisor.core.experiment import ExperimentPlan, JsonObject
from advisor.core.records import JsonRecord

SHARED = "embedding"
"""The key of an `EmbeddingSource` in a plan's shared data."""

MOST_TEXTS = 128
MOST_CHARACTERS = 100_000
"""Of one request: servers take 2,048 texts and 300,000 tokens at most (OpenAI), others less."""


@dataclass(frozen=True, slots=True)
class EmbeddingSource(JsonRecord):
    """Who embeds: a model at an endpoint, or an encoder's weights on this machine."""

    endpoint: PromptsSpec | None = None
    weights: ModelWeights | None = None

    @property
    def name(self) -> str:
        """As prompts name it."""
        if self.endpoint is not None:
            return self.endpoint.model
        assert self.weights is not None
        return self.weights.hub or Path(self.weights.folder).name

    @classmethod
    def from_json(cls, document: JsonObject) -> EmbeddingSource:
        """The source in a plan's shared data."""
        endpoint = document.get("endpoint")
        weights = document.get("weights")
        return cls(
            PromptsSpec.from_json(endpoint) if isinstance(endpoint, Mapping) else None,
            ModelWeights.from_json(weights) if isinstance(weights, Mapping) else None,
        )


def embedding_source(shared: JsonObject) -> EmbeddingSource | None:
    """Who embeds the texts of a plan; None where none are."""
    document = shared.get(SHARED)
    return EmbeddingSource.from_json(document) if document else None


def embedded_texts(plan: ExperimentPlan) -> list[str]:
    """Every text that the prompts of a plan compare by embeddings, once each."""
    data = TrialData.from_json(plan.shared)
    forms = [
        form
        for trial in plan.trials
        for form in forms_of(trial.spec.get("forms") or ())
        if form.embeddings
    ]
    texts: list[str] = []
    if any(form.choice == NEAREST for form in forms):
        texts += [question for question, _ in data.pool]
    if any(form.documents for form in forms):
        texts += data.passages
    if forms:
        texts += [question for question, _ in (*data.development_pairs, *data.item_pairs)]
    return list(dict.fromkeys(texts))


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts of one request after another."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and (len(batch) == MOST_TEXTS or characters + len(text) > MOST_CHARACTERS):
            yield batch
            batch = []
            characters = 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch
