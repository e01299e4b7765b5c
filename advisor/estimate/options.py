"""The options of a brief: every way to do its task that its models, its data and its hardware
allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.core.brief import Brief, Score
from advisor.core.facts import TokenPrice
from advisor.core.option import Mode, Option, Place, Serving
from advisor.core.quantity import Range
from advisor.core.setting import Setting

CASCADE_TASKS = ("classification", "extraction", "qa")
"""Tasks whose answers come with a confidence that a cascade can route by."""


SECONDS_PER_DAY = 86_400.0


def adapters(brief: Brief) -> int:
    """Tuned models that are needed: one for each segment, else for each task on the base model."""
    return brief.tuned_models


def may_wait(brief: Brief) -> bool:
    """Whether results may wait a day: batches take up to 24 hours, so a tighter limit on latency
    rules them out.
    """
    limit = brief.traffic.max_latency_seconds.likely
    return brief.traffic.can_wait_24h and not 0 < limit < SECONDS_PER_DAY


def options(brief: Brief, setting: Setting) -> tuple[Option, ...]:
    """All options, the one in place first, then prompts, tuned models and hybrids.

    Where several providers sell a model there is one option per provider, all with the same id.
    """
    unique = [
        *_as_is(brief, setting),
        *_prompts(brief, setting),
        *_tuned(brief, setting),
        *_hybrids(brief, setting),
    ]
    return tuple({(option.id, option.provider): option for option in unique}.values())


def _as_is(brief: Brief, setting: Setting) -> Iterator[Option]:
    current = brief.current
    if current is None or not current.model:
        return
    price = setting.price(current.model)
    if current.approach == "prompt":
        billed = current.monthly_usd is not None
        serving = Serving(mode=Mode.UNCACHED) if billed else _best_online(brief, price)
    else:
        own = current.technique != "hosted" and setting.model(current.model) is not None
        serving = (_own(brief) if own else None) or Serving(Place.HOSTED)
    provider = price.provider if price else ""
    yield Option(current.approach, current.technique, current.model, provider, serving, as_is=True)


def _best_online(brief: Brief, price: TokenPrice | None) -> Serving:
    """The shortest lifetime, which a provider applies by itself, and the order of the prompt as it
    stands.
    """
    cached = (s for s in servings(brief, price) if s.mode is Mode.CACHED)
    return next(cached, Serving(mode=Mode.UNCACHED))


def _prompts(brief: Brief, setting: Setting) -> Iterator[Option]:
    for model in brief.models.prompt or ():
        offers = setting.every_price(model)
        for technique, examples in prompt_techniques(brief, model):
            own = (
                _own(brief)
                if setting.model(model) is not None and not setting.is_encoder(model)
                else None
            )
            static = shown_static_tokens(brief, technique, examples)
            for price in offers or (() if own else (None,)):
                provider = price.provider if price is not None else ""
                for serving in servings(brief, price, static_tokens=static):
                    yield Option(
                        "prompt", technique, model, provider, serving, shown_examples=examples
                    )
            if own:
                yield Option("prompt", technique, model, "", own, shown_examples=examples)


def prompt_techniques(brief: Brief, model: str) -> list[tuple[str, int]]:
    """Techniques with the number of examples shown: those measured on this model, else on any
    model, else the usual.

    A curve (one technique measured at several numbers of examples) gives one option per prompt
    length.
    """
    scores = [s for s in brief.quality.measured if s.approach == "prompt"]
    own = [s for s in scores if s.model.lower() == model.lower()] or scores
    techniques: list[tuple[str, int]] = []
    for technique in dict.fromkeys(s.technique for s in own):
        points = sorted({s.train_examples for s in own if s.technique == technique})
        if len(points) > 1 or (technique == "many-shot" and points[0]):
            techniques += [(f"{technique}-{n}", n) for n in points if n]
        else:
            techniques.append((technique, points[0]))
    if brief.retrieval is not None and ("retrieval", 0) not in techniques:
        techniques.append(("retrieval", 0))
    if not techniques:
        techniques.append(("few-shot" if brief.data.examples.likely >= 1 else "zero-shot", 0))
    return techniques


def score_of_prompt(brief: Brief, technique: str, examples: int) -> Score | None:
    """The measured point behind a prompt length, whatever the model."""
    base = technique.removesuffix(f"-{examples}") if examples else technique
    return next(
        (
            s
            for s in brief.quality.measured
            if s.approach == "prompt" and s.technique == base and s.train_examples == examples
        ),
        None,
    )


def search_of(brief: Brief, model: str) -> Score | None:
    """The last score of a model's searched prompt that says what the search cost."""
    own = [
        s
        for s in brief.quality.measured
        if s.technique == "searched"
        and s.model.lower() == model.lower()
        and s.search_usd is not None
    ]
    return own[-1] if own else None


def cascade_of(brief: Brief, model: str) -> Score | None:
    """The last score of a cascade of this model on the whole traffic that says what share it passed
    on.
    """
    own = [
        s
        for s in brief.quality.measured
        if s.technique == "cascade"
        and s.model.lower() == model.lower()
        and s.passed_on is not None
        and not s.segment
    ]
    return own[-1] if own else None


def score_of_tuned(brief: Brief, option: Option) -> Score | None:
    """The last score of a tuned model on the whole traffic that says how long its static prompt
    was.
    """
    own = [
        s
        for s in brief.quality.measured
        if s.skill == option.skill.lower() and s.static_tokens is not None and not s.segment
    ]
    return own[-1] if own else None


def score_of_written(brief: Brief, option: Option) -> Score | None:
    """The last score of an option on the whole traffic that says how much it wrote per request."""
    base = option.technique.removesuffix(f"-{option.shown_examples}")
    skill = f"{option.approach}/{base}@{option.model}".lower()
    own = [
        s
        for s in brief.quality.measured
        if s.skill == skill
        and s.output_tokens is not None
        and not s.segment
        and option.shown_examples in (0, s.train_examples)
    ]
    return own[-1] if own else None


def shown_static_tokens(brief: Brief, technique: str, examples: int) -> float:
    """Likely length of the static prompt of a technique: as measured with it, else as in
    traffic.
    """
    score = score_of_prompt(brief, technique, examples)
    measured = score.static_tokens if score is not None else None
    return measured.likely if measured is not None else brief.traffic.static_tokens.likely


def servings(
    brief: Brief, price: TokenPrice | None, static_tokens: float | None = None
) -> list[Serving]:
    """The ways a prompt can be served at this price; below the cache minimum only uncached and
    batch.
    """
    ways = [Serving(mode=Mode.UNCACHED)]
    static = brief.traffic.static_tokens.likely if static_tokens is None else static_tokens
    if price is not None and can_cache(price, static):
        cached = [
            Serving(mode=Mode.CACHED, lifetime_minutes=minutes)
            for minutes in _lifetimes(price.cache_minutes)
        ]
        ways += cached
        if can_reorder(brief):
            ways += [replace(way, shared_first=True) for way in cached]
    if may_wait(brief) and price is not None and price.batch_factor is not None:
        ways.append(Serving(mode=Mode.BATCH))
    return ways


def can_cache(price: TokenPrice, static_tokens: float) -> bool:
    """Whether a prefix of this length is cached at all: the provider reads at a price, and it is
    long enough.
    """
    return (
        price.cached_input_usd is not None
        and bool(price.cache_minutes)
        and static_tokens >= (price.cache_minimum_tokens or 0)
        and static_tokens > 0
    )


def can_reorder(brief: Brief) -> bool:
    """Whether moving the common part of several prefixes to the front is an option still open."""
    traffic = brief.traffic
    shared = traffic.shared_tokens.likely if traffic.shared_tokens is not None else 0.0
    return traffic.distinct_prefixes.likely > 1 and shared > 0 and not traffic.shared_first


def _lifetimes(on_offer: tuple[int, ...]) -> tuple[int, ...]:
    """Lifetimes of a cache in minutes; 0 stands for the only one."""
    return (0,) if len(on_offer) == 1 else on_offer


def _own(brief: Brief) -> Serving | None:
    """On the team's machines, or on a rented one; None where the brief rules GPUs out."""
    if brief.hardware.gpu.lower() == "none":
        return None
    return Serving(Place.OWNED if brief.hardware.owned else Place.RENTED)


def _encoder_servings(brief: Brief, setting: Setting) -> Iterator[Serving]:
    """An encoder runs on a small server, one's own where the machines are or the data must stay
    and there is no GPU to rent; and on the GPUs whose data sheet is known.
    """
    stays = not brief.policy.data_may_leave and _own(brief) is None
    yield Serving(Place.OWN_CPU if brief.hardware.owned or stays else Place.CPU)
    own = _own(brief)
    if own is not None and setting.gpu is not None:
        yield own


def _tuned_servings(
    brief: Brief, setting: Setting, model: str, static: Range
) -> Iterator[tuple[str, Serving]]:
    """Providers with ways to serve: own or rented GPUs, and the hosted form where somebody quotes
    its price.

    `static` is the prompt that stays, in tokens: a provider caches it where it is long enough.
    """
    own = _own(brief) if setting.model(model) is not None else None
    if own is not None:
        yield "", own
    for price in setting.every_tuned_price(model):
        if price.input_usd is None and own is not None:
            continue
        yield price.provider, Serving(Place.HOSTED)
        if can_cache(price, static.likely):
            yield price.provider, Serving(Place.HOSTED, Mode.CACHED)
        if may_wait(brief) and price.batch_factor is not None:
            yield price.provider, Serving(Place.HOSTED, Mode.BATCH)


def tuned_techniques(
    brief: Brief, setting: Setting, model: str, serving: Serving
) -> tuple[str, ...]:
    """How a model is tuned: every way that was measured, else as the provider does it, else LoRA,
    or QLoRA where only that fits.
    """
    if setting.is_encoder(model):
        return ("encoder",)
    is_hosted = serving.place is Place.HOSTED
    measured = dict.fromkeys(
        s.technique
        for s in brief.quality.measured
        if s.approach == "tune" and s.model.lower() == model.lower()
    )
    here = tuple(t for t in measured if (t == "hosted") is is_hosted)
    if here or measured:
        return here or tuple(measured)
    if is_hosted:
        return ("hosted",)
    lora = setting.training.get((model.lower(), "lora"))
    usual = "qlora" if lora is not None and lora.fits == "no" else "lora"
    return (usual, "dpo") if setting.has_preferences else (usual,)


def _reads_only(brief: Brief) -> bool:
    """Whether an encoder can do the task: it picks a label, or marks the parts of a text where the
    brief names one for that.
    """
    if brief.task.output == "label" or brief.task.type == "classification":
        return True
    return brief.task.type == "extraction" and "models.tune" in brief.origins


def _tuned(brief: Brief, setting: Setting) -> Iterator[Option]:
    for model in brief.models.tune or ():
        if setting.is_encoder(model):
            if _reads_only(brief):
                for serving in _encoder_servings(brief, setting):
                    yield Option("tune", "encoder", model, "", serving)
            continue
        for provider, serving in _tuned_servings(brief, setting, model, brief.tuning.static_tokens):
            for technique in tuned_techniques(brief, setting, model, serving):
                yield Option("tune", technique, model, provider, serving)


def _hybrids(brief: Brief, setting: Setting) -> Iterator[Option]:
    measured = {
        (s.technique, s.model.lower()) for s in brief.quality.measured if s.approach == "hybrid"
    }
    for model in brief.models.tune or ():
        if setting.is_encoder(model):
            continue
        if ("tuned-few-shot", model.lower()) in measured or brief.data.examples.likely >= 1:
            for provider, serving in _tuned_servings(
                brief, setting, model, brief.traffic.static_tokens
            ):
                yield Option("hybrid", "tuned-few-shot", model, provider, serving)
        for provider, serving in _tuned_servings(brief, setting, model, brief.tuning.static_tokens):
            if brief.retrieval is not None or ("tuned-retrieval", model.lower()) in measured:
                yield Option("hybrid", "tuned-retrieval", model, provider, serving)
            if brief.task.type in CASCADE_TASKS or ("cascade", model.lower()) in measured:
                yield from _cascades(brief, setting, model, provider, serving)


def _cascades(
    brief: Brief, setting: Setting, model: str, provider: str, serving: Serving
) -> Iterator[Option]:
    """The tuned model with the first prompted model behind it, served the cheapest way its traffic
    allows.
    """
    behind = next((m for m in brief.models.prompt or () if setting.price(m) is not None), None)
    if behind is not None:
        yield Option("hybrid", "cascade", model, provider, serving, helper=behind)
