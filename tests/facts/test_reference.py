"""The reference page names every table and every column."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from advisor.facts.price_file import COLUMNS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "facts.md").read_text(encoding="utf-8")
SECTIONS = {
    title.split()[0]: text
    for title, text in re.findall(r"^## (.+?)$\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
}
EVERYWHERE = {"source", "as_of", "confidence", "note"}


@pytest.mark.parametrize("name", [title for title in SECTIONS if title.endswith(".csv")])
def test_every_column_is_explained_and_every_explained_column_is_there(name: str) -> None:
    with (ROOT / "profiles" / name).open(encoding="utf-8", newline="") as lines:
        columns = set(next(csv.reader(lines)))
    heading = next(line for line in PAGE.splitlines() if line.startswith(f"## {name}"))
    named = set(re.findall(r"`([a-z0-9_]+)`", heading + SECTIONS[name]))
    assert columns - EVERYWHERE <= named
    assert set(re.findall(r"`([a-z0-9_]+)`", heading)) <= columns
    assert columns >= EVERYWHERE


def test_every_key_of_a_price_file_is_named() -> None:
    assert set(COLUMNS) <= set(re.findall(r"`([a-z0-9_]+)`", SECTIONS["A"]))
