"""Coefficients from flat names: nothing that is not stated counts."""

from __future__ import annotations

from dataclasses import fields

from advisor.estimate.training.coefficients import Coefficients

LISTS = {"frameworks", "gpus"}


def test_what_is_not_stated_counts_as_nothing() -> None:
    none = Coefficients.from_flat({})
    assert {getattr(none, f.name) for f in fields(none) if f.name not in LISTS} == {0.0}
    assert (none.frameworks, none.gpus) == (frozenset(), frozenset())


def test_names_with_a_point_are_cases_of_one() -> None:
    some = Coefficients.from_flat({"stored": 2.0, "repeat.speed": 0.1, "repeat.memory": 0.2}, "a;b")
    assert (some.stored, some.repeat) == (2.0, {"speed": 0.1, "memory": 0.2})
    assert some.frameworks == {"a", "b"}
