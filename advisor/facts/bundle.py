"""A bundle of facts: newer rows of our tables in one JSON file, signed by its maker.

    {"schema": 1, "made": "2026-12-01", "note": "…", "tables": {"gpu_prices.csv": "…", …}}

A table has the columns of the shipped one and only the rows that are new or changed; `prices.toml`
has rows of a price file. Its rows stand before the shipped ones and behind the user's own.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from advisor.core import bounded_json
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.private_files import make_private_folder
from advisor.facts.table import UPDATES

KEYS = {
    "constants.csv": ("key",),
    "closed_families.csv": ("prefix",),
    "gpu_achieved.csv": ("gpu",),
    "gpu_prices.csv": ("provider", "quoted_gpu", "offer"),
    "gpus.csv": ("gpu",),
    "hosted_names.csv": ("model", "provider"),
    "hosted_tuning.csv": ("provider", "model", "method"),
    "lifecycle.csv": ("provider", "model"),
    "models.csv": ("model",),
    "prompt_caches.csv": ("provider", "model"),
    "providers.csv": ("provider",),
}
"""The tables that a bundle may update, and what makes a row of them the same row."""

PRICES = "prices.toml"
RECEIPT = "bundle.json"
"""Beside the tables of a bundle in use: when it was made, and who signed it."""

LARGEST_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class FactsBundle:
    """Tables by the name of their file. `made_on` is the day (ISO 8601) it was put together."""

    made_on: date
    note: str
    tables: dict[str, str]


def read_bundle(content: bytes, name: str) -> FactsBundle:
    """The bundle in a file called `name`. Raises UsageError where it is not one."""
    if len(content) > LARGEST_BYTES:
        raise UsageError(f"{name}: is larger than 8 MiB, so it is not a bundle of facts")
    try:
        document = bounded_json.loads(content)
    except (ValueError, RecursionError):
        raise UsageError(f"{name}: is not a bundle of facts (no JSON)") from None
    if not isinstance(document, dict) or document.get("schema") != 1:
        raise UsageError(f"{name}: schema: must be 1; update prompt-or-tune to read later ones")
    tables = document.get("tables")
    if not isinstance(tables, dict) or not tables:
        raise UsageError(f"{name}: tables: must be an object of tables by file name")
    for table, text in tables.items():
        if table not in (*KEYS, PRICES):
            hint = did_you_mean(table, (*KEYS, PRICES))
            raise UsageError(f"{name}: tables.{table}: is not a table that can be updated{hint}")
        if not isinstance(text, str):
            raise UsageError(f"{name}: tables.{table}: must be the text of the table")
        _refuse_half_characters(text, f"tables.{table}", name)
    note = str(document.get("note", ""))
    _refuse_half_characters(note, "note", name)
    return FactsBundle(_day(document.get("made"), name), note, tables)


def _refuse_half_characters(text: str, key: str, name: str) -> None:
    """JSON can name half a character (\\ud800), which no file can hold. Raises UsageError."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{name}: {key}: holds half a character at {error.start}; write it in UTF-8"
        ) from None


def _day(value: object, name: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise UsageError(f"{name}: made: must be a date such as 2026-12-01") from None


def made_of_bundle_in_use(config: Path) -> date | None:
    """When the bundle in use was made; None where there is none."""
    receipt = config / UPDATES / RECEIPT
    try:
        return date.fromisoformat(str(json.loads(receipt.read_text(encoding="utf-8"))["made"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_tables(bundle: FactsBundle, folder: Path, signer: str) -> None:
    """The tables of a bundle, and its receipt, as files. Raises UsageError."""
    try:
        make_private_folder(folder)
        for name, text in bundle.tables.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        receipt = {"made": bundle.made_on.isoformat(), "note": bundle.note, "signer": signer}
        (folder / RECEIPT).write_text(json.dumps(receipt, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror})") from None


def put_in_use(bundle: FactsBundle, config: Path, signer: str) -> None:
    """Let the bundle's rows stand before the shipped ones: all of them, or none.

    Raises UsageError.
    """
    fresh = config / f"{UPDATES}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    write_tables(bundle, fresh, signer)
    remove_from_use(config)
    fresh.rename(config / UPDATES)


def remove_from_use(config: Path) -> bool:
    """Go back to the shipped rows; whether there was a bundle in use. Raises UsageError."""
    used = config / UPDATES
    if not used.exists():
        return False
    old = config / f"{UPDATES}.old"
    try:
        shutil.rmtree(old, ignore_errors=True)
        used.rename(old)
        shutil.rmtree(old)
    except OSError as error:
        raise UsageError(f"{used}: cannot be removed ({error.strerror})") from None
    return True
