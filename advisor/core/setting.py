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
    provider and lower-case model, every row of a price that holds at some time within the horizon:
    its tiers by length, and later prices. Where several providers sell a model, `offers` and
    `tuned_offers` hold the price of each; `prices` and `tuned` the one that counts where an option
    names no provider.
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

    offers: Mapping[str, tuple[TokenPrice, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    tuned_offers: Mapping[str, tuple[TokenPrice, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    allowed_providers: frozenset[str] = frozenset()  # ids of policy.allowed_providers

    @property
    def has_preferences(self) -> bool:
        """Whether the data hold pairs of a preferred and a rejected answer."""
        return self.data is not None and self.data.rejected_tokens.range.is_known

    def schedule(self, price: TokenPrice) -> tuple[TokenPrice, ...]:
        """Every row of this price's provider and model that holds within the horizon; at least the
        price itself.
        """
        return self.schedules.get((price.provider, price.model.lower()), (price,))

    def price(self, model: str, provider: str = "") -> TokenPrice | None:
        """The price of the prompted form at a provider, else of the one that counts where none is
        named; None where nobody quotes one.
        """
        return _at(self.offers, model, provider) or self.prices.get(model.lower())

    def tuned_price(self, model: str, provider: str = "") -> TokenPrice | None:
        """The price of the hosted tuned form, likewise."""
        return _at(self.tuned_offers, model, provider) or self.tuned.get(model.lower())

    def every_price(self, model: str) -> tuple[TokenPrice, ...]:
        """What every provider charges for the prompted form."""
        return _every(self.offers, model, self.price(model))

    def every_tuned_price(self, model: str) -> tuple[TokenPrice, ...]:
        """What every provider charges for the hosted tuned form."""
        return _every(self.tuned_offers, model, self.tuned_price(model))

    def model(self, model: str) -> Model | None:
        """The architecture, or None for a closed model."""
        return self.models.get(model.lower())

    def is_encoder(self, model: str) -> bool:
        """Whether the model is a classifier that writes no text."""
        architecture = self.model(model)
        return architecture is not None and architecture.kind == ModelKind.ENCODER


def _at(
    offers: Mapping[str, tuple[TokenPrice, ...]], model: str, provider: str
) -> TokenPrice | None:
    return next((p for p in offers.get(model.lower(), ()) if p.provider == provider), None)


def _every(
    offers: Mapping[str, tuple[TokenPrice, ...]], model: str, price: TokenPrice | None
) -> tuple[TokenPrice, ...]:
    return offers.get(model.lower(), () if price is None else (price,))
