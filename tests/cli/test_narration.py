"""What a script hears on stderr: warnings, and nothing else."""

from __future__ import annotations

import pytest

from advisor.cli import output
from advisor.core.events import StageEvent


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    output.narrate(StageEvent("data", "100 rows"))
    assert capsys.readouterr().err == ""


def test_a_warning_is_always_said(capsys: pytest.CaptureFixture[str]) -> None:
    output.narrate(StageEvent("history", "the verdict was not kept: disk full", is_warning=True))
    assert capsys.readouterr().err == "warning: the verdict was not kept: disk full\n"
