"""The wheel as a user gets it: built, installed into a clean environment, used from an empty
folder.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def files_of(folder: str) -> set[str]:
    """The files of a data folder that git knows or would add."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", folder, cwd=ROOT)
    names = listed.stdout.splitlines() if listed.returncode == 0 else []
    return {name for name in names if (ROOT / name).is_file()}


def test_data_folders_are_inside_whole(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("profiles", "calibration"):
        ours = files_of(folder) or {
            p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file()
        }
        assert ours
        assert {f"advisor/_shipped/{name}" for name in ours} - names == set()


def test_nothing_else_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        names = archive.namelist()
    assert {top for top in tops if not top.endswith(".dist-info")} == {"advisor"}
    assert [name for name in names if name.endswith((".pyc", ".db", ".toml~"))] == []
    assert "advisor/py.typed" in names


def test_where_names_the_folders_inside(advisor: Path, empty: Path) -> None:
    done = run(advisor, "where", "--json", cwd=empty, ADVISOR_HOME=str(empty / "home"))
    assert done.returncode == 0, done.stderr
    places = {place["what"]: place for place in json.loads(done.stdout)}
    for name in ("profiles", "calibration"):
        assert places[name]["path"].endswith(f"site-packages/advisor/_shipped/{name}")
        assert not places[name]["state"].startswith("0 ")
    assert list(empty.iterdir()) == []


def test_recommend_answers_on_a_shipped_brief(advisor: Path, empty: Path) -> None:
    home = {"ADVISOR_HOME": str(empty / "home")}
    places = json.loads(run(advisor, "where", "--json", cwd=empty, **home).stdout)
    profiles = next(Path(place["path"]) for place in places if place["what"] == "profiles")
    brief = min((profiles / "briefs").glob("*.toml"))
    done = run(advisor, "recommend", brief, "--json", cwd=empty, **home)
    assert done.returncode in (0, 3), done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["schema"] == 1
    assert verdict["verdict"] in ("prompt", "tune", "hybrid", "undecided")
    assert verdict["arms"]


def test_data_are_counted_with_the_shipped_ranks(advisor: Path, empty: Path) -> None:
    rows = [{"prompt": f"question number {i} of many", "completion": "yes"} for i in range(40)]
    (empty / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    done = run(advisor, "data", "rows.jsonl", "--json", cwd=empty, ADVISOR_HOME=str(empty / "home"))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["rows"], report["distinct_rows"]) == (41, 40)
    assert "o200k" in report["tokenizer"]


def test_a_calibration_is_planned_for_another_machine(advisor: Path, empty: Path) -> None:
    home = {"ADVISOR_HOME": str(empty / "home")}
    line = [
        "calibrate",
        "throughput",
        "--model",
        "llama-3.1-8b",
        "--gpu",
        "L40S",
        "--bundle",
        "out.advisor",
    ]
    done = run(advisor, *line, cwd=empty, **home)
    assert done.returncode == 0, done.stderr
    size = (empty / "out.advisor").stat().st_size
    assert f"{size:,} bytes: the plan (1 trial)" in done.stderr
    (empty / "broken.advisor").write_text((empty / "out.advisor").read_text()[:-90])
    refused = run(advisor, "calibrate", "run", "broken.advisor", cwd=empty, **home)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_a_trainers_file_and_python_give_the_same_estimate(advisor: Path, empty: Path) -> None:
    (empty / "theirs.yaml").write_text("base_model: meta-llama/Llama-3.2-1B\nadapter: lora\n")
    home = {"ADVISOR_HOME": str(empty / "home")}
    line = ["estimate", "--from", "theirs.yaml", "--gpu", "L40S", "--json"]
    shown = json.loads(run(advisor, *line, cwd=empty, **home).stdout)
    code = (
        "import json; from advisor import as_json, estimate; "
        "print(json.dumps(as_json(estimate('meta-llama/Llama-3.2-1B', gpu='L40S', "
        "framework='axolotl'))))"
    )
    done = run(advisor.parent / "python", "-I", "-c", code, cwd=empty, **home)
    assert json.loads(done.stdout) == shown


def test_everything_that_is_imported_is_required(advisor: Path, empty: Path) -> None:
    """Every module of ours loads in the clean environment, but for those that need an extra."""
    code = (
        "import importlib, pkgutil, advisor\n"
        "for module in pkgutil.walk_packages(advisor.__path__, 'advisor.'):\n"
        "    if module.name.startswith('advisor.calibrate.worker'): continue\n"
        "    if module.name in ('advisor.mcp.server', 'advisor.cli.web_server'): continue\n"
        "    if module.name.endswith('__main__'): continue\n"
        "    importlib.import_module(module.name)\n"
    )
    done = run(advisor.parent / "python", "-I", "-c", code, cwd=empty)
    assert done.returncode == 0, done.stderr
