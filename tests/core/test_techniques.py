"""Techniques are one table: a row that is complete works everywhere, any other is refused."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from advisor.core import techniques
from advisor.core.brief import Retrieval
from advisor.core.option import Mode, Option, Place, Serving
from advisor.core.quantity import Range
from advisor.core.techniques import TABLE, Technique, Weights, check, names_of, technique_of
from advisor.estimate.scoring import quality_figures
from advisor.estimate.sheet import Sheet
from tests.options import brief, estimated, prompt, setting

FEW = TABLE["few-shot"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": ""}, "name of its own"),
        ({"name": "lora"}, "name of its own"),
        ({"approach": "magic"}, "not an approach"),
        ({"calls": 0.5}, "at least one call"),
        ({"evidence": "unheard-of"}, "evidence"),
        ({"evidence": ""}, "evidence"),
        ({"weights": Weights.ADAPTER}, "weights"),
        ({"prompt_share": 0.5}, "prompt_share"),
        ({"prompt_share": 1.5}, "prompt_share"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(changes: dict[str, object], fault: str) -> None:
    row = replace(FEW, **{"name": "new", "evidence": "few-shot", **changes})
    with pytest.raises(ValueError, match=fault):
        check([TABLE["lora"], FEW, row])


def test_what_a_technique_does_with_a_request_and_its_prompt() -> None:
    """By its name: what asks again, what searches, what keeps the prompt, what hands on."""
    rows = TABLE.values()
    assert {row.name for row in rows if row.retrieves} == {"retrieval", "tools", "tuned-retrieval"}
    prompts = {row.name for row in rows if row.approach == "prompt"}
    assert {row.name for row in rows if row.keeps_prompt} == prompts | {"tuned-few-shot"}
    assert {row.name for row in rows if row.escalates} == {"cascade"}
    assert {row.name for row in rows if row.calls > 1} == {"self-consistency", "tools"}
    thinks = {row.name for row in rows if row.reasoning_tokens.p90}
    assert thinks == {"chain-of-thought", "self-consistency"}


def test_a_row_that_leaves_something_out_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="calls"):
        Technique(name="new", approach="prompt")  # type: ignore[call-arg]


def test_a_technique_that_the_table_does_not_have_is_refused_and_never_priced() -> None:
    with pytest.raises(ValueError, match="'debate' is not in the table"):
        estimated(prompt("uncached", technique="debate"))


def test_a_new_row_is_priced_by_its_calls_and_its_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(
        FEW,
        name="debate",
        calls=3.0,
        reasoning_tokens=Range.exact(100.0),
        evidence="few-shot",
    )
    table = MappingProxyType({**TABLE, "debate": row})
    monkeypatch.setattr(techniques, "TABLE", table)
    plain = estimated(prompt("uncached"))
    debate = estimated(prompt("uncached", technique="debate"))
    # a call: 1,650 + 180 tokens at $3 and 320 + 100 at $15 per million; three calls per request
    assert debate["run.inference"].value == pytest.approx(
        3 * 3e6 * (1830 * 3 + 420 * 15) / 1e6, rel=1e-9
    )
    assert plain["run.inference"].value == pytest.approx(3e6 * (1830 * 3 + 320 * 15) / 1e6)


@pytest.mark.parametrize("name", [n for n in TABLE if n not in ("hosted", "encoder")])
def test_every_row_is_estimated_and_predicted(name: str) -> None:
    row = TABLE[name]
    if row.approach == "prompt":
        option = prompt("uncached", technique=name)
    else:
        option = Option(row.approach, name, "llama-3.1-8b", "", Serving(Place.RENTED))
    document_brief = replace(brief(), retrieval=Retrieval())
    figures = estimated(option, document_brief)
    score = quality_figures([option], Sheet(document_brief, 200, 1), setting())[option.skill]
    assert figures["horizon.total"].is_known
    assert 0 < score.value < 1


def test_self_consistency_votes_on_chains_of_thought() -> None:
    one = estimated(prompt("uncached", technique="chain-of-thought"))
    many = estimated(prompt("uncached", technique="self-consistency"))
    assert one["tokens.output"].value == 320 + 150
    assert many["run.inference"].value == pytest.approx(5 * one["run.inference"].value)


def test_a_point_of_a_curve_is_its_technique() -> None:
    assert technique_of("many-shot-1000", 1000) is TABLE["many-shot"]
    assert [TABLE[n].approach for n in names_of("hybrid")] == ["hybrid"] * 3


@pytest.mark.parametrize(
    ("serving", "suffixes", "own"),
    [
        (Serving(), (), False),
        (Serving(mode=Mode.UNCACHED), ("uncached",), False),
        (Serving(mode=Mode.CACHED), ("cached",), False),
        (Serving(mode=Mode.CACHED, lifetime_minutes=59), ("cached-59m",), False),
        (Serving(mode=Mode.CACHED, lifetime_minutes=60), ("cached-1h",), False),
        (
            Serving(mode=Mode.CACHED, lifetime_minutes=5, shared_first=True),
            ("cached-5m", "shared-first"),
            False,
        ),
        (Serving(mode=Mode.BATCH), ("batch",), False),
        (Serving(Place.HOSTED, Mode.BATCH), ("hosted", "batch"), False),
        (Serving(Place.OWNED), ("owned",), True),
        (Serving(Place.RENTED), ("rented",), True),
        (Serving(Place.CPU), ("rented", "cpu"), True),
    ],
)
def test_the_suffix_of_an_id_says_how_it_is_served(
    serving: Serving, suffixes: tuple[str, ...], own: bool
) -> None:
    assert serving.suffixes == suffixes
    option = Option("prompt", "few-shot", "m", "p", serving)
    assert option.is_self_hosted is own
    assert option.sends_data_out is not own
    assert replace(option, helper="other").sends_data_out


def test_only_prompts_show_examples_and_only_they_think_aloud() -> None:
    shown = {name for name, row in TABLE.items() if row.shown_examples}
    assert all(TABLE[name].approach == "prompt" for name in shown)
    assert {"one-shot", "few-shot", "many-shot"} <= shown
    assert all(row.prompt_share == 1.0 for row in TABLE.values() if row.approach == "prompt")
    assert all(row.prompt_share == 0.0 for row in TABLE.values() if row.approach == "tune")
    assert all(0.0 < row.prompt_share < 1.0 for row in TABLE.values() if row.approach == "hybrid")


def test_only_votes_and_tools_call_a_model_more_than_once() -> None:
    """Five answers are voted on; a tool takes a call to ask for it and one to read what it says."""
    assert {n: row.calls for n, row in TABLE.items() if row.calls != 1} == {
        "self-consistency": 5,
        "tools": 2,
    }
