"""Planned in one home, measured in another with nothing but the bundle, and the verdict moved in
the first; then the training of that option as a trainer's file.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from advisor import experiments
from tests.experiments.test_learned import TEXT

HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "peft"))


def advisor(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"ADVISOR_HOME": str(home), "CUDA_VISIBLE_DEVICES": ""},
    )


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The planning machine's folder: a brief, rows, and a model that is no demonstration."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "desk"
    folder.mkdir()
    pocket, data, test, _ = experiments.pocket()
    shutil.copytree(pocket, folder / "model", ignore=shutil.ignore_patterns("general"))
    weights = load_file(folder / "model" / "model.safetensors")
    weights["model.norm.weight"] *= 1.05
    save_file(weights, folder / "model" / "model.safetensors", metadata={"format": "pt"})
    for name, source, count in (("rows", data, 40), ("test", test, 20)):
        lines = source.read_text(encoding="utf-8").splitlines(keepends=True)[:count]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "brief.toml").write_text(TEXT)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not HAS_TORCH, reason="the calibration libraries are not installed")
def test_a_calibration_travels_and_moves_the_verdict(desk: Path, tmp_path: Path) -> None:
    near = tmp_path / "near"
    far = tmp_path / "far"
    plan = [
        *("calibrate", "quality", "--brief", "brief.toml", "--model", "model"),
        *("--as-model", "llama-3.2-1b", "--shares", "1", "--shots", "0", "--epochs", "1"),
        *("--items", "20", "--bundle", "out.advisor"),
    ]
    refused = advisor(desk, near, *plan)
    assert (refused.returncode, "--with-rows" in refused.stderr) == (2, True)
    written = advisor(desk, near, *plan, "--with-rows")
    assert written.returncode == 0, written.stderr
    size = (desk / "out.advisor").stat().st_size
    assert f"{size:,} bytes" in written.stderr
    away = tmp_path / "away"
    away.mkdir()
    shutil.move(desk / "out.advisor", away)
    shutil.copytree(desk / "model", away / "weights")
    ran = advisor(away, far, "calibrate", "run", "out.advisor", "--model", "weights")
    assert ran.returncode == 0, ran.stderr
    result = away / "out.result.json"
    text = result.read_text(encoding="utf-8")
    first_row = json.loads((desk / "rows.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert str(tmp_path) not in text
    assert not any(str(value) in text for value in first_row.values() if len(str(value)) > 12)
    taken = advisor(desk, near, "runs", "import", str(result), "--brief", "brief.toml")
    assert taken.returncode == 0, taken.stderr
    assert "without this run → with it" in taken.stdout
    assert "Tuned Llama 3.2 1B" in taken.stdout
    exported = ("export", "--to", "axolotl", "1", "-o", "axolotl.yaml")
    assert advisor(desk, near, *exported).returncode == 0
    assert advisor(desk, near, "estimate", "--from", "axolotl.yaml").returncode == 0
