"""Random single changes of the code that computes and decides: do the tests notice?

    python -m tools.mutate --seed 7 --count 60 [--log FILE]

Each change is made in a copy of the repository, and the tests that mirror its room run until the
first one fails; a change that none notices is printed as SURVIVED. A seed always gives the same
changes of the same code. Some changes alter nothing that can be observed: look at each survivor.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
LONGEST_SECONDS = 900

STATISTICS = ("statistics", "intervals", "clusters", "projection")
ROOMS: dict[str, tuple[str, ...]] = {
    "estimate": ("tests/estimate",),
    "decide": ("tests/decide",),
    "core": ("tests/core",),
    "calibrate": (
        "tests/calibrate/test_statistics.py",
        "tests/calibrate/test_reference_statistics.py",
        "tests/calibrate/test_statsmodels.py",
        "tests/calibrate/test_clusters.py",
    ),
}
"""Where changes are made, and the tests that should notice them."""

EVERYWHERE = ("tests/acceptance",)
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
    "likely": "high",
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
    """Every expression that is worked out at run time: no annotations, no words of documentation.

    Arguments named `strict`, `slots` and the like say how, not what.
    """
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, (ast.Import, ast.ImportFrom)):
                continue
            if isinstance(child, ast.keyword) and child.arg in ("strict", "slots", "maxsize"):
                continue
            if isinstance(child, ast.JoinedStr):
                continue
            yield child
            yield from expressions(child)


def mutants(path: Path) -> list[Mutant]:
    """Every change of a module that still compiles."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in expressions(ast.parse(source)):
        for after in changes(node):
            assert isinstance(node, ast.expr)
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            name = str(path.relative_to(ROOT))
            found.append(Mutant(name, node.lineno, start, end, source[start:end].decode(), after))
    return found


def sample(rooms: Sequence[str], seed: int, count: int) -> list[Mutant]:
    """`count` changes on different lines, any line of the rooms as likely as another."""
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for room in rooms:
        for path in sorted((ROOT / "advisor" / room).rglob("*.py")):
            is_left_out = any(part in LEFT_OUT for part in path.parts)
            if is_left_out or (room == "calibrate" and path.stem not in STATISTICS):
                continue
            for mutant in mutants(path):
                by_line.setdefault((mutant.file, mutant.line), []).append(mutant)
    chance = random.Random(seed)
    return [chance.choice(by_line[line]) for line in chance.sample(sorted(by_line), count)]


def tests_for(mutant: Mutant, root: Path) -> list[str]:
    """Test files, the one that mirrors the module first, then those that name it."""
    module = Path(mutant.file)
    room = module.parts[1]
    mirror = Path("tests", *module.parts[1:-1], f"test_{module.name}")
    files = [file for place in ROOMS[room] for file in _test_files(root, place)]

    def rank(file: Path) -> tuple[bool, bool, bool]:
        text = (root / file).read_text()
        own = file == mirror
        return not own, f"{module.stem}" not in text, file.parent != mirror.parent

    ordered = sorted(files, key=rank)
    return [str(file) for file in (*ordered, *map(Path, EVERYWHERE))]


def _test_files(root: Path, place: str) -> list[Path]:
    if place.endswith(".py"):
        return [Path(place)]
    return sorted(path.relative_to(root) for path in (root / place).rglob("test_*.py"))


def who_notices(mutant: Mutant, root: Path) -> str:
    """The test that fails first in the copy at `root`; empty where none does."""
    file = root / mutant.file
    source = file.read_bytes()
    changed = source[: mutant.start] + mutant.after.encode() + source[mutant.end :]
    file.write_bytes(changed)
    words = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-m", "not slow"]
    words += ["-p", "no:cacheprovider", "-p", "no:textual-snapshot", *tests_for(mutant, root)]
    try:
        done = subprocess.run(
            words,
            cwd=root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end within {LONGEST_SECONDS} s"
    finally:
        file.write_bytes(source)
    if done.returncode == 0:
        return ""
    last = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return last[-1][:160] if last else f"pytest ended with {done.returncode}"


def copied(folder: str) -> Path:
    """A copy of the tracked files, as they are now."""
    root = Path(folder) / "copy"
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    return root


def main() -> None:
    """Try the changes one after the other and print the share that survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--room", choices=ROOMS, action="append", help="default: all")
    parser.add_argument("--log", type=Path, help="a line of JSON per change is added to it")
    stated = parser.parse_args()
    survived = 0
    with TemporaryDirectory() as folder:
        root = copied(folder)
        for number, mutant in enumerate(
            sample(stated.room or list(ROOMS), stated.seed, stated.count), start=1
        ):
            start = time.monotonic()
            by = who_notices(mutant, root)
            survived += not by
            seconds = time.monotonic() - start
            print(f"{number:3} {seconds:4.0f} s  {by or 'SURVIVED'}  {mutant.text}", flush=True)
            if stated.log is not None:
                with stated.log.open("a") as log:
                    log.write(json.dumps({**asdict(mutant), "noticed_by": by}) + "\n")
    print(f"{survived} of {number} survived ({survived / number:.0%})")


if __name__ == "__main__":
    main()
