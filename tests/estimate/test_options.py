"""Which measured scores stand behind an option, and how a prompt may be served."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.core.brief import Brief, Current, Score
from advisor.core.option import Mode, Option, Place, Serving
from advisor.core.quantity import Range
from advisor.estimate.options import (
    can_cache,
    can_reorder,
    cascade_of,
    options,
    prompt_techniques,
    score_of_prompt,
    score_of_tuned,
    score_of_written,
    search_of,
    servings,
    shown_static_tokens,
)
from tests.options import LLAMA, ROBERTA, SONNET, TUNED, brief, prompt, setting


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


def test_only_a_model_that_writes_is_prompted_on_ones_own_gpus() -> None:
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA, "roberta-base": ROBERTA})
    case = brief()
    names = ("llama-3.1-8b", "roberta-base", "closed")
    case = replace(case, models=replace(case.models, prompt=names, tune=()))
    assert [option.id for option in options(case, facts)] == [
        "prompt/few-shot@llama-3.1-8b+rented",
        "prompt/few-shot@roberta-base+uncached",
        "prompt/few-shot@closed+uncached",
    ]


@pytest.mark.parametrize(
    ("current", "serving"),
    [
        (Current("prompt", "few-shot", "claude-sonnet-5", None), "cached-5m"),
        (Current("prompt", "few-shot", "claude-sonnet-5", TWO), "uncached"),
        (Current("prompt", "few-shot", "nameless", None), "uncached"),
        (Current("tune", "lora", "llama-3.1-8b", None), "rented"),
        (Current("tune", "hosted", "llama-3.1-8b", None), "hosted"),
        (Current("tune", "lora", "closed", None), "hosted"),
    ],
)
def test_what_is_in_place_is_served_as_it_most_likely_is(current: Current, serving: str) -> None:
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA})
    first = options(replace(brief(), current=current), facts)[0]
    assert (first.as_is, first.serving.suffixes[0]) == (True, serving)
    assert first.provider == ("anthropic" if current.model == "claude-sonnet-5" else "")


def test_without_gpus_what_is_tuned_in_place_is_hosted() -> None:
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA})
    current = Current("tune", "lora", "llama-3.1-8b", None)
    case = replace(brief(hardware__gpu="None"), current=current)
    assert options(case, facts)[0].serving.suffixes == ("hosted",)
    nameless = replace(brief(), current=Current("prompt", "few-shot", "", None))
    assert not any(option.as_is for option in options(nameless, facts))


@pytest.mark.parametrize(
    ("kind", "output", "stated", "offered"),
    [
        ("classification", "short-text", False, True),
        ("qa", "label", False, True),
        ("extraction", "json", True, True),
        ("extraction", "json", False, False),
        ("qa", "json", True, False),
    ],
)
def test_an_encoder_is_offered_where_it_can_do_the_task(
    kind: str, output: str, stated: bool, offered: bool
) -> None:
    case = brief(task__type=kind, task__output=output)
    origins = {k: o for k, o in case.origins.items() if stated or k != "models.tune"}
    models = replace(case.models, prompt=(), tune=("roberta-base",))
    facts = replace(setting(), models={"roberta-base": ROBERTA})
    found = options(replace(case, models=models, origins=origins), facts)
    assert bool(found) is offered


@pytest.mark.parametrize(
    ("stays", "gpu", "owned", "place"),
    [
        (False, "L40S", False, Place.CPU),
        (True, "L40S", False, Place.CPU),
        (True, "none", False, Place.OWN_CPU),
        (False, "none", False, Place.CPU),
        (False, "L40S", True, Place.OWN_CPU),
    ],
)
def test_an_encoder_runs_on_a_server_of_ones_own_where_the_data_must_stay(
    stays: bool, gpu: str, owned: bool, place: Place
) -> None:
    case = brief(
        task__output="label",
        policy__data_may_leave=not stays,
        hardware__gpu=gpu,
        hardware__owned=owned,
    )
    models = replace(case.models, prompt=(), tune=("roberta-base",))
    facts = replace(setting(), models={"roberta-base": ROBERTA})
    (found,) = options(replace(case, models=models), facts)
    assert found.serving.place is place


@pytest.mark.parametrize(
    ("examples", "measured", "kept"),
    [(0, (), False), (1, (), True), (0, ("tuned-few-shot",), True)],
)
def test_a_hybrid_that_shows_examples_needs_one_or_a_score(
    examples: float, measured: tuple[str, ...], kept: bool
) -> None:
    scores = tuple(score(t, "LLAMA-3.1-8b", "hybrid") for t in measured)
    case = scored(*scores, data__examples=examples)
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA})
    ids = [option.id for option in options(case, facts)]
    assert ("hybrid/tuned-few-shot@llama-3.1-8b+rented" in ids) is kept


@pytest.mark.parametrize(
    ("kind", "measured", "helpers", "offered"),
    [
        ("extraction", (), ("claude-sonnet-5",), True),
        ("generation", (), ("claude-sonnet-5",), False),
        ("generation", ("cascade",), ("claude-sonnet-5",), True),
        ("extraction", (), ("nameless",), False),
        ("extraction", (), ("nameless", "claude-sonnet-5"), True),
    ],
)
def test_a_cascade_needs_a_confidence_and_a_priced_model_behind_it(
    kind: str, measured: tuple[str, ...], helpers: tuple[str, ...], offered: bool
) -> None:
    scores = tuple(score(t, "llama-3.1-8b", "hybrid") for t in measured)
    case = scored(*scores, task__type=kind)
    case = replace(case, models=replace(case.models, prompt=helpers))
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA})
    found = [option for option in options(case, facts) if option.technique == "cascade"]
    assert [option.helper for option in found] == ["claude-sonnet-5"] * offered


@pytest.mark.parametrize(
    ("terms", "gpus", "suffixes"),
    [
        ({}, True, ["rented", "hosted"]),
        ({"input_usd": None}, True, ["rented"]),
        ({"input_usd": None}, False, ["hosted"]),
        ({"batch_factor": 0.5}, False, ["hosted", "hosted+batch"]),
        (
            {"cached_input_usd": 0.1, "cache_minutes": (5,), "cache_minimum_tokens": 100},
            False,
            ["hosted", "hosted+cached"],
        ),
    ],
)
def test_a_tuned_model_is_served_where_its_price_is_quoted(
    terms: dict[str, Any], gpus: bool, suffixes: list[str]
) -> None:
    facts = replace(
        setting(tuned={"llama-3.1-8b": replace(TUNED, **terms)}), models={"llama-3.1-8b": LLAMA}
    )
    case = brief(task__type="generation", hardware__gpu="L40S" if gpus else "none")
    case = replace(case, models=replace(case.models, prompt=()))
    found = [o for o in options(case, facts) if o.approach == "tune"]
    assert ["+".join(o.serving.suffixes) for o in found] == suffixes
