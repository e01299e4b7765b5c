"""What a prompt costs per month: tokens, cache and batch, in the tier and at the price of the day.

Formulas: docs/reference/formulas.md#prompting, #tiers, #price-changes.
"""

from __future__ import annotations

from advisor.core.brief import Score
from advisor.core.facts import TokenPrice
from advisor.core.figure import Figure
from advisor.core.option import Mode
from advisor.core.quantity import Basis, Quantity
from advisor.estimate import algebra
from advisor.estimate.caching import cache_prices, cached_prefix, eligible, is_cached
from advisor.estimate.ledger import PER_MILLION, Ledger, Period
from advisor.estimate.options import score_of_prompt, score_of_written
from advisor.estimate.tariffs import periods, today

TOKENS = ("tokens.static", "tokens.fresh", "tokens.output")


def prompt_tokens(ledger: Ledger) -> None:
    """Tokens per request: the static prompt of this technique, the fresh part, the answer."""
    option = ledger.option
    sheet = ledger.sheet
    score = (
        score_of_prompt(ledger.brief, option.technique, option.shown_examples)
        if option.approach == "prompt"
        else None
    )
    static = measured_static(ledger, score)
    if static is None:
        static = sheet["traffic.static_tokens"]
    ledger.put("tokens.static", "tokens/request", static, "tokens")
    fresh = sheet["traffic.input_tokens"]
    if option.traits.retrieves:
        fresh = fresh + sheet["retrieval.tokens"]
    ledger.put("tokens.fresh", "tokens/request", fresh, "tokens")
    ledger.put("tokens.output", "tokens/request", _output_tokens(ledger), "tokens")


def measured_static(ledger: Ledger, score: Score | None) -> Figure | None:
    """The length of the static prompt that a score was measured with; None where it is not
    stated.
    """
    if score is None or score.static_tokens is None:
        return None
    source = f"brief: prompt of the score {score.score:g} ({score.technique})"
    tokens = score.static_tokens.likely
    return ledger.sheet.exact(
        "measured.static_tokens", tokens, "tokens/request", Basis.QUOTED, source, ""
    )


def _output_tokens(ledger: Ledger) -> Figure:
    """What the option was measured to write; else the answer, and what a technique writes before it
    where the traffic does not hold that already.
    """
    score = score_of_written(ledger.brief, ledger.option)
    if score is not None and score.output_tokens is not None:
        source = f"brief: written for the score {score.score:g} ({score.technique})"
        spread = Quantity(score.output_tokens, "tokens/request", Basis.QUOTED, source, "")
        return ledger.sheet.figure(f"measured.output_tokens@{score.skill}", spread, low=0.0)
    answer = ledger.sheet["traffic.output_tokens"]
    thinking = ledger.option.traits.reasoning_tokens
    current = ledger.brief.current
    if thinking.p90 == 0 or (current is not None and current.technique == ledger.option.technique):
        return answer
    source = "published chains of thought have 50 to 400 tokens"
    written = ledger.assumed(
        "technique.reasoning_tokens",
        thinking.p10 or 0.0,
        thinking.likely,
        thinking.p90 or 0.0,
        "tokens/call",
        source,
    )
    return answer + written


def calls(ledger: Ledger) -> Figure:
    """Calls of the model per month: requests, repeated ones included, × calls per request of the
    technique.
    """
    sheet = ledger.sheet
    requests = sheet.shared(
        "calls", lambda: sheet["traffic.requests_per_month"] * (1 + sheet["traffic.retry_rate"])
    )
    per_request = ledger.option.traits.calls
    return requests if per_request == 1 else requests * per_request


def token_charges(ledger: Ledger, tariff: TokenPrice | None) -> Figure:
    """`run.inference` in USD a month: requests × (1 + retries) × price of a request; later prices
    as periods.
    """
    ledger.charge_by(today(ledger.setting, tariff))
    now = _charges(ledger)
    ledger.later = tuple(
        Period(begin, day, {"run.inference": _charges_from(ledger, tiers, day)})
        for begin, day, tiers in periods(
            ledger.setting, tariff, ledger.brief.budget.horizon_months
        )[1:]
    )
    return now


def _charges_from(ledger: Ledger, tiers: tuple[TokenPrice, ...], day: str) -> Figure:
    """The same traffic at the prices of a later day; kept as `run.inference_from_<day>`."""
    then = Ledger(ledger.option, ledger.sheet, ledger.setting)
    then.update({name: ledger[name] for name in TOKENS})
    then.charge_by(tiers)
    return ledger.put(f"run.inference_from_{day}", "USD/month", _charges(then), "price-changes")


def _charges(ledger: Ledger) -> Figure:
    """Charges of a month as the option is served, and beside them without a cache and with every
    prefix a hit.
    """
    read = ledger.token_price("price.input", "input_usd")
    rest = ledger["tokens.fresh"] * read + ledger["tokens.output"] * ledger.token_price(
        "price.output", "output_usd"
    )
    plain = ledger["tokens.static"] * read
    is_eligible = eligible(ledger)
    if is_eligible.value == 0 and not _ever(is_eligible):
        expected = ideal = plain
    else:
        cache_prices(ledger, read)
        ideal = algebra.either(
            is_eligible, lambda: ledger["tokens.static"] * ledger["price.cache_read"], lambda: plain
        )
        cached = is_cached(ledger)
        expected = (
            algebra.either(is_eligible, lambda: cached_prefix(ledger), lambda: plain)
            if cached
            else plain
        )
    month = calls(ledger)
    _beside(ledger, month, {"uncached": plain + rest, "ideal": ideal + rest})
    ledger.put(
        "run.request", "USD/request", _batched(ledger, (expected + rest) / PER_MILLION), "prompting"
    )
    return ledger.put("run.inference", "USD/month", month * ledger["run.request"], "prompting")


def _ever(figure: Figure) -> bool:
    """Whether any case is not 0."""
    return bool(figure.rows) if isinstance(figure.rows, (int, float)) else bool(figure.rows.any())


def _beside(ledger: Ledger, month: Figure, requests: dict[str, Figure]) -> None:
    """`run.inference_uncached` and `run.inference_ideal`: what the month costs with no hit, and
    with hits alone.
    """
    for name, request in requests.items() if not ledger.sheet.lean else ():
        charges = month * _batched(ledger, request / PER_MILLION)
        ledger.put(f"run.inference_{name}", "USD/month", charges, "prompting")


def _batched(ledger: Ledger, request: Figure) -> Figure:
    """A request's price in a batch; where a later price list has no batches, the plain price."""
    factor = ledger.tariff.batch_factor if ledger.tariff is not None else None
    if ledger.option.serving.mode is not Mode.BATCH or factor is None:
        return request
    return ledger.quoted("price.batch_factor", factor, "share") * request
