"""The same brief and data give the same bytes, whatever the machine around them is set to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.core.dates import today

BRIEF = """\
schema = 1
as_of = 2026-11-20
name = "parcels"

[traffic]
requests_per_month = 60_000

[data]
path = "rows.jsonl"
eval_examples = 300

[quality]
target = 0.85
error_cost_usd = 2.0
"""
# Kiritimati and GMT+12 are 26 hours apart: at any hour they have different days.
SETTINGS = {
    "hash seed, German, Kiritimati, wide": {
        "PYTHONHASHSEED": "7",
        "LC_ALL": "de_DE.UTF-8",
        "TZ": "Pacific/Kiritimati",
        "COLUMNS": "200",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
    },
    "Turkish, west of Hawaii, narrow, no colour": {
        "PYTHONHASHSEED": "12345",
        "LC_ALL": "tr_TR.UTF-8",
        "LANG": "tr_TR.UTF-8",
        "TZ": "Etc/GMT+12",
        "COLUMNS": "40",
        "NO_COLOR": "1",
        "PYTHONOPTIMIZE": "1",
    },
}


def judged(
    folder: Path, command: str, *words: str, start: Path | None = None, **environment: str
) -> bytes:
    """What a command prints on the brief in `folder`, from there or from `start` above it, with a
    home of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "brief.toml").write_text(BRIEF)
    rows = [{"prompt": f"Where is parcel {n}?", "completion": ("A", "B")[n % 2]} for n in range(80)]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    brief = (folder / "brief.toml").relative_to(start or folder)
    done = subprocess.run(
        [sys.executable, "-m", "advisor", command, brief, *words],
        capture_output=True,
        cwd=start or folder,
        env=os.environ | {"ADVISOR_HOME": str(folder / "home")} | environment,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return judged(tmp_path_factory.mktemp("plain"), "recommend", "--json", PYTHONHASHSEED="0")


@pytest.mark.parametrize("name", list(SETTINGS))
def test_the_json_is_the_same_under_other_settings(name: str, plain: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "ein Ordner, elsewhere" / "ı"
    assert judged(folder, "recommend", "--json", start=tmp_path, **SETTINGS[name]) == plain


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs tzset")
def test_the_day_is_the_same_in_every_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every day comes from `today`: ruff refuses `date.today()`."""
    days = set()
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        days.add(today())
    monkeypatch.undo()
    time.tzset()
    assert len(days) == 1


def test_it_names_no_folder_of_this_machine(plain: bytes) -> None:
    assert b"/tmp" not in plain
    assert str(Path.home()).encode() + b"/" not in plain
