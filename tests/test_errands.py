"""Errands of CONTRIBUTING, each done on a copy: the files it takes are counted, and the program
picks the new thing up.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROMISED = {
    errand: int(count)
    for errand, count in re.findall(r"^\| an? ([^|]+?) \| .* \| (\d+) \|$", GUIDE, re.MULTILINE)
}
BRIEF = "profiles/briefs/customs-invoices.toml"


class Copy:
    """A copy of the sources in which files are changed and commands run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("advisor", "profiles"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc"))
        (folder / "calibration").symlink_to(ROOT / "calibration")
        shutil.copytree(ROOT / "docs", folder / "docs")
        self.before = self._digests()

    def _digests(self) -> dict[str, str]:
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for top in ("advisor", "profiles", "docs")
            for path in (self.folder / top).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    def changed(self) -> list[str]:
        """The files that are new or different, outside what commands wrote."""
        return sorted(
            name for name, digest in self._digests().items() if self.before.get(name) != digest
        )

    def append(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + text + "\n", "utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        source = path.read_text(encoding="utf-8")
        assert source.count(old) == 1, (name, old)
        path.write_text(source.replace(old, new), encoding="utf-8")

    def run(self, *words: str, module: str = "advisor") -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=os.environ
            | {"PYTHONPATH": str(self.folder), "ADVISOR_HOME": str(self.folder / "home")},
        )
        assert done.returncode in (0, 3), done.stderr
        return done.stdout

    def row_like(self, name: str, first: str, new: str) -> None:
        """A row of a table, made from another one under a new name and without its aliases."""
        lines = (self.folder / name).read_text(encoding="utf-8").splitlines()
        (row,) = [line for line in lines if line.startswith(f"{first},")]
        rest = row.split(",", 2)[2]
        self.append(name, f"{new},,{rest}")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "copy")


def test_the_guide_promises_six_errands() -> None:
    assert set(PROMISED) == {
        "GPU",
        "model",
        "technique",
        "question",
        "report format",
        "data format",
    }


def test_a_gpu(copy: Copy) -> None:
    copy.row_like("profiles/gpus.csv", "L40S", "Errand-9000")
    assert "Errand-9000" in copy.run("facts", "gpus", "Errand-9000")
    estimate = copy.run(
        "estimate", "--model", "Qwen3-8B", "--gpu", "Errand-9000", "--examples", "100", "--json"
    )
    assert json.loads(estimate)["fits"] in ("fits", "tight", "no")
    assert len(copy.changed()) == PROMISED["GPU"]


def test_a_model(copy: Copy) -> None:
    copy.row_like("profiles/models.csv", "Qwen3-8B", "Errand-8B")
    assert "Errand-8B" in copy.run("facts", "models", "Errand-8B")
    estimate = copy.run(
        "estimate", "--model", "Errand-8B", "--gpu", "L40S", "--examples", "100", "--json"
    )
    assert json.loads(estimate)["memory_gib"]["p50"] > 5
    assert len(copy.changed()) == PROMISED["model"]


def test_a_technique(copy: Copy) -> None:
    copy.replace(
        "advisor/core/techniques.py",
        '    prompt("searched", 3),\n',
        '    prompt("searched", 3),\n    prompt("errand-shot", 2, "few-shot", calls=2),\n',
    )
    page = copy.run(module="advisor.brief.reference")
    (copy.folder / "docs" / "reference" / "brief.md").write_text(page, encoding="utf-8")
    assert "errand-shot" in page
    assert len(copy.changed()) == PROMISED["technique"]
    brief = copy.folder / "errand.toml"
    source = (ROOT / BRIEF).read_text(encoding="utf-8")
    brief.write_text(
        source + '\n[[quality.measured]]\napproach = "prompt"\ntechnique = "errand-shot"\n'
        'model = "gpt-5-mini"\nscore = 0.93\nitems = 500\n',
        encoding="utf-8",
    )
    verdict = json.loads(copy.run("recommend", "errand.toml", "--json"))
    options = {option["id"]: option for option in verdict["arms"]}
    errand = options["prompt/errand-shot@gpt-5-mini+uncached"]
    plain = options["prompt/few-shot@gpt-5-mini+uncached"]
    assert errand["monthly_usd"]["p50"] > 1.5 * plain["monthly_usd"]["p50"]  # two calls a request


def test_a_question(copy: Copy) -> None:
    copy.replace(
        "advisor/core/sections/task.py",
        "    output: str = ask(\n",
        '    errands: int = ask("How many errands?", "For a test.", "whole", 3, "a guess", '
        'unit="errands", low=0)\n    output: str = ask(\n',
    )
    page = copy.run(module="advisor.brief.reference")
    (copy.folder / "docs" / "reference" / "brief.md").write_text(page, encoding="utf-8")
    assert "task.errands" in page
    assert "errands" in copy.run("schema")
    verdict = json.loads(copy.run("recommend", BRIEF, "--json", "--set", "task.errands=4"))
    assert [a["value"] for a in verdict["answers"] if a["key"] == "task.errands"] == ["4 errands"]
    assert len(copy.changed()) == PROMISED["question"]


def test_a_report_format(copy: Copy) -> None:
    (copy.folder / "advisor/report/errand.py").write_text(
        '"""A report of one line."""\n\n\n'
        'def render(verdict, look):\n    return f"{verdict.arm}\\n"\n',
        encoding="utf-8",
    )
    copy.replace(
        "advisor/report/formats.py",
        '    ReportFormat("json", (".json",), "json"),\n',
        '    ReportFormat("json", (".json",), "json"),\n'
        '    ReportFormat("errand", (".errand",), "errand"),\n',
    )
    copy.run("recommend", BRIEF, "-o", "report.errand")
    assert (copy.folder / "report.errand").read_text(encoding="utf-8") == (
        "tune/lora@Qwen3-8B+rented\n"
    )
    assert "errand" in copy.run("recommend", "--help")
    assert len(copy.changed()) == PROMISED["report format"]


def test_a_data_format(copy: Copy) -> None:
    (copy.folder / "advisor/probe/files/errand_rows.py").write_text(
        '"""Rows of `prompt => completion`."""\n\n'
        "from advisor.probe.files.streams import lines\n"
        "from advisor.probe.forms.records import DataRow\n\n\n"
        "def errand_rows(path, stream):\n    for number, text, reason in lines(path, stream):\n"
        '        prompt, _, answer = text.strip().partition(" => ")\n'
        '        yield DataRow(number, {"prompt": prompt, "completion": answer}, reason)\n',
        encoding="utf-8",
    )
    rows = "advisor/probe/files/rows.py"
    copy.replace(rows, '    ".txt": "text",\n', '    ".txt": "text",\n    ".errand": "errand",\n')
    copy.replace(
        rows,
        '    if kind in ("json", "jsonl"):\n',
        '    if kind == "errand":\n        from advisor.probe.files import errand_rows\n\n'
        '        return errand_rows.errand_rows(path, stream)\n    if kind in ("json", "jsonl"):\n',
    )
    (copy.folder / "data.errand").write_text(
        "".join(f"question number {n} => answer {n}\n" for n in range(30)), encoding="utf-8"
    )
    report = json.loads(copy.run("data", "data.errand", "--json"))
    assert report["rows"] == 30
    assert len(copy.changed()) == PROMISED["data format"]
