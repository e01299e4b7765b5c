"""How many requests there are, of what shape, from which segments, with what retrieved text."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.constants import HOURS_PER_MONTH
from advisor.core.quantity import Range
from advisor.core.question import ask, exactly, spread
from advisor.core.sections.words import PLANNING, UNPRICED


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many requests there are, and of what shape."""

    requests_per_month: Range = ask(
        "How many requests per month?",
        "All calls of the finished task, without repeated calls.",
        "number",
        spread(10_000, 100_000, 1_000_000),
        "a guess that spans two orders of magnitude: please answer",
        unit="requests/month",
        low=0,
        high=1e12,
        basic=True,
    )
    growth_per_month: Range = ask(
        "How fast does it grow per month?",
        "0.02 is 2 % per month, compounded; negative if it shrinks.",
        "number",
        exactly(0.0),
        "no growth, unless stated",
        unit="share/month",
        low=-0.5,
        high=1,
    )
    active_hours_per_month: Range = ask(
        "In how many hours per month do requests arrive?",
        "730: round the clock; about 198: office hours. Denser arrivals give more cache hits.",
        "number",
        exactly(HOURS_PER_MONTH),
        "round the clock: a month has 730 hours",
        unit="h/month",
        low=1,
        high=744,
    )
    log: str = ask(
        "Is there a request log?",
        "CSV, a row per request: timestamp (ISO 8601, UTC), prefix. Its gaps give the cache hits.",
        "path",
        "",
        "no log",
        registered=False,
    )
    distinct_prefixes: Range = ask(
        "How many distinct static prompts?",
        "Tenants, brands: each with its own static prompt; a segment has its own too.",
        "number",
        exactly(1.0),
        "one prompt for all",
        unit="prefixes",
        low=1,
        high=1e9,
    )
    static_tokens: Range = ask(
        "How long is the static prompt?",
        "Instructions and examples, the same in every request of a prefix.",
        "number",
        spread(300, 1000, 3000),
        "from bare instructions to a dozen examples; " + PLANNING,
        unit="tokens/request",
        low=0,
        high=1e7,
        basic=True,
    )
    shared_tokens: Range | None = ask(
        "How much of it do all prefixes have in common?",
        "At most the static prompt. Left out: all of it for one prefix, none of it for several.",
        "number",
        None,
        "all of the static prompt for one prefix, else none",
        unit="tokens/request",
        low=0,
        high=1e7,
    )
    shared_first: bool = ask(
        "Does the common part come first?",
        "If so, a cache can store it once for all prefixes.",
        "yes-no",
        True,
        "the usual order of a prompt",
    )
    input_tokens: Range = ask(
        "How long is the fresh input?",
        "The part that differs from request to request.",
        "number",
        spread(100, 300, 1000),
        "from a sentence to a page; " + PLANNING,
        unit="tokens/request",
        low=0,
        high=1e7,
        basic=True,
    )
    output_tokens: Range = ask(
        "How long is an answer?",
        "Tokens written, including reasoning.",
        "number",
        spread(50, 200, 600),
        "from a record to a page; " + PLANNING,
        unit="tokens/request",
        low=0,
        high=1e6,
        basic=True,
    )
    cache_hit_rate: Range | None = ask(
        "What share of requests hits the prompt cache?",
        "Measured online. Left out: from the log, else from arrivals.",
        "share",
        None,
        "from the log, else 1 − e^(−λT) from arrivals",
    )
    batch_cache_hit_rate: Range = ask(
        "What share of requests hits the cache in batches?",
        "Measured in batches. Providers promise best effort only.",
        "share",
        spread(0.3, 0.6, 0.9),
        "batch documentation of providers: best effort, 30 to 98 % reported",
        as_of="2026-08",
    )
    retry_rate: Range = ask(
        "What share of requests is repeated?",
        "Invalid or refused answers that are requested again.",
        "share",
        spread(0.01, 0.03, 0.10),
        PLANNING,
    )
    can_wait_24h: bool = ask(
        "May results wait a day?",
        "If so, batch prices and batch serving are available.",
        "yes-no",
        False,
        "cautious: answers are needed at once",
        basic=True,
    )
    max_latency_seconds: Range = ask(
        "How many seconds may an answer take?",
        "0: no limit.",
        "number",
        exactly(0.0),
        "no limit given",
        unit="s",
        low=0,
        high=1e6,
    )


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the traffic that may get its own verdict; `count` similar ones."""

    name: str = ask(
        "What is the segment called?",
        "Brands, sites, new codes; each name once.",
        "text",
        "",
        "",
        required=True,
    )
    count: int = ask(
        "How many similar segments are there?",
        "Each needs its own adapter if tuned.",
        "whole",
        1,
        "a single one",
        unit="segments",
        low=1,
        high=100_000,
    )
    share: Range = ask(
        "What share of all requests do they have together?",
        "Of the whole traffic; the shares of all segments add up to 1 at most.",
        "share",
        exactly(1.0),
        "the whole traffic",
    )
    examples: Range = ask(
        "How many labelled examples does each have?",
        "To learn from; only its own.",
        "number",
        exactly(0.0),
        "none",
        unit="examples",
        low=0,
        high=1e10,
    )
    eval_examples: Range = ask(
        "How many test items does each have?",
        "To test on; only its own.",
        "number",
        exactly(0.0),
        "none",
        unit="items",
        low=0,
        high=1e8,
    )


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Documents looked up for each request."""

    tokens: Range = ask(
        "How many retrieved tokens per request?",
        "Added to the fresh input.",
        "number",
        exactly(1500.0),
        "three passages of one page each; " + PLANNING,
        unit="tokens/request",
        low=0,
        high=1e7,
    )
    usd_per_month: Range = ask(
        "What do index and search cost per month?",
        "Index, storage and search service together.",
        "number",
        exactly(0.0),
        UNPRICED,
        unit="USD/month",
        low=0,
        high=1e9,
    )
    build_hours: Range = ask(
        "How many hours does it take to build the retrieval?",
        "Once; 0 if it already exists.",
        "number",
        exactly(0.0),
        UNPRICED,
        unit="h",
        low=0,
        high=1e6,
    )
