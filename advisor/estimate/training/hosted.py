"""A tuning job at providers that train the model for you: its price alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from advisor.core.errors import UsageError
from advisor.core.facts import TokenPrice
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.text import printable
from advisor.estimate.training import objectives
from advisor.estimate.training.record import Json, amount, as_range
from advisor.estimate.training.request import RunRequest

PER_MILLION = 1e6
JOB_HOURS = Range(0.2, 1.0, 4.0)
"""Hours of a job where a provider bills by the hour: provider job times seen."""

REASON = "the provider trains it"


@dataclass(frozen=True, slots=True)
class HostedJob:
    """One job at one provider."""

    provider: str
    usd: Quantity
    terms: str
    """How it is billed, in words."""
    is_open: bool
    """Whether new jobs may start."""


def tokens_of(request: RunRequest) -> float:
    """Tokens of the whole job: examples × mean tokens × epochs, twice that for pairs of answers.

    Raises UsageError where examples or their length are left open.
    """
    mean = float(request.seq_len) if request.packed else request.mean_tokens
    if request.examples is None or mean is None:
        raise UsageError(
            "--hosted: needs --examples and --mean-tokens; providers bill by the token"
        )
    sequences = float(objectives.OBJECTIVES[request.objective].sequences)
    return request.examples * mean * request.epochs * sequences


def hosted_jobs(
    prices: Sequence[TokenPrice], tokens: float, day: date, model: str
) -> tuple[HostedJob, ...]:
    """The job at every provider, those that take new jobs first, the cheapest of them first.

    Raises UsageError where no provider tunes the model.
    """
    jobs = [job for price in prices if (job := _job(price, tokens, day)) is not None]
    if not jobs:
        raise UsageError(
            f"--hosted: no price of hosted tuning of {model} is known; "
            "see `advisor facts tuning` for the models that are offered"
        )
    return tuple(sorted(jobs, key=lambda job: (not job.is_open, job.usd.likely)))


def _job(price: TokenPrice, tokens: float, day: date) -> HostedJob | None:
    ended = price.ends is not None and price.ends <= day
    cited = price.cited
    if price.training_usd is not None:
        usd = max(tokens / PER_MILLION * price.training_usd, price.training_minimum_usd)
        span = Range.exact(usd)
        terms = f"{amount(price.training_usd)} USD per million tokens"
    elif price.training_usd_per_hour is not None:
        hours = (JOB_HOURS.p10 or 0.0, JOB_HOURS.likely, JOB_HOURS.p90 or 0.0)
        least = price.training_minimum_usd
        span = Range(*(max(h * price.training_usd_per_hour, least) for h in hours))
        terms = f"{amount(price.training_usd_per_hour)} USD per hour, {JOB_HOURS.likely:g} h likely"
    else:
        return None
    if price.training_minimum_usd:
        terms += f", at least {amount(price.training_minimum_usd)} USD"
    if ended or price.closed is not None:
        terms += f"; {price.availability or 'closed to new users'}"
    quantity = Quantity(span, "USD", Basis.QUOTED, cited.source, cited.as_of)
    return HostedJob(price.provider, quantity, terms, not ended and price.closed is None)


def as_object(request: RunRequest, tokens: float, jobs: Sequence[HostedJob]) -> Json:
    """The contract's object: what is only known of a run on a GPU of one's own is null."""
    nothing: Json = {"p10": None, "p50": None, "p90": None, "reason": REASON}
    inputs = {"model": request.model, "examples": request.examples, "epochs": request.epochs}
    return {
        "schema": 1,
        "inputs": {**inputs, "mean_tokens": request.mean_tokens, "tokens": tokens},
        "fits": "unknown",
        "memory_gib": {**nothing, "terms": {}},
        "tokens_per_second": nothing,
        "step_seconds": nothing,
        "train_hours": nothing,
        "cost_usd": as_range(jobs[0].usd),
        "hosted": [
            {
                "provider": job.provider,
                "cost_usd": as_range(job.usd),
                "terms": job.terms,
                "open": job.is_open,
            }
            for job in jobs
        ],
        "sources": [
            {
                "what": f"price of {job.provider}",
                "basis": str(job.usd.basis),
                "source": job.usd.source,
                "as_of": job.usd.as_of,
            }
            for job in jobs
        ],
    }


def as_text(request: RunRequest, tokens: float, jobs: Sequence[HostedJob], width: int = 80) -> str:
    """The job and its price at every provider, for a terminal."""
    return "\n".join(_lines(request, tokens, jobs, width)) + "\n"


def _lines(
    request: RunRequest, tokens: float, jobs: Sequence[HostedJob], width: int
) -> Iterator[str]:
    yield printable(f"{request.model} · hosted tuning · {tokens:,.0f} tokens")
    yield ""
    label = max(len(job.provider) for job in jobs) + 2
    for job in jobs:
        text = f"{amount(job.usd.likely)} USD · {job.terms} ({job.usd.as_of})"
        yield from textwrap.wrap(
            printable(text),
            width,
            initial_indent=f"{printable(job.provider):<{label}}",
            subsequent_indent=" " * label,
        )
