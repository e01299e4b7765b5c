"""The worked example of a plug-in, built as a wheel of its own and installed beside the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BRIEF = """\
schema = 1
as_of = 2026-11-20
[task]
type = "extraction"
[quality]
target = 0.8
[[quality.measured]]
approach = "prompt"
technique = "step-back"
model = "northwind-small"
score = 0.9
items = 400
[models]
prompt = ["northwind-small"]
tune = []
"""


def run(*command: str | Path, site: Path | None = None, cwd: Path) -> subprocess.CompletedProcess:
    environment = os.environ | ({"PYTHONPATH": str(site)} if site else {})
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=environment)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with the example installed from its wheel."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(ROOT / "docs" / "plugin-example", folder / "source")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    done = run(*build, folder / "source", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("advisor_plugin_example-1.0.0-*.whl")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    done = run(*install, "--target", folder / "site", wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def advisor(site: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess:
    return run(sys.executable, "-m", "advisor", *words, site=site, cwd=cwd)


def test_every_kind_is_listed_with_source_and_date(site: Path, tmp_path: Path) -> None:
    done = advisor(site, tmp_path, "plugins", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    listed = {entry["kind"]: entry for entry in json.loads(done.stdout)}
    assert set(listed) == {"prices", "estimators", "techniques", "reports", "data"}
    for entry in listed.values():
        assert (entry["package"], entry["version"]) == ("advisor-plugin-example", "1.0.0")
        assert entry["fault"] == ""
        assert entry["source"]
        assert entry["as_of"]
    assert listed["estimators"]["error"] == 0.12


def test_prices_technique_and_report_enter_a_verdict(site: Path, tmp_path: Path) -> None:
    (tmp_path / "brief.toml").write_text(BRIEF)
    done = advisor(site, tmp_path, "recommend", "brief.toml", "--json")
    assert done.returncode in (0, 3), done.stderr
    verdict = json.loads(done.stdout)
    options = [option["id"] for option in verdict["arms"]]
    assert any(name.startswith("prompt/step-back@northwind-small") for name in options)
    assert any("Northwind" in source["source"] for source in verdict["sources"])
    report = advisor(site, tmp_path, "recommend", "brief.toml", "-o", "report.org")
    assert report.returncode in (0, 3), report.stderr
    assert (tmp_path / "report.org").read_text().count("| prompt/step-back@") == len(options)


def test_an_estimator_answers_with_the_range_of_its_error(site: Path, tmp_path: Path) -> None:
    words = ("estimate", "--model", "llama-3.1-8b", "--gpu", "L40S", "--examples", "5000")
    done = advisor(site, tmp_path, *words, "--json")
    estimate = json.loads(done.stdout)
    speed = estimate["tokens_per_second"]
    assert speed["p50"] == pytest.approx(20_000 / 8.030261248, rel=1e-3)
    # Half of the errors of a log-normal with this range are below 12 %: Φ⁻¹(0.75) of its width.
    assert (speed["p90"] / speed["p50"]) ** (0.6744898 / 1.2815516) == pytest.approx(1.12, rel=1e-3)
    assert any("l40s-bench" in source["source"] for source in estimate["sources"])
    other = json.loads(advisor(site, tmp_path, *words, "--rank", "8", "--json").stdout)
    assert other["tokens_per_second"]["p50"] != speed["p50"]


def test_a_data_format_is_read_by_its_ending(site: Path, tmp_path: Path) -> None:
    text = "".join(f"[{i}]\nprompt = question {i} of many\ncompletion = yes\n" for i in range(20))
    (tmp_path / "rows.ini").write_text(text)
    done = advisor(site, tmp_path, "data", "rows.ini", "--json")
    assert json.loads(done.stdout)["rows"] == 20, done.stderr
    (tmp_path / "odd.ini").write_text("no section\n")
    done = advisor(site, tmp_path, "data", "odd.ini")
    assert done.returncode == 2
    assert done.stderr.startswith("advisor: odd.ini: plug-in ini could not read it (MissingSection")
    assert done.stderr.count("\n") == 1


def test_without_it_nothing_of_it_is_known(tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "advisor", "plugins", cwd=tmp_path)
    assert done.stdout == "No plug-ins are installed; see the guide to plug-ins.\n"
