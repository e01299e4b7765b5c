"""Facts as values: dated, sourced rows about GPUs, models and prices.

`None` where the source says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Cited:
    """Where a row comes from. `confidence` is high, medium or low."""

    source: str
    as_of: str
    confidence: str = "high"
    note: str = ""


class Link(StrEnum):
    """How the GPUs of one machine exchange data."""

    NVLINK = "nvlink"
    INFINITY_FABRIC = "infinity-fabric"
    ETHERNET = "ethernet"  # ports on the chip itself, as Gaudi has
    PCIE = "pcie"
    UNKNOWN = ""


class ErrorCorrection(StrEnum):
    """Where error correction, as delivered, keeps its check bits."""

    INLINE = "inline"  # in the memory itself (GDDR): 1/16 of it is lost
    SEPARATE = "separate"  # in bits of its own (HBM): nothing is lost
    UNKNOWN = ""  # off as delivered, or not read


@runtime_checkable
class SizedNames(Protocol):
    """Names of GPUs of which several products may share one."""

    def of_size(self, name: str, memory_gb: float) -> str:
        """The id of the product of that name and memory (decimal GB); empty: not told."""
        ...


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU product.

    Rates are dense (no sparsity), per GPU; `memory_gb` is decimal as on the data sheet. With
    `unified_memory` the GPU shares the memory of its host: `memory_gb` is then the largest
    configuration, or None where it is sold in several.
    """

    name: str
    vendor: str
    arch: str
    compute_capability: str
    memory_gb: float | None
    bandwidth_gb_per_second: float | None
    bf16_tflops: float | None
    fp16_tflops: float | None
    power_watts: float | None
    nvml_name: str
    cited: Cited
    link: Link = Link.UNKNOWN
    ecc: ErrorCorrection = ErrorCorrection.UNKNOWN
    unified_memory: bool = False

    @property
    def driver_names(self) -> tuple[str, ...]:
        """The names by which its driver may report it."""
        return tuple(name.strip() for name in self.nvml_name.split(";") if name.strip())

    @property
    def has_fast_link(self) -> bool:
        """Whether GPUs of one machine talk over links of NVLink class, an order above PCIe."""
        return self.link in (Link.NVLINK, Link.INFINITY_FABRIC, Link.ETHERNET)


@dataclass(frozen=True, slots=True)
class GpuOffer:
    """A price for renting one GPU; `usd_per_hour` is for one of the `gpus` of the offer."""

    provider: str
    gpu: str
    offer: str
    gpus: int
    usd_per_hour: float | None
    spot_usd_per_hour: float | None
    billing: str
    region: str
    cited: Cited


class ModelKind(StrEnum):
    """Whether a model writes text or only classifies it."""

    DECODER = "decoder"
    ENCODER = "encoder"


@dataclass(frozen=True, slots=True)
class Model:
    """A model whose architecture is known. Sizes in elements.

    A dense model has no experts: their numbers are 0, as is `intermediate` where every layer is a
    mixture. `context_tokens` and `kv_bytes_per_token` (16-bit cache of one token, all layers) are
    None where not known. `settings` are further numbers of its config.json, where they differ from
    the defaults of `hf_class`.
    """

    name: str
    family: str
    kind: ModelKind
    params: int
    active_params: int
    embedding_params: int
    expert_params: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    moe_intermediate: int
    experts: int
    experts_per_token: int
    vocabulary: int
    tied_embeddings: bool
    context_tokens: int | None
    hf_class: str
    cited: Cited
    kv_bytes_per_token: int | None = None
    open_weights: bool = True
    licence: str = ""
    settings: tuple[tuple[str, int | str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """What a provider charges for one model, from `start` until the next row of the same provider
    and model.

    All token prices in USD per million tokens. `model` of a tuned form begins with `ft:`. An absent
    cache-write price equals the input price; an absent read price means no cache. `cache_minutes`
    are the lifetimes on offer, shortest first. `above_tokens` > 0 marks a tier that holds for
    requests with more input tokens than that.
    """

    provider: str
    model: str
    input_usd: float | None
    output_usd: float | None
    cached_input_usd: float | None = None
    cache_write_usd: float | None = None
    cache_write_1h_usd: float | None = None
    batch_factor: float | None = None
    cache_minimum_tokens: int | None = None
    cache_minutes: tuple[int, ...] = ()
    training_usd: float | None = None
    training_usd_per_hour: float | None = None
    training_minimum_usd: float = 0.0
    hosting_usd_per_hour: float = 0.0
    storage_usd_per_month: float = 0.0
    start: date | None = None
    ends: date | None = None
    closed: date | None = None  # no new users or jobs from this day
    above_tokens: int = 0
    availability: str = ""
    open_weights: bool = False
    regions: tuple[str, ...] = ()
    gpu: str = ""  # the GPU of a deployment that is paid per GPU hour
    zero_retention: str = ""  # how retention can be ruled out, e.g. "by contract"; empty: not known
    cited: Cited = Cited("", "")


@dataclass(frozen=True, slots=True)
class Constant:
    """A single figure: electricity, wages, labels, dates."""

    key: str
    value: str
    unit: str
    cited: Cited
