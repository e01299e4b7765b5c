"""The price library behind a memo: to import genai-prices takes a fifth of a second, to read what
it said takes none.

The memo is a JSON file for one version of the library; another version, or a file that cannot be
read, starts it anew.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from advisor.core.facts import Cited, TokenPrice


class PriceLibrary:
    """Prices and names of genai-prices; with a memo file, asked of the library once for each
    version of it.
    """

    def __init__(self, memo: Path | None = None) -> None:
        self.memo = memo

    @cached_property
    def version(self) -> str:
        """The version of the library, which names its bundled data."""
        return version("genai-prices")

    def price_rows(self, provider: str, model: str, data_date: str) -> tuple[TokenPrice, ...]:
        """Every dated price and tier of a model at a provider; see `hosted.price_rows`."""
        key = json.dumps([provider, model, data_date])
        rows = self._held["rows"]
        if key not in rows:
            from advisor.facts.hosted import price_rows

            rows[key] = [_plain(row) for row in price_rows(provider, model, data_date)]
            self._keep()
        return tuple(_price(row) for row in rows[key])

    def is_priced(self, model: str) -> bool:
        """Whether any provider of the library sells a model of exactly that name."""
        priced = self._held["priced"]
        if model not in priced:
            from advisor.facts.hosted import is_priced

            priced[model] = is_priced(model)
            self._keep()
        return bool(priced[model])

    @cached_property
    def _held(self) -> dict[str, Any]:
        """The memo of this version; empty where there is none that can be used."""
        new: dict[str, Any] = {"version": self.version, "rows": {}, "priced": {}}
        if self.memo is None:
            return new
        with suppress(OSError, ValueError, TypeError, KeyError):
            held = json.loads(self.memo.read_text(encoding="utf-8"))
            if held["version"] == self.version and all(
                _price(r) for rows in held["rows"].values() for r in rows
            ):
                return {**new, "rows": dict(held["rows"]), "priced": dict(held["priced"])}
        return new

    def _keep(self) -> None:
        """Write the memo, whole or not at all; one that cannot be written costs time, nothing
        else.
        """
        if self.memo is None:
            return
        with suppress(OSError):
            self.memo.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.memo.parent, prefix=".prices-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self._held, file)
            Path(name).replace(self.memo)


def _plain(price: TokenPrice) -> dict[str, Any]:
    """A row as JSON holds it."""
    return {
        key: held.isoformat() if isinstance(held, date) else held
        for key, held in asdict(price).items()
    }


def _price(row: dict[str, Any]) -> TokenPrice:
    """A row out of JSON. Raises TypeError, ValueError or KeyError where it is none."""
    days = {
        key: date.fromisoformat(row[key]) if row[key] else None
        for key in ("start", "ends", "closed")
    }
    lists = {key: tuple(row[key]) for key in ("cache_minutes", "regions")}
    return TokenPrice(**{**row, **days, **lists, "cited": Cited(**row["cited"])})
