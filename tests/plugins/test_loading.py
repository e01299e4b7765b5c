"""Plug-ins that are broken in every way: one line each, and everything else goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MODULE = """\
from advisor.core.plugins import (
    DataFormat, Estimator, PluggedReport, PluggedTechnique, Prediction, PriceProvider,
)

def fails(*args):
    raise RuntimeError("as a plug-in\\nmay")

unsourced = PriceProvider("unsourced", " ", "2026-01-01", list)
undated = PriceProvider("undated", "s", "soon", list)
badly_named = PriceProvider("Badly Named", "s", "2026-01-01", list)
failing = PriceProvider("failing", "s", "2026-01-01", fails)
wrong_row = PriceProvider(
    "wrong-row", "s", "2026-01-01", lambda: [{"provider": "p", "model": "m", "source": "s"}]
)
perfect = Estimator("perfect", "s", "2026-01-01", 0.0, fails)
def leaves(*args):
    raise SystemExit(4)

def talks(*args):
    print("a plug-in says hello")
    return []

leaving = PriceProvider("leaving", "s", "2026-01-01", leaves)
talking = PriceProvider("talking", "s", "2026-01-01", talks)
unending = PriceProvider("unending", "s", "2026-01-01", lambda: iter(dict, None))
shaky = Estimator("shaky", "s", "2026-01-01", 0.2, fails)
negative = Estimator("negative", "s", "2026-01-01", 0.2, lambda run: Prediction(-1.0))
report = PluggedReport("broken-report", (".brk",), "s", "2026-01-01", fails)
endless = DataFormat("endless", ("brk",), "s", "2026-01-01", fails)
not_a_record = object()
from advisor.core.techniques import prompt
twin = PluggedTechnique(prompt("few-shot", 5), "s", "2026-01-01")
orphan = PluggedTechnique(prompt("new-way", 5, "no-such-way"), "s", "2026-01-01")
"""


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[str, str], Path]:
    """A folder of packages with one that names an entry point."""

    def install(group: str, target: str) -> Path:
        site = tmp_path / "site"
        metadata = site / "faulty-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / "faulty.py").write_text(MODULE)
        (site / "leaves.py").write_text("raise SystemExit(3)\n")
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{group}]\nentry = {target}\n")
        return site

    return install


def advisor(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *words],
        capture_output=True,
        text=True,
        cwd=site,
        env=os.environ | {"PYTHONPATH": str(site)},
    )


@pytest.mark.parametrize(
    ("group", "target", "fault"),
    [
        ("advisor.prices", "missing:RECORD", "ModuleNotFoundError: No module named 'missing'"),
        ("advisor.prices", "leaves:RECORD", "SystemExit: 3"),
        ("advisor.prices", "faulty:nothing", "AttributeError"),
        ("advisor.prices", "faulty:not_a_record", "is not a PriceProvider"),
        ("advisor.prices", "faulty:perfect", "is not a PriceProvider"),
        ("advisor.prices", "faulty:unsourced", "source: is empty"),
        ("advisor.prices", "faulty:undated", "as_of: 'soon' is not a date"),
        ("advisor.prices", "faulty:badly_named", "name: write it in small letters"),
        ("advisor.estimators", "faulty:perfect", "error: state the median relative error"),
        ("advisor.data", "faulty:endless", "endings: write a tuple"),
        ("advisor.techniques", "faulty:twin", "a name of its own is missing"),
        ("advisor.techniques", "faulty:orphan", "'no-such-way' is not a technique above"),
    ],
)
def test_a_broken_plugin_is_listed_with_its_fault(
    installed, group: str, target: str, fault: str
) -> None:
    done = advisor(installed(group, target), "plugins")
    assert done.returncode == 0, done.stderr
    assert fault in done.stdout
    assert done.stdout.count("\n") == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("group", "target", "command", "fault"),
    [
        ("prices", "missing:RECORD", "recommend customs-invoices", "missing:RECORD cannot be"),
        ("prices", "faulty:failing", "facts gpus L40S", "plug-in failing is left out: Runtime"),
        ("prices", "faulty:leaving", "facts gpus L40S", "plug-in leaving is left out: SystemExit"),
        ("prices", "faulty:unending", "facts gpus L40S", "it has more than 100,000 rows"),
        ("prices", "faulty:wrong_row", "facts gpus L40S", "prices[0].as_of: is missing"),
        ("techniques", "faulty:not_a_record", "schema", "is not a PluggedTechnique"),
        ("estimators", "faulty:shaky", "estimate --model 8B --gpu L40S", "plug-in shaky is left"),
        (
            "estimators",
            "faulty:negative",
            "estimate --model 8B --gpu L40S",
            "not a positive number",
        ),
    ],
)
def test_the_work_goes_on_with_one_line(
    installed, group: str, target: str, command: str, fault: str
) -> None:
    done = advisor(installed(f"advisor.{group}", target), *command.split())
    assert done.returncode == 0, done.stderr
    assert done.stdout
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("warning: "))
    assert fault in line
    assert "Traceback" not in done.stderr


def test_a_report_that_fails_is_one_line(installed) -> None:
    site = installed("advisor.reports", "faulty:report")
    done = advisor(site, "recommend", "customs-invoices", "--no-history", "-o", "report.brk")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "advisor: plug-in broken-report could not write the report (RuntimeError: as a plug-in may)"
    )
    assert done.stderr.count("\n") == 1
    assert not (site / "report.brk").exists()


def test_help_looks_for_no_plugins(installed) -> None:
    site = installed("advisor.prices", "leaves:RECORD")
    assert advisor(site, "--help").stderr == ""
    assert advisor(site, "where").stderr == ""


def test_what_a_plugin_prints_is_no_part_of_the_answer(installed) -> None:
    done = advisor(installed("advisor.prices", "faulty:talking"), "facts", "gpus", "L40S", "--json")
    assert json.loads(done.stdout)
    assert done.stderr == "a plug-in says hello\n"
