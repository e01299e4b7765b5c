"""How long `advisor recommend` takes (of a brief) or `advisor data` (of any other file), as a share
of the time at an earlier commit.

Run: python benchmarks/against.py COMMIT FILE [--runs N] [--most RATIO]. Both trees are run in
turn, so that other work on the machine slows both; processor seconds and peak memory are medians.
`benchmarks/rows.py` makes data files. Ends with 1 where the ratio is over `--most`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Cost(NamedTuple):
    """What one run took: processor seconds, peak resident memory in MB (10⁶ bytes)."""

    seconds: float
    peak_mb: float


def checked_out(commit: str, folder: Path) -> Path:
    """The files of a commit, unpacked below `folder`."""
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    tree = folder / "tree"
    tree.mkdir()
    subprocess.run(["tar", "-x", "-C", tree], input=packed.stdout, check=True)
    return tree


def asked(file: Path) -> list[str]:
    """What is asked about a file: the verdict on a brief, the report on data."""
    if file.suffix == ".toml":
        return ["recommend", str(file), "--json", "--no-history"]
    return ["data", str(file), "--json"]


def run(tree: Path, file: Path, home: str) -> Cost:
    """One run of the program in `tree`. Raises SystemExit where it fails."""
    command = [sys.executable, "-m", "advisor", *asked(file)]
    environment = os.environ | {"PYTHONPATH": str(tree), "ADVISOR_HOME": home}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's runs find their modules compiled
    child = subprocess.Popen(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 3):
        raise SystemExit(f"{tree}: {' '.join(command)} ended with {child.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def shown(name: str, costs: list[Cost]) -> Cost:
    """The medians, printed."""
    typical = Cost(median(c.seconds for c in costs), median(c.peak_mb for c in costs))
    print(f"{name:<14} {typical.seconds:.2f} s of processor, {typical.peak_mb:.0f} MB")
    return typical


def main() -> None:
    """Print both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit")
    parser.add_argument("file", type=Path, help="a brief (.toml) or a data file")
    parser.add_argument("--runs", type=int, default=5, help="0: one, with compiling")
    parser.add_argument("--most", type=float, default=0.6, help="the goal (0.6)")
    stated = parser.parse_args()
    file = stated.file.resolve()
    with tempfile.TemporaryDirectory() as folder:
        trees = {stated.commit: checked_out(stated.commit, Path(folder)), "this tree": ROOT}
        costs: dict[str, list[Cost]] = {name: [] for name in trees}
        for turn in range(stated.runs + 1):
            for name, tree in trees.items():
                cost = run(tree, file, folder)
                if turn or not stated.runs:  # the first run compiles
                    costs[name].append(cost)
    before, now = (shown(name, each) for name, each in costs.items())
    ratio = now.seconds / before.seconds
    print(f"{'ratio':<14} {ratio:.2f} (at most {stated.most:g}), of memory "
          f"{now.peak_mb / before.peak_mb:.2f}")  # fmt: skip
    raise SystemExit(ratio > stated.most)


if __name__ == "__main__":
    main()
