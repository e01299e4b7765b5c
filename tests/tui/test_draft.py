"""The draft: answers, what-ifs, what is written; and how far a what-if steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import brief as files
from advisor.brief.values import SMALLEST
from advisor.core.brief import questions
from advisor.core.quantity import Basis, Range
from advisor.tui.model.brief_files import examples, neighbours, save
from advisor.tui.model.draft import Draft
from advisor.tui.model.stepping import can_step, stepped

VOLUME = "traffic.requests_per_month"
NUMBERS = [key for key, q in questions().items() if can_step(q) and "[" not in key]


def test_an_answer_knows_its_file(brief_file):
    draft = Draft.read(brief_file).answer(VOLUME, Range.exact(5e6))
    origin = draft.brief.origin(VOLUME)
    assert (origin.basis, origin.source) == (Basis.QUOTED, f"brief shop.toml: {VOLUME}")


def test_the_same_answer_changes_nothing(brief_file):
    draft = Draft.read(brief_file)
    assert draft.answer(VOLUME, Range.exact(3e6)) is draft


def test_leaving_out_the_last_answer_of_an_optional_table_removes_the_table():
    draft = Draft().answer("retrieval.tokens", Range.exact(900.0))
    assert draft.brief.retrieval is not None
    assert draft.answer("retrieval.tokens", None).brief.retrieval is None


def test_a_what_if_is_judged_as_an_assumption_and_never_written(brief_file):
    draft = Draft.read(brief_file).suppose(VOLUME, Range.exact(9e6))
    assert draft.judged.traffic.requests_per_month.p50 == 9e6
    assert draft.judged.origin(VOLUME).basis is Basis.ASSUMED
    assert draft.brief.traffic.requests_per_month.p50 == 3e6
    assert draft.toml() == brief_file.read_text(encoding="utf-8")


def test_what_is_saved_reads_back_the_same(brief_file, tmp_path: Path):
    draft = (
        Draft.read(brief_file)
        .answer(VOLUME, Range(2e6, 3e6, 4e6))
        .answer("quality.target", None)
        .answer("models.tune", ("llama-3.1-8b",))
    )
    saved = save(draft, tmp_path / "other.toml")
    again = files.read(tmp_path / "other.toml")
    assert not saved.unsaved
    assert again.traffic == draft.brief.traffic
    assert again.quality.target == 0.0
    assert again.models.tune == ("llama-3.1-8b",)


def test_a_brief_from_nothing_writes_only_what_was_answered(tmp_path: Path):
    save(Draft().answer("name", "Mine").answer(VOLUME, Range.exact(5e4)), tmp_path / "new.toml")
    assert set(files.read(tmp_path / "new.toml").origins) == {"name", VOLUME}


def test_contradictions_are_found_while_typing(brief_file):
    key, line = Draft.read(brief_file).answer("quality.human_ceiling", 0.5).contradiction()
    assert key == "quality.target"
    assert "0.5" in line


def test_examples_are_named_and_other_toml_is_no_brief(tmp_path: Path):
    assert len(examples()) >= 6
    assert all(name for _, name in examples())
    (tmp_path / "pyproject.toml").write_text('name = "x"\n', encoding="utf-8")
    (tmp_path / "broken.toml").write_bytes(b"\xff")
    assert neighbours(tmp_path) == []


@pytest.mark.parametrize("key", NUMBERS)
@given(direction=st.sampled_from([1, -1]), data=st.data())
def test_a_step_stays_in_bounds_and_in_order(key, direction, data):
    question = questions()[key]
    low = question.low if question.low is not None else -1.0
    first = max(low, 1e-3) if question.zero_is_absent else low  # 0 is not an answer there
    high = min(question.high if question.high is not None else 1e9, 1e9)
    amounts = st.floats(first, high).map(lambda n: 0.0 if abs(n) < SMALLEST else n)
    amounts = amounts.map(lambda n: max(n, first))
    points = sorted(data.draw(st.lists(amounts, min_size=3, max_size=3)))
    value = Range(*points) if question.ranged else points[1]
    if question.kind == "whole":
        value = round(points[1])
    moved = stepped(question, value, direction)
    ends = (moved.p10, moved.p50, moved.p90) if isinstance(moved, Range) else (moved,)
    assert all(low <= end <= high * 1.11 for end in ends)
    assert list(ends) == sorted(ends)
    files.parse_answer(question, files.format_answer(question, moved))


@pytest.mark.parametrize(
    ("key", "value", "up"),
    [
        (VOLUME, Range.exact(3e6), Range.exact(3.3e6)),
        ("quality.target", 0.9, 0.95),
        ("task.tasks_sharing_model", 1, 2),
        ("team.adapter_hours", Range.exact(0.0), Range.exact(1.0)),
        ("traffic.cache_hit_rate", Range.exact(0.98), Range.exact(1.0)),
    ],
)
def test_steps_are_a_tenth_or_a_twentieth(key, value, up):
    assert stepped(questions()[key], value, 1) == up
