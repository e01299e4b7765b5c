"""Scores per item: means and paired spreads, against numbers by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.probe.results import read_results

A, B = "prompt/few-shot@m", "tune/lora@n"


def written(folder: Path, text: str) -> Path:
    file = folder / "results.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_means_and_the_spread_of_the_difference(tmp_path: Path) -> None:
    found = read_results(written(tmp_path, f"item,{A},Tune/LoRA@N\n1,1,1\n2,0,1\n3,1,0\n4,1,\n"))
    assert found.means == {A: 0.75, B: pytest.approx(2 / 3)}
    assert found.items == {A: 4, B: 3}
    sd, items = found.pairs[frozenset((A, B))]
    assert items == 3
    assert sd == pytest.approx(math.sqrt((0 + 1 + 1) / 2))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1"),
        (f"id,{A}\n1,1\n", "line 1"),
        (f"item,{A}\n1,yes\n", "line 2"),
        (f"item,{A}\n1,1.5\n", "outside 0 to 1"),
        (f"item,{A}\n1\n", "1 cells"),
        (f"item,{A}\n", "no items"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_results(written(tmp_path, text))
    assert said in str(error.value)
    assert "results.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"quality\.results"):
        read_results(tmp_path / "none.csv")
