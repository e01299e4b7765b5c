"""The mutation run changes one expression at a time, and nothing but expressions."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import mutate

MODULE = '''"""Adds 1 and 2."""
from __future__ import annotations

LIMIT: float = 2.0


def sums(rows: list[float], most: int | None = None) -> float:
    """The sum of at most 3 rows."""
    first = rows[:most] if most is not None and rows else rows
    return min(sum(first) * 2, LIMIT)
'''


@pytest.mark.parametrize(
    ("expression", "others"),
    [
        ("a < b", ["a <= b", "a >= b"]),
        ("a and b", ["((a) or (b))", "(b)", "(a)"]),
        ("a / b", ["((a) * (b))", "(a)", "(b)"]),
        ("a if b else c", ["(a)", "(c)"]),
        ("not a", ["(a)"]),
        ("0.5", ["0.55"]),
        ("20", ["22"]),
        ("True", ["False"]),
        ("spread.p10", ["spread.p90"]),
        ("min", ["max"]),
        ("'text' + a", []),
        ("f'{a}' + b", []),
    ],
)
def test_an_expression_has_these_neighbours(expression: str, others: list[str]) -> None:
    assert list(mutate.changes(ast.parse(expression, mode="eval").body)) == others


def test_every_change_compiles_and_touches_no_documentation(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE)
    found = mutate.mutants("module.py", tmp_path)
    assert len(found) >= 12
    for mutant in found:
        changed = MODULE[: mutant.start] + mutant.after + MODULE[mutant.end :]
        assert changed != MODULE
        tree = ast.parse(changed)
        assert ast.get_docstring(tree) == "Adds 1 and 2."
        assert "LIMIT: float" in changed
        assert "rows: list[float], most: int | None" in changed


def test_the_tests_of_the_module_come_first() -> None:
    mutant = mutate.Mutant("advisor/decide/why.py", 1, 0, 0, "", "")
    near, far = mutate.tests_for(mutant, mutate.ROOT)
    assert "tests/decide/test_why.py" in near
    assert "tests/decide/test_flips.py" in far
