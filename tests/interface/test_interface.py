"""The Python interface: the guide's examples run, nothing is loaded early, and types hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import advisor
from advisor.core.errors import UsageError

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guide" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


def fresh(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_guide_runs_from_top_to_bottom(tmp_path: Path) -> None:
    brief = ROOT / "profiles" / "briefs" / "claims-triage.toml"
    (tmp_path / "brief.toml").write_text(brief.read_text(encoding="utf-8"), encoding="utf-8")
    assert len(BLOCKS) >= 5
    printed = fresh("\n".join(BLOCKS), tmp_path)
    assert "llama-3.1-8b" in printed.splitlines()[-1]
    assert not (tmp_path / "home" / "data").exists()  # nothing is written


def test_importing_it_loads_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; before = set(sys.modules); import advisor; "
        "print(sorted(set(sys.modules) - before))"
    )
    assert fresh(code, tmp_path).strip() == "['advisor']"


@pytest.mark.parametrize(
    "line",
    [
        "from advisor import estimate",
        "from advisor import facts, estimate",
        "import advisor.estimate.training; from advisor import estimate",
        "from advisor import interface; from advisor import estimate",
    ],
)
def test_estimate_can_be_called_in_whatever_order_it_is_imported(tmp_path: Path, line: str) -> None:
    code = f"{line}; print(estimate('llama-3.2-1b', gpu='L40S').estimate.fits)"
    assert fresh(code, tmp_path).strip() == "fits"


def test_every_name_is_there_and_others_are_not() -> None:
    assert set(advisor.__all__) <= set(dir(advisor))
    assert all(getattr(advisor, name) is not None for name in advisor.__all__)
    with pytest.raises(AttributeError, match="no attribute 'recomend'"):
        advisor.recomend  # noqa: B018
    assert "semantic versioning" in GUIDE


def test_mistakes_are_one_line() -> None:
    request = advisor.RunRequest("llama-3.2-1b")
    for call, message in (
        (lambda: advisor.estimate("llama-3.2-1b", gpuu="L4"), "gpuu"),
        (lambda: advisor.estimate(request, gpu="L4"), "put gpu into the RunRequest"),
        (lambda: advisor.recommend(advisor.Brief(), ["a=b"]), "change the Brief itself"),
        (lambda: advisor.read_brief("none.toml"), "none.toml"),
    ):
        with pytest.raises(UsageError, match=message) as error:
            call()
        assert "\n" not in str(error.value)
