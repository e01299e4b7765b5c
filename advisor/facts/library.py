"""The price library behind a memo: importing genai-prices takes 0.2 s, reading the memo nothing.

The memo is a JSON file for one version of the library; another version, or a file that cannot be
read, starts an empty one.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from advisor.core.facts import Cited, TokenPrice
from advisor.core.private_files import make_private_folder

JsonRow: TypeAlias = dict[str, Any]
"""A price as JSON stores it: dates as text, tuples as lists."""


@dataclass
class PriceMemo:
    """Answers of one version of the library: price rows by their question, and priced names."""

    version: str
    rows: dict[str, list[JsonRow]] = field(default_factory=dict)
    priced: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> PriceMemo:
        """Raises ValueError, TypeError or KeyError where the text is not a memo."""
        document = json.loads(text)
        memo = cls(document["version"], dict(document["rows"]), dict(document["priced"]))
        for rows in memo.rows.values():
            for row in rows:
                _price(row)
        return memo


class PriceLibrary:
    """Prices and names of genai-prices; with a memo file, the library is asked once per version."""

    def __init__(self, memo: Path | None = None) -> None:
        self.memo = memo

    @cached_property
    def version(self) -> str:
        """The version of the library, which names its bundled data."""
        return version("genai-prices")

    def price_rows(self, provider: str, model: str, data_date: str) -> tuple[TokenPrice, ...]:
        """Every dated price and tier of a model at a provider; see `hosted.price_rows`."""
        key = json.dumps([provider, model, data_date])
        rows = self._memo.rows
        if key not in rows:
            from advisor.facts.hosted import price_rows

            rows[key] = [_plain(row) for row in price_rows(provider, model, data_date)]
            self._save()
        return tuple(_price(row) for row in rows[key])

    def is_priced(self, model: str) -> bool:
        """Whether any provider of the library sells a model of exactly that name."""
        priced = self._memo.priced
        if model not in priced:
            from advisor.facts.hosted import is_priced

            priced[model] = is_priced(model)
            self._save()
        return bool(priced[model])

    @cached_property
    def _memo(self) -> PriceMemo:
        """The memo of this version; empty where there is none that can be used."""
        if self.memo is not None:
            with suppress(OSError, ValueError, TypeError, KeyError):
                memo = PriceMemo.from_json(self.memo.read_text(encoding="utf-8"))
                if memo.version == self.version:
                    return memo
        return PriceMemo(self.version)

    def _save(self) -> None:
        """Write the memo, completely or not at all; failing to write it only costs time."""
        if self.memo is None:
            return
        with suppress(OSError):
            make_private_folder(self.memo.parent)
            handle, name = tempfile.mkstemp(dir=self.memo.parent, prefix=".prices-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(self._memo), file)
            Path(name).replace(self.memo)


def _plain(price: TokenPrice) -> JsonRow:
    """A price as JSON stores it."""
    return {
        key: cell.isoformat() if isinstance(cell, date) else cell
        for key, cell in asdict(price).items()
    }


def _price(row: JsonRow) -> TokenPrice:
    """A price out of JSON. Raises TypeError, ValueError or KeyError where it is not one."""
    days = {
        key: date.fromisoformat(row[key]) if row[key] else None
        for key in ("start", "ends", "closed")
    }
    lists = {key: tuple(row[key]) for key in ("cache_minutes", "regions")}
    return TokenPrice(**{**row, **days, **lists, "cited": Cited(**row["cited"])})
