"""Two verdicts compared, with every kind of difference; and in words."""

from __future__ import annotations

from dataclasses import replace

from advisor.core.quantity import UNKNOWN
from advisor.core.verdict import Answer, FigureInput, Verdict
from advisor.watch.changes import change
from advisor.watch.show import lines
from tests.report.conftest import marketplace

BEFORE = marketplace()
OPTION = BEFORE.arms[0]


def with_input(verdict: Verdict, *inputs: FigureInput) -> Verdict:
    """The verdict with these inputs of the first figure of its first option."""
    figure = replace(OPTION.figures[0], inputs=inputs)
    option = replace(OPTION, figures=(figure, *OPTION.figures[1:]))
    return replace(verdict, arms=(option, *verdict.arms[1:]))


def price(value: float | None, source: str = "anthropic: price list") -> FigureInput:
    return FigureInput("price.input", value, "USD/1M tokens", "quoted", source, "2026-12-01")


def test_the_same_verdict_is_no_change() -> None:
    same = change("b.toml", BEFORE, BEFORE)
    assert not same.is_anything
    assert "nothing changed since" in list(lines(same))[1]


def test_a_first_verdict_is_something_to_tell() -> None:
    first = change("b.toml", None, BEFORE)
    assert first.is_anything
    assert not first.is_other_decision
    assert list(lines(first))[1].startswith("  first verdict: ")


def test_a_price_that_moved_is_named_with_both_values_and_its_source() -> None:
    moved = change("b.toml", with_input(BEFORE, price(2.0)), with_input(BEFORE, price(1.0)))
    (fact,) = moved.facts
    assert (fact.before, fact.after, fact.as_of) == (2.0, 1.0, "2026-12-01")
    text = "\n".join(lines(moved))
    assert f"price.input of {OPTION.model} at anthropic: 2 → 1 USD/1M tokens" in text
    assert "the verdict stays" in text


def test_a_price_that_becomes_unknown_is_a_change_and_never_zero() -> None:
    lost = change("b.toml", with_input(BEFORE, price(2.0)), with_input(BEFORE, price(None)))
    assert "2 → unknown" in "\n".join(lines(lost))


def test_rounding_in_a_record_is_no_change() -> None:
    exact = with_input(BEFORE, price(1 / 3))
    kept = with_input(BEFORE, price(0.3333333333))
    assert change("b.toml", kept, exact).facts == ()


def test_what_the_brief_states_is_no_fact() -> None:
    stated = "brief b.toml: hardware.usd_per_hour"
    old, new = (with_input(BEFORE, price(value, stated)) for value in (1.0, 2.0))
    assert change("b.toml", old, new).facts == ()


def test_an_answer_that_changed_is_named_but_not_the_day() -> None:
    first = Answer("task.type", "What is it?", "qa", None, "", "brief b.toml: task.type")
    day = replace(first, key="as_of", value="2026-01-01")
    old = replace(BEFORE, answers=(first, day))
    later = replace(day, value="2027-01-01")
    new = replace(BEFORE, answers=(replace(first, value="another"), later))
    (answer,) = change("b.toml", old, new).answers
    assert (answer.key, answer.before, answer.after) == (first.key, first.value, "another")


def test_options_that_come_and_go_are_named() -> None:
    gone = change("b.toml", BEFORE, replace(BEFORE, arms=BEFORE.arms[1:], arm=BEFORE.arms[1].id))
    assert gone.lost_options == (OPTION.id,)
    assert change("b.toml", replace(BEFORE, arms=BEFORE.arms[1:]), BEFORE).new_options == (
        OPTION.id,
    )


def test_another_option_is_another_decision_also_where_none_is_left() -> None:
    nothing = replace(BEFORE, arms=(), arm="", verdict="undecided")
    other = change("b.toml", BEFORE, nothing)
    assert other.is_other_decision
    assert other.after.monthly_usd == UNKNOWN
    text = "\n".join(lines(other))
    assert "the verdict changed" in text
    assert "→ unknown" in text


def test_text_of_others_is_shown_escaped() -> None:
    hostile = price(1.0, "evil\x1b[2J")
    text = "\n".join(
        lines(change("b\x1b.toml", with_input(BEFORE, price(2.0)), with_input(BEFORE, hostile)))
    )
    assert "\x1b" not in text
