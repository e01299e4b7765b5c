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
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
LONGEST_SECONDS = 300
NO_TESTS = 5
"""What pytest returns where no test was left to run."""

STATISTICS = ("statistics", "intervals", "clusters", "projection")
ROOMS: dict[str, tuple[str, ...]] = {
    "estimate": ("tests/estimate",),
    "decide": ("tests/decide",),
    "core": ("tests/core", "tests/plugins"),
    "calibrate": (
        "tests/calibrate/test_statistics.py",
        "tests/calibrate/test_reference_statistics.py",
        "tests/calibrate/test_statsmodels.py",
        "tests/calibrate/test_clusters.py",
        "tests/calibrate/test_plans.py",
    ),
}
"""Where changes are made, and the tests that should notice them."""

LIBRARIES = ("pytest", "hypothesis", "hypothesis.extra.numpy", "numpy", "pyarrow", "jinja2")
"""Loaded once for all changes."""

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


def mutants(file: str, root: Path) -> list[Mutant]:
    """Every change of a module below `root`."""
    source = (root / file).read_bytes()
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
            found.append(Mutant(file, node.lineno, start, end, source[start:end].decode(), after))
    return found


def sample(rooms: Sequence[str], seed: int, count: int, root: Path) -> list[Mutant]:
    """`count` changes on different lines, any line of the rooms as likely as another."""
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for room in rooms:
        for path in sorted((root / "advisor" / room).rglob("*.py")):
            is_left_out = any(part in LEFT_OUT for part in path.parts)
            if is_left_out or (room == "calibrate" and path.stem not in STATISTICS):
                continue
            for mutant in mutants(str(path.relative_to(root)), root):
                by_line.setdefault((mutant.file, mutant.line), []).append(mutant)
    chance = random.Random(seed)
    return [chance.choice(by_line[line]) for line in chance.sample(sorted(by_line), count)]


def tests_for(mutant: Mutant, root: Path) -> list[list[str]]:
    """Test files of the room: those that mirror or import the module, then all others."""
    module = Path(mutant.file)
    room = module.parts[1]
    imported = ".".join(module.with_suffix("").parts)
    near: list[str] = []
    far: list[str] = []
    for file in (file for place in ROOMS[room] for file in _test_files(root, place)):
        is_near = file.name == f"test_{module.name}" or imported in (root / file).read_text()
        (near if is_near else far).append(str(file))
    return [group for group in (near, far) if group]


def _test_files(root: Path, place: str) -> list[Path]:
    if place.endswith(".py"):
        return [Path(place)]
    return sorted(path.relative_to(root) for path in (root / place).rglob("test_*.py"))


def who_notices(mutant: Mutant, root: Path) -> str:
    """The test that fails first in the copy at `root`; empty where none does."""
    file = root / mutant.file
    source = file.read_bytes()
    file.write_bytes(source[: mutant.start] + mutant.after.encode() + source[mutant.end :])
    try:
        failures = (_first_failure(tests, root) for tests in tests_for(mutant, root))
        return next(filter(None, failures), "")
    finally:
        file.write_bytes(source)


def _first_failure(tests: Sequence[str], root: Path) -> str:
    """Run in a child that was forked after the libraries were loaded, and the program was not."""
    log = root.parent / "pytest.log"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = _run_here(tests, root, log)
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code in (0, NO_TESTS):
        return ""
    if code == -signal.SIGALRM:
        return f"no end within {LONGEST_SECONDS} s"
    lines = log.read_text(errors="replace").splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return failed[-1][:160] if failed else f"pytest ended with {code}"


def _run_here(tests: Sequence[str], root: Path, log: Path) -> int:
    import pytest

    signal.alarm(LONGEST_SECONDS)
    os.chdir(root)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    words = ["-x", "-q", "--no-header", "-m", "not slow", "-p", "no:cacheprovider"]
    words += ["-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*words, *tests])
    sys.stdout.flush()
    return int(code)


def copied(folder: str) -> Path:
    """A copy of the repository as it is now, without what git ignores."""
    root = Path(folder) / "copy"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
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
    for library in LIBRARIES:
        import_module(library)
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    rooms = stated.room or list(ROOMS)
    survived = 0
    with TemporaryDirectory() as folder:
        root = copied(folder)
        for room in rooms:
            fault = _first_failure(ROOMS[room], root)
            if fault:
                raise SystemExit(f"the tests of {room} fail without any change: {fault}")
        for number, mutant in enumerate(sample(rooms, stated.seed, stated.count, root), start=1):
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
