"""The back-test of curves: what is seen, what is marked as far, and that its intervals hold."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from advisor import shipped
from advisor.backtest import curves
from advisor.backtest.studies import COLUMNS, read

EVIDENCE = shipped.folder("profiles") / "evidence.csv"
POINTS = (
    (100, 50),
    (200, 58),
    (400, 66),
    (800, 72),
    (1600, 78),
    (3200, 82),
    (6400, 85),
    (12_800, 87),
    (25_600, 89),
)


def table(path: Path, points, **more: object) -> Path:
    about = {
        "study": "new",
        "task": "t",
        "task_type": "classification",
        "domain": "finance",
        "base_model": "m-7b",
    }
    blank = {
        **dict.fromkeys(COLUMNS, ""),
        **about,
        "approach": "lora",
        "metric": "accuracy_pct",
        **more,
    }
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(blank))
        writer.writeheader()
        writer.writerows({**blank, "n_train_examples": n, "value": v} for n, v in points)
    return path


def rows(path: Path) -> list[dict]:
    return json.loads(curves.run(path, True))["rows"]


def test_each_point_is_predicted_from_those_before_it(tmp_path: Path) -> None:
    whole = rows(table(tmp_path / "a.csv", POINTS))
    assert [r["n"] for r in whole] == [n for n, _ in POINTS[3:]]
    changed = rows(table(tmp_path / "b.csv", [*POINTS[:5], (3200, 10), *POINTS[6:]]))
    assert [r["p50"] for r in whole[:3]] == [
        r["p50"] for r in changed[:3]
    ]  # up to the changed point itself
    assert whole[3]["p50"] > changed[3]["p50"]
    assert [r["from_first_third"] for r in whole] == [r["from_first_third"] for r in changed]


def test_far_extrapolation_is_marked(tmp_path: Path) -> None:
    for row in rows(table(tmp_path / "a.csv", POINTS)):
        early = row["from_first_third"]
        assert early["far"] == (row["n"] / 400 > 8)
        assert row["far"] is False  # each point is twice the one before


def test_a_regular_curve_is_followed(tmp_path: Path) -> None:
    found = rows(table(tmp_path / "a.csv", POINTS))
    assert sum(r["p10"] <= r["value"] <= r["p90"] for r in found) >= len(found) - 1
    widths = [r["from_first_third"]["p90"] - r["from_first_third"]["p10"] for r in found]
    assert widths[-1] > widths[0]


def test_losses_fall_and_stay_above_zero(tmp_path: Path) -> None:
    points = [(200, 3.0), (800, 2.6), (3200, 2.3), (12_800, 2.1), (51_200, 1.95)]
    for row in rows(table(tmp_path / "a.csv", points, metric="test_loss_lower_better")):
        assert 0 < row["p10"] <= row["p50"] <= row["p90"]
        assert row["p50"] < 3.0


def test_two_points_are_not_a_curve(tmp_path: Path) -> None:
    assert rows(table(tmp_path / "a.csv", POINTS[:2])) == []


def test_intervals_from_the_first_third_hold_on_published_curves() -> None:
    # half of all curves; the published table has them
    skipped = "Fine-tuning scaling-law benchmark (Lin 2024)"
    found = curves.summary(curves.predict([r for r in read(EVIDENCE) if r.study != skipped]))
    assert 0.70 <= found.mean.coverage["from the first third"] <= 0.88


def test_the_published_table_meets_the_goal() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "accuracy-outcomes.md").read_text(
        encoding="utf-8"
    )
    found = re.search(r"^\| mean over studies \| \d+ \| ([\d.]+) \|", text, re.M)
    assert found
    assert 0.75 <= float(found.group(1)) <= 0.85


@pytest.mark.parametrize("as_json", [True, False])
def test_a_file_without_curves_gives_an_empty_table(as_json: bool, tmp_path: Path) -> None:
    text = curves.run(table(tmp_path / "a.csv", []), as_json)
    assert ("rows" in text) == as_json
