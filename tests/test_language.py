"""The language of the code: names that say what a thing is, one name per concept, plain English."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "advisor"
ROOMS = sorted(
    path.stem
    for path in PACKAGE.iterdir()
    if (path.is_dir() and (path / "__init__.py").is_file()) or path.suffix == ".py"
)

VAGUE = frozenset(
    ["found", "held", "told", "known", "seen", "said", "kept", "made", "shown", "asked"]
)
"""Participles that say what happened to a thing and not what it is."""

LOOSE_RECORDS = {
    "brief": 6,
    "calibrate": 22,
    "cli": 3,
    "core": 4,
    "endpoint": 2,
    "experiments": 4,
    "facts": 3,
    "probe": 10,
    "store": 4,
    "tui": 1,
}
"""How many `Mapping[str, Any]` or `dict[str, Any]` a room may have: JSON at its edges, no more."""


def files_of(room: str) -> list[Path]:
    single = PACKAGE / f"{room}.py"
    return [single] if single.is_file() else sorted((PACKAGE / room).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(room: str) -> Iterator[tuple[str, ast.AST]]:
    for path in files_of(room):
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(tree_of(path)):
            yield place, node


def stored_name(node: ast.AST) -> str:
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    return ""


def is_swap(node: ast.Assign) -> bool:
    """`a, b = b, a` and `a, b = b, a + b`: the one reason to assign two things at once."""
    target, value = node.targets[0], node.value
    names = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    read = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
    return bool(names & read)


@pytest.mark.parametrize("room", ROOMS)
def test_names_say_what_a_thing_is(room: str) -> None:
    vague = [
        f"{place}:{node.lineno} {stored_name(node)}"
        for place, node in nodes(room)
        if stored_name(node) in VAGUE
    ]
    assert vague == []


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_folded(room: str) -> None:
    """No conditional expression inside another, no assignment of unrelated things in one line."""
    folded = []
    for place, node in nodes(room):
        if isinstance(node, ast.IfExp) and any(
            isinstance(part, ast.IfExp) for part in (node.body, node.orelse)
        ):
            folded.append(f"{place}:{node.lineno} nested conditional")
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
            and not is_swap(node)
        ):
            folded.append(f"{place}:{node.lineno} tuple assignment")
    assert folded == []


@pytest.mark.parametrize("room", ROOMS)
def test_records_are_typed(room: str) -> None:
    loose = [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for path in files_of(room)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for _ in re.findall(r"(?:Mapping|dict)\[str, (?:Any|object)\]", line)
    ]
    assert len(loose) <= LOOSE_RECORDS.get(room, 0), loose


def test_one_name_stands_for_one_class() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for place, node in nodes(room):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(f"{place}:{node.lineno}")
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


PER = "month|year|week|day|hour|minute|second|request|token|row|byte|GPU|item|example|layer"
BANNED_WORDS = (
    (rf"(?:\d|tokens?|requests?|hours?|times|USD|GiB|GB|bytes?|calls?) an? (?:{PER})\b", "per"),
    (rf"\b(?:bits|prices?|costs?|money|charges?|draws) an? (?:{PER})\b", "per"),
    (r"\bis no [a-z]", "is not a"),
    (r"\b(?:are|was|were) no (?!longer|more)[a-z]", "are not"),
    (r"\bforet(?:old|ells?)\b", "predicted"),
    (r"\breally came\b", "the actual result"),
    (r"\bof kin\b", "alike"),
    (r"\bNot so\b", "No"),
    (r"\bunless told\b|\bas told\b", "unless set"),
    (r"\banew\b", "again"),
    (r"\bteachers?\b|\blessons?\b", "source run"),
    (r"\barms?\b", "option"),
    (r"\bcards?\b", "GPU"),
    (r"\bh[oe]ld (?:it |them )?against\b", "compare with"),
    (r"\bthe like\b", "and similar"),
    (r"\bnobody said\b|\bnobody told\b", "not stated"),
    (r"\bby eye\b", "visually"),
    (r"\bsay --", "use --"),
)
"""What a native engineer would not write, and what to write instead."""

ALLOWED_WORDS = ("model card", "graphics card", "card number", "card series", "card model")


def faults(text: str) -> list[str]:
    for phrase in ALLOWED_WORDS:
        text = text.replace(phrase, "")
    return [
        f"{match.group(0)!r}: say {instead!r}"
        for pattern, instead in BANNED_WORDS
        for match in re.finditer(pattern, text)
    ]


def docstrings(tree: ast.Module) -> set[int]:
    """Ids of constants that no user meets: docstrings and the notes below constants."""
    return {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }


def shown_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Texts with at least two words that the program can show, with their lines."""
    tree = tree_of(path)
    silent = docstrings(tree)
    commands = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(
            "command" in ast.unparse(d) or "group" in ast.unparse(d) for d in node.decorator_list
        )
    ]
    for command in commands:
        yield command.lineno, ast.get_docstring(command) or ""  # click shows it as help
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) not in silent and " " in node.value.strip():
            yield node.lineno, node.value


@pytest.mark.parametrize("room", ROOMS)
def test_texts_are_plain_english(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT).as_posix()}:{line} {fault}"
        for path in files_of(room)
        for line, text in shown_texts(path)
        for fault in faults(text)
    ]
    assert wrong == []


DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "calibration").rglob("*.md"),
    *(ROOT / "profiles").rglob("*.md"),
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_documents_are_plain_english(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong = [f"{number}: {fault}" for number, line in enumerate(lines, 1) for fault in faults(line)]
    assert wrong == []
