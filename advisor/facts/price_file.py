"""The user's own prices: a TOML file of `[[prices]]` rows, each with source and date, that override
ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

from advisor.core import given_files, toml_text
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.facts import Cited, TokenPrice

_TEXTS = ("provider", "model", "kind", "availability", "source", "confidence", "note")
_USD = (
    "training_usd_per_1m_tokens",
    "training_usd_per_hour",
    "training_minimum_usd",
    "input_usd_per_1m",
    "cached_input_usd_per_1m",
    "cache_write_usd_per_1m",
    "cache_write_1h_usd_per_1m",
    "output_usd_per_1m",
    "batch_input_usd_per_1m",
    "batch_output_usd_per_1m",
    "hosting_usd_per_hour",
    "storage_usd_per_model_month",
)
HIGHEST_USD = 1_000_000
"""The most that a million tokens, an hour or a month may cost: beyond it is a slip of the pen."""

LARGEST_BYTES = 4 << 20
MOST_TOKENS = 10**9
MOST_MINUTES = 60 * 24 * 365
_DAYS = ("start_date", "closed", "ends")
TomlTable: TypeAlias = dict[str, Any]
"""A table as the TOML parser returns it, before it is checked."""

COLUMNS = (*_TEXTS, *_USD, *_DAYS, "as_of", "batch_factor", "cache_minimum_tokens", "cache_minutes")
"""The keys of a row (design §3, the price file)."""


def read_prices(file: Path) -> tuple[TokenPrice, ...]:
    """All rows of a price file, in its order.

    Raises UsageError naming file and key for anything wrong in it.
    """
    document = _parse(file)
    for key in document:
        if key not in ("schema", "prices"):
            raise UsageError(f"{file}: {key}: unknown key{did_you_mean(key, ('schema', 'prices'))}")
    if document.get("schema") != 1:
        raise UsageError(f"{file}: schema: must be 1; write `schema = 1` at the top")
    rows = document.get("prices", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(
            f"{file}: prices: must be a list of tables; write `[[prices]]` before each row"
        )
    if not rows:
        raise UsageError(
            f"{file}: prices: no rows; write `[[prices]]` and a row, or leave the file out"
        )
    return checked_prices(file, rows)


def checked_prices(file: Path, rows: Iterable[TomlTable]) -> tuple[TokenPrice, ...]:
    """Rows of prices as records; `file` names where they are from. Raises UsageError."""
    prices = tuple(_PriceRow(file, f"prices[{i}]", row).price() for i, row in enumerate(rows))
    _refuse_twins(file, prices)
    return prices


def _parse(file: Path) -> TomlTable:
    try:
        with given_files.open_bytes(file) as stream:
            content = stream.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise UsageError(f"{file}: is larger than 4 MiB, so it is not a price file")
        return toml_text.parse(content.decode("utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"{file}: no such price file; correct `file` under [prices]") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not a text file; prices are written in TOML") from None
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read ({error.strerror}); check `file` under [prices]"
        ) from None
    except toml_text.TomlError as error:
        raise UsageError(f"{file}: {error}") from None


def _refuse_twins(file: Path, prices: tuple[TokenPrice, ...]) -> None:
    first: dict[tuple[str, str, date | None], int] = {}
    for i, price in enumerate(prices):
        key = (price.provider, price.model.lower(), price.start)
        if key in first:
            raise UsageError(
                f"{file}: prices[{i}].start_date: same provider, model and start as "
                f"prices[{first[key]}]; give each row its own start_date"
            )
        first[key] = i


class _PriceRow:
    """Reads one row, key by key; every error names the file and the key."""

    def __init__(self, file: Path, where: str, row: TomlTable) -> None:
        self.file = file
        self.where = where
        self.row = row

    def wrong(self, key: str, problem: str) -> UsageError:
        return UsageError(f"{self.file}: {self.where}.{key}: {problem}")

    def price(self) -> TokenPrice:
        for key in self.row:
            if key not in COLUMNS:
                raise self.wrong(key, f"unknown key{did_you_mean(key, COLUMNS)}")
        for key in ("provider", "model", "source", "as_of"):
            if self.row.get(key) in (None, ""):
                raise self.wrong(key, "is missing; every price needs it")
        usd = {key: self.usd(key) for key in _USD}
        return TokenPrice(
            provider=self.text("provider").strip().lower(),
            model=self.text("model").strip(),
            input_usd=usd["input_usd_per_1m"],
            output_usd=usd["output_usd_per_1m"],
            cached_input_usd=usd["cached_input_usd_per_1m"],
            cache_write_usd=usd["cache_write_usd_per_1m"],
            cache_write_1h_usd=usd["cache_write_1h_usd_per_1m"],
            batch_factor=self.batch_factor(usd),
            cache_minimum_tokens=self.whole("cache_minimum_tokens"),
            cache_minutes=self.minutes(),
            training_usd=usd["training_usd_per_1m_tokens"],
            training_usd_per_hour=usd["training_usd_per_hour"],
            training_minimum_usd=usd["training_minimum_usd"] or 0.0,
            hosting_usd_per_hour=usd["hosting_usd_per_hour"] or 0.0,
            storage_usd_per_month=usd["storage_usd_per_model_month"] or 0.0,
            start=self.day("start_date"),
            ends=self.day("ends"),
            closed=self.day("closed"),
            availability=self.text("availability"),
            cited=Cited(
                self.text("source"),
                self.as_of(),
                self.text("confidence") or "high",
                self.text("note"),
            ),
        )

    def text(self, key: str) -> str:
        value = self.row.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(key, f"must be text in quotes, not {_short(value)}")
        return value

    def usd(self, key: str) -> float | None:
        value = self.row.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.wrong(
                key, f"must be a number in USD, not {_short(value)}; leave the key out if unknown"
            )
        if not 0 <= value <= HIGHEST_USD:
            raise self.wrong(
                key,
                f"{_short(value)} is not a price in USD; write 0 to {HIGHEST_USD:,}, "
                "or leave the key out if unknown",
            )
        return float(value)

    def whole(self, key: str) -> int | None:
        value = self.row.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
            raise self.wrong(
                key, f"must be a whole number from 0 to {MOST_TOKENS:,}, not {_short(value)}"
            )
        return value

    def batch_factor(self, usd: Mapping[str, float | None]) -> float | None:
        """As given, else the batch price over the plain one: the higher of input and output."""
        value = self.usd("batch_factor")
        if value is not None:
            if not 0 < value <= 1:
                raise self.wrong(
                    "batch_factor", f"{value} must be above 0 and at most 1, such as 0.5"
                )
            return value
        pairs = [
            (usd[f"batch_{kind}_usd_per_1m"], usd[f"{kind}_usd_per_1m"])
            for kind in ("input", "output")
        ]
        return max(
            (batch / plain for batch, plain in pairs if batch is not None and plain), default=None
        )

    def minutes(self) -> tuple[int, ...]:
        value = self.row.get("cache_minutes", [])
        if not isinstance(value, list) or not all(
            type(m) is int and 0 < m <= MOST_MINUTES for m in value
        ):
            raise self.wrong(
                "cache_minutes",
                f"must be a list of whole minutes such as [5, 60], not {_short(value)}",
            )
        return tuple(sorted(set(value)))

    def day(self, key: str) -> date | None:
        value = self.row.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.wrong(
                key, f"must be a date such as 2026-09-01 without quotes, not {_short(value)}"
            )
        return value

    def as_of(self) -> str:
        value = self.row["as_of"]
        if not isinstance(value, (date, str)) or isinstance(value, datetime):
            raise self.wrong("as_of", f"must be a date such as 2026-09-01, not {_short(value)}")
        return str(value)


def _short(value: object) -> str:
    """A value in a message, never longer than a line."""
    if isinstance(value, int) and value.bit_length() > 200:
        return "a number with more than 60 digits"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
