"""The mutation run changes one expression at a time, and nothing but expressions."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import mutate
from tools.mutation import changes, reach

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
    assert list(changes.changes(ast.parse(expression, mode="eval").body)) == others


def test_every_change_compiles_and_touches_no_documentation(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE)
    found = changes.mutants("module.py", tmp_path)
    assert len(found) >= 12
    for mutant in found:
        changed = MODULE[: mutant.start] + mutant.after + MODULE[mutant.end :]
        assert changed != MODULE
        tree = ast.parse(changed)
        assert ast.get_docstring(tree) == "Adds 1 and 2."
        assert "LIMIT: float" in changed
        assert "rows: list[float], most: int | None" in changed


def test_nothing_is_changed_that_only_words_or_guards_depend_on(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "def share(a: float, b: float) -> float:\n"
        "    if a == a:\n"
        "        raise ValueError('more than', 3)\n"
        "    pairs = zip([a], [b], strict=True), round(b, 6)\n"
        "    return f'{a + 1}' or b + 1e-9\n"
    )
    found = changes.mutants("module.py", tmp_path)
    assert {mutant.before for mutant in found} == {"a == a", "f'{a + 1}' or b + 1e-9", "b + 1e-9"}


PROGRAM = {
    "advisor/core/rates.py": """
RATE = 2.0
TABLE = {"slow": RATE}

def price(
    hours: float,
) -> float:
    return (
        hours
        * TABLE["slow"]
    )
""",
    "advisor/core/bills.py": """
from advisor.core.rates import RATE, price

def bill(hours: float) -> float:
    return price(hours)
""",
}
RUNS = {
    "advisor/core/rates.py": {10: frozenset({"test_price"}), 2: frozenset({"test_import"})},
    "advisor/core/bills.py": {5: frozenset({"test_bill"})},
}


@pytest.mark.parametrize(
    ("file", "line", "expected"),
    [
        ("rates.py", 10, {"test_price"}),
        ("rates.py", 8, {"test_price"}),  # another line of the same statement
        ("rates.py", 3, {"test_price"}),  # run by none: who runs a line with the name
        ("rates.py", 2, {"test_price", "test_import"}),  # by way of the table
        ("rates.py", 6, {"test_bill"}),  # a parameter stands for its function
        ("bills.py", 5, {"test_bill"}),
    ],
)
def test_a_line_is_tried_by_the_tests_that_run_it_or_its_name(
    file: str, line: int, expected: set[str], tmp_path: Path
) -> None:
    for name, text in PROGRAM.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert reach.tests_of(RUNS, tmp_path, f"advisor/core/{file}", line) == expected


def test_the_tests_of_the_module_come_first_and_the_copy_of_the_constants_last() -> None:
    file, line = "advisor/decide/why.py", 100
    seconds = {
        "tests/decide/test_flips.py::test_slow": 2.0,
        "tests/decide/test_flips.py::test_quick": 0.1,
        "tests/acceptance/test_advice.py::test_one": 1.0,
        "tests/decide/test_why.py::test_any": 9.0,
        "tests/decide/test_plan.py::test_another": 1.0,
    }
    who = frozenset(
        {"tests/acceptance/test_advice.py", *(test for test in seconds if "flips" in test)}
    )
    tests = mutate.Tests(seconds, {file: dict.fromkeys(range(1, 1000), who)})
    stages = [list(s) for s in tests.stages(changes.Mutant(file, line, 0, 0, "", ""), mutate.ROOT)]
    assert stages == [
        ["tests/decide/test_why.py::test_any"],
        [
            "tests/acceptance/test_advice.py::test_one",
            "tests/decide/test_flips.py::test_quick",
            "tests/decide/test_flips.py::test_slow",
        ],
        ["tests/test_constants.py"],
    ]


def test_what_no_test_runs_itself_is_tried_by_the_tests_of_its_folder(tmp_path: Path) -> None:
    file = "advisor/core/plugins/child.py"
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("def answer():\n    return 1\n")
    seconds = dict.fromkeys(("tests/plugins/test_a.py::test", "tests/core/test_b.py::test"), 1.0)
    change = changes.Mutant(file, 2, 0, 0, "", "")
    stages = [list(s) for s in mutate.Tests(seconds, {}).stages(change, tmp_path)]
    assert stages == [[], ["tests/plugins/test_a.py::test"], ["tests/test_constants.py"]]


def test_a_room_is_also_a_folder_or_a_module_and_then_all_of_its_changes(tmp_path: Path) -> None:
    for name in ("core/option.py", "core/sections/task.py", "estimate/training/time.py"):
        (tmp_path / "advisor" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "advisor" / name).write_text("a = b < c\n")

    def chosen(*rooms: str) -> list[str]:
        return [f"{m.file} {m.after}" for m in changes.every(rooms, tmp_path)]

    both = ["advisor/core/option.py b <= c", "advisor/core/option.py b >= c"]
    assert chosen("core") == chosen("core/option.py") == both
    assert chosen("estimate/training") == chosen("estimate")
    assert len(changes.sample(["core", "estimate"], 1, 60, tmp_path)) == 2
    for name in ("calibrate/hub.py", "calibrate/quality.py", "calibrate/worker/quality.py"):
        (tmp_path / "advisor" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "advisor" / name).write_text("a = not b\n")
    assert chosen("calibrate") == ["advisor/calibrate/quality.py (b)"]
    assert chosen("calibrate/hub.py") == ["advisor/calibrate/hub.py (b)"]


def test_every_change_of_a_module_is_tried_by_the_tests_that_mirror_it() -> None:
    files = ("tests/core/test_option.py", "tests/plugins/test_option.py", "tests/core/test_text.py")
    mirrors = mutate.Mirrors([*files, "tests/estimate/test_option.py"])
    change = changes.Mutant("advisor/core/option.py", 1, 0, 0, "", "")
    assert [list(stage) for stage in mirrors.stages(change, mutate.ROOT)] == [list(files[:2])]


def test_a_line_that_only_a_kept_result_comes_from_is_tried_by_whole_files(tmp_path: Path) -> None:
    """Of many tests only the first that asks for the table runs its lines."""
    file = "advisor/core/table.py"
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(
        "@cache\ndef table():\n    return row(1)\n\n\ndef row(n):\n    return n\n\n\n"
        "def other(n):\n    return n\n"
    )
    runs = {file: {n: frozenset({"test_a.py::test_first"}) for n in (3, 7, 11)}}
    assert reach.tests_of(runs, tmp_path, file, 3) == {"test_a.py"}
    assert reach.tests_of(runs, tmp_path, file, 7) == {"test_a.py"}
    assert reach.tests_of(runs, tmp_path, file, 11) == {"test_a.py::test_first"}
