"""Which tests can notice a change of a line: those that run it.

A number at the top of a module, the default of a parameter or of a field has been worked out
before any test begins. The tests of such a line are those that run a line with its name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Runs = Mapping[str, Mapping[int, frozenset[str]]]
"""Of each file of the program and each of its lines: the tests that run it."""

DEEPEST = 3
"""A table of tables has a name that only another table mentions."""


@dataclass(frozen=True, slots=True)
class Place:
    """The lines of a statement in a function, or the names that stand for it elsewhere."""

    lines: range
    names: frozenset[str] = frozenset()
    is_kept: bool = False
    """Whether the function keeps its results, so that only the first test of many runs it."""


@cache
def tree(root: Path, file: str) -> ast.Module:
    """A module as it was before any change."""
    return ast.parse((root / file).read_bytes())


def place(module: ast.Module, line: int) -> Place:
    """What the statement on this line is."""
    around = [node for node in _statements(module) if node.lineno <= line <= _last(node)]
    innermost = around[-1]
    bodies = [node for node in around if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    inside = [node for node in bodies if _has_in_body(node, line)]
    if inside and isinstance(inside[-1], ast.FunctionDef):
        lines = range(innermost.lineno, _header_end(innermost) + 1)
        return Place(lines, is_kept=_is_kept(module, inside))
    return Place(range(line, line + 1), frozenset(_names(around[0])))


def _is_kept(module: ast.Module, inside: list[ast.FunctionDef | ast.ClassDef]) -> bool:
    """Whether one of these keeps its results, or what does keep its own calls one."""
    names = {node.name for node in inside}
    keeping = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    called = {
        part.id
        for node in filter(_is_cached, keeping)
        for part in ast.walk(node)
        if isinstance(part, ast.Name)
    }
    return any(map(_is_cached, inside)) or bool(names & called)


def _is_cached(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return any("cache" in ast.unparse(decorator) for decorator in node.decorator_list)


def _statements(module: ast.Module) -> Iterator[ast.stmt]:
    """In the order of the text, so that what is around comes before what is inside."""
    statements = [node for node in ast.walk(module) if isinstance(node, ast.stmt)]
    return iter(sorted(statements, key=lambda node: (node.lineno, -_last(node))))


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _has_in_body(node: ast.FunctionDef | ast.ClassDef, line: int) -> bool:
    return node.body[0].lineno <= line <= _last(node)


def _header_end(node: ast.stmt) -> int:
    """The last line before the block that a statement opens."""
    body = getattr(node, "body", None)
    return max(node.lineno, body[0].lineno - 1) if body else _last(node)


def _names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
        return
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in targets:
        yield from (part.id for part in ast.walk(target or node) if isinstance(part, ast.Name))


def tests_of(runs: Runs, root: Path, file: str, line: int) -> frozenset[str]:
    """The tests that run this line, or a line that names what it gives a value to."""
    reached = place(tree(root, file), line)
    tests = _run(runs, file, reached.lines)
    before: frozenset[str] = frozenset()
    names = reached.names
    for _ in range(DEEPEST):
        users = [
            (user, place(tree(root, user), at)) for user, at in _mentions(root, names - before)
        ]
        tests = tests.union(*(_run(runs, user, place.lines) for user, place in users))
        before |= names
        names = names.union(*(place.names for _, place in users))
    return frozenset(test.partition("::")[0] for test in tests) if reached.is_kept else tests


def _run(runs: Runs, file: str, lines: range) -> frozenset[str]:
    by_line = runs.get(file, {})
    return frozenset[str]().union(*(by_line.get(line, frozenset()) for line in lines))


@cache
def _mentions(root: Path, names: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """Where the program uses one of the names, imports left out."""
    if not names:
        return ()
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(names))) + r")\b")
    return tuple(
        (file, number)
        for file, lines in _sources(root).items()
        for number, line in lines
        if pattern.search(line)
    )


@cache
def _sources(root: Path) -> dict[str, tuple[tuple[int, str], ...]]:
    """The lines of every module that are part of a statement other than an import."""
    lines_by_file = {}
    for path in sorted((root / "advisor").rglob("*.py")):
        file = str(path.relative_to(root))
        used = {
            line
            for node in ast.walk(tree(root, file))
            if isinstance(node, ast.stmt) and not isinstance(node, (ast.Import, ast.ImportFrom))
            for line in range(node.lineno, _header_end(node) + 1)
        }
        lines = path.read_text().splitlines()
        lines_by_file[file] = tuple((n, lines[n - 1]) for n in sorted(used))
    return lines_by_file
