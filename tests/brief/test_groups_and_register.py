"""Groups, what makes sense to ask, the assumption register and the reference page."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.brief import assumptions, groups, makes_sense, parse, with_answers
from advisor.brief.reference import page
from advisor.core.brief import Brief, questions
from advisor.core.verdict import Assumption

ROOT = Path(__file__).parents[2]


def register(text: str) -> dict[str, Assumption]:
    return {a.key: a for a in assumptions(parse(text))}


def test_every_question_stands_in_exactly_one_group() -> None:
    keys = [key for group in groups() for key in group.keys]
    assert sorted(keys) == sorted(k for k in questions() if "[" not in k)


def test_groups_come_in_the_order_of_the_form() -> None:
    titles = [group.title for group in groups()]
    assert titles[:9] == [
        "Task",
        "Traffic",
        "Quality",
        "Data",
        "Budget",
        "Team",
        "Hardware",
        "Policy",
        "Models",
    ]
    assert {group.optional for group in groups()} == {"", "current", "baseline", "retrieval"}


@pytest.mark.parametrize(
    ("settings", "key", "sense"),
    [
        ([], "task.labels", False),
        (["task.type=classification"], "task.labels", True),
        ([], "traffic.shared_tokens", False),
        (["traffic.distinct_prefixes=25"], "traffic.shared_tokens", True),
        ([], "traffic.batch_cache_hit_rate", False),
        (["traffic.can_wait_24h=yes"], "traffic.batch_cache_hit_rate", True),
        ([], "hardware.watts", False),
        (["hardware.owned=yes"], "hardware.watts", True),
        (["hardware.owned=yes"], "hardware.usd_per_hour", False),
        (["hardware.gpu=none"], "hardware.count", False),
        (["models.tune=none"], "hardware.gpu", False),
        (["models.tune=none"], "tuning.epochs", False),
        (["policy.data_may_leave=no"], "policy.residency", False),
        ([], "current.ends", False),
        (["current.model=m"], "current.ends", True),
        ([], "quality.target", True),
    ],
)
def test_a_question_makes_sense_where_it_can_matter(
    settings: list[str], key: str, sense: bool
) -> None:
    assert makes_sense(with_answers(Brief(), settings), key) is sense


def test_what_is_left_open_is_listed_with_its_source() -> None:
    found = register("[traffic]\nrequests_per_month = 5")
    assert "traffic.requests_per_month" not in found
    assert found["traffic.static_tokens"].value == "300 – 1,000 – 3,000 tokens/request"
    assert found["traffic.growth_per_month"].value == "0 % per month"
    assert found["task.tasks_sharing_model"].value == "1 task"
    assert found["policy.data_may_leave"].value == "yes"
    assert found["budget.one_off_usd"].value == "none"
    assert found["data.tokens_per_example"].value == "derived"
    assert found["hardware.provider"].value == "any"
    assert found["team.hourly_usd"].as_of == "2025-05"
    assert all(a.basis == "assumed" and a.source for a in found.values())


def test_absent_tables_pointless_questions_and_mere_labels_are_no_assumptions() -> None:
    found = register("[models]\ntune = []")
    for key in (
        "client",
        "task.domain",
        "retrieval.tokens",
        "current.monthly_usd",
        "tuning.epochs",
        "hardware.gpu",
    ):
        assert key not in found


def test_a_zero_that_means_left_out_is_listed() -> None:
    assert "hardware.train_tokens_per_second" in register("[hardware]\ntrain_tokens_per_second = 0")
    assert "hardware.train_tokens_per_second" not in register(
        "[hardware]\ntrain_tokens_per_second = 5"
    )


def test_an_optional_table_that_is_there_is_listed() -> None:
    assert register("[retrieval]")["retrieval.tokens"].value == "1,500 tokens/request"


def test_rows_list_what_they_leave_open() -> None:
    found = register('[[segments]]\nname = "a"\nshare = 0.5')
    assert found["segments[0].count"].value == "1 segment"
    assert "segments[0].share" not in found


def test_the_reference_page_is_the_one_that_the_questions_make() -> None:
    """Made again by `python -m advisor.brief.reference > docs/reference/brief.md`."""
    assert (ROOT / "docs" / "reference" / "brief.md").read_text(encoding="utf-8") == page()


def test_the_reference_page_names_every_key_once() -> None:
    text = page()
    for key in questions():
        assert text.count(f"`{key}`") == 1
