"""The user's own table of GPUs: a row that was measured here."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from advisor.core.errors import UsageError

COLUMNS = (
    "gpu", "vendor", "nvml_name", "memory_gb", "bandwidth_gb_per_second", "bf16_tflops",
    "fp16_tflops", "tflops_source", "source", "as_of", "confidence",
)  # fmt: skip
NAME = "gpus.csv"


def add_row(folder: Path, row: Mapping[str, str]) -> Path:
    """Write a row into gpus.csv of the configuration folder, in the place of one for the same GPU;
    completely or not at all. Gives the file.

    Raises UsageError where the file cannot be read or written.
    """
    path = folder / NAME
    try:
        columns, rows = _read(path)
        others = [old for old in rows if old.get("gpu", "").lower() != row["gpu"].lower()]
        columns = tuple(dict.fromkeys((*columns, *COLUMNS)))
        folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=folder, prefix=".gpus-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(_table(columns, [*others, row]))
        Path(draft).replace(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be written ({error}); add the row by hand") from None
    return path


def _read(path: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    if not path.is_file():
        return (), []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        rows = [{k: v for k, v in row.items() if k and isinstance(v, str)} for row in reader]
        return tuple(reader.fieldnames or ()), rows


def _table(columns: tuple[str, ...], rows: list[Mapping[str, str]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
