"""The facts as one frozen value: look-ups by exact name and by date.

A table is read at its first look-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from advisor.core.errors import UsageError, did_you_mean
from advisor.core.facts import Constant, Gpu, GpuOffer, Model, TokenPrice
from advisor.core.quantity import Basis, Quantity, Range
from advisor.facts import gpus as gpu_table
from advisor.facts.candidates import Candidates, load_candidates
from advisor.facts.gpu_names import DriverNames, virtual
from advisor.facts.library import PriceLibrary
from advisor.facts.model_names import (
    ModelMatch,
    begins_with,
    canonical,
    match,
    served_name,
    unsized,
)
from advisor.facts.models import hub_names, load_models
from advisor.facts.plugged import plugged_prices
from advisor.facts.price_file import read_prices
from advisor.facts.price_rows import in_force, resold, with_newer
from advisor.facts.providers import Provider, ProviderBook, load_providers
from advisor.facts.served_names import spellings
from advisor.facts.table import UPDATES, read
from advisor.facts.tuning import OFFERED, SUPERVISED, TuningOffer, load_tuning

TUNED = "ft:"
"""What the name of a tuned model begins with."""

NOT_SOLD = ""
"""Stands for a provider's name of a model that it does not sell, whatever the library lists."""


@dataclass(frozen=True)
class Facts:
    """GPUs, models and prices, with source and date; frozen once loaded.

    `own_prices` are the rows of the user's price files, the brief's file before the user's folder,
    then those of plug-ins. A model they name is priced by them alone; other models by the shipped
    data, in which `newer_prices`, those of a bundle, stand in the place of their providers' rows.
    """

    user_folder: Path | None = None
    own_prices: tuple[tuple[TokenPrice, ...], ...] = field(default=(), repr=False)
    newer_prices: tuple[TokenPrice, ...] = field(default=(), repr=False)
    library: PriceLibrary = field(default_factory=PriceLibrary, repr=False, compare=False)

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """All GPUs, in the order of the table."""
        return self._gpus[0]

    @property
    def driver_names(self) -> DriverNames:
        """The GPU of each name that a driver reports."""
        names: dict[str, set[str]] = {name: set(ids) for name, ids in self._gpus[1].items()}
        for gpu in self.gpus:
            for name in gpu.driver_names:
                names.setdefault(name.lower(), set()).add(gpu.name)
        return DriverNames(names, self._gpus_by_id)

    @property
    def unified_gpus(self) -> frozenset[str]:
        """The ids of GPUs that share the memory of their host."""
        return frozenset(gpu.name for gpu in self.gpus if gpu.unified_memory)

    def gpu(self, name: str) -> Gpu:
        """The GPU of that name, without regard to case or its maker's words.

        Raises UsageError: unknown, several products, or cut off as nvidia-smi's table does.
        """
        if name.rstrip().endswith(("...", "…")):
            raise UsageError(
                f"GPU {name!r}: cut off by nvidia-smi's table; give what `nvidia-smi -L` shows"
            )
        if name.strip().lower() not in self._gpus[1]:
            part = virtual(name, self._gpus_by_id)
            if part is not None:
                return part
            name = self.driver_names.get(name, name)
        return self._gpus_by_id[gpu_table.resolve(name, self._gpus[1], self._gpus_by_id)]

    def known_gpu(self, name: str) -> Gpu | None:
        """As `gpu`; None for a name that is unknown, or that of several products."""
        try:
            return self.gpu(name)
        except UsageError:
            return None

    def gpu_offers(
        self, gpu: str, provider: str = "", billing: str = "on-demand"
    ) -> tuple[GpuOffer, ...]:
        """Prices for renting that GPU; an empty `provider` or `billing` means all.

        Raises UsageError as `gpu`.
        """
        offers = self._offers.get(self.gpu(gpu).name, ())
        return tuple(
            offer
            for offer in offers
            if (not provider or offer.provider.lower() == provider.strip().lower())
            and (not billing or offer.billing == billing)
        )

    def gpu_usd_per_hour(self, gpu: str, provider: str = "") -> Quantity:
        """The rent of one GPU in USD/h: over all providers, or of one.

        Unknown, with the reason, if there is no offer.
        """
        name = self.gpu(gpu).name
        return gpu_table.usd_per_hour(name, self._offers.get(name, ()), provider)

    def achieved_tflops(self, gpu: str) -> Quantity:
        """The best matrix rate measured on that GPU (dense bf16): the honest ceiling of an
        estimate.
        """
        name = self.gpu(gpu).name
        for row in read("gpu_achieved.csv", ("gpu",), self.user_folder):
            if row.text("gpu") == name and (value := row.number("achieved_tflops")) is not None:
                cited = row.cited()
                return Quantity(
                    Range.exact(value), "TFLOPS", Basis.PUBLISHED, cited.source, cited.as_of
                )
        return Quantity.unknown("TFLOPS", f"no measured matrix rate of {name} in our tables")

    def hub_name(self, name: str) -> str:
        """The model's name on the hub; as written where none is listed for this very model."""
        return name if "/" in name else hub_names(self.user_folder).get(canonical(name), name)

    @property
    def models(self) -> tuple[Model, ...]:
        """All models whose architecture is known, in the order of the table."""
        return self._models[0]

    def model(self, name: str) -> Model:
        """The model that a name means; `matched` says how it is read.

        Raises UsageError where it is not in our table, or its weights are not public.
        """
        reading = self.matched(name)
        if reading is not None:
            return reading.model
        raise unsized(name, self.maker_of_closed(name), [m.name for m in self.models])

    def matched(self, name: str) -> ModelMatch | None:
        """The model that a name means and how it is read; None where it is not in our table."""
        if name not in self._matches:
            self._matches[name] = match(name, self._models[1])
        return self._matches[name]

    def architecture(self, name: str) -> Model | None:
        """The shape of the model that a name means; None where it is not in our table."""
        reading = self.matched(name)
        return None if reading is None else reading.model

    def maker_of_closed(self, name: str) -> str:
        """Who offers the model by API alone, its weights not being public; empty for others."""
        base = served_name(name.strip().removeprefix(TUNED).rpartition("/")[2])
        rows = read("closed_families.csv", ("prefix",), self.user_folder)
        prefixes = ((row.text("prefix").lower(), row.text("maker")) for row in rows)
        return next((maker for prefix, maker in prefixes if begins_with(base, prefix)), "")

    def unknown_model(self, name: str) -> UsageError:
        """The error for an unknown model, with similar names; for the caller to raise."""
        from advisor.facts.hosted import known_models

        names = [
            *(m.name for m in self.models),
            *(p.model for rows in self.own_prices for p in rows),
            *known_models(),
        ]
        hint = did_you_mean(name, names) or (
            "; see `advisor facts models`, or add it to models.csv in the configuration folder"
        )
        return UsageError(f"unknown model {name!r}{hint}")

    def is_known_model(self, name: str) -> bool:
        """Whether its architecture, a price or a hosted tuning offer is known; a leading `ft:` is
        ignored.
        """
        base = name.strip().removeprefix(TUNED)
        if self.matched(base) is not None or self._own(base) or self._own(TUNED + base):
            return True
        if self._named(base, self.newer_prices) or self._named(TUNED + base, self.newer_prices):
            return True
        if any(base.lower() in offer.bases for offer in self.tuning_offers):
            return True
        return self._is_sold(base) or any(map(self._is_sold, spellings(base)))

    def _is_sold(self, name: str) -> bool:
        return self.library.is_priced(name) or any(
            key == name.lower() for key, _ in self._hosted_names
        )

    @property
    def providers(self) -> Mapping[str, Provider]:
        """Providers by id, makers of models first."""
        return self._providers.providers

    def provider_id(self, name: str) -> str:
        """The id of a provider however it is written: `Azure OpenAI` and `azure` are one."""
        return self._providers.id(name)

    def token_prices(self, model: str, on: date, input_tokens: float = 0) -> tuple[TokenPrice, ...]:
        """What each provider charges for the model on that day, for requests of that many input
        tokens.

        The makers come first. Empty where the model is known but not its price. For `ft:<model>`:
        its tuned forms.
        """
        if model.startswith(TUNED):
            return self.tuning_prices(model.removeprefix(TUNED), on)
        rows = self._own(model) or self._library_rows(model) or self._served_rows(model)
        return self._resolved(rows, on, input_tokens)

    def tuning_prices(self, model: str, on: date, method: str = "") -> tuple[TokenPrice, ...]:
        """Hosted tuning of the model, one price per provider: training, minimum, hosting, and
        tokens where known.

        `method` is lora, full, lora-dpo, full-dpo, reinforcement or classifier; empty: supervised,
        by adapter where there is a choice. Offers that are closed or ended are in, with their
        dates; unconfirmed ones are left out.
        """
        own = self._own(TUNED + model) or self._named(TUNED + model, self.newer_prices)
        if own:
            return self._resolved(own, on, 0)
        architecture = self.architecture(model)
        wanted = (method,) if method else SUPERVISED
        offers = [o for o in self.tuning_offers if o.state in OFFERED and o.method in wanted]
        prices: dict[str, TokenPrice] = {}
        for offer in offers:
            if offer.holds_for(model, architecture):
                prices.setdefault(offer.price.provider, replace(offer.price, model=TUNED + model))
        return tuple(self._complete(price) for price in prices.values())

    @cached_property
    def tuning_offers(self) -> tuple[TuningOffer, ...]:
        """All hosted tuning offers, also those that are unconfirmed."""
        return load_tuning(self.user_folder, lambda: self._offers)

    def price_schedule(self, price: TokenPrice, on: date, until: date) -> tuple[TokenPrice, ...]:
        """Every row of this price's provider and model that holds from `on` to `until`: all starts,
        all tiers.
        """
        tuned = price.model.lower().startswith(TUNED)
        rows = self._own(price.model) or (() if tuned else self._library_rows(price.model))
        begun = [(row.start or date.min, row) for row in rows if row.provider == price.provider]
        first = max((start for start, _ in begun if start <= on), default=date.min)
        within = tuple(self._complete(row) for start, row in begun if first <= start <= until)
        return within or (price,)

    def constant(self, key: str) -> Constant:
        """A single figure by its key. Raises UsageError with the nearest keys."""
        if key not in self.constants:
            raise UsageError(f"unknown constant {key!r}{did_you_mean(key, self.constants)}")
        return self.constants[key]

    @cached_property
    def constants(self) -> Mapping[str, Constant]:
        """All single figures by key."""
        rows = read("constants.csv", ("key",), self.user_folder)
        return {
            row.text("key"): Constant(
                row.text("key"), row.text("value"), row.text("unit"), row.cited()
            )
            for row in rows
        }

    def listed_models(self) -> tuple[str, ...]:
        """Models that our tables or the user's prices name and that a provider sells."""
        caches = (model for _, model in self._providers.caches)
        hosted = (
            row.text("model")
            for row in read("hosted_names.csv", ("model", "provider"), self.user_folder)
        )
        mine = (
            price.model
            for rows in (*self.own_prices, self.newer_prices)
            for price in rows
            if not price.model.startswith(TUNED)
        )
        return tuple(
            {
                name.lower(): name
                for name in (*mine, *(c.model for c in self.candidates().prompt), *caches, *hosted)
            }.values()
        )

    def candidates(self) -> Candidates:
        """The models a brief is compared with when it names none."""
        return load_candidates(self.user_folder)

    @cached_property
    def _gpus(self) -> tuple[tuple[Gpu, ...], Mapping[str, tuple[str, ...]]]:
        return gpu_table.load_gpus(self.user_folder)

    @cached_property
    def _gpus_by_id(self) -> Mapping[str, Gpu]:
        return {gpu.name: gpu for gpu in self.gpus}

    @cached_property
    def _offers(self) -> Mapping[str, tuple[GpuOffer, ...]]:
        return gpu_table.load_offers(self.user_folder)

    @cached_property
    def _models(self) -> tuple[tuple[Model, ...], Mapping[str, Model]]:
        return load_models(self.user_folder)

    @cached_property
    def _matches(self) -> dict[str, ModelMatch | None]:
        return {}

    @cached_property
    def _providers(self) -> ProviderBook:
        return load_providers(self.user_folder)

    @cached_property
    def _hosted_names(self) -> tuple[tuple[str, tuple[str, str]], ...]:
        """Our model name in lower case, then provider and the provider's own name for it, or
        NOT_SOLD.
        """
        rows = read("hosted_names.csv", ("model", "provider"), self.user_folder)
        return tuple(
            (r.text("model").lower(), (r.text("provider"), r.text("hosted_name"))) for r in rows
        )

    def _canonical(self, name: str) -> str:
        base = name.strip().lower()
        prefix = TUNED if base.startswith(TUNED) else ""
        model = self._models[1].get(base.removeprefix(TUNED))
        return prefix + model.name.lower() if model else base

    def _own(self, model: str) -> tuple[TokenPrice, ...]:
        """The user's rows for a model: of the first file that has any."""
        return next(filter(None, (self._named(model, rows) for rows in self.own_prices)), ())

    def _named(self, model: str, rows: Iterable[TokenPrice]) -> tuple[TokenPrice, ...]:
        """The rows of a model, with their providers by id."""
        name = self._canonical(model)
        own = (row for row in rows if self._canonical(row.model) == name)
        return tuple(replace(row, provider=self._providers.id(row.provider)) for row in own)

    def _library_rows(self, model: str) -> tuple[TokenPrice, ...]:
        """All dated rows of the price library, by provider in the order of our table."""
        price_rows = self.library.price_rows
        key = f"genai_prices_{self.library.version}_data"
        data_date = self.constants[key].value if key in self.constants else "undated"
        hosted = dict(pair for name, pair in self._hosted_names if name == self._canonical(model))
        rows: list[TokenPrice] = []
        for provider in self._providers.providers.values():
            if hosted.get(provider.id, hosted.get(provider.models_of)) == NOT_SOLD:
                continue
            names = (hosted[provider.id],) if provider.id in hosted else ()
            own = next(
                filter(None, (price_rows(provider.id, n, data_date) for n in (*names, model))), ()
            )
            if not own and provider.models_of:
                own = resold(price_rows(provider.models_of, model, data_date))
            rows.extend(replace(row, provider=provider.id, model=model) for row in own)
        return with_newer(self._named(model, self.newer_prices), rows)

    def _served_rows(self, model: str) -> tuple[TokenPrice, ...]:
        """The rows of the maker's own name for a model, where a cloud's or a router's is given."""
        for name in spellings(model):
            rows = self._own(name) or self._library_rows(name)
            if rows:
                note = f"{model} is taken as {name}"
                return tuple(
                    replace(r, model=model, cited=replace(r.cited, note=note)) for r in rows
                )
        return ()

    def _resolved(
        self, rows: Iterable[TokenPrice], on: date, input_tokens: float
    ) -> tuple[TokenPrice, ...]:
        return tuple(self._complete(row) for row in in_force(rows, on, input_tokens))

    def _complete(self, price: TokenPrice) -> TokenPrice:
        model = self.architecture(price.model.removeprefix(TUNED))
        return self._providers.complete(price, model is not None and model.open_weights)


def load(
    user_folder: Path | None = None, price_file: Path | None = None, memo: Path | None = None
) -> Facts:
    """The facts, with the user's tables of the same names in `user_folder` and the brief's price
    file over them.

    Shipped tables are read at the first look-up; answers of the price library are cached in the
    file `memo`, if one is given. Raises UsageError where a price file is wrong.
    """
    own = user_folder / "prices.toml" if user_folder else None
    files = [
        file for file in (price_file, own if own and own.is_file() else None) if file is not None
    ]
    update = user_folder / UPDATES / "prices.toml" if user_folder else None
    newer = read_prices(update) if update is not None and update.is_file() else ()
    prices = (*(read_prices(file) for file in files), *plugged_prices())
    return Facts(user_folder, prices, newer, PriceLibrary(memo))
