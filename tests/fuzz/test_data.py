"""No file of data breaks the probe: it is read, its odd rows listed, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from advisor.core.errors import AdvisorError
from advisor.core.probes import DataReport
from advisor.core.text import printable
from advisor.probe.data import probe
from advisor.report.json import dump
from tests.fuzz.data_files import DataFile, files
from tests.fuzz.invariants import (
    EXAMPLES,
    answer_or_refusal,
    check_json,
    check_numbers,
    runs,
)

REPEATS = 40 if EXAMPLES else 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@runs(60, share=0.05)
@given(file=files(REPEATS))
def test_a_file_is_read_or_refused_in_one_line(folder: Path, file: DataFile) -> None:
    path = folder / file.name
    path.write_bytes(file.content)
    outcome = answer_or_refusal("rows", lambda: probe([path], as_of="2026-11-20"), file.rows)
    if isinstance(outcome, AdvisorError):
        assert str(outcome).startswith(printable(str(path)))
    else:
        check(outcome)


def check(report: DataReport) -> None:
    check_numbers(report)
    check_json(dump(report))
    assert report.rows >= 0
