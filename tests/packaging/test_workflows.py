"""The workflows of docs/automation: their own steps, run by a shell as GitHub does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from advisor.brief.examples import example

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "automation"


def step(workflow: str, job: str, name: str) -> str:
    """The shell lines of a step of a workflow."""
    document = yaml.safe_load((FOLDER / workflow).read_text(encoding="utf-8"))
    (line,) = (s["run"] for s in document["jobs"][job]["steps"] if s.get("name") == name)
    return str(line)


def shell(line: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", line],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": path, "ADVISOR_HOME": str(cwd / "home")} | environment,
    )


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yml")), ids=lambda f: f.name)
def test_a_workflow_is_whole(file: Path) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert set(document) >= {"name", True, "permissions", "jobs"}  # YAML reads `on` as true
    for job in document["jobs"].values():
        assert job["steps"]
        assert job["runs-on"] == "ubuntu-latest"


def test_old_constants_are_listed(tmp_path: Path) -> None:
    done = shell(step("bundle.yml", "stale", "List what is old"), tmp_path)
    assert done.returncode == 0, done.stderr
    listed = (tmp_path / "stale.txt").read_text().splitlines()
    assert {line.split()[0] for line in listed} <= {"constants", "gpus", "models", "tuning"}
    assert any(line.startswith("gpus ") for line in listed)


def test_a_bundle_is_made_taken_and_watched(tmp_path: Path) -> None:
    """What one workflow makes, the other takes."""
    pytest.importorskip("minisign", reason="the extra update is not installed")
    (tmp_path / "prompt-or-tune").symlink_to(ROOT)
    (tmp_path / "facts").mkdir()
    (tmp_path / "briefs").mkdir()
    shutil.copy(example("claims-triage"), tmp_path / "briefs")
    (tmp_path / "facts" / "prices.toml").write_text(
        "schema = 1\n[[prices]]\nprovider = 'openai'\nmodel = 'gpt-5-mini'\n"
        "input_usd_per_1m = 0.1\noutput_usd_per_1m = 0.2\nsource = 's'\nas_of = 2026-11-27\n"
    )
    tool = [sys.executable, "-m", "tools.make_facts_bundle", "--generate-key", tmp_path / "k.key"]
    subprocess.run(tool, check=True, cwd=ROOT)
    shutil.move(tmp_path / "k.pub", tmp_path / "briefs" / "facts.pub")
    key = (tmp_path / "k.key").read_text()
    made = shell(step("bundle.yml", "bundle", "Make and sign a bundle"), tmp_path, FACTS_KEY=key)
    assert made.returncode == 0, made.stderr
    assert not (tmp_path / "key").exists()
    assert "prices.toml" in json.loads((tmp_path / "facts.json").read_text())["tables"]
    taken = shell(step("facts.yml", "watch", "Take newer facts"), tmp_path, BUNDLE="facts.json")
    assert taken.returncode == 0, taken.stderr
    watched = shell(step("facts.yml", "watch", "Say what changed"), tmp_path)
    assert watched.returncode == 0, watched.stderr
    assert "first verdict" in (tmp_path / "changes.txt").read_text()
