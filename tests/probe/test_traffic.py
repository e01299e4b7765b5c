"""The request log: hits counted by hand, and against the Poisson law."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from advisor.core.errors import UsageError
from advisor.probe.traffic import read_log

START = datetime(2026, 11, 1, tzinfo=UTC)


def log(folder: Path, rows: list[tuple[float, str]]) -> Path:
    """A log of (minutes after the start, prefix)."""
    file = folder / "log.csv"
    lines = [f"{(START + timedelta(minutes=m)).isoformat()},{p}" for m, p in rows]
    file.write_text("\n".join(["timestamp,prefix", *lines, ""]), encoding="utf-8")
    return file


def test_hits_by_hand_whatever_the_order_of_rows(tmp_path: Path) -> None:
    found = read_log(log(tmp_path, [(7, "a"), (0, "a"), (3, "b"), (4, "a"), (100, "a")]))
    assert (found.requests, found.prefixes) == (5, 2)
    assert found.own_hits[5] == 2 / 5  # 0→4 and 4→7; the first of each prefix and 7→100 miss
    assert found.shared_hits[5] == 3 / 5
    assert found.own_hits[1440] == 3 / 5
    assert found.as_of == "2026-11-01"


def test_poisson_arrivals_hit_as_the_formula_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    gaps = rng.exponential(10.0, 4000).cumsum()
    found = read_log(log(tmp_path, [(float(m), "p") for m in gaps]))
    assert found.own_hits[5] == pytest.approx(1 - math.exp(-5 / 10), abs=0.03)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("when,prefix\n", "line 1"),
        ("timestamp,prefix\nsoon,a\n", "line 2"),
        ("timestamp,prefix\n", "no requests"),
    ],
)
def test_a_broken_log_says_where(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "log.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_log(file)


def test_times_without_a_zone_are_utc(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(
        "timestamp,prefix\n2026-11-01T10:00:00,a\n2026-11-01T10:04:00+00:00,a\n", encoding="utf-8"
    )
    assert read_log(file).own_hits[5] == 0.5
