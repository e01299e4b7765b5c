"""Which measured scores stand behind an option, and how a prompt may be served."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.core.brief import Brief, Score
from advisor.core.option import Mode, Option, Place, Serving
from advisor.core.quantity import Range
from advisor.estimate.options import (
    can_cache,
    can_reorder,
    cascade_of,
    prompt_techniques,
    score_of_prompt,
    score_of_tuned,
    score_of_written,
    search_of,
    servings,
    shown_static_tokens,
)
from tests.options import SONNET, brief, prompt


def scored(*scores: Score, **answers: Any) -> Brief:
    case = brief(**answers)
    return replace(case, quality=replace(case.quality, measured=scores))


def score(technique: str, model: str = "M", approach: str = "prompt", **fields: Any) -> Score:
    return Score(approach, technique, model, 0.8, 100, **fields)


TWO = Range.exact(2.0)


@pytest.mark.parametrize(
    ("scores", "examples", "expected"),
    [
        ((), 18_000, [("few-shot", 0)]),
        ((), 1, [("few-shot", 0)]),
        ((), 0, [("zero-shot", 0)]),
        ((score("zero-shot"),), 0, [("zero-shot", 0)]),
        ((score("zero-shot", "other"),), 0, [("zero-shot", 0)]),  # measured on any model
        ((score("zero-shot", "other"), score("few-shot", "m")), 0, [("few-shot", 0)]),
        ((score("few-shot", train_examples=5),), 0, [("few-shot", 5)]),
        ((score("many-shot", train_examples=50),), 0, [("many-shot-50", 50)]),
        ((score("many-shot"),), 0, [("many-shot", 0)]),
        (
            (score("few-shot", train_examples=5), score("few-shot", train_examples=2)),
            0,
            [("few-shot-2", 2), ("few-shot-5", 5)],
        ),
        (
            (score("few-shot", train_examples=5), score("few-shot")),
            0,
            [("few-shot-5", 5)],
        ),
        ((score("lora", approach="tune"),), 0, [("zero-shot", 0)]),
    ],
)
def test_techniques_are_those_measured_on_the_model_else_on_any_else_the_usual(
    scores: tuple[Score, ...], examples: float, expected: list[tuple[str, int]]
) -> None:
    assert prompt_techniques(scored(*scores, data__examples=examples), "m") == expected


@pytest.mark.parametrize(
    ("technique", "examples", "found"),
    [("few-shot", 0, 0), ("few-shot-5", 5, 1), ("few-shot", 5, 1), ("few-shot-7", 7, None)],
)
def test_a_prompt_length_has_the_score_of_its_number_of_examples(
    technique: str, examples: int, found: int | None
) -> None:
    scores = (
        score("few-shot", static_tokens=Range.exact(300.0)),
        score("few-shot", train_examples=5, static_tokens=Range.exact(700.0)),
        score("few-shot-7", approach="tune", train_examples=7),
    )
    case = scored(*scores)
    expected = None if found is None else scores[found]
    assert score_of_prompt(case, technique, examples) is expected
    tokens = 1650.0 if expected is None else (300.0, 700.0)[found or 0]
    assert shown_static_tokens(case, technique, examples) == tokens


def test_a_score_without_its_length_leaves_that_of_the_traffic() -> None:
    assert shown_static_tokens(scored(score("few-shot")), "few-shot", 0) == 1650.0


def test_the_last_search_of_the_model_that_states_its_price_counts() -> None:
    first, last = (score("searched", search_usd=Range.exact(usd)) for usd in (5.0, 9.0))
    others = (
        score("searched", "other", search_usd=TWO),
        score("few-shot", search_usd=TWO),
        score("searched"),
    )
    assert search_of(scored(first, last, *others), "m") is last
    assert search_of(scored(*others), "m") is None


def test_the_last_cascade_on_the_whole_traffic_that_says_what_it_passed_on_counts() -> None:
    first, last = (score("cascade", approach="hybrid", passed_on=p) for p in (0.1, 0.3))
    others = (
        score("cascade", "other", "hybrid", passed_on=0.5),
        score("tuned-few-shot", approach="hybrid", passed_on=0.5),
        score("cascade", approach="hybrid"),
        score("cascade", approach="hybrid", passed_on=0.5, segment="desk"),
    )
    assert cascade_of(scored(first, last, *others), "m") is last
    assert cascade_of(scored(*others), "m") is None


def test_a_tuned_model_is_served_with_the_last_prompt_it_was_scored_with() -> None:
    option = Option("tune", "lora", "M")
    first, last = (score("lora", "m", "tune", static_tokens=Range.exact(n)) for n in (1.0, 2.0))
    others = (
        score("lora", "m", "tune"),
        score("lora", "other", "tune", static_tokens=TWO),
        score("lora", "m", "tune", static_tokens=TWO, segment="desk"),
    )
    assert score_of_tuned(scored(first, last, *others), option) is last
    assert score_of_tuned(scored(*others), option) is None


@pytest.mark.parametrize(
    ("option", "found"),
    [
        (Option("prompt", "few-shot", "M"), 2),
        (Option("prompt", "few-shot-5", "M", shown_examples=5), 1),
        (Option("prompt", "few-shot-9", "M", shown_examples=9), None),
        (Option("prompt", "zero-shot", "M"), None),
        (Option("tune", "few-shot", "M"), None),
    ],
)
def test_what_an_option_wrote_is_that_of_its_last_score_with_as_many_examples(
    option: Option, found: int | None
) -> None:
    scores = (
        score("few-shot", "m", output_tokens=TWO),
        score("few-shot", "m", output_tokens=TWO, train_examples=5),
        score("few-shot", "m", output_tokens=TWO, train_examples=3),
        score("few-shot", "m", train_examples=9),
        score("few-shot", "m", output_tokens=TWO, segment="desk"),
    )
    expected = None if found is None else scores[found]
    assert score_of_written(scored(*scores), option) is expected


@pytest.mark.parametrize(
    ("changes", "tokens", "caches"),
    [
        ({}, 1024.0, True),
        ({}, 1023.0, False),
        ({"cache_minimum_tokens": None}, 1.0, True),
        ({"cache_minimum_tokens": None}, 0.0, False),
        ({"cached_input_usd": None}, 2000.0, False),
        ({"cached_input_usd": 0.0}, 2000.0, True),
        ({"cache_minutes": ()}, 2000.0, False),
    ],
)
def test_a_prefix_is_cached_at_a_price_for_a_time_from_a_length_on(
    changes: dict[str, Any], tokens: float, caches: bool
) -> None:
    assert can_cache(replace(SONNET, **changes), tokens) is caches


ORDERED = {"traffic__distinct_prefixes": 20, "traffic__shared_tokens": 1200}


@pytest.mark.parametrize(
    ("answers", "can"),
    [
        ({**ORDERED, "traffic__shared_first": False}, True),
        ({**ORDERED, "traffic__shared_first": True}, False),
        ({**ORDERED, "traffic__distinct_prefixes": 1, "traffic__shared_first": False}, False),
        ({**ORDERED, "traffic__shared_tokens": 0, "traffic__shared_first": False}, False),
        ({"traffic__distinct_prefixes": 20, "traffic__shared_first": False}, False),
    ],
)
def test_a_common_part_can_move_to_the_front_unless_it_stands_there(
    answers: dict[str, Any], can: bool
) -> None:
    assert can_reorder(brief(**answers)) is can


def test_ways_to_serve_a_prompt_in_their_order() -> None:
    case = brief(**ORDERED, traffic__shared_first=False)
    assert [way.suffixes for way in servings(case, SONNET)] == [
        ("uncached",),
        ("cached-5m",),
        ("cached-1h",),
        ("cached-5m", "shared-first"),
        ("cached-1h", "shared-first"),
        ("batch",),
    ]
    assert [way.suffixes for way in servings(case, SONNET, 100.0)] == [("uncached",), ("batch",)]
    assert [way.suffixes for way in servings(case, None)] == [("uncached",)]
    no_batch = replace(SONNET, batch_factor=None)
    assert [way.suffixes for way in servings(brief(), no_batch)] == [
        ("uncached",),
        ("cached-5m",),
        ("cached-1h",),
    ]


@pytest.mark.parametrize(
    ("serving", "suffixes"),
    [
        (Serving(), ()),
        (Serving(mode=Mode.CACHED), ("cached",)),
        (Serving(mode=Mode.CACHED, lifetime_minutes=5), ("cached-5m",)),
        (Serving(mode=Mode.CACHED, lifetime_minutes=59), ("cached-59m",)),
        (Serving(mode=Mode.CACHED, lifetime_minutes=60), ("cached-1h",)),
        (Serving(mode=Mode.CACHED, lifetime_minutes=1440, shared_first=True),
         ("cached-24h", "shared-first")),
        (Serving(Place.OWN_CPU), ("owned", "cpu")),
        (Serving(Place.CPU), ("rented", "cpu")),
        (Serving(Place.HOSTED, Mode.BATCH), ("hosted", "batch")),
    ],
)  # fmt: skip
def test_an_id_says_where_and_how(serving: Serving, suffixes: tuple[str, ...]) -> None:
    assert serving.suffixes == suffixes
    assert Option("tune", "lora", "m", serving=serving).id == "+".join(("tune/lora@m", *suffixes))


@pytest.mark.parametrize(
    ("place", "team", "gpus", "leaves"),
    [
        (Place.OWNED, True, True, False),
        (Place.RENTED, True, True, False),
        (Place.CPU, True, False, False),
        (Place.OWN_CPU, True, False, False),
        (Place.HOSTED, False, False, True),
        (Place.PROVIDER, False, False, True),
    ],
)
def test_who_serves_an_option(place: Place, team: bool, gpus: bool, leaves: bool) -> None:
    option = Option("tune", "lora", "m", "azure", Serving(place))
    assert (option.is_self_hosted, option.is_on_gpus, option.sends_data_out) == (team, gpus, leaves)
    assert replace(option, helper="x").sends_data_out
    assert (option.runs_on == "azure") is not team
    assert (prompt("uncached").family, option.family) == ("", "m")
