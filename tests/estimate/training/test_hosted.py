"""A hosted job: its price by hand, who comes first, and the record of what is known of it."""

from __future__ import annotations

from datetime import date

import pytest

from advisor.core.errors import UsageError
from advisor.core.facts import Cited, TokenPrice
from advisor.estimate.training.hosted import as_object, as_text, hosted_jobs, tokens_of
from advisor.estimate.training.request import RunRequest

DAY = date(2026, 11, 20)
CITED = Cited("a price list", "2026-11-01")


def price(provider: str, **terms: object) -> TokenPrice:
    return TokenPrice(provider, "m", None, None, cited=CITED, **terms)  # type: ignore[arg-type]


def request(**flags: object) -> RunRequest:
    return RunRequest("m", **{"examples": 1000, "mean_tokens": 300.0, "epochs": 3.0} | flags)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flags", "tokens"),
    [
        ({}, 900_000.0),
        ({"packed": True, "seq_len": 2048}, 6_144_000.0),
        ({"objective": "dpo"}, 1_800_000.0),
    ],
)
def test_tokens_are_examples_by_their_length_and_epochs(flags: dict, tokens: float) -> None:
    assert tokens_of(request(**flags)) == tokens


def test_who_takes_jobs_comes_first_and_the_cheapest_of_them() -> None:
    prices = [
        price("ended", training_usd=0.1, ends=DAY),
        price("closed", training_usd=0.1, closed=date(2026, 1, 1), availability="no new jobs"),
        price("hours", training_usd_per_hour=12.0),
        price("dear", training_usd=20.0),
        price("least", training_usd=1.0, training_minimum_usd=4.0),
        price("none"),
    ]
    jobs = hosted_jobs(prices, 900_000.0, DAY, "m")
    assert [(j.provider, round(j.usd.likely, 6), j.is_open) for j in jobs] == [
        ("least", 4.0, True),  # 0.9 USD of tokens, at least 4
        ("hours", 12.0, True),
        ("dear", 18.0, True),
        ("ended", 0.09, False),
        ("closed", 0.09, False),
    ]
    assert (jobs[1].usd.range.p10, jobs[1].usd.range.p90) == pytest.approx((2.4, 48.0))
    assert "no new jobs" in jobs[-1].terms
    with pytest.raises(UsageError, match="no price of hosted tuning of m"):
        hosted_jobs([price("none")], 1.0, DAY, "m")


def test_the_record_has_the_cheapest_job_and_nothing_that_only_the_provider_knows() -> None:
    jobs = hosted_jobs([price("a", training_usd=10.0)], 900_000.0, DAY, "m")
    record = as_object(request(), 900_000.0, jobs)
    assert (record["schema"], record["fits"]) == (1, "unknown")
    assert record["inputs"] == {
        "model": "m",
        "examples": 1000,
        "epochs": 3.0,
        "mean_tokens": 300.0,
        "tokens": 900_000,
    }
    assert record["cost_usd"]["p50"] == record["hosted"][0]["cost_usd"]["p50"] == 9.0
    for unknown in ("memory_gib", "tokens_per_second", "step_seconds", "train_hours"):
        assert record[unknown]["p50"] is None
        assert record[unknown]["reason"] == "the provider trains it"
    assert record["sources"] == [
        {"what": "price of a", "basis": "quoted", "source": "a price list", "as_of": "2026-11-01"}
    ]
    assert "9 USD · 10 USD per million tokens" in as_text(request(), 900_000.0, jobs)
