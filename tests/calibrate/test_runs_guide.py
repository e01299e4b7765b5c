"""Every row of the guide to runs of other programs is read as the guide says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.calibrate.imports import COLUMNS, read

GUIDE = Path(__file__).parents[2] / "docs/guide/runs.md"
_CELL = re.compile(r"(?<!\\)\|")


def rows() -> Iterator[list[str]]:
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        if line.startswith("|") and not line.startswith("|:"):
            yield [cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]]


def examples() -> Iterator[object]:
    """The lines of a file, and the cells that are read from them."""
    for cells in rows():
        if len(cells) == 3 and cells[1].startswith("`"):
            lines = re.findall(r"`([^`]+)`", cells[1])
            values = re.findall(r"`(\w+)` ([\d.]+)", cells[2])
            yield pytest.param(lines, values, id=cells[0].replace("`", "")[:40])


@pytest.mark.parametrize(("lines", "values"), examples())
def test_what_is_read_of_a_file(
    lines: list[str], values: list[tuple[str, str]], tmp_path: Path
) -> None:
    ending = ".csv" if "," in lines[0] and not lines[0].startswith("{") else ".log"
    path = tmp_path / f"run{ending}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _, (run,) = read(path, {})
    assert values
    for name, value in values:
        assert float(run.cells[name]) == pytest.approx(float(value.rstrip("."))), name


def test_the_guide_has_every_column() -> None:
    named = {
        name for cells in rows() if len(cells) == 2 for name in re.findall(r"`(\w+)`", cells[0])
    }
    assert set(COLUMNS) <= named
    assert len(list(examples())) >= 25
