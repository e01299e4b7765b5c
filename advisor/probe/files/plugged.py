"""Data formats of plug-ins: rows of files whose ending is not one of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from advisor.core.errors import UsageError
from advisor.core.plugins import FAILURES, DataFormat, reason_of, records
from advisor.probe.forms.records import DataRow


def plugged_format(ending: str) -> DataFormat | None:
    """The plug-in that reads files with this ending."""
    return next((form for form in records(DataFormat) if ending and ending in form.endings), None)


def plugged_rows(form: DataFormat, path: Path) -> Iterator[DataRow]:
    """The rows that a plug-in reads, numbered from 1. Raises UsageError where it fails."""
    try:
        for number, row in enumerate(form.rows(path), 1):
            if isinstance(row, Mapping):
                yield DataRow(number, dict(row))
            else:
                yield DataRow(number, None, f"plug-in {form.name}: not an object with fields")
    except FAILURES as error:
        raise UsageError(
            f"{path}: plug-in {form.name} could not read it ({reason_of(error)}); correct the "
            "file, or update the plug-in"
        ) from error
