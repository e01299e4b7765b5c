from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from advisor.core.brief import Brief, Origin, Retrieval, Segment
from advisor.core.errors import Infeasible, UsageError
from advisor.core.quantity import Basis, Range
from advisor.core.verdict import FigureRecord, Verdict
from advisor.report import side_by_side
from advisor.report.difference import MoneyChange, cents_between, difference, differing, swapped

QUOTED = Origin(Basis.QUOTED, "brief b.toml", "2026-11-20")


def set_to(brief: Brief, **answers: object) -> Brief:
    for key, value in answers.items():
        brief = brief.answered(key.replace("__", "."), value, QUOTED)
    return brief


def judged(verdict: Verdict, /, monthly: float, **changes: object) -> Verdict:
    """The verdict with another running cost of its chosen option."""

    def figures() -> Iterator[FigureRecord]:
        for found in verdict.chosen.figures:
            yield replace(found, value=monthly) if found.id == "run.total" else found

    chosen = replace(verdict.chosen, figures=tuple(figures()))
    return replace(
        verdict, arms=tuple(chosen if a.id == chosen.id else a for a in verdict.arms), **changes
    )


@pytest.fixture
def per_request(verdict: Verdict):
    """A judge whose running cost is a hundredth of a dollar a request, and double that in
    Europe.
    """

    def judge(brief: Brief) -> Verdict:
        if brief.models.prompt == ():
            raise Infeasible("no option is left")
        if brief.traffic.requests_per_month.likely > 1e6:
            raise UsageError("traffic.requests_per_month: too many")
        cost = (
            0.01
            * brief.traffic.requests_per_month.likely
            * (2 if brief.policy.residency == "eu" else 1)
        )
        return judged(verdict, cost)

    return judge


BASE = set_to(Brief(), name="base", traffic__requests_per_month=Range.exact(10_000.0))


def test_equal_briefs_do_not_differ(per_request) -> None:
    held = difference(BASE, BASE, ("a.toml", "b.toml"), per_request)
    assert held.changed == ()
    assert held.change == MoneyChange(0.0, 0.0, 0.0)
    assert "No input differs." in side_by_side.render(held)


def test_each_input_is_priced_alone_and_the_rest_together(per_request, golden) -> None:
    """10,000 requests at $0.01 become 30,000 at $0.02: +100 by residency, +200 by volume, +200 by
    both together.
    """
    other = set_to(
        BASE,
        name="other",
        traffic__requests_per_month=Range.exact(30_000.0),
        policy__residency="eu",
    )
    held = difference(BASE, other, ("a.toml", "b.toml"), per_request)
    assert held.change.monthly_usd == 500.0
    effects = {c.input: c.effect.monthly_usd for c in held.changed}
    assert effects == {"name": 0.0, "traffic.requests_per_month": 200.0, "policy.residency": 100.0}
    shown = side_by_side.render(held)
    assert "Only together: +$200.00 per month" in shown
    golden("diff.txt", shown)


def test_an_input_that_alone_leaves_no_option_or_is_refused_says_so(per_request) -> None:
    other = set_to(BASE, models__prompt=(), traffic__requests_per_month=Range.exact(2e6))
    changed = {
        c.input: c
        for c in difference(
            BASE, other, ("a", "b"), lambda b: per_request(BASE) if b is other else per_request(b)
        ).changed
    }
    assert changed["models.prompt"].effect is None
    assert changed["models.prompt"].reason == "no option left"
    assert "too many" in changed["traffic.requests_per_month"].reason


def test_the_verdict_of_an_input_alone_is_named(verdict: Verdict) -> None:
    other = set_to(BASE, policy__residency="eu")

    def judge(brief: Brief) -> Verdict:
        eu = brief.policy.residency == "eu"
        return judged(verdict, 10.0, verdict="undecided" if eu else "tune")

    shown = side_by_side.render(difference(BASE, other, ("a", "b"), judge))
    assert "becomes not decidable" in shown


def test_an_unknown_amount_makes_an_unknown_change(per_request, verdict: Verdict) -> None:
    other = set_to(BASE, policy__residency="eu")
    unknown = judged(verdict, 1.0, arm="hybrid/tuned-few-shot@qwen3-4b+hosted")
    held = difference(BASE, other, ("a", "b"), lambda b: per_request(b) if b is BASE else unknown)
    assert held.change.monthly_usd is None
    assert "unknown" in side_by_side.render(held)


@pytest.mark.parametrize(
    ("a", "b", "change"),
    [
        (43.16, 1274.60, 1231.44),
        (0.1, 0.3, 0.2),
        (None, 1.0, None),
        (5.0, 5.0, 0.0),
        (1274.60, 43.16, -1231.44),
    ],
)
def test_changes_are_exact_to_the_cent(
    a: float | None, b: float | None, change: float | None
) -> None:
    assert cents_between(a, b) == change


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_cents_add_up_for_any_amounts(a: int, b: int) -> None:
    assert cents_between(a / 100, b / 100) == (b - a) / 100


def test_only_what_differs_is_swapped_one_at_a_time() -> None:
    other = set_to(BASE, policy__residency="eu", models__tune=("llama-3.1-8b",))
    other = replace(other, segments=(Segment("new"),), retrieval=Retrieval())
    keys = differing(BASE, other)
    assert keys == ("policy.residency", "models.tune", "retrieval", "segments")
    for key in keys:
        assert differing(swapped(BASE, other, key), other) == tuple(k for k in keys if k != key)
    held = swapped(BASE, other, "policy.residency")
    assert held.origin("policy.residency") == QUOTED
    assert held.origin("models.tune") == BASE.origin("models.tune")


def test_a_table_on_both_sides_differs_key_by_key() -> None:
    a, b = (
        replace(BASE, retrieval=Retrieval()),
        replace(BASE, retrieval=Retrieval(tokens=Range.exact(9.0))),
    )
    assert differing(a, b) == ("retrieval.tokens",)


def test_paths_are_compared_and_swapped_by_the_file_they_lead_to(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    a = replace(set_to(BASE, data__path="rows.jsonl"), folder=str(here))
    b = replace(set_to(BASE, data__path="rows.jsonl"), folder=str(there))
    assert differing(a, b) == ("data.path",)
    assert swapped(a, b, "data.path").data.path == str(there / "rows.jsonl")
    same = replace(set_to(BASE, data__path="../here/rows.jsonl"), folder=str(there))
    assert differing(a, same) == ()


def test_the_text_keeps_to_its_width_and_shows_data_safely(per_request, hostile: Verdict) -> None:
    other = set_to(BASE, name="\x1b[2J" + "x" * 200, policy__residency="eu")
    for width in (40, 80):
        shown = side_by_side.render(difference(BASE, other, ("a\x1b", "b"), per_request), width)
        assert max(map(cell_len, shown.splitlines())) <= width
        assert "\x1b" not in shown
