"""What every test relies on: a home of its own, and properties that are not timed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

IN_A_BUILD = bool(os.environ.get("CI"))

settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # A build repeats half as many examples each time; a developer's run looks for new ones.
    derandomize=IN_A_BUILD,
    max_examples=50 if IN_A_BUILD else 100,
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the folders of the person who runs it; a child process inherits this
    too.
    """
    home = tmp_path_factory.getbasetemp() / "advisor-home"
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    return home
