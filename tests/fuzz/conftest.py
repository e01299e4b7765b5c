"""Prints how many inputs of each kind a long run saw."""

from __future__ import annotations

import pytest

from tests.fuzz.invariants import COUNTS, EXAMPLES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if EXAMPLES and COUNTS:
        terminalreporter.write_line(
            "inputs: " + ", ".join(f"{count:,} {kind}" for kind, count in sorted(COUNTS.items()))
        )
