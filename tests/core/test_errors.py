from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core import errors
from advisor.core.errors import did_you_mean, nearest

KEYS = ["requests_per_month", "retry_rate", "static_tokens", "shared_tokens", "Llama-3.1-8B"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("AdvisorError", 1),
        ("UsageError", 2),
        ("Infeasible", 4),
        ("MissingExtra", 1),
        ("Cancelled", 130),
    ],
)
def test_exit_codes_are_the_contract(error: str, code: int) -> None:
    kind = getattr(errors, error)
    assert kind("x").exit == code
    assert issubclass(kind, errors.AdvisorError)


def test_undecided_is_three() -> None:
    assert errors.Exit.UNDECIDED == 3
    assert errors.Exit.DONE == 0


@pytest.mark.parametrize(
    ("typed", "clause"),
    [
        ("request_per_month", "; did you mean 'requests_per_month'?"),
        ("RETRY_RATE", "; did you mean 'retry_rate'?"),
        ("llama-3.1-8b", "; did you mean 'Llama-3.1-8B'?"),
        ("static_token", "; did you mean 'static_tokens' or 'shared_tokens'?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_a_near_name_is_offered(typed: str, clause: str) -> None:
    assert did_you_mean(typed, KEYS) == clause


@given(st.sampled_from(KEYS), st.integers(0, 30))
def test_a_name_with_one_letter_lost_is_found(name: str, place: int) -> None:
    place %= len(name)
    assert nearest(name[:place] + name[place + 1 :], KEYS)[0] == name


@given(st.text(), st.lists(st.text()), st.integers(1, 5))
def test_only_known_names_are_offered_and_no_more_than_asked(
    name: str, known: list[str], count: int
) -> None:
    found = nearest(name, known, count)
    assert set(found) <= set(known)
    assert len(found) <= count


def test_a_line_keeps_its_place_and_its_way_out_however_long_a_name_is() -> None:
    name = "x" * 5000
    shown = str(errors.UsageError(f"brief.toml: line 3: {name}: is not a model; see advisor facts"))
    assert len(shown) <= 700
    assert shown.startswith("brief.toml: line 3: xxx")
    assert shown.endswith("xxx: is not a model; see advisor facts")
    short = "brief.toml: line 3: " + "y" * 600
    assert str(errors.UsageError(short)) == short
