"""An estimate for people: the words and numbers of each line, rows on both sides of each limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.training import TrainingEstimate, WayToFit
from advisor.estimate.training.record import EstimateAnswer, as_object, as_text
from tests.estimate.training.catalogue import a_run


def quantity(unit: str, *ends: float) -> Quantity:
    return Quantity(Range(*ends), unit, Basis.MODELLED, "a model", "2026-11-20")


def answer(hours: Quantity | None = None) -> EstimateAnswer:
    estimate = TrainingEstimate(
        a_run(),
        "fits",
        quantity("GiB", 10.0, 12.0, 15.0),
        quantity("tokens/s", 1000.0, 2000.0, 3000.0),
        quantity("s", 0.1, 0.2, 0.4),
        hours or quantity("h", 2.0, 3.0, 5.0),
        terms={"weights": 9.0, "gradients": 3.0, "nothing": 0.004},
    )
    return EstimateAnswer(estimate, quantity("USD", 4.0, 6.0, 9.0), 8, (), None, 24e6, ())


def line(label: str, subject: EstimateAnswer) -> str:
    return next(row for row in as_text(subject).splitlines() if row.startswith(label))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0.25, 0.5, 0.9), "30 min (15 to 54)"),
        ((0.5, 0.999, 2.0), "59.9 min (30 to 120)"),
        ((0.5, 1.0, 2.0), "1 h (0.5 to 2)"),
    ],
)
def test_training_within_the_hour_is_written_in_minutes_from_low_to_high(
    ends: tuple[float, float, float], expected: str
) -> None:
    assert line("Training", answer(quantity("h", *ends))).endswith(expected)


def test_an_unknown_time_says_why() -> None:
    unknown = answer(Quantity.unknown("h", "no examples are stated"))
    assert line("Training", unknown).endswith("unknown: no examples are stated")
    assert as_object(unknown)["train_hours"] == {
        "p10": None,
        "p50": None,
        "p90": None,
        "reason": "no examples are stated",
    }


def test_a_bar_is_as_long_as_its_term_and_none_stands_for_nothing() -> None:
    """Of 80 columns 14 and the 9 of the longest name are taken: 57 for 9 GiB, a third for 3."""
    bars = {row.split()[0]: row.count("█") for row in as_text(answer()).splitlines() if "█" in row}
    assert bars == {"weights": 57, "gradients": 19}


@pytest.mark.parametrize(
    ("slowdown", "words"),
    [
        (1.06, "1.06 × the time"),
        (1.04, "about as fast"),
        (0.96, "about as fast"),
        (0.8, "1.25 × as fast"),
    ],
)
def test_a_way_to_fit_says_what_it_costs_in_time(slowdown: float, words: str) -> None:
    way = WayToFit("rank 8", a_run(rank=8), 7.0, slowdown)
    assert f"rank 8: 7.0 GiB, {words}" in as_text(replace(answer(), ways=(way,)))


def test_no_more_ways_to_fit_are_listed_than_a_reader_takes_in() -> None:
    ways = tuple(WayToFit(f"way {i}", a_run(), 7.0, 1.0) for i in range(9))
    listed = [line for line in as_text(replace(answer(), ways=ways)).splitlines() if "way " in line]
    assert [line.split(":")[0] for line in listed] == [f"  · way {i}" for i in range(6)]
