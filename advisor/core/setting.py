"""The setting of a brief: the facts it touches, resolved at its date and chosen by its policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from advisor.core.facts import Gpu, Model, ModelKind, TokenPrice
from advisor.core.probes import DataReport, ResultsReport, TrafficReport
from advisor.core.quantity import Quantity
from advisor.core.training import TrainingEstimate


@dataclass(frozen=True, slots=True)
class Setting:
    """Facts by lower-case model name: `prices` of the prompted form, `tuned` of the hosted tuned
    form.

    `training` holds an estimate of one training run by model and technique, such as
    ("llama-3.1-8b", "lora"), where the training speed is not measured. `schedules` holds, by
    provider and lower-case model, every row of a chosen price that holds at some time within the
    horizon: its tiers by length, and later prices.
    """

    as_of: date
    prices: Mapping[str, TokenPrice]
    tuned: Mapping[str, TokenPrice]
    models: Mapping[str, Model]
    gpu: Gpu | None
    gpu_usd_per_hour: Quantity
    training: Mapping[tuple[str, str], TrainingEstimate] = field(
        default_factory=lambda: MappingProxyType({})
    )
    data: DataReport | None = None
    traffic: TrafficReport | None = None
    results: ResultsReport | None = None
    warnings: tuple[str, ...] = ()
    hosted_gpus: Mapping[str, Gpu] = field(
        default_factory=lambda: MappingProxyType({})
    )  # GPUs of hosted deployments, by name
    schedules: Mapping[tuple[str, str], tuple[TokenPrice, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def has_preferences(self) -> bool:
        """Whether the data hold pairs of a preferred and a rejected answer."""
        return self.data is not None and self.data.rejected_tokens.range.is_known

    def schedule(self, price: TokenPrice) -> tuple[TokenPrice, ...]:
        """Every row of this price's provider and model that holds within the horizon; at least the
        price itself.
        """
        return self.schedules.get((price.provider, price.model.lower()), (price,))

    def price(self, model: str) -> TokenPrice | None:
        """The price of the prompted form, or None where no provider quotes one."""
        return self.prices.get(model.lower())

    def tuned_price(self, model: str) -> TokenPrice | None:
        """The price of the hosted tuned form, or None."""
        return self.tuned.get(model.lower())

    def model(self, model: str) -> Model | None:
        """The architecture, or None for a closed model."""
        return self.models.get(model.lower())

    def is_encoder(self, model: str) -> bool:
        """Whether the model is a classifier that writes no text."""
        architecture = self.model(model)
        return architecture is not None and architecture.kind == ModelKind.ENCODER
