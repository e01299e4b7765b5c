"""Hosted fine-tuning: what providers charge for training a model and serving the tuned form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.core.constants import GIGA
from advisor.core.facts import GpuOffer, Model, ModelKind, TokenPrice
from advisor.facts.table import FactRow, read

OFFERED = ("open", "closed", "ended")
"""States of an offer that a verdict considers; dates exclude those that are closed or ended."""
SUPERVISED = ("lora", "supervised")
"""Methods that tune on examples; what a brief's hosted tuning means unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class TuningOffer:
    """A row of hosted_tuning.csv.

    It applies to the models named (`bases`, lower case), or to open decoders above and up to a
    number of parameters (`above`, `up_to`; all parameters count, also of experts not used).
    `training_range_usd` are the lowest and highest price where the source gives no single one.
    `price.model` is empty.
    """

    service: str
    model: str
    bases: tuple[str, ...]
    above: float | None
    up_to: float | None
    method: str
    state: str
    training_range_usd: tuple[float | None, float | None]
    price: TokenPrice

    def holds_for(self, name: str, model: Model | None) -> bool:
        """Whether it tunes this model, by exact name or by size."""
        if name.lower() in self.bases or (model is not None and model.name.lower() in self.bases):
            return True
        if model is None or self.above is None or self.up_to is None:
            return False
        return (
            model.open_weights
            and model.kind == ModelKind.DECODER
            and self.above < model.params <= self.up_to
        )


def load_tuning(
    user_folder: Path | None, offers_of: Callable[[], Mapping[str, Sequence[GpuOffer]]]
) -> tuple[TuningOffer, ...]:
    """All offers; `offers_of` gives the GPU offers, needed only if a tuned model is served on one
    rented by the hour.
    """
    rows = read("hosted_tuning.csv", ("provider", "model", "method"), user_folder)
    return tuple(_offer(row, offers_of) for row in rows)


def _offer(row: FactRow, offers_of: Callable[[], Mapping[str, Sequence[GpuOffer]]]) -> TuningOffer:
    above = row.number("params_above_billion")
    up_to = row.number("params_to_billion")
    return TuningOffer(
        service=row.text("service"),
        model=row.text("model"),
        bases=tuple(name.lower() for name in row.words("base_models")),
        above=None if above is None else above * GIGA,
        up_to=None if up_to is None else up_to * GIGA,
        method=row.text("method"),
        state=row.text("state"),
        training_range_usd=(
            row.number("training_low_usd_per_1m_tokens"),
            row.number("training_high_usd_per_1m_tokens"),
        ),
        price=_price(row, offers_of),
    )


def _price(row: FactRow, offers_of: Callable[[], Mapping[str, Sequence[GpuOffer]]]) -> TokenPrice:
    """Tokens are free where the tuned model runs on a GPU that is paid by the hour."""
    gpu_usd = _gpu_usd_per_hour(row, offers_of)
    input_usd = row.number("input_usd_per_1m")
    output_usd = row.number("output_usd_per_1m")
    batches = (
        (row.number("batch_input_usd_per_1m"), input_usd),
        (row.number("batch_output_usd_per_1m"), output_usd),
    )
    ratios = [batch / plain for batch, plain in batches if batch is not None and plain]
    return TokenPrice(
        provider=row.text("provider"),
        model="",
        input_usd=input_usd if gpu_usd is None else 0.0,
        output_usd=output_usd if gpu_usd is None else 0.0,
        cached_input_usd=row.number("cached_input_usd_per_1m"),
        batch_factor=max(ratios, default=None),
        training_usd=row.number("training_usd_per_1m_tokens"),
        training_usd_per_hour=row.number("training_usd_per_hour"),
        training_minimum_usd=row.number("training_minimum_usd") or 0.0,
        hosting_usd_per_hour=(row.number("hosting_usd_per_hour") or 0.0)
        if gpu_usd is None
        else gpu_usd,
        storage_usd_per_month=row.number("storage_usd_per_model_month") or 0.0,
        ends=row.day("ends"),
        closed=row.day("closed"),
        availability=_availability(row, gpu_usd),
        gpu=row.words("hosted_on")[1] if gpu_usd is not None else "",
        cited=row.cited(),
    )


def _availability(row: FactRow, gpu_usd: float | None) -> str:
    """What a buyer should know; empty where the offer is simply open."""
    if gpu_usd is not None:
        gpu = row.words("hosted_on")[1]
        return f"served on one {gpu} at {gpu_usd:g} USD/h; on more GPUs under load"
    return "" if row.text("availability") == "open" else row.text("availability")


def _gpu_usd_per_hour(
    row: FactRow, offers_of: Callable[[], Mapping[str, Sequence[GpuOffer]]]
) -> float | None:
    """The price of the rented GPU of `hosted_on` (provider;GPU), read from gpu_prices.csv."""
    words = row.words("hosted_on")
    if not words:
        return None
    provider, gpu = words
    prices = [o.usd_per_hour for o in offers_of().get(gpu, ()) if o.provider == provider]
    if not prices:
        raise row.wrong("hosted_on", f"no row of {provider} for {gpu} in gpu_prices.csv")
    return prices[0]
