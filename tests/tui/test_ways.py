"""The keys that lead from an open verdict to a decided one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor import brief as files
from advisor.core.errors import UsageError
from advisor.core.verdict import NextStep
from advisor.tui.model.draft import Draft
from advisor.tui.model.known_scores import Scorable, parse_score, scorables, with_score
from advisor.tui.model.run_request import CalibrationRequest
from advisor.tui.model.ways_forward import prompt_to_measure, ways_forward

TODAY = '[current]\nmodel = "claude-sonnet-5"\n'


@pytest.mark.parametrize(
    ("text", "score", "items"),
    [
        ("88% of 300", 0.88, 300),
        ("0.88 of 300 items", 0.88, 300),
        ("264 of 300", 0.88, 300),
        ("264/300", 0.88, 300),
        ("1 of 1", 1.0, 1),
        ("92.5 % out of 1,200", 0.925, 1200),
    ],
)
def test_scores_are_read_as_people_write_them(text, score, items):
    assert parse_score(text) == (pytest.approx(score), items)


@pytest.mark.parametrize(
    "text", ["", "good", "88%", "300 of 264", "120% of 50", "-1 of 5", "5 of 0"]
)
def test_what_is_no_score_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="88% of 300"):
        parse_score(text)


def test_a_score_becomes_a_row_of_the_file_and_replaces_its_earlier_one():
    draft = Draft(files.parse(f"schema = 1\n{TODAY}"), None, f"schema = 1\n{TODAY}")
    of = scorables(draft.brief, None)[0]
    assert of.is_today
    first = with_score(draft, of, 0.8, 50)
    second = with_score(first, of, 0.88, 300)
    other = with_score(second, Scorable("tune", "lora", "Qwen3-8B"), 0.9, 300)
    read = files.parse(other.toml()).quality.measured
    assert [(row.model, row.score, row.items) for row in read] == [
        ("claude-sonnet-5", 0.88, 300),
        ("Qwen3-8B", 0.9, 300),
    ]


def test_an_open_verdict_names_the_keys_that_lead_on(verdict):
    brief = files.parse(
        'schema = 1\n[task]\ntype = "classification"\n[traffic]\nrequests_per_month = 1\n'
        '[quality]\ntarget = 0.9\n[data]\npath = "rows.csv"\n'
    )
    step = NextStep(
        "score it", 0, 1, 10, command="advisor calibrate prompts --url URL --model m --brief B"
    )
    open_verdict = replace(verdict, verdict="undecided", next_step=step)
    keys = [way.key for way in ways_forward(open_verdict, brief, None)]
    assert keys == ["n", "c"]
    assert prompt_to_measure(open_verdict) == "m"
    assert [way.key for way in ways_forward(verdict, brief, None)] == ["r"]
    assert [way.key for way in ways_forward(verdict, files.parse("schema = 1\n"), None)] == ["g"]


def test_the_prompt_of_a_public_model_is_asked_at_its_provider():
    request = CalibrationRequest.of_prompt("claude-sonnet-5")
    assert request.url == "https://api.anthropic.com/v1"
    assert request.key_env == "ANTHROPIC_API_KEY"
    assert CalibrationRequest.of_prompt("my-own-model").url == ""
