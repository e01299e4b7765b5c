"""The task that SkyPilot runs: its keys, its price, and the names of GPUs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from advisor import facts, travel
from advisor.core.errors import UsageError
from advisor.core.quantity import Basis, Quantity, Range
from advisor.travel.sky import sky_name
from tests.trainers.tools import python_of, run_there
from tests.travel.test_bundle import speed_plan

HOUR = Quantity(Range(1.0, 2.0, 3.0), "USD/h", Basis.QUOTED, "a price list", "2026-11-01")


def task_of(folder: Path, count: int = 1, hour: Quantity = HOUR, **changes: object) -> str:
    bundle = travel.bundle_of(speed_plan(**changes), None, with_rows=False)
    rented = travel.SkyPlan(facts.load().gpu("H100-SXM"), count, hour, Range(600.0, 900.0, 1800.0))
    return travel.sky_task(bundle, folder / "out.advisor", folder / "My task.yaml", rented)


def test_the_task_rents_uploads_runs_and_stops(tmp_path: Path) -> None:
    task = yaml.safe_load(task_of(tmp_path, count=2))
    assert task == {
        "name": "my-task",
        "resources": {"accelerators": {"H100": 2}, "autostop": {"idle_minutes": 10}},
        "file_mounts": {"~/calibration.advisor": "./out.advisor"},
        "setup": "pip install 'prompt-or-tune[calibrate]'\n",
        "run": "advisor calibrate run ~/calibration.advisor -o ~/result.json\n",
    }
    assert "[calibrate,qlora]" in task_of(tmp_path, method="qlora")


def test_the_price_stands_in_the_task(tmp_path: Path) -> None:
    text = task_of(tmp_path, count=2)
    assert "# 2 × H100-SXM: $4.00 per hour (a price list, 2026-11-01)" in text
    assert "15.0 – 30.0 minutes, $1.00 – $2.00 (P50 – P90)" in text  # 0.25 h and 0.5 h at $4
    unknown = Quantity.unknown("USD/h", "no offer")
    assert "state it with --usd-per-hour" in task_of(tmp_path, hour=unknown)


def test_the_bundle_lies_beside_the_task(tmp_path: Path) -> None:
    bundle = travel.bundle_of(speed_plan(), None, with_rows=False)
    rented = travel.SkyPlan(facts.load().gpu("T4"), 1, HOUR, Range(1.0, 2.0, 3.0))
    with pytest.raises(UsageError, match="put it beside"):
        travel.sky_task(bundle, tmp_path / "x" / "out.advisor", tmp_path / "t.yaml", rented)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        *(("H100-SXM", "H100"), ("A100-80GB-SXM", "A100-80GB"), ("A100-40GB-PCIe", "A100")),
        *(("RTX 4090", "RTX4090"), ("L40S", "L40S"), ("V100-32GB-SXM2", "V100-32GB")),
        *(("RTX A6000", "RTXA6000"), ("H200-SXM", "H200"), ("RTX 6000 Ada", "RTX6000-Ada")),
    ],
)
def test_gpus_have_the_names_of_its_catalogues(ours: str, theirs: str) -> None:
    assert facts.load().gpu(ours).name == ours
    assert sky_name(ours) == theirs


def test_skypilot_accepts_the_task(tmp_path: Path) -> None:
    python = python_of("sky")
    (tmp_path / "task.yaml").write_text(task_of(tmp_path))
    (tmp_path / "out.advisor").write_text("{}")
    code = "import sky; (r,) = sky.Task.from_yaml('task.yaml').resources; print(r.accelerators)"
    assert run_there(python, code, tmp_path).strip().endswith("{'H100': 1}")
