"""Break-evens in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.quantity import Range
from advisor.core.verdict import BreakEven, Verdict
from advisor.report.even import break_even_sentences

DEARER = "Tuned Llama 3.1 8B (LoRA), in batches, on rented GPUs earns its higher one-off cost back"


@pytest.mark.parametrize(
    ("even", "sentences"),
    [
        (BreakEven(), []),
        (BreakEven(months=1.99), [f"{DEARER} in 2.0 months"]),
        (
            BreakEven(months=1.99, months_range=Range(1.6, 2.0, None)),
            [f"{DEARER} in 2.0 months (1.6 – never)"],
        ),
        (
            BreakEven(
                requests_per_month=1_144_797,
                price_multiple=0.268,
                price_multiple_range=Range(0.2, 0.27, 0.4),
            ),
            [
                "equal cost at 1,140,000 requests per month",
                "equal cost at 0.268 × today's prices (0.2 – 0.4)",
            ],
        ),
        (
            BreakEven(
                requests_per_month=1_144_797,
                requests_per_month_range=Range(939_812, 1_150_000, None),
            ),
            ["equal cost at 1,140,000 requests per month (940,000 – never)"],
        ),
        (BreakEven(uplift=-0.02), ["equal worth at a quality difference of −0.020"]),
    ],
)
def test_break_even(priced: Verdict, even: BreakEven, sentences: list[str]) -> None:
    assert break_even_sentences(replace(priced, break_even=even)) == sentences


def test_where_errors_have_a_price_the_sentence_says_that_they_count(priced: Verdict) -> None:
    dearer = max(priced.arms, key=lambda o: o.one_off_usd.p50 or 0.0)
    errors = replace(dearer.figures[0], id="run.errors", p10=1.0, p50=2.0, p90=3.0, value=2.0)
    arms = tuple(
        replace(o, figures=(*(f for f in o.figures if f.id != "run.errors"), errors))
        for o in priced.arms
    )
    (sentence,) = break_even_sentences(
        replace(priced, arms=arms, break_even=BreakEven(months=1.99))
    )
    assert sentence == f"{DEARER} in 2.0 months, errors counted"
