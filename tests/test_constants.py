"""A slip in a constant is a fault that no property finds: every number of the estimators and of the
decision, every default and every assumed range is written twice: in the code, and here, in
`constants.txt`.
Where you change one on purpose: `UPDATE_GOLDEN=1 pytest tests/test_constants.py`, and look at the
difference.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import os
import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import ModuleType

COPY = Path(__file__).parent / "constants.txt"
ROOMS = ("core", "estimate", "decide")
ALSO = ("advisor.calibrate.statistics", "advisor.calibrate.intervals", "advisor.calibrate.clusters")

TECHNIQUES = "advisor.core.techniques"
"""A table of its own, with tests of its own."""


def modules() -> Iterator[str]:
    for room in ROOMS:
        package = importlib.import_module(f"advisor.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"advisor.{room}."):
            yield found.name
    yield from ALSO


def numbers(name: str, value: object) -> Iterator[str]:
    """A line for each number in a constant, whatever holds it."""
    if isinstance(value, (bool, Enum, type, str)) or value is None:
        return
    if isinstance(value, (int, float)):
        yield f"{name} = {value!r}"
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from numbers(f"{name}.{key}", part)
    elif isinstance(value, (tuple, list)):
        for place, part in enumerate(value):
            yield from numbers(f"{name}.{place}", part)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from numbers(f"{name}.{field.name}", getattr(value, field.name))


def assigned(module: ModuleType) -> set[str]:
    """The names that a module gives values to at its top level, not those it imports."""
    tree = ast.parse(inspect.getsource(module))
    targets = [
        target
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def defaults(name: str, value: object) -> Iterator[str]:
    """A line for each number or flag other than nothing that stands for what is left out: of the
    fields of a record, of the parameters of a function.
    """
    if dataclasses.is_dataclass(value):
        left_out = {field.name: field.default for field in dataclasses.fields(value)}
    elif inspect.isfunction(value):
        parameters = inspect.signature(value).parameters.values()
        left_out = {each.name: each.default for each in parameters}
    else:
        return
    for key, default in left_out.items():
        if isinstance(default, (int, float)) and default and not isinstance(default, Enum):
            yield f"{name}.{key} = {default!r}"


def assumptions(module: ModuleType) -> Iterator[str]:
    """A line for each range that a function assumes: `ledger.assumed(key, P10, likely, P90, …)`."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "assumed":
            key, *others = (arg.value for arg in node.args if isinstance(arg, ast.Constant))
            ends = [repr(other) for other in others if isinstance(other, (int, float))]
            if ends:
                yield f"assumed.{key} = {', '.join(ends)}"


def stated() -> list[str]:
    """Every number that a module states at its top level, and every default."""
    lines = []
    for module in map(importlib.import_module, modules()):
        own = module.__name__.removeprefix("advisor.")
        for constant in assigned(module):
            if constant.strip("_").isupper() and module.__name__ != TECHNIQUES:
                lines += numbers(f"{own}.{constant}", getattr(module, constant))
        lines += assumptions(module)
        for name, value in vars(module).items():
            if getattr(value, "__module__", "") == module.__name__:
                lines += defaults(f"{own}.{name}", value)
    return sorted(set(lines))


def test_every_constant_is_written_twice_alike() -> None:
    found = stated()
    if os.environ.get("UPDATE_GOLDEN"):
        COPY.write_text("\n".join(found) + "\n", encoding="utf-8")
    copy = COPY.read_text(encoding="utf-8").splitlines()
    assert found == copy, "if meant: UPDATE_GOLDEN=1 pytest tests/test_constants.py"
    assert len(found) > 300
