"""Random single changes of the code that computes and decides: do the tests notice?

    python -m tools.mutate --seed 7 --count 60 [--log FILE]

Each change is made in a copy of the repository. The tests that mirror its module run first, then
all others of `TESTS` that run the changed line, until the first one fails; a change that none
notices is printed as SURVIVED. What each test runs is recorded once in `build/mutation`.

A seed always gives the same changes of the same code. Some changes alter nothing that can be
observed: look at each survivor. `--again FILE` tries the survivors of an earlier log again.

    python -m tools.mutate --room core/option.py --every

makes every change of a module, and runs only the tests that mirror it: seconds, for while you
write them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.mutation import children, reach
from tools.mutation.changes import ROOMS, Mutant, every, sample

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "mutation"
TESTS = (
    "tests/estimate",
    "tests/decide",
    "tests/core",
    "tests/plugins",
    "tests/calibrate/test_actuals.py",
    "tests/calibrate/test_budget.py",
    "tests/calibrate/test_cascade.py",
    "tests/calibrate/test_choosing.py",
    "tests/calibrate/test_clusters.py",
    "tests/calibrate/test_halving.py",
    "tests/calibrate/test_methods.py",
    "tests/calibrate/test_openings.py",
    "tests/calibrate/test_plans.py",
    "tests/calibrate/test_projection.py",
    "tests/calibrate/test_prompt_choices.py",
    "tests/calibrate/test_prompts.py",
    "tests/calibrate/test_prompts_plan.py",
    "tests/calibrate/test_prompts_price.py",
    "tests/calibrate/test_quality.py",
    "tests/calibrate/test_reference_statistics.py",
    "tests/calibrate/test_statistics.py",
    "tests/calibrate/test_statsmodels.py",
    "tests/calibrate/test_throughput.py",
    "tests/experiments/test_cascades.py",
    "tests/experiments/test_openings.py",
    "tests/acceptance",
)
"""The rooms that change, and whole questions to them. No golden report is among them: it changes
with every figure, whether that is right or wrong."""

CONSTANTS = "tests/test_constants.py"
"""Runs last and is counted apart: it compares a number with a copy of it."""

MIRROR_SECONDS = 10.0
"""What a file of tests that mirrors a module takes at most."""


@dataclass(frozen=True)
class Tests:
    """How long each test takes, and which lines it runs."""

    seconds: Mapping[str, float]
    runs: reach.Runs

    def stages(self, mutant: Mutant, root: Path) -> Iterator[dict[str, float]]:
        """The tests that mirror the module, then all that run the line, quick files first. What
        only a child process of a test runs is not recorded: there those of the same folder.
        """
        first = [test for test in self.seconds if is_mirror(children.file_of(test), mutant)]
        reached = self._each(reach.tests_of(self.runs, root, mutant.file, mutant.line))
        yield self._timed(first)
        yield self._timed((reached or self._beside(mutant)) - set(first))
        yield {CONSTANTS: 2.0}

    def _each(self, reached: frozenset[str]) -> set[str]:
        """Single tests, also where a fixture of the whole file runs the line."""
        return {test for test in self.seconds if {test, children.file_of(test)} & reached}

    def _beside(self, mutant: Mutant) -> set[str]:
        folder = Path(mutant.file).parent.name
        return {test for test in self.seconds if Path(children.file_of(test)).parent.name == folder}

    def _timed(self, tests: set[str] | list[str]) -> dict[str, float]:
        by_file: dict[str, float] = defaultdict(float)
        for test in tests:
            by_file[children.file_of(test)] += self.seconds[test]
        ordered = sorted(tests, key=lambda test: (by_file[children.file_of(test)], test))
        return {test: self.seconds[test] for test in ordered}


@dataclass(frozen=True)
class Mirrors:
    """The tests that mirror a module, of which nothing else is known."""

    files: Sequence[str]

    def stages(self, mutant: Mutant, _root: Path) -> Iterator[dict[str, float]]:
        """All of them at once."""
        yield {file: MIRROR_SECONDS for file in self.files if is_mirror(file, mutant)}


def is_mirror(test_file: str, mutant: Mutant) -> bool:
    """Whether a file holds the tests of the module that has changed."""
    module = Path(mutant.file)
    rooms = (
        ("tests/core/", "tests/plugins/") if "core" in module.parts else f"tests/{module.parts[1]}/"
    )
    name = Path(test_file).stem
    return test_file.startswith(rooms) and (name + "_").startswith(f"test_{module.stem}_")


def who_notices(mutant: Mutant, tests: Tests | Mirrors, root: Path, most: float = math.inf) -> str:
    """The test that fails first in the copy at `root`; empty where none does, of those that take
    at most so many seconds together.
    """
    file = root / mutant.file
    source = file.read_bytes()
    stages = [kept for stage in tests.stages(mutant, root) if (kept := _within(stage, most))]
    file.write_bytes(source[: mutant.start] + mutant.after.encode() + source[mutant.end :])
    try:
        return next(filter(None, (children.first_failure(stage, root) for stage in stages)), "")
    finally:
        file.write_bytes(source)


def _within(stage: dict[str, float], most: float) -> dict[str, float]:
    ends = accumulate(stage.values())
    return {test: stage[test] for test, end in zip(stage, ends, strict=True) if end <= most}


def known_tests(root: Path) -> Tests:
    """What each test runs, from the last time where neither it nor the program has changed."""
    seconds: dict[str, float] = {}
    runs: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    shared = _digest(sorted([*(root / "advisor").rglob("*.py"), *_helpers(root)]))
    for file in _test_files(root):
        coverage = _coverage(str(file.relative_to(root)), root, shared)
        seconds |= coverage["seconds"]
        for test, files in coverage["lines"].items():
            for name, lines in files.items():
                for line in lines:
                    runs[name][line].add(test)
    frozen = {
        name: {line: frozenset(tests) for line, tests in lines.items()}
        for name, lines in runs.items()
    }
    return Tests(seconds, frozen)


def _mirrors(root: Path) -> Mirrors:
    return Mirrors([str(file.relative_to(root)) for file in _test_files(root)])


def _coverage(file: str, root: Path, shared: str) -> dict[str, Any]:
    stored = KEPT / f"{_digest([root / file], shared)}.json"
    if not stored.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        stored.write_text(json.dumps(children.covered(file, root)))
    coverage: dict[str, Any] = json.loads(stored.read_text())
    return coverage


def _digest(files: list[Path], start: str = "") -> str:
    parts = [start.encode(), *(file.read_bytes() for file in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:20]


def _helpers(root: Path) -> list[Path]:
    return [path for path in (root / "tests").rglob("*.py") if not path.name.startswith("test_")]


def _test_files(root: Path) -> list[Path]:
    places = [root / place for place in TESTS]
    groups = [[place] if place.suffix else sorted(place.rglob("test_*.py")) for place in places]
    return [file for files in groups for file in files]


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


def logged(log: Path | None) -> dict[Mutant, str]:
    """The changes of a log, each with the test that noticed it."""
    if log is None or not log.exists():
        return {}
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return {Mutant(**row["change"]): row["noticed_by"] for row in rows}


def survivors(log: Path, root: Path) -> list[Mutant]:
    """The changes of a log that no test noticed and whose place is still the same."""
    return [
        change
        for change, by in logged(log).items()
        if not by
        and (root / change.file).read_bytes()[change.start : change.end].decode() == change.before
    ]


def main() -> None:
    """Try the changes one after the other and print the share that survived."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument(
        "--room",
        action="append",
        help=f"or a folder or module of it, such as core/option.py; default: {', '.join(ROOMS)}",
    )
    parser.add_argument(
        "--every", action="store_true", help="all changes, by the tests that mirror the module"
    )
    parser.add_argument("--log", type=Path, help="a line of JSON per change; goes on where it ends")
    parser.add_argument(
        "--most",
        type=float,
        default=math.inf,
        help="seconds of tests per change: a survivor then is one to try again",
    )
    parser.add_argument("--again", type=Path, help="try the survivors of this log again")
    stated = parser.parse_args()
    children.prepare()
    earlier = logged(stated.log)
    notices = []
    with TemporaryDirectory() as folder:
        root = copied(folder)
        children.compile_once([*TESTS, CONSTANTS], root)
        tests = _mirrors(root) if stated.every else known_tests(root)
        children.refuse_failing({CONSTANTS: 2.0}, root)
        for number, change in enumerate(_chosen(stated, root), start=1):
            start = time.monotonic()
            by = (
                earlier[change]
                if change in earlier
                else who_notices(change, tests, root, stated.most)
            )
            notices.append(by)
            seconds = time.monotonic() - start
            print(
                f"{number:3} {seconds:4.0f} s  {by[:160] or 'SURVIVED'}  {change.text}", flush=True
            )
            if stated.log is not None and change not in earlier:
                _write(stated.log, {"change": asdict(change), "noticed_by": by})
    print(_summary(notices))


def _chosen(stated: argparse.Namespace, root: Path) -> list[Mutant]:
    if stated.again:
        return survivors(stated.again, root)
    if stated.every:
        return list(every(stated.room or ROOMS, root))
    return sample(stated.room or ROOMS, stated.seed, stated.count, root)


def _write(log: Path, row: dict[str, object]) -> None:
    with log.open("a") as lines:
        lines.write(json.dumps(row) + "\n")


def _summary(notices: list[str]) -> str:
    survived = notices.count("")
    copies = sum(CONSTANTS in by for by in notices)
    share = survived / max(len(notices), 1)
    return (
        f"{survived} of {len(notices)} survived ({share:.0%}); "
        f"{copies} were noticed by the copy of the constants only"
    )


if __name__ == "__main__":
    main()
