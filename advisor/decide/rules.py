"""Hard rules, applied before anything is estimated: policy, closed services, models that end.

Each names itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.constants import NOT_KNOWN_AT, WORKING_HOURS_PER_WEEK
from advisor.core.facts import Gpu, TokenPrice
from advisor.core.lifecycle import ends_within_horizon, tariffs
from advisor.core.option import Option, Place
from advisor.core.precision import fitting_bits, served_bits
from advisor.core.setting import Setting
from advisor.core.verdict import Excluded

FULL_BITS = 16
"""Of the weights as they are trained and published."""

NAMES = "{names}"
"""Where the names of all that one caution is about stand in its sentence."""

Caution = tuple[str, str]
"""A sentence, and the one name that it is about; sentences that differ in it alone are folded."""

MOSTLY = 0.5
"""Share of the requests from which a task rests on facts."""

Rule = Callable[[Option, Brief, Setting], str]
"""Why an option is out, or an empty string."""


def rule_out(
    options: Iterable[Option], brief: Brief, setting: Setting
) -> tuple[tuple[Option, ...], tuple[Excluded, ...]]:
    """The options that every rule lets through, and the others with the first rule that stops
    them.
    """
    allowed = []
    excluded = []
    for option in options:
        stopped = next(
            ((name, why) for name, rule in RULES.items() if (why := rule(option, brief, setting))),
            None,
        )
        if stopped is None:
            allowed.append(option)
        else:
            excluded.append(Excluded(option.id, *stopped))
    return tuple(allowed), tuple(excluded)


def _may_leave(option: Option, brief: Brief, setting: Setting) -> str:
    if brief.policy.data_may_leave or not option.sends_data_out:
        return ""
    return "data may not leave, and this option sends every request to a provider"


def _open_weights(option: Option, brief: Brief, setting: Setting) -> str:
    if not brief.policy.open_weights_only:
        return ""
    closed = [
        m
        for m in (option.model, option.helper)
        if m and setting.model(m) is None and not _is_open(m, setting)
    ]
    return f"{closed[0]} has no open weights" if closed else ""


def _is_open(model: str, setting: Setting) -> bool:
    price = setting.price(model)
    return price is not None and price.open_weights


def _allowed_provider(option: Option, brief: Brief, setting: Setting) -> str:
    allowed = brief.policy.allowed_providers
    if not allowed or not option.sends_data_out:
        return ""
    named = setting.allowed_providers or {a.lower() for a in allowed}
    prices = tariffs(option, setting)
    if not prices:
        return (
            f"no price of an allowed provider ({', '.join(allowed)}) is known for "
            f"{option.helper or option.model}"
        )
    other = next((p.provider for p in prices if p.provider.lower() not in named), "")
    return f"{other} is not one of {', '.join(allowed)}" if other else ""


def _residency(option: Option, brief: Brief, setting: Setting) -> str:
    wanted = brief.policy.residency.lower()
    abroad = [
        p
        for p in tariffs(option, setting)
        if p.regions and wanted not in {r.lower() for r in p.regions}
    ]
    if not wanted or not abroad:
        return ""
    return f"{abroad[0].provider} keeps no data in {wanted}, only in {', '.join(abroad[0].regions)}"


def _open_service(option: Option, brief: Brief, setting: Setting) -> str:
    if option.serving.place is not Place.HOSTED or option.as_is:
        return ""
    price = setting.tuned_price(option.model, option.provider)
    if price is None or price.closed is None or price.closed > setting.as_of:
        return ""
    closed = f"tuning at {price.provider} is closed to new users since {price.closed:%Y-%m-%d}"
    end = ends_within_horizon(option, brief, setting)
    return f"{closed}, and {end.model} ends {end.day:%Y-%m-%d}" if end is not None else closed


def _still_there(option: Option, brief: Brief, setting: Setting) -> str:
    """The option in place must last the horizon; any other must last until it could start."""
    end = ends_within_horizon(option, brief, setting)
    if end is None:
        return ""
    ends = f"{end.model} ends {end.day:%Y-%m-%d}"
    if option.as_is:
        return f"{ends}, inside the horizon"
    start = setting.as_of + timedelta(days=7 * _hours(option, brief) / WORKING_HOURS_PER_WEEK)
    return f"{ends}, before this option could start ({start:%Y-%m-%d})" if end.day <= start else ""


def _hours(option: Option, brief: Brief) -> float:
    """Likely hours of work before the option starts."""
    prompt = brief.team.prompt_hours.likely
    tuning = brief.team.tuning_hours.likely
    return {"prompt": prompt, "tune": tuning, "hybrid": prompt + tuning}[option.approach]


def _compared(option: Option, brief: Brief, setting: Setting) -> str:
    """`[compare] only`: approaches, models, or patterns of ids."""
    only = [pattern.lower() for pattern in brief.compare.only]
    names = [option.id.lower(), option.approach, option.model.lower(), option.technique]
    if not only or option.as_is or any(fnmatchcase(n, p) for n in names for p in only):
        return ""
    return f"compare.only lists {', '.join(brief.compare.only)}"


def _bits(option: Option, setting: Setting, brief: Brief) -> int | None:
    """The bits of the weights as the GPUs serve them, 0 where none fit; None where that is not
    known.
    """
    model = setting.model(option.model)
    gpu = setting.gpu
    if not option.is_on_gpus or model is None or gpu is None:
        return None
    return served_bits(model, gpu, brief)


def _fits_when_served(option: Option, brief: Brief, setting: Setting) -> str:
    if setting.gpu is None or _bits(option, setting, brief) != 0:
        return ""
    gpus = _gpus(brief, setting.gpu)
    return f"{option.model} does not fit {gpus} when served, not even in 4 bits"


def _gpus(brief: Brief, gpu: Gpu) -> str:
    return f"{brief.hardware.count} × {brief.hardware.gpu or gpu.name}"


def _has_documents(option: Option, brief: Brief, setting: Setting) -> str:
    """A tuned model without the documents is no rival where answers rest on them, unless somebody
    has measured it.
    """
    stated = "task.factual_share" in brief.origins and brief.task.factual_share.likely >= MOSTLY
    rests = brief.task.type == "qa" or stated
    is_closed_book = option.approach != "prompt" and not option.traits.retrieves
    if brief.retrieval is None or option.as_is or not (rests and is_closed_book):
        return ""
    if any(s.skill == option.skill.lower() for s in brief.quality.measured):
        return ""
    return "answers rest on the documents of [retrieval], which this option never sees"


RULES: dict[str, Rule] = {
    "compare.only": _compared,
    "policy.data_may_leave": _may_leave,
    "policy.open_weights_only": _open_weights,
    "policy.allowed_providers": _allowed_provider,
    "policy.residency": _residency,
    "retrieval.documents": _has_documents,
    "hardware.memory": _fits_when_served,
    "lifecycle.closed": _open_service,
    "lifecycle.ends": _still_there,
}


def cautions(options: Sequence[Option], brief: Brief, setting: Setting) -> tuple[str, ...]:
    """What the rules could not settle: conditions that only a contract can, and ends inside the
    horizon.
    """
    names: dict[str, dict[str, None]] = {}
    for option in options:
        for sentence, name in _cautions(option, brief, setting):
            names.setdefault(sentence, {})[name] = None
    return tuple(s.replace(NAMES, fmt.sentence_list(own)) for s, own in names.items())


def _cautions(option: Option, brief: Brief, setting: Setting) -> Iterator[Caution]:
    yield from _machine_cautions(option, brief, setting)
    for price in tariffs(option, setting):
        yield from _price_cautions(price, brief)
    end = ends_within_horizon(option, brief, setting)
    if end is not None:
        days = (end.day - setting.as_of).days
        yield (
            f"{end.model} ends {end.day:%Y-%m-%d}, {days} days after the decision; the cost "
            "of a move is included",
            "",
        )


def _machine_cautions(option: Option, brief: Brief, setting: Setting) -> Iterator[Caution]:
    """What has to be known about the machines that serve an option."""
    if not brief.policy.data_may_leave and option.serving.place in (Place.RENTED, Place.CPU):
        yield (
            "A rented machine counts as one of yours under policy.data_may_leave = false; where "
            "data must stay on your premises, set hardware.owned = true and name hardware.gpu",
            "",
        )
    yield from _narrow_weights(option, brief, setting)
    limit = brief.traffic.max_latency_seconds.likely
    if limit > 0 and option.sends_data_out and option.provider:
        yield (
            f"The speed of {NAMES} is a planning range, not measured: check the limit of "
            f"{fmt.duration(limit)} with `advisor probe endpoint URL`",
            option.provider,
        )


def _narrow_weights(option: Option, brief: Brief, setting: Setting) -> Iterator[Caution]:
    """That weights are served in fewer bits than 16, and why."""
    bits = _bits(option, setting, brief)
    model = setting.model(option.model)
    gpu = setting.gpu
    if not bits or bits == FULL_BITS or model is None or gpu is None:
        return
    gpus = _gpus(brief, gpu)
    if FULL_BITS in (fitting_bits(model, gpu, brief.hardware.count) or ()):
        limit = fmt.duration(brief.traffic.max_latency_seconds.likely)
        why = f"In 16 bits {gpus} may take more than {limit} for an answer of {NAMES}. It"
    else:
        why = f"In 16 bits {NAMES} does not fit {gpus} when served. It"
    yield (
        f"{why} is compared as served in {bits} bits; a score that is only predicted is lowered by "
        "what published tests lost",
        option.model,
    )


def _price_cautions(price: TokenPrice, brief: Brief) -> Iterator[Caution]:
    if brief.policy.zero_retention:
        yield _retention_caution(price)
    if brief.policy.residency:
        yield _residency_caution(price, brief.policy.residency)
    if price.cached_input_usd is not None and price.cache_minimum_tokens is None:
        yield (
            f"The shortest cached prefix is not known, and taken as none: {NAMES}",
            price.model,
        )
    if price.availability not in ("", "open"):
        yield f"{price.provider}, {price.model}: {price.availability}", ""


def keeps_policy(option: Option, brief: Brief, setting: Setting) -> bool:
    """Whether what the brief demands of a provider is known of every one that serves an option."""
    policy = brief.policy
    return all(
        (price.zero_retention or not policy.zero_retention)
        and (price.regions or not policy.residency)
        for price in tariffs(option, setting)
    )


def _retention_caution(price: TokenPrice) -> Caution:
    if price.zero_retention:
        how = f"it is offered {price.zero_retention}"
        return (
            f"Zero retention is not the default at {price.provider}: {how}, and must be signed "
            "before data is sent",
            "",
        )
    return f"Zero retention by contract {NOT_KNOWN_AT} {NAMES}: ask before any data is sent", (
        price.provider
    )


def _residency_caution(price: TokenPrice, wanted: str) -> Caution:
    if price.regions:
        sentence = (
            f"Residency in {wanted} at {NAMES} holds only for deployments in such a region: "
            "choose it there"
        )
    else:
        sentence = f"Residency in {wanted} {NOT_KNOWN_AT} {NAMES}: ask before any data is sent"
    return sentence, price.provider
