"""An estimate for people: the words and numbers of each line, rows on both sides of each limit."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.training import TrainingEstimate, WayToFit
from advisor.estimate.training.record import EstimateAnswer, amount, as_object, as_text
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


def test_an_object_has_numbers_of_five_digits_and_null_where_there_is_none() -> None:
    way = WayToFit("rank 8", a_run(), 7.123456, math.nan)
    known = replace(
        answer(quantity("h", 2.000004, 3.0, 5.0)),
        ways=(way,),
        free_gib=44.123456,
        trainable_params=24_000_000.6,
        inputs=(("price", "quoted", "a list", "2026-11"),),
        rented=("T4", quantity("USD", 1.0, 2.0, 3.0)),
        packed=answer().estimate,
    )
    found = as_object(known)
    assert found["ways_to_fit"] == [{"change": "rank 8", "memory_gib": 7.1235, "slowdown": None}]
    assert found["free_memory_gib"] == 44.123
    assert found["train_hours"] == {"p10": 2.0, "p50": 3.0, "p90": 5.0}
    assert found["memory_gib"]["terms"] == {"weights": 9.0, "gradients": 3.0, "nothing": 0.004}
    assert found["rented"] == {"gpu": "T4", "cost_usd": {"p10": 1.0, "p50": 2.0, "p90": 3.0}}
    assert found["packed"]["train_hours"]["p50"] == 3.0
    assert found["inputs"]["trainable_params"] == 24_000_001
    assert {"model", "gpu"}.isdisjoint(found["inputs"])
    assert [row["what"] for row in found["sources"]] == ["price", "memory", "speed", "cost"]
    bare = as_object(answer())
    assert (bare["free_memory_gib"], bare["rented"], bare["packed"]) == (None, None, None)
    unpriced = replace(answer(), cost_usd=Quantity.unknown("USD", "no price"))
    assert [row["what"] for row in as_object(unpriced)["sources"]] == ["memory", "speed"]


@pytest.mark.parametrize(
    ("changes", "present", "absent"),
    [
        (
            {},
            ["8 is the largest that is safe"],
            ["GiB free", "It would fit", "If packed", "Rented"],
        ),
        ({"largest_micro_batch": 0}, [], ["Micro-batch"]),
        ({"free_gib": 44.16}, ["12 GiB (10 to 15), of 44.2 GiB free"], []),
        ({"rented": ("T4", quantity("USD", 1.0, 2.0, 3.0))}, ["2 USD (1 to 3) on one T4"], []),
        ({"trainable_params": 1234567.0}, ["1,234,567 parameters"], []),
    ],
)
def test_a_line_stands_where_there_is_something_to_say(
    changes: dict[str, object], present: list[str], absent: list[str]
) -> None:
    text = as_text(replace(answer(), **changes))  # type: ignore[arg-type]
    assert all(words in text for words in present)
    assert not any(words in text for words in absent)


@pytest.mark.parametrize(("gpus", "words"), [(1, "· L40S"), (2, "· 2 × L40S")])
def test_the_first_line_names_the_run(gpus: int, words: str) -> None:
    one = answer()
    run = replace(one.estimate.run, gpus=gpus)
    shown = as_text(replace(one, estimate=replace(one.estimate, run=run)))
    assert shown.splitlines()[0] == f"Llama-3.2-3B · lora {words}"


def test_an_unknown_memory_ends_the_answer_with_its_reason() -> None:
    one = answer()
    unknown = replace(one.estimate, memory_gib=Quantity.unknown("GiB", "nobody knows"), terms={})
    shown = as_text(replace(one, estimate=unknown)).splitlines()
    assert shown[2:] == ["Verdict         unknown: nobody knows"]


def test_where_memory_and_speed_come_from_is_one_note_or_two() -> None:
    one = answer()
    assert "Memory and speed: a model." in as_text(one)
    speed = replace(one.estimate.tokens_per_second, source="own runs")
    two = as_text(replace(one, estimate=replace(one.estimate, tokens_per_second=speed)))
    assert "Memory: a model." in two
    assert "Speed: own runs." in two


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999.4, "999"),
        (1000.0, "1,000"),
        (1234.5, "1,230"),
        (12.345, "12.3"),
        (0.0012345, "0.00123"),
    ],
)
def test_an_amount_has_three_digits(value: float, text: str) -> None:
    assert amount(value) == text


@pytest.mark.parametrize(("longest", "columns"), [(9.0, 57), (0.006, 57)])
def test_a_narrow_screen_and_small_terms_keep_their_bars(longest: float, columns: int) -> None:
    one = answer()
    terms = {"weights": longest, "gradients": 0.005, "less": 0.0049}
    shown = as_text(replace(one, estimate=replace(one.estimate, terms=terms)))
    bars = {row.split()[0]: row.count("█") for row in shown.splitlines() if "█" in row}
    assert bars["weights"] == columns
    assert bars["gradients"] >= 1
    assert "less" not in bars
    narrow = as_text(replace(one, estimate=replace(one.estimate, terms=terms)), width=20)
    assert max(row.count("█") for row in narrow.splitlines()) == 10
