"""What a provider's prompt cache makes of the static prompt: hits, writes, break-even.

Formulas: docs/reference/formulas.md#cache, #cache-shared, #cache-break-even.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core.brief import Segment
from advisor.core.facts import TokenPrice
from advisor.core.figure import Figure, add
from advisor.core.option import Mode
from advisor.core.quantity import Basis
from advisor.estimate import algebra
from advisor.estimate.ledger import Ledger

NOTHING = 1e-6
"""Shares that differ by less are the same."""


def eligible(ledger: Ledger) -> Figure:
    """`cache.eligible`: 1 in the cases in which the provider caches a static prompt of this length,
    else 0.
    """
    tariff = ledger.tariff
    if tariff is None or tariff.cached_input_usd is None or not tariff.cache_minutes:
        return ledger.put(
            "cache.eligible",
            "yes = 1",
            0.0,
            "cache",
            f"no cache is on offer for {ledger.option.model}",
        )
    long_enough = algebra.reaches(ledger["tokens.static"], _minimum(tariff))
    return ledger.put("cache.eligible", "yes = 1", long_enough, "cache")


def _tariff(ledger: Ledger) -> TokenPrice:
    """Of an eligible prompt: there is a price to cache at."""
    assert ledger.tariff is not None
    return ledger.tariff


def _minimum(tariff: TokenPrice) -> float:
    """The shortest prefix that is kept, in tokens; nothing is kept of an empty one."""
    return float(max(tariff.cache_minimum_tokens or 0, 1))


def is_cached(ledger: Ledger) -> bool:
    """Whether the option is served through a cache; batches take what hits they get."""
    return ledger.option.serving.uses_cache


def cache_prices(ledger: Ledger, uncached: Figure) -> None:
    """Read and write prices of this lifetime, the hit rate that pays for the writes, and the
    expected hit rate.
    """
    column = (
        "cache_write_1h_usd" if ledger.option.serving.lifetime_minutes == 60 else "cache_write_usd"
    )
    read = ledger["price.cache_read"] = ledger.token_price("price.cache_read", "cached_input_usd")
    absent = getattr(_tariff(ledger), column) is None
    write = uncached if absent else ledger.token_price("price.cache_write", column)
    ledger["price.cache_write"] = write
    even = algebra.quotient(write - uncached, write - read, 0.0)
    ledger.put("cache.break_even_hit_rate", "share", even, "cache-break-even")
    ledger.put("cache.hit_rate", "share", _hit_rate(ledger, "own"), "cache")


def cached_prefix(ledger: Ledger) -> Figure:
    """The static prompt in USD per million requests: read where it hits, written where it
    misses.
    """
    static = ledger["tokens.static"]
    own = _read_or_written(ledger, ledger["cache.hit_rate"])
    shared = _shared_tokens(ledger)
    if shared is None:
        return static * own

    def apart() -> Figure:
        hit = ledger.put(
            "cache.shared_hit_rate", "share", _hit_rate(ledger, "shared"), "cache-shared"
        )
        return shared * _read_or_written(ledger, hit) + (static - shared) * own

    return algebra.either(
        algebra.reaches(shared, _minimum(_tariff(ledger))), apart, lambda: static * own
    )


def _read_or_written(ledger: Ledger, hit: Figure) -> Figure:
    return hit * ledger["price.cache_read"] + (1 - hit) * ledger["price.cache_write"]


def _hit_rate(ledger: Ledger, part: str) -> Figure:
    """Share of requests that find the prefix cached: measured beats the log, the log beats
    arrivals.
    """
    sheet = ledger.sheet
    traffic = ledger.brief.traffic
    if ledger.option.serving.mode is Mode.BATCH:
        return sheet["traffic.batch_cache_hit_rate"]
    if traffic.cache_hit_rate is not None:
        return sheet["traffic.cache_hit_rate"]
    minutes = ledger.option.serving.lifetime_minutes or _tariff(ledger).cache_minutes[0]
    report = ledger.setting.traffic
    if report is not None:
        hits_by_minutes = report.shared_hits if part == "shared" else report.own_hits
        hits = hits_by_minutes[
            max((m for m in hits_by_minutes if m <= minutes), default=min(hits_by_minutes))
        ]
        source = f"{report.file}: gaps of {report.requests:,} requests"
        return sheet.exact(f"log.{part}_hits", hits, "share", Basis.MEASURED, source, report.as_of)
    arrivals = sheet["traffic.requests_per_month"] / sheet["traffic.active_hours_per_month"]
    lifetime = ledger.quoted("cache.minutes", minutes, "min") / 60
    if part == "shared":
        return _hits(arrivals, lifetime)
    prefixes = sheet["traffic.distinct_prefixes"]
    alike = _hits(arrivals / prefixes, lifetime)
    groups = unlike_groups(ledger.brief.segments)
    if not groups:
        return alike
    least = sum(count for _, count in groups)
    return algebra.either(
        algebra.reaches(prefixes, least),
        lambda: _hits_by_group(groups, arrivals * least / prefixes, lifetime),
        lambda: alike,
    )


def _hits(arrivals: Figure, lifetime: Figure) -> Figure:
    """Share of requests that come within a lifetime (h) of the one before, at so many per hour."""
    return 1 - algebra.exp(0 - arrivals * lifetime)


def _hits_by_group(
    groups: tuple[tuple[float, float], ...], arrivals: Figure, lifetime: Figure
) -> Figure:
    """Σ share × the hit rate of a prefix of that group: a seldom one is cold more often."""
    hits = [share * _hits(arrivals * (share / count), lifetime) for share, count in groups]
    return add(*hits)


def unlike_groups(segments: Sequence[Segment]) -> tuple[tuple[float, float], ...]:
    """Share of the traffic and number of prefixes of each segment, and of the traffic in none of
    them, which has one; empty where every prefix has the same share.
    """
    groups = [(s.share.likely, float(s.count)) for s in segments if s.share.likely > 0]
    rest = 1.0 - sum(share for share, _ in groups)
    if groups and rest > NOTHING:
        groups.append((rest, 1.0))
    each = [share / count for share, count in groups]
    return tuple(groups) if groups and max(each) - min(each) > NOTHING else ()


def _shared_tokens(ledger: Ledger) -> Figure | None:
    """The part that one cache entry serves for all prefixes, where it stands first; None where
    there is none.
    """
    traffic = ledger.brief.traffic
    serving = ledger.option.serving
    first = (traffic.shared_first or serving.shared_first) and serving.mode is not Mode.BATCH
    if not first or traffic.distinct_prefixes.likely <= 1 or traffic.shared_tokens is None:
        return None
    return algebra.lowest(ledger.sheet["traffic.shared_tokens"], ledger["tokens.static"])
