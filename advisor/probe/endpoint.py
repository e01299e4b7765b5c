"""The endpoint probe: how fast a server answers and whether it caches, by a few priced requests.

Nothing is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.core.dates import today
from advisor.core.errors import AdvisorError
from advisor.core.events import CancelToken, EventSink, StageEvent, ignore
from advisor.core.experiment import JsonObject
from advisor.core.facts import TokenPrice
from advisor.core.probes import EndpointReport
from advisor.core.quantity import Basis, Quantity, Range
from advisor.endpoint.client import EndpointServer, TimedReply
from advisor.endpoint.errors import ServerError
from advisor.endpoint.exchange import body_bytes

ASKED = "Write a short description of a red bicycle for a catalogue. Number of this request: {}."
ASKED_TOKENS = 40
ANSWER_TOKENS = 64
PREFIX_TOKENS = 3000
PREFIX_ANSWER_TOKENS = 8
"""Providers cache prefixes of 1,024 tokens and more (some 2,048), in steps of 128 or so."""

PREFIX = " ".join(
    f"Rule {n}: an item of kind {n} is listed with its colour, size and price."
    for n in range(1, 151)
)


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """What will be asked, at most. `usd` is None where the price is not known; `sent_bytes` are
    those of the requests, without their headers.
    """

    requests: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    sent_bytes: int


def plan(model: str, requests: int, price: TokenPrice | None) -> ProbePlan:
    """`requests` short ones and two with a long prefix, without any discount for caching."""
    form = _forms(model)[0]
    bodies = [_body(form, _short(n), ANSWER_TOKENS) for n in range(1, requests + 1)]
    bodies += [_body(form, _long(n), PREFIX_ANSWER_TOKENS) for n in (1, 2)]
    read = requests * ASKED_TOKENS + 2 * (PREFIX_TOKENS + ASKED_TOKENS)
    written = requests * ANSWER_TOKENS + 2 * PREFIX_ANSWER_TOKENS
    usd = cost_usd(price, read, written)
    return ProbePlan(requests + 2, read, written, usd, sum(map(body_bytes, bodies)))


def cost_usd(price: TokenPrice | None, read: int, written: int) -> float | None:
    """USD for tokens at list price; None where it is not known."""
    if price is None or price.input_usd is None or price.output_usd is None:
        return None
    return (read * price.input_usd + written * price.output_usd) / 1e6


def probe(
    server: EndpointServer,
    model: str,
    models: Sequence[str] = (),
    *,
    requests: int = 5,
    price: TokenPrice | None = None,
    as_of: str = "",
    events: EventSink = ignore,
    cancel: CancelToken | None = None,
) -> EndpointReport:
    """Ask `model` on `server`.

    Raises ServerError where no request succeeds, Cancelled once `cancel` is set.
    """
    as_of = as_of or today().isoformat()
    replies, failed, form = _short_requests(server, model, requests, events, cancel)
    events(StageEvent("endpoint", "asking twice with one long prefix", requests, requests + 2))
    prefix, cached, note, more = _caching(server, form, cancel)
    every = [*replies, *more]
    read, written = (_total(every, key) for key in ("prompt_tokens", "completion_tokens"))
    return EndpointReport(
        url=server.address,
        model=model,
        models=tuple(models),
        requests=len(every) + len(failed),
        failed=tuple(failed),
        first_token_seconds=_spread(
            [r.first_token_seconds for r in replies], "s", "no text came back", as_of
        ),
        total_seconds=_spread([r.total_seconds for r in replies], "s", "no text came back", as_of),
        tokens_per_second=_spread(
            [_rate(r) for r in replies], "tokens/s", "the server does not count tokens", as_of
        ),
        input_tokens=read,
        output_tokens=written,
        prefix_tokens=prefix,
        cached_tokens=cached,
        cache_note=note,
        price=_priced(price),
        spent_usd=None if read is None or written is None else cost_usd(price, read, written),
        as_of=as_of,
        warnings=tuple(_warnings(server, failed, read)),
    )


def _short_requests(
    server: EndpointServer, model: str, requests: int, events: EventSink, cancel: CancelToken | None
) -> tuple[list[TimedReply], list[str], JsonObject]:
    """(replies, reasons of failures, the form of request that the server takes)."""
    replies = list[TimedReply]()
    failed = list[str]()
    form: JsonObject = {}
    for number in range(1, requests + 1):
        if cancel:
            cancel.check()
        events(StageEvent("endpoint", f"request {number} of {requests}", number - 1, requests + 2))
        forms = [form] if form else _forms(model)
        try:
            reply, form = _asked(server, forms, _short(number), ANSWER_TOKENS)
            replies.append(reply)
        except ServerError as error:
            if not replies and (error.status in (401, 403, 404) or error.status == 0):
                raise
            failed.append(str(error))
    if not replies:
        raise AdvisorError(failed[0])
    return replies, failed, form


def _forms(model: str) -> list[JsonObject]:
    """Ways to limit an answer and to ask for counts: the newest first, as servers refuse what they
    do not know.
    """
    counted = {"model": model, "stream": True, "stream_options": {"include_usage": True}}
    return [counted | {"limit": "max_tokens"}, counted | {"limit": "max_completion_tokens"},
            {"model": model, "stream": True, "limit": "max_tokens"}]  # fmt: skip


def _short(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": ASKED.format(number)}]


def _long(number: int) -> list[dict[str, str]]:
    return [{"role": "system", "content": PREFIX}, *_short(number)]


def _body(form: JsonObject, messages: list[dict[str, str]], most: int) -> JsonObject:
    stated = {key: value for key, value in form.items() if key != "limit"}
    return stated | {"messages": messages, form["limit"]: most}


def _asked(
    server: EndpointServer, forms: Sequence[JsonObject], messages: list[dict[str, str]], most: int
) -> tuple[TimedReply, JsonObject]:
    """The reply to the first form that is not refused as a bad request."""
    for at, form in enumerate(forms):
        try:
            return server.timed_stream(_body(form, messages, most)), dict(form)
        except ServerError as error:
            if error.status not in (400, 422) or at == len(forms) - 1:
                raise
    raise ServerError(f"{server.address}: no form of request was given")


def _caching(
    server: EndpointServer, form: JsonObject, cancel: CancelToken | None
) -> tuple[int | None, int | None, str, list[TimedReply]]:
    """(tokens of the prefix, tokens read from the cache the second time, what that means,
    replies).
    """
    replies = list[TimedReply]()
    for number in (1, 2):
        if cancel:
            cancel.check()
        try:
            replies.append(_asked(server, [form], _long(number), PREFIX_ANSWER_TOKENS)[0])
        except ServerError as error:
            return None, None, f"unknown: {error}", replies
    second = replies[1].usage
    read = _count(second.get("prompt_tokens"))
    cached = cached_tokens(second)
    if cached is None:
        return read, None, "unknown: the server does not report cached tokens", replies
    if cached:
        return read, cached, "a prefix that came before is read from the cache", replies
    return (
        read,
        0,
        "the server counts cached tokens, but read none when the prefix came again",
        replies,
    )


def cached_tokens(usage: JsonObject) -> int | None:
    """Prompt tokens read from a cache, by the names that OpenAI, DeepSeek and Anthropic give them;
    None: not told.
    """
    details = usage.get("prompt_tokens_details")
    if isinstance(details, Mapping) and _count(details.get("cached_tokens")) is not None:
        return _count(details["cached_tokens"])
    named = (
        _count(usage.get(key))
        for key in ("prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens")
    )
    return next((count for count in named if count is not None), None)


def _count(value: Any) -> int | None:
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
        else None
    )


def _rate(reply: TimedReply) -> float | None:
    """Tokens a second after the first one; of an answer that came as a whole, over all of its
    time.
    """
    written = _count(reply.usage.get("completion_tokens"))
    if not written:
        return None
    streaming = reply.total_seconds - (reply.first_token_seconds or 0.0)
    if written > 1 and streaming > 0.05 * reply.total_seconds:
        return (written - 1) / streaming
    return written / reply.total_seconds if reply.total_seconds > 0 else None


def _total(replies: Sequence[TimedReply], key: str) -> int | None:
    counts = [_count(reply.usage.get(key)) for reply in replies]
    return None if any(c is None for c in counts) else sum(c for c in counts if c is not None)


def _spread(values: Sequence[float | None], unit: str, reason: str, as_of: str) -> Quantity:
    """P10, P50 and P90 of what was measured."""
    ordered = sorted(v for v in values if v is not None)
    if not ordered:
        return Quantity.unknown(unit, reason)
    source = f"{len(ordered)} requests, one after another"
    return Quantity(
        Range(*(_quantile(ordered, q) for q in (0.1, 0.5, 0.9))),
        unit,
        Basis.MEASURED,
        source,
        as_of,
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the two nearest."""
    place = share * (len(ordered) - 1)
    low = ordered[int(place)]
    high = ordered[min(int(place) + 1, len(ordered) - 1)]
    return low + (high - low) * (place - int(place))


def _priced(price: TokenPrice | None) -> str:
    if price is None or price.input_usd is None or price.output_usd is None:
        return "unknown"
    return (
        f"${price.input_usd:g} and ${price.output_usd:g} per million tokens read and written "
        f"({price.provider}, {price.model}; {price.cited.source}, {price.cited.as_of})"
    )


def _warnings(server: EndpointServer, failed: Sequence[str], read: int | None) -> Iterator[str]:
    for reason, same in itertools.groupby(failed):
        yield f"{len(list(same))} requests failed: {reason}"
    if read is None:
        yield "the server does not count tokens for every request: what was spent is unknown"
    if server.key and not server.key_is_sent:
        yield "the key in OPENAI_API_KEY was not sent: the address is not https"
