"""Names in a brief that nothing in our tables answers to: refused with what could be meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from advisor.core.brief import APPROACHES, Brief
from advisor.core.errors import UsageError, nearest
from advisor.core.option import Option
from advisor.core.techniques import NAMES, technique_of

if TYPE_CHECKING:
    from advisor.facts import Facts

OTHER_WORDS = {
    "rag": "retrieval",
    "prompting": "prompt",
    "prompted": "prompt",
    "fine-tune": "tune",
    "fine-tuning": "tune",
    "finetune": "tune",
    "finetuning": "tune",
    "tuned": "tune",
    "tuning": "tune",
    "sft": "tune",
    "both": "hybrid",
    "cot": "chain-of-thought",
    "icl": "few-shot",
    "classifier": "encoder",
    "bert": "encoder",
    "router": "cascade",
    "routing": "cascade",
    "agent": "tools",
    "full-fine-tuning": "full",
    "ift": "full",
}
"""What people call an approach or a technique that has another name here."""

# fmt: off
EU = frozenset((
    "austria", "belgium", "bulgaria", "croatia", "cyprus", "czechia", "denmark", "estonia",
    "finland", "france", "germany", "greece", "hungary", "ireland", "italy", "latvia",
    "lithuania", "luxembourg", "malta", "netherlands", "poland", "portugal", "romania",
    "slovakia", "slovenia", "spain", "sweden", "at", "be", "bg", "hr", "cy", "cz", "dk", "ee",
    "fi", "fr", "de", "gr", "hu", "ie", "it", "lv", "lt", "lu", "mt", "nl", "pl", "pt", "ro",
    "sk", "si", "es", "se", "europe", "eea",
))
# fmt: on
"""Members of the European Union, by English name and ISO code: their regions are those of eu."""

OTHER_REGIONS = {
    "usa": "us",
    "united states": "us",
    "gb": "uk",
    "united kingdom": "uk",
    "britain": "uk",
    "australia": "au",
    "japan": "jp",
    "canada": "ca",
}

NEEDS = {
    "dpo": "is offered where [data] names a file of pairs, a preferred and a rejected answer "
    "to each request",
    "encoder": 'is offered where the output is "label" and [models] names an encoder to tune',
    "retrieval": "is offered where the brief has a table [retrieval]",
    "tuned-retrieval": "is offered where the brief has a table [retrieval]",
    "cascade": "is offered for classification and extraction, or where it was measured",
    "hosted": "is offered where a provider tunes one of the models",
    "qlora": "is offered where LoRA does not fit the GPU, or where it was measured",
}
"""When a technique that is not always compared is one of the options."""


def refuse_unknown_names(brief: Brief, facts: Facts, options: Iterable[Option]) -> None:
    """Raises UsageError for a name in `compare.only`, `policy.allowed_providers` or
    `policy.residency` that no technique, model, provider or region has.
    """
    models = {option.model.lower(): option.model for option in options}
    for name in brief.compare.only:
        if not _is_comparable(name, models, facts):
            raise _refusal(brief, "compare.only", _unknown_option(name, models.values()))
    if brief.policy.allowed_providers:
        _refuse_unknown_provider(brief, facts)
    if brief.policy.residency.strip():
        _refuse_unknown_region(brief, facts)


def _refuse_unknown_provider(brief: Brief, facts: Facts) -> None:
    """One unknown name beside known ones is refused only where it looks misspelt: a policy may
    list providers that sell nothing we compare.
    """
    priced = (row.provider for rows in (*facts.own_prices, facts.newer_prices) for row in rows)
    sellers = {*facts.providers, *map(facts.provider_id, priced)}
    named = [p.name for p in facts.providers.values()]
    unknown = [n for n in brief.policy.allowed_providers if facts.provider_id(n) not in sellers]
    are_all = len(unknown) == len(brief.policy.allowed_providers)
    for name in unknown:
        near = nearest(name, (*named, *sellers))
        if near or are_all:
            message = _unknown_provider(name, near, sellers)
            raise _refusal(brief, "policy.allowed_providers", message)


def _refuse_unknown_region(brief: Brief, facts: Facts) -> None:
    priced = (row.regions for rows in (*facts.own_prices, facts.newer_prices) for row in rows)
    stated = (*(p.regions for p in facts.providers.values()), *priced)
    regions = {region.lower() for some in stated for region in some}
    wanted = brief.policy.residency.strip().lower()
    if wanted not in regions:
        raise _refusal(brief, "policy.residency", _unknown_region(wanted, regions))


def _refusal(brief: Brief, key: str, message: str) -> UsageError:
    origin = brief.origins.get(key)
    return UsageError(f"{origin.source.removeprefix('brief ') if origin else key}: {message}")


def _is_comparable(name: str, models: Iterable[str], facts: Facts) -> bool:
    """Whether a name of `compare.only` is an approach, a technique, a model or a pattern."""
    low = name.lower()
    is_pattern = any(mark in low for mark in "*?[/@")
    return is_pattern or low in (*APPROACHES, *NAMES, *models) or facts.is_known_model(name)


def _unknown_option(name: str, models: Iterable[str]) -> str:
    meant = OTHER_WORDS.get(name.lower().replace(" ", "-").replace("_", "-"))
    near = [meant] if meant else nearest(name, (*APPROACHES, *NAMES, *models))
    hint = f"did you mean {' or '.join(map(repr, near))}" if near else _all_options()
    return f"no approach, technique or model is named {name!r}; {hint}{'?' if near else ''}"


def _all_options() -> str:
    return f"choose one of {', '.join((*APPROACHES, *NAMES))}, a model, or a pattern such as tune/*"


def _unknown_provider(name: str, near: list[str], sellers: Iterable[str]) -> str:
    hint = (
        f"did you mean {' or '.join(map(repr, near))}?"
        if near
        else f"known are {', '.join(sorted(sellers))}; name one, or give its prices in prices.file"
    )
    return f"no price of a provider {name!r} is known; {hint}"


def _unknown_region(wanted: str, regions: Iterable[str]) -> str:
    meant = "eu" if wanted in EU else OTHER_REGIONS.get(wanted)
    stated = ", ".join(sorted(regions))
    way = (
        f"providers state {meant!r}: write that, and agree on the country with the provider"
        if meant
        else f"write one of {stated}, or policy.data_may_leave = false to use no provider"
    )
    return f"no provider states {wanted!r} as a region of data; {way}"


def missing_techniques(brief: Brief, options: Iterable[Option]) -> Iterator[str]:
    """A caution per technique that `compare.only` names and no option has, with what it takes."""
    offered = {option.traits.name for option in options}
    for name in brief.compare.only:
        low = name.lower()
        if low in NAMES and technique_of(low).name not in offered:
            what = NEEDS.get(low, "is compared where it was measured")
            yield f"No option is {name}, which [compare] names: {name} {what}"
