"""What a prompt costs per month: tokens, cache and batch. Formulas: docs/reference/formulas.md#prompting."""

from __future__ import annotations

from advisor.core.facts import TokenPrice
from advisor.core.figure import Figure
from advisor.core.quantity import Basis
from advisor.estimate import algebra
from advisor.estimate.arms import can_cache, score_of_prompt
from advisor.estimate.ledger import PER_MILLION, Ledger


def prompt_tokens(ledger: Ledger) -> None:
    """Tokens per request: the static prompt of this technique, the fresh part, the answer."""
    arm, sheet = ledger.arm, ledger.sheet
    score = score_of_prompt(ledger.brief, arm.technique, arm.shown_examples)
    measured = score.static_tokens if score is not None else None
    if measured is not None and arm.approach == "prompt":
        source = f"brief: prompt of the score {score.score:g} ({score.technique})" if score else ""
        static = sheet.exact("measured.static_tokens", measured.likely, "tokens/request", Basis.QUOTED, source, "")
    else:
        static = sheet["traffic.static_tokens"]
    ledger.put("tokens.static", "tokens/request", static, "tokens")
    fresh = sheet["traffic.input_tokens"]
    if "retrieval" in arm.technique:
        fresh = fresh + sheet["retrieval.tokens"]
    ledger.put("tokens.fresh", "tokens/request", fresh, "tokens")
    ledger.put("tokens.output", "tokens/request", sheet["traffic.output_tokens"], "tokens")


def token_charges(ledger: Ledger, tariff: TokenPrice | None) -> Figure:
    """`run.inference` in USD a month: requests × (1 + retries) × price of a request."""
    ledger.tariff = tariff
    ledger.put("run.request", "USD/request", _request_usd(ledger, tariff), "prompting")
    calls = ledger.sheet["traffic.requests_per_month"] * (1 + ledger.sheet["traffic.retry_rate"])
    return ledger.put("run.inference", "USD/month", calls * ledger["run.request"], "prompting")


def _request_usd(ledger: Ledger, tariff: TokenPrice | None) -> Figure:
    read = ledger.quoted("price.input", tariff.input_usd if tariff else None)
    write = ledger.quoted("price.output", tariff.output_usd if tariff else None)
    rest = ledger["tokens.fresh"] * read + ledger["tokens.output"] * write
    prefix = ledger["tokens.static"] * read
    eligible = tariff is not None and can_cache(tariff, ledger["tokens.static"].value)
    floor = (tariff.cache_minimum_tokens if tariff else None) or 0
    why = f"1 where the provider caches and the static prompt reaches its minimum of {floor:,} tokens"
    ledger.put("cache.eligible", "yes = 1", 1.0 if eligible else 0.0, "cache", why)
    batch = "batch" in ledger.arm.serving
    if tariff is not None and eligible:
        _cache_figures(ledger, tariff, read)
        if batch or any(s.startswith("cached") for s in ledger.arm.serving):
            prefix = _prefix_usd(ledger, tariff)
    request = (prefix + rest) / PER_MILLION
    if batch and tariff is not None:
        return ledger.quoted("price.batch_factor", tariff.batch_factor, "share") * request
    return request


def _cache_figures(ledger: Ledger, tariff: TokenPrice, uncached: Figure) -> None:
    """Read and write prices of this lifetime, the hit rate that pays for the writes, and the expected hit rate."""
    written = tariff.cache_write_1h_usd if "cached-1h" in ledger.arm.serving else tariff.cache_write_usd
    read = ledger["price.cache_read"] = ledger.quoted("price.cache_read", tariff.cached_input_usd)
    write = uncached if written is None else ledger.quoted("price.cache_write", written)
    ledger["price.cache_write"] = write
    ledger.put("cache.break_even_hit_rate", "share", (write - uncached) / (write - read), "cache-break-even")
    ledger.put("cache.hit_rate", "share", _hit_rate(ledger, tariff, "own"), "cache")


def _hit_rate(ledger: Ledger, tariff: TokenPrice, part: str) -> Figure:
    """Share of requests that find the prefix cached: measured beats the log, the log beats arrivals."""
    sheet, traffic = ledger.sheet, ledger.brief.traffic
    if "batch" in ledger.arm.serving:
        return sheet["traffic.batch_cache_hit_rate"]
    if traffic.cache_hit_rate is not None:
        return sheet["traffic.cache_hit_rate"]
    minutes = 60 if "cached-1h" in ledger.arm.serving else tariff.cache_minutes[0]
    report = ledger.setting.traffic
    if report is not None:
        held = report.shared_hits if part == "shared" else report.own_hits
        hits = held[max((m for m in held if m <= minutes), default=min(held))]
        source = f"{report.file}: gaps of {report.requests:,} requests"
        return sheet.exact(f"log.{part}_hits", hits, "share", Basis.MEASURED, source, report.as_of)
    arrivals = sheet["traffic.requests_per_month"] / sheet["traffic.active_hours_per_month"]
    if part == "own":
        arrivals = arrivals / sheet["traffic.distinct_prefixes"]
    return 1 - algebra.exp(0 - arrivals * ledger.quoted("cache.minutes", minutes, "min") / 60)


def _prefix_usd(ledger: Ledger, tariff: TokenPrice) -> Figure:
    """Price of the static prompt in USD per million requests: read where it hits, written where it misses."""
    read, write, static = ledger["price.cache_read"], ledger["price.cache_write"], ledger["tokens.static"]
    ledger.put("run.prefix_ideal", "USD/request", static * read / PER_MILLION, "cache")
    own = ledger["cache.hit_rate"] * read + (1 - ledger["cache.hit_rate"]) * write
    shared = _shared_tokens(ledger, tariff)
    if shared is None:
        return static * own
    hit = ledger.put("cache.shared_hit_rate", "share", _hit_rate(ledger, tariff, "shared"), "cache-shared")
    return shared * (hit * read + (1 - hit) * write) + (static - shared) * own


def _shared_tokens(ledger: Ledger, tariff: TokenPrice) -> Figure | None:
    """The part that one cache entry serves for all prefixes: it stands first, and is long enough to be cached alone."""
    traffic, serving = ledger.brief.traffic, ledger.arm.serving
    first = (traffic.shared_first or "shared-first" in serving) and "batch" not in serving
    if not first or traffic.distinct_prefixes.likely <= 1 or traffic.shared_tokens is None:
        return None
    shared = algebra.lowest(ledger.sheet["traffic.shared_tokens"], ledger["tokens.static"])
    return shared if can_cache(tariff, shared.value) else None
