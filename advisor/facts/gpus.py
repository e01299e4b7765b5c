"""GPUs and what they cost to rent. Names match whole, whatever stands between their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from advisor.core.dates import oldest
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.facts import ErrorCorrection, Gpu, GpuOffer, Link
from advisor.core.quantity import Basis, Quantity, Range
from advisor.facts.gpu_names import without_maker
from advisor.facts.gpu_words import alike
from advisor.facts.table import FactRow, read

_HOUR = "USD/h"
MEMORY_GB = (0.5, 100_000.0)
BANDWIDTH = (1.0, 1e6)
TFLOPS = (0.01, 1e6)
WATTS = (1.0, 100_000.0)
USD_PER_HOUR = (0.0, 10_000.0)
"""What one GPU can have, draw and cost: a figure outside is a typing error, or not known."""

NO_GPU = ("cpu", "cpus", "no", "no gpu", "without", "x86", "-")
"""What people write for a machine without a GPU."""

ADD_A_ROW = (
    "or add a row to gpus.csv in the configuration folder (`advisor where`): "
    "gpu, memory_gb, source and as_of are enough"
)
"""What to do about a GPU that is in no table."""


def load_gpus(user_folder: Path | None) -> tuple[tuple[Gpu, ...], Mapping[str, tuple[str, ...]]]:
    """All GPUs, and their names in lower case (id, other names, driver name), each with the ids it
    stands for.
    """
    rows = read("gpus.csv", ("gpu",), user_folder)
    names: dict[str, tuple[str, ...]] = {}
    for row in rows:
        gpu = row.text("gpu")
        for name in (*row.words("also_called"), *row.words("nvml_name")):
            ids = names.get(name.lower(), ())
            names[name.lower()] = ids if gpu in ids else (*ids, gpu)
    names.update({row.text("gpu").lower(): (row.text("gpu"),) for row in rows})
    return tuple(_gpu(row) for row in rows), names


def _gpu(row: FactRow) -> Gpu:
    rate = row.text("tflops_source")
    cited = row.cited()
    return Gpu(
        name=row.text("gpu"),
        vendor=row.text("vendor"),
        arch=row.text("arch"),
        compute_capability=row.text("compute_capability"),
        memory_gb=row.between("memory_gb", *MEMORY_GB),
        bandwidth_gb_per_second=row.between("bandwidth_gb_per_second", *BANDWIDTH),
        bf16_tflops=row.between("bf16_tflops", *TFLOPS),
        fp16_tflops=row.between("fp16_tflops", *TFLOPS),
        power_watts=row.between("power_watts", *WATTS),
        nvml_name=row.text("nvml_name"),
        link=row.choice("link", Link),
        ecc=row.choice("ecc", ErrorCorrection),
        unified_memory=row.yes("unified_memory"),
        cited=type(cited)(
            f"{cited.source}; tensor rate: {rate}"
            if rate and rate != cited.source
            else cited.source,
            cited.as_of,
            cited.confidence,
            cited.note,
        ),
    )


def resolve(name: str, names: Mapping[str, tuple[str, ...]], gpus: Mapping[str, Gpu]) -> str:
    """The one id of `gpus` that `name` stands for; `names` are the ids by each name.

    Raises UsageError where it is unknown or stands for several.
    """
    matches = (
        names.get(name.strip().lower(), ())
        or _spelled_alike(name, names)
        or _spelled_alike(without_maker(name), names)
        or alike(name, names, gpus)
    )
    if len(matches) > 1:
        raise UsageError(
            f"GPU {name!r} names several products; write one of {', '.join(map(repr, matches))}"
        )
    if not matches and name.strip().lower() in NO_GPU:
        raise UsageError(f"{name!r} is not a GPU; write 'none': small classifiers then run on CPUs")
    if not matches:
        hint = did_you_mean(name, gpus) or "; see `advisor facts gpus`"
        raise UsageError(f"unknown GPU {name!r}{hint.removesuffix('?')}; {ADD_A_ROW}")
    return matches[0]


def _spelled_alike(name: str, names: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The ids whose names have the same letters and digits: `RTX4090`, `h100 sxm`."""
    wanted = _squeezed(name)
    alike = (ids for other, ids in names.items() if wanted and _squeezed(other) == wanted)
    return tuple(dict.fromkeys(gpu for ids in alike for gpu in ids))


def _squeezed(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def load_offers(user_folder: Path | None) -> Mapping[str, tuple[GpuOffer, ...]]:
    """Offers by GPU id.

    An offer whose source does not say which form of a chip it is stands under each.
    """
    offers: dict[str, tuple[GpuOffer, ...]] = {}
    for row in read("gpu_prices.csv", ("provider", "quoted_gpu", "offer"), user_folder):
        for gpu in row.words("gpus"):
            offers[gpu] = (*offers.get(gpu, ()), _offer(row, gpu))
    return offers


def _offer(row: FactRow, gpu: str) -> GpuOffer:
    return GpuOffer(
        provider=row.text("provider"),
        gpu=gpu,
        offer=row.text("offer"),
        gpus=row.whole("gpu_count") or 1,
        usd_per_hour=row.between("usd_per_hour", *USD_PER_HOUR),
        spot_usd_per_hour=row.between("spot_usd_per_hour", *USD_PER_HOUR),
        billing=row.text("billing"),
        region=row.text("region"),
        cited=row.cited(),
    )


def usd_per_hour(gpu: str, offers: Sequence[GpuOffer], provider: str = "") -> Quantity:
    """The rent of one GPU: P10, P50 and P90 over providers, one price each (the median of its own
    offers).

    `offers` are those of the chip. Low-confidence rows are left out. With `provider`, that
    provider's on-demand rows, or where it has none its other ones. Unknown, with the reason, where
    there is no offer.
    """
    sound = [o for o in offers if o.usd_per_hour is not None and o.cited.confidence != "low"]
    if provider:
        mine = [o for o in sound if o.provider.lower() == provider.strip().lower()]
        used = [o for o in mine if o.billing == "on-demand"] or [
            o for o in mine if o.billing != "spot"
        ]
        prices = [o.usd_per_hour for o in used if o.usd_per_hour is not None]
    else:
        used = [o for o in sound if o.billing == "on-demand"]
        prices = _by_provider(used)
    if not prices:
        who = f"{provider} has no price" if provider else "no provider has an on-demand price"
        return Quantity.unknown(_HOUR, f"{who} for {gpu} in our tables; set hardware.usd_per_hour")
    if provider:
        what = f"{used[0].provider}: {'; '.join(dict.fromkeys(o.cited.source for o in used))}"
    else:
        providers = ", ".join(dict.fromkeys(o.provider for o in used))
        what = f"on-demand prices of {providers} (profiles/gpu_prices.csv)"
    spread = Range(quantile(prices, 0.1), quantile(prices, 0.5), quantile(prices, 0.9))
    return Quantity(spread, _HOUR, Basis.QUOTED, what, oldest([o.cited.as_of for o in used]))


def _by_provider(offers: Sequence[GpuOffer]) -> list[float]:
    prices: dict[str, list[float]] = {}
    for offer in offers:
        if offer.usd_per_hour is not None:
            prices.setdefault(offer.provider, []).append(offer.usd_per_hour)
    return [quantile(values, 0.5) for values in prices.values()]


def quantile(values: Sequence[float], share: float) -> float:
    """The quantile at `share` of 1, linear between neighbours (Hyndman and Fan's type 7, numpy's
    default).
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
