"""Questions as teams ask them, with the answer that an expert would give.

The comment on top of each brief says how the expectation comes about; those with sources follow
public accounts, and were judged before the program was run.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from advisor import pipeline
from advisor.core import naming
from advisor.core.brief import questions
from advisor.core.verdict import Verdict

BRIEFS = Path(__file__).parent / "briefs"
DRAWS = 2_000  # enough to tell the answers apart, in a fifth of the memory


@dataclass(frozen=True)
class Expected:
    """What a right answer holds: the word, patterns of the named option, patterns that no option
    may match, options that must be compared, rules that must exclude something, and words.
    """

    verdict: tuple[str, ...]
    named: str
    never: str = ""
    compared: str = "*"
    excluded_by: str = ""
    stopped_by: str = ""
    next_step: str = ""
    warned: str = ""


EXPECTED = {
    "untouched": Expected(
        ("undecided",), "prompt/*", stopped_by="evaluation set", next_step="test items"
    ),
    "tickets": Expected(
        ("undecided",), "prompt/*", stopped_by="evaluation set", next_step="test items"
    ),
    "declared-items": Expected(("undecided",), "prompt/*", stopped_by="scores", next_step="score"),
    "product-feed": Expected(("tune",), "tune/lora@Qwen3-8B+rented"),
    "price-list-bot": Expected(
        ("prompt",), "prompt/retrieval@*", excluded_by="quality.target", compared="tune/lora@*"
    ),
    "clinic": Expected(
        ("prompt", "undecided"),
        "prompt/*@*+owned",
        never="*rented*",
        compared="prompt/*+owned",
        excluded_by="policy.data_may_leave",
    ),
    "stuck-prompts": Expected(("undecided",), "prompt/few-shot@gpt-4.1-mini*"),
    "board-minutes": Expected(("prompt",), "prompt/*"),
    "prompts-only": Expected(
        ("prompt",), "prompt/few-shot@gpt-5.6-luna*", never="tune/*", excluded_by="compare.only"
    ),
    "big-model-small-gpu": Expected(
        ("prompt",),
        "prompt/few-shot@gpt-4.1-mini*",
        never="*70b+owned",
        excluded_by="hardware.memory",
    ),
    "cv-skills": Expected(("undecided",), "prompt/few-shot@*", next_step="search the prompt"),
    "game-lines": Expected(
        ("prompt", "undecided"),
        "as-is/few-shot@claude-haiku-4-5*",
        next_step="score ",
    ),
    "discharge-codes": Expected(
        ("tune",), "tune/encoder@*+owned*", never="*rented*", next_step="score tune/lora@"
    ),
    "adverse-media": Expected(
        ("prompt", "undecided"), "prompt/retrieval@*", next_step="retrieval@"
    ),
    "receipt-photos": Expected(
        ("undecided",), "prompt/few-shot@gpt-4.1-mini*", warned="speaks of photos"
    ),
    "clause-tags": Expected(("tune",), "tune/lora@llama-3.1-8b*"),
    "questions-to-sql": Expected(
        ("undecided",), "prompt/few-shot@claude-sonnet-5*", next_step="search the prompt"
    ),
    "forty-shops": Expected(("prompt",), "prompt/few-shot@claude-haiku-4-5+batch"),
    "comments": Expected(("tune",), "tune/encoder@*+cpu"),
    "insurer-voice": Expected(
        ("undecided",), "prompt/few-shot@gpt-4.1*", compared="tune/dpo@*", next_step="score hybrid/"
    ),
}

EXPECTED |= {
    "brand-translation": Expected(
        ("prompt", "hybrid", "undecided"), "prompt/retriev*", next_step="score "
    ),
    "chat-moderation": Expected(("tune",), "tune/encoder@*+cpu"),
    "contract-clauses": Expected(
        ("tune", "undecided"), "*+owned", never="*rented*", next_step="score tune/"
    ),
    "icd-notes": Expected(("tune",), "tune/lora@*+owned", never="*rented*"),
    "invoice-pictures": Expected(("undecided",), "prompt/*", warned="picture"),
    "machine-manuals": Expected(
        ("prompt", "undecided"), "prompt/retrieval@*", next_step="test items"
    ),
    "npc-banter": Expected(("prompt", "undecided"), "prompt/few-shot@*", next_step="prompt"),
    "sql-questions": Expected(
        ("prompt", "undecided"), "prompt/retrieval@*", next_step="score prompt/retrieval@"
    ),
    "support-queues": Expected(
        ("tune", "undecided"),
        "*",
        excluded_by="traffic.max_latency_seconds",
        next_step="score tune/encoder@",
    ),
    "voice-turns": Expected(("tune", "hybrid", "undecided"), "*", excluded_by="lifecycle.closed"),
    "alert-batches": Expected(("hybrid", "prompt", "undecided"), "*", warned="The bill of"),
    "offer-matching": Expected(("prompt", "tune", "undecided"), "prompt/zero-shot@*+batch"),
}


@cache
def verdict_of(name: str, *answers: str, deep: bool = True) -> Verdict:
    brief = pipeline.load(BRIEFS / f"{name}.toml", answers)
    return pipeline.judge(brief, pipeline.look(brief, own_runs=False), draws=DRAWS, deep=deep)


def test_every_brief_has_an_expectation() -> None:
    assert {path.stem for path in BRIEFS.glob("*.toml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_advice_is_that_of_an_expert(name: str) -> None:
    verdict = verdict_of(name)
    expected = EXPECTED[name]
    ids = [option.id for option in verdict.arms]
    assert verdict.verdict in expected.verdict, verdict.why
    assert fnmatchcase(verdict.arm, expected.named), verdict.arm
    assert not [i for i in ids if fnmatchcase(i, expected.never)]
    assert [i for i in ids if fnmatchcase(i, expected.compared)]
    if expected.excluded_by:
        assert expected.excluded_by in {e.rule for e in verdict.excluded}
    if expected.stopped_by:
        assert expected.stopped_by in {r.rule for r in verdict.readiness if r.status == "stop"}
    assert expected.next_step in verdict.next_step.action
    assert not expected.warned or any(expected.warned in line for line in verdict.warnings)


@pytest.mark.parametrize("name", ["tickets", "stuck-prompts", "declared-items"])
def test_more_labels_never_turn_the_answer_away_from_tuning(name: str) -> None:
    """None in hand, 25, 120, 3,000, 30,000: once a tuned model is named, it stays."""
    trained = [
        not verdict_of(name, f"data.examples={n}", deep=False).arm.startswith("prompt/")
        for n in (0, 25, 120, 3000, 30_000)
    ]
    assert trained == sorted(trained)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_record_agrees_with_itself(name: str) -> None:
    verdict = verdict_of(name)
    total = sum(a.p_best for a in verdict.approaches)
    assert total == pytest.approx(1.0, abs=1e-5)
    if verdict.verdict != "undecided":
        assert verdict.approaches[0].approach == verdict.verdict
        assert verdict.p_approach == verdict.approaches[0].p_best
    for step in verdict.steps:
        assert step.kind == "information"
        assert step.command.startswith("advisor ")
        _, is_answer, answer = step.command.partition(" --set ")
        assert not is_answer or answer.partition("=")[0] in questions()
        if verdict.expected_regret_usd is not None:
            assert step.worth_usd <= verdict.expected_regret_usd * (1 + 1e-9)
    inputs = {row.input.partition("@")[0] for row in (*verdict.sensitivity, *verdict.information)}
    assert {key for key in inputs if " of " not in key} <= set(naming._INPUTS)
    forms = {option.id: option.best_form for option in verdict.arms}
    assert all(forms[best] == best for best in forms.values())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_break_even_that_some_draws_never_reach_keeps_the_order_of_its_ends(name: str) -> None:
    """An end is null where so many draws never get there: never one between two that are known."""
    even = verdict_of(name).break_even
    for spread in (even.months_range, even.price_multiple_range, even.requests_per_month_range):
        ends = [spread.p10, spread.p50, spread.p90]
        numbers = [end for end in ends if end is not None]
        assert numbers == sorted(numbers)
        assert not (ends[1] is None and ends[0] is not None and ends[2] is not None)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_step_that_is_listed_is_worth_more_than_its_price_and_its_noise(name: str) -> None:
    """Only what lifts a stop is named without a worth: nothing can be decided before."""
    verdict = verdict_of(name)
    lifting = {r.rule for r in verdict.readiness if r.rule in ("evaluation set", "scores")}
    steps = verdict.steps[1:] if lifting else verdict.steps
    for step in (*steps, *verdict.improvements):
        assert step.worth_usd > step.cost_usd
        assert step.worth_usd > 2 * (step.worth_standard_error_usd or 0.0)
    if not lifting and verdict.next_step.cost_usd > 0:
        assert verdict.next_step.worth_usd > verdict.next_step.cost_usd


def test_where_no_cost_is_known_the_questions_that_are_missing_are_named(tmp_path: Path) -> None:
    """A GPU that nobody rents out, and data that may not leave: only its price per hour lacks."""
    text = (BRIEFS / "product-feed.toml").read_text(encoding="utf-8")
    for old, new in (
        ("usd_per_hour = 1.9", ""),
        ('gpu = "L40S"', 'gpu = "RX 7900 XTX"'),
        ('prompt = ["claude-sonnet-5"]', "prompt = []"),
        ("[team]", "[policy]\ndata_may_leave = false\n[team]"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "brief.toml"
    path.write_text(text, encoding="utf-8")
    verdict = pipeline.recommend(path, own_runs=False, keep=False)
    assert verdict.verdict == "undecided"
    assert "unknown price" in verdict.why[0]
    assert verdict.next_step.action.startswith("answer hardware.usd_per_hour")
    assert "--set hardware.usd_per_hour=" in verdict.next_step.command
