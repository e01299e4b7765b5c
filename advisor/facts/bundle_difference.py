"""What a bundle of facts changes, row by row, and whether its rows can be read at all."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.core.errors import UsageError
from advisor.core.facts import TokenPrice
from advisor.facts.book import load
from advisor.facts.bundle import KEYS, PRICES, FactsBundle, write_tables
from advisor.facts.price_file import read_prices
from advisor.facts.table import UPDATES, FactRow, read

Rows = Mapping[tuple[str, ...], list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell of a row, before and after; empty: not known."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that the bundle adds (`cells` empty) or changes. `own`: a row of the user's own stands
    before it, so that it changes nothing here.
    """

    table: str
    key: tuple[str, ...]
    cells: tuple[CellChange, ...]
    is_new: bool
    own: bool


def difference(bundle: FactsBundle, config: Path, name: str) -> tuple[RowChange, ...]:
    """What the bundle in the file `name` changes in the rows that are now in use. Raises UsageError
    where a row of it cannot be read.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_tables(bundle, folder / UPDATES, "")
        try:
            _check(folder)
        except UsageError as error:
            place = str(error).replace(f"{folder / UPDATES}{os.sep}", "")
            raise UsageError(f"{name}: {place}") from None
        return tuple(
            change
            for table in bundle.tables
            for change in _changes(table, _now(table, config), _own(table, config), folder)
        )


def _check(folder: Path) -> None:
    """Read every table once. Raises UsageError for the first wrong row."""
    facts = load(folder)
    for gpu in facts.gpus:
        facts.gpu_offers(gpu.name, billing="")
        facts.achieved_tflops(gpu.name)
    assert facts.models is not None
    assert facts.tuning_offers is not None
    assert facts.constants is not None
    assert facts.providers is not None
    for model in facts.listed_models()[:1]:
        facts.is_known_model(model)
    facts.maker_of_closed("gpt-4o")


def _changes(table: str, now: Rows, own: Rows, folder: Path) -> Iterator[RowChange]:
    for key, rows in _rows(table, folder / UPDATES / table).items():
        before = now.get(key)
        if before is None:
            yield RowChange(table, key, (), True, key in own)
            continue
        cells = tuple(
            CellChange(column, old.get(column, ""), text)
            for old, new in zip(before, rows, strict=False)
            for column, text in new.items()
            if old.get(column, "") != text
        )
        if cells or len(before) != len(rows):
            yield RowChange(table, key, cells, False, key in own)


def _now(table: str, config: Path) -> Rows:
    """The rows in use without the user's own."""
    if table == PRICES:
        return _rows(table, config / UPDATES / table)
    return _by_key(table, read(table, KEYS[table], config, own=False))


def _own(table: str, config: Path) -> Rows:
    return _rows(table, config / table)


def _rows(table: str, file: Path) -> Rows:
    """The rows of one file by their key; nothing where it does not exist."""
    if not file.is_file():
        return {}
    if table != PRICES:
        from advisor.facts.table import rows_of

        return _by_key(table, rows_of(file))
    rows: dict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for price in read_prices(file):
        rows[price.provider, price.model.lower(), str(price.start or "")].append(_cells(price))
    return rows


def _cells(price: TokenPrice) -> dict[str, str]:
    names = ("input_usd", "output_usd", "cached_input_usd", "training_usd", "batch_factor", "ends")
    cells = {name: getattr(price, name) for name in names}
    stated = {name: str(value) for name, value in cells.items() if value is not None}
    return stated | {"source": price.cited.source, "as_of": price.cited.as_of}


def _by_key(table: str, rows: tuple[FactRow, ...]) -> Rows:
    grouped: dict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        grouped[tuple(row.text(column).lower() for column in KEYS[table])].append(row.cells)
    return grouped
