"""Rows of Parquet and Arrow files, validated before they are read, in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from advisor.core.errors import UsageError
from advisor.probe.files.envelopes import rows_of_value
from advisor.probe.forms.records import DataRow

READ_BYTES = 1024**2  # of a Parquet column at once, not the whole of a large group of rows
PIECE_ROWS = 1000
PIECE_BYTES = 16 * 1024**2
BOMB_BYTES = 256 * 1024**2
BOMB_RATIO = 2000
"""Columns pack up to some hundred times; more than 2,000 times over 256 MiB is not text."""


def parquet_rows(path: Path) -> Iterator[DataRow]:
    """All rows of a Parquet file, without its columns of bytes.

    Raises UsageError where it is damaged, or expands beyond measure.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
            columns = [f.name for f in file.schema_arrow if not pa.types.is_binary(f.type)]
            piece = _piece_rows(path, file, columns)
            measured = _Measured(path)
            number = 0
            for batch in file.iter_batches(batch_size=piece, columns=columns):
                measured.add(batch.nbytes)
                yield from _rows(batch, number)
                number += batch.num_rows
    except (OSError, pa.ArrowException, MemoryError, UnicodeDecodeError) as error:
        raise _not_readable(path, "Parquet", error) from None


def _piece_rows(path: Path, file: Any, columns: list[str]) -> int:
    """How many rows to read at once, so that a piece stays within `PIECE_BYTES`.

    Raises UsageError where the file's rows would fill memory: a page of one repeated value needs
    few bytes for any number of rows.
    """
    first = next(iter(file.iter_batches(batch_size=1, columns=columns)), None)
    per_row = max(first.nbytes, 1) if first is not None and first.num_rows else 1
    expanded = per_row * file.metadata.num_rows
    if expanded > BOMB_BYTES and expanded > BOMB_RATIO * path.stat().st_size:
        raise _expands(path)
    return max(1, min(PIECE_ROWS, PIECE_BYTES // per_row))


class _Measured:
    """Adds up what a file has expanded to. Raises UsageError beyond all measure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size
        self._expanded = 0

    def add(self, size: int) -> None:
        self._expanded += size
        if self._expanded > BOMB_BYTES and self._expanded > BOMB_RATIO * self._size:
            raise _expands(self._path)


def arrow_rows(path: Path) -> Iterator[DataRow]:
    """All rows of a file of a Hugging Face dataset folder (Arrow stream), or of an Arrow file.

    What an Arrow file says about itself is used as addresses in memory, so each batch is validated
    in full before it is read. Raises UsageError where it is damaged.
    """
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as source:
            measured = _Measured(path)
            number = 0
            for batch in _batches(source):
                _validate(batch)  # before anything else: even its size is read from its offsets
                measured.add(batch.nbytes)
                for at in range(0, batch.num_rows, PIECE_ROWS):
                    yield from _rows(batch.slice(at, PIECE_ROWS), number + at)
                number += batch.num_rows
    except (OSError, pa.ArrowException, MemoryError, UnicodeDecodeError) as error:
        raise _not_readable(path, "Arrow", error) from None


def _batches(source: Any) -> Iterator[Any]:
    import pyarrow as pa

    try:
        stream = pa.ipc.open_stream(source)
    except pa.ArrowInvalid:
        file = pa.ipc.open_file(source)
        for at in range(file.num_record_batches):
            yield file.get_batch(at)
        return
    yield from stream


def _validate(batch: Any) -> None:
    """Whether the buffers are what they claim; a text that is not UTF-8 is left to its row.

    Raises ArrowInvalid.
    """
    import pyarrow as pa

    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error).upper().replace("-", ""):
            raise
        for column in batch.columns:
            _as_bytes(column).validate(full=True)


def _as_bytes(column: Any) -> Any:
    """A column of texts as bytes, any other as it is: only texts may be not UTF-8."""
    import pyarrow as pa

    if pa.types.is_string(column.type):
        return column.view(pa.binary())
    if pa.types.is_large_string(column.type):
        return column.view(pa.large_binary())
    return column


def _rows(batch: Any, before: int) -> Iterator[DataRow]:
    """The rows of a batch, numbered from `before` + 1; one that cannot be read says why."""
    for number, value in enumerate(_values(batch), before + 1):
        if isinstance(value, str):
            yield DataRow(number, None, value)
        else:
            yield from rows_of_value(number, value)


def _values(batch: Any) -> list[Any]:
    """Rows as objects, or the reason as a text: cell by cell where a column cannot be read whole
    (a time in nanoseconds, a text that is not UTF-8).
    """
    try:
        return list(batch.to_pylist())
    except (ValueError, TypeError, OverflowError, ArithmeticError, ImportError):
        pass
    rows: list[Any] = [{} for _ in range(batch.num_rows)]
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        for at, (cell, reason) in enumerate(_cells(column)):
            if reason:
                rows[at] = f"{name}: {reason}"
            elif isinstance(rows[at], dict):
                rows[at][name] = cell
    return rows


def _cells(column: Any) -> Iterator[tuple[Any, str]]:
    """(value, reason why there is none) of each cell; what has no value in Python as a text."""
    try:
        yield from ((value, "") for value in column.to_pylist())
        return
    except (ValueError, TypeError, OverflowError, ArithmeticError, ImportError):
        pass
    for cell in column:
        try:
            yield cell.as_py(), ""
        except UnicodeDecodeError as error:
            yield None, f"not UTF-8 at byte {error.start + 1}"
        except (ValueError, TypeError, OverflowError, ArithmeticError, ImportError):
            yield _as_text(cell), ""


def _as_text(cell: Any) -> str:
    """What a cell without a value in Python holds, as the library writes it."""
    import pyarrow as pa

    try:
        return str(cell.cast(pa.string()).as_py())
    except (pa.ArrowException, ValueError, TypeError):
        return str(getattr(cell, "value", ""))


def _expands(path: Path) -> UsageError:
    return UsageError(
        f"{path}: expands to more than {BOMB_RATIO:,} times its size; check where it comes from"
    )


def _not_readable(path: Path, kind: str, error: BaseException) -> UsageError:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
    return UsageError(f"{path}: not a readable {kind} file: {reason}; write it again")
