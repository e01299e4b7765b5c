"""Every single change of an expression that computes or decides.

Left out, because nothing that the program computes depends on it:

- documentation, annotations, decorators and imports;
- texts: what is formatted, and whatever an error says (the arguments of a `raise`);
- arguments that say how and not what (`HOW`): `strict` of a zip, the size of a cache;
- the number of digits that `round` keeps;
- numbers under `SMALLEST`, which only keep a divisor from zero or equal floats equal.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

COMPUTED = (
    "actuals",
    "cascade",
    "clusters",
    "intervals",
    "methods",
    "openings",
    "projection",
    "prompt_choices",
    "prompting/halving",
    "prompts_plan",
    "prompts_price",
    "quality",
    "statistics",
    "throughput",
    "worker/budget",
    "worker/choosing",
)
"""What the calibration computes, plans and chooses; the rest of it runs and reads."""

ROOMS = ("estimate", "decide", "core", "calibrate")
HOW = ("strict", "slots", "frozen", "maxsize", "repr", "compare")
SMALLEST = 1e-6

LEFT_OUT = ("sections",)
"""Folders of texts and bounds."""

COMPARED: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
}
CALCULATED: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.Pow: "*",
}
OPPOSITES = {"min": "max", "any": "all", "floor": "ceil", "minimum": "maximum", "p10": "p90"}
NAMES = {
    **OPPOSITES,
    **{other: one for one, other in OPPOSITES.items()},
    "p50": "p90",
    "likely": "p90",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of one expression: the bytes from `start` to `end` of a file become `after`."""

    file: str
    line: int
    start: int
    end: int
    before: str
    after: str

    @property
    def text(self) -> str:
        """Where and what, on one line."""
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"{self.file}:{self.line}  {before}  ->  {after}"


def changes(node: ast.AST) -> Iterator[str]:
    """Other expressions in place of this one."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        yield from (f"{left} {sign} {right}" for sign in COMPARED[type(node.ops[0])])
    elif isinstance(node, ast.BoolOp):
        sign = " or " if isinstance(node.op, ast.And) else " and "
        yield "(" + sign.join(f"({ast.unparse(value)})" for value in node.values) + ")"
        for left_out in range(len(node.values)):
            rest = [*node.values[:left_out], *node.values[left_out + 1 :]]
            yield f"({ast.unparse(ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0])})"
    elif isinstance(node, ast.BinOp) and type(node.op) in CALCULATED and not _is_text(node):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        yield f"(({left}) {CALCULATED[type(node.op)]} ({right}))"
        yield f"({left})"
        yield f"({right})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.IfExp):
        yield f"({ast.unparse(node.body)})"
        yield f"({ast.unparse(node.orelse)})"
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        yield _other(node.value)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield NAMES[node.id]
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield f"{ast.unparse(node.value)}.{NAMES[node.attr]}"


def _is_text(node: ast.BinOp) -> bool:
    """Whether it joins texts or types rather than numbers."""
    ends = (node.left, node.right)
    return any(
        isinstance(end, ast.JoinedStr)
        or (isinstance(end, ast.Constant) and not isinstance(end.value, (int, float)))
        for end in ends
    )


def _other(value: float) -> str:
    if isinstance(value, bool):
        return repr(not value)
    if isinstance(value, int):
        return repr(value + 1 if abs(value) < 10 else round(value * 1.1))
    return repr(value * 1.1) if value else "0.1"


def expressions(node: ast.AST) -> Iterator[ast.AST]:
    """Every expression that is worked out at run time and that something may depend on."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            is_digits = name == "args" and _is_rounding(node) and child is not value[0]
            if isinstance(child, ast.AST) and not (is_digits or _is_left_out(child)):
                yield child
                yield from expressions(child)


def _is_left_out(node: ast.AST) -> bool:
    return (
        isinstance(node, (ast.Import, ast.ImportFrom, ast.Raise, ast.JoinedStr))
        or (isinstance(node, ast.keyword) and node.arg in HOW)
        or (isinstance(node, ast.Constant) and _is_guard(node.value))
    )


def _is_rounding(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round"
    )


def _is_guard(value: object) -> bool:
    return isinstance(value, float) and 0 < abs(value) < SMALLEST


def mutants(file: str, root: Path) -> list[Mutant]:
    """Every change of a module below `root`."""
    source = (root / file).read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    listed = []
    for node in expressions(ast.parse(source)):
        for after in changes(node):
            assert isinstance(node, ast.expr)
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            listed.append(Mutant(file, node.lineno, start, end, source[start:end].decode(), after))
    return listed


def sample(rooms: Sequence[str], seed: int, count: int, root: Path) -> list[Mutant]:
    """`count` changes on different lines, any line of the rooms as likely as another."""
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for mutant in every(rooms, root):
        by_line.setdefault((mutant.file, mutant.line), []).append(mutant)
    chance = random.Random(seed)
    lines = chance.sample(sorted(by_line), min(count, len(by_line)))
    return [chance.choice(by_line[line]) for line in lines]


def every(rooms: Sequence[str], root: Path) -> Iterator[Mutant]:
    """All changes of the rooms; a room may also be a folder of one, or a module."""
    for room in rooms:
        place = root / "advisor" / room
        for path in [place] if place.suffix else sorted(place.rglob("*.py")):
            if not _computes_nothing(path, place if room == "calibrate" else None):
                yield from mutants(str(path.relative_to(root)), root)


def _computes_nothing(path: Path, calibrate: Path | None) -> bool:
    """Whether a module has texts and bounds, or is one of the calibration that computes nothing."""
    if calibrate is not None:
        return str(path.relative_to(calibrate).with_suffix("")) not in COMPUTED
    return any(part in LEFT_OUT for part in path.parts)
