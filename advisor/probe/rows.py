"""Rows of a data file, one at a time, as mappings; a row that cannot be used comes with its line
and the reason.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.core.errors import UsageError
from advisor.probe.streams import MAX_LINE_BYTES, PACKED, lines, open_bytes

KINDS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".txt": "text",
    ".md": "text",
}
"""How a file is read, by its ending (a packed file by the ending before .gz, .bz2, .xz or .zst)."""

_NOT_DATA = {
    "dataset_info.json",
    "dataset_dict.json",
    "state.json",
    "readme.md",
    "license.txt",
    "tokenizer.json",
}
MAX_FILES = 10_000
READ_BYTES = 1024**2  # of a Parquet column at once, not the whole of a large group of rows
MAX_TEXT_CHARACTERS = 1_000_000
SPLITS = ("train", "test", "validation", "valid", "val", "dev", "eval")


JsonObject = Mapping[str, Any]
"""A row of a file, or a part of one, as it was read."""


@dataclass(frozen=True, slots=True)
class DataRow:
    """A row as it was read; `value` is None where it cannot be used, and `reason` says why.

    Lines count from 1.
    """

    line: int
    value: JsonObject | None
    reason: str = ""


def expand(paths: list[Path], note: Callable[[str], object] = len) -> list[Path]:
    """The data files behind files and folders, in a stable order.

    Of a folder with splits (a saved dataset, `train.jsonl` beside `test.jsonl`) only the training
    rows are read; `note` is told so. Raises UsageError for what does not exist and for a folder
    without data.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if _is_data(p, path))
            if not inside:
                raise UsageError(
                    f"{path}: no data files in this folder; known endings: {' '.join(KINDS)}"
                )
            files += _training_split(path, inside, note)
        elif path.exists():
            files.append(path)
        else:
            raise UsageError(f"{path}: no such file; check the path")
    if len(files) > MAX_FILES:
        raise UsageError(f"{paths[0]}: more than {MAX_FILES} files; join them into one JSONL file")
    return files


def _training_split(folder: Path, inside: list[Path], note: Callable[[str], object]) -> list[Path]:
    """The files of the training split where there are others beside it, else all."""
    splits = {file: _split(file.relative_to(folder)) for file in inside}
    splits_there = sorted({name for name in splits.values() if name})
    if "train" not in splits_there or len(splits_there) < 2:
        return inside
    left = ", ".join(name for name in splits_there if name != "train")
    note(f"only the split train of {folder.name or folder}; left aside: {left}")
    return [file for file in inside if splits[file] == "train"]


def _split(path: Path) -> str:
    """The split that a part of the path names: `test/x.arrow`, `data/test-00000-of-00001.parquet`,
    `eval.jsonl`.
    """
    for part in path.parts:
        name = re.match(r"[a-z]+(?=[-_.]|$)", part.lower())
        if name and name[0] in SPLITS:
            return name[0]
    return ""


def read(path: Path) -> Iterator[DataRow]:
    """All rows of one file. Raises UsageError where the file as a whole cannot be read."""
    kind = kind_of(path)
    if kind == "arrow":
        yield from _arrow(path)
    elif kind == "parquet":
        yield from _parquet(path)
    else:
        with open_bytes(path) as stream:  # once: a pipe cannot be read again
            kind = kind or _kind_of_content(stream)
            yield from _parquet(path) if kind == "parquet" else _text_rows(kind, path, stream)


def _text_rows(kind: str, path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    if kind == "csv":
        return _csv(path, stream)
    if kind == "text":
        return _texts(path, stream)
    if kind == "json" and _starts_with(stream, b"["):
        return _json_array(path, stream)
    if kind == "json" and _is_one_object(path, stream):
        return _json_object(path, stream)
    return _jsonl(path, stream)


def _texts(path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    """A text file is one row; a long one is read in parts that end with a line, numbered by their
    first line.
    """
    begin = 1
    parts = list[str]()
    size = 0
    for number, text, reason in lines(path, stream):
        if reason:
            yield DataRow(number, None, reason)
            continue
        if size and size + len(text) > MAX_TEXT_CHARACTERS:
            yield DataRow(begin, {"text": "".join(parts)})
            begin = number
            parts = []
            size = 0
        parts.append(text)
        size += len(text)
    if parts:
        yield DataRow(begin, {"text": "".join(parts)})


def _is_data(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return (
        not hidden
        and path.name.lower() not in _NOT_DATA
        and _ending(path) in KINDS
        and path.is_file()
    )


def _ending(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def kind_of(path: Path) -> str:
    """How a file is read, by its ending; empty where it has to be looked at."""
    return KINDS.get(_ending(path), "")


def _kind_of_content(stream: io.BufferedReader) -> str:
    """The kind of a file whose ending does not tell it."""
    head = stream.peek(4096)[:4096]
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "json"
    return "csv"


def _starts_with(stream: io.BufferedReader, mark: bytes) -> bool:
    return stream.peek(4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(mark)


def _jsonl(path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    for number, text, reason in lines(path, stream):
        if reason:
            yield DataRow(number, None, reason)
        elif text.strip():
            yield _parsed(number, text)


def _parsed(number: int, text: str) -> DataRow:
    try:
        return _object_row(number, json.loads(text))
    except RecursionError:
        return DataRow(number, None, "nested too deeply")
    except json.JSONDecodeError as error:
        return DataRow(number, None, f"not JSON at column {error.colno}")
    except ValueError:
        return DataRow(number, None, "a number of too many digits")


def _object_row(number: int, value: Any) -> DataRow:
    if isinstance(value, dict):
        return DataRow(number, value)
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return DataRow(number, None, f"{kinds.get(type(value), 'a number')}, not an object with fields")


def _is_one_object(path: Path, stream: io.BufferedReader) -> bool:
    """Whether a `.json` file is one object (a dict of lists) and not one object a line."""
    first = stream.peek(64 * 1024).lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n", 1)[0]
    try:
        return isinstance(json.loads(first), dict) and any(
            isinstance(v, list) for v in json.loads(first).values()
        )
    except (ValueError, RecursionError):
        return True


def _json_object(path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    """`{"train": [...]}` or `{"data": [...]}`: the longest list of it; one chat alone is a row."""
    raw = stream.read(4 * MAX_LINE_BYTES + 1)
    if len(raw) > 4 * MAX_LINE_BYTES:
        raise UsageError(
            f"{path}: one JSON object of more than 64 MiB; write it as JSONL, a row a line"
        )
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(
            f"{path}: not JSON{place}; give JSONL, a JSON list, CSV, TSV or Parquet"
        ) from None
    lists = [v for v in document.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    rows = max(lists, key=len, default=[])
    if not rows or {"role", "from"} & rows[0].keys():
        rows = [document]
    for number, value in enumerate(rows, 1):
        yield _object_row(number, value)


def _json_array(path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    """The items of one JSON list, without holding the list; a row's number is its place in it."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
    try:
        for number, value in enumerate(_items(path, text), 1):
            yield _object_row(number, value)
    finally:
        text.detach()


def _items(path: Path, text: io.TextIOWrapper) -> Iterator[Any]:
    """Items of a list one by one; of a long item the text read is doubled until it is whole."""
    decoder = json.JSONDecoder()
    number = 1
    block = 65536
    rest = text.read(block).lstrip()[1:]
    ended = False
    while True:
        rest = rest.lstrip(" \t\r\n,")
        if rest.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(rest)
            if end == len(rest) and not ended:
                raise ValueError  # a number may go on in the next block
        except RecursionError:
            raise UsageError(
                f"{path}: item {number} of the list is nested too deeply; remove it"
            ) from None
        except ValueError:
            if ended or len(rest) > MAX_LINE_BYTES:
                raise UsageError(
                    f"{path}: item {number} of the list is not JSON or too long; mend it"
                ) from None
            more = text.read(block)
            rest, ended, block = rest + more, not more, block * 2
            continue
        yield value
        number, block, rest = number + 1, 65536, rest[end:]


class _Numbered:
    """Text lines for the csv reader; remembers where it is and which lines had to be left out."""

    def __init__(self, path: Path, stream: io.BufferedReader) -> None:
        self.line = 0
        self.bad = list[DataRow]()
        self._lines = lines(path, stream)

    def __iter__(self) -> Iterator[str]:
        for number, text, reason in self._lines:
            self.line = number
            if reason:
                self.bad.append(DataRow(number, None, reason))
            else:
                yield text


def _csv(path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    source = _Numbered(path, stream)
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(source, delimiter=_delimiter(path, stream))
    header: list[str] | None = None
    while True:
        begin = source.line + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            lone = "new-line" in str(error)
            yield DataRow(
                begin,
                None,
                "lines end with CR alone; save it with LF or CRLF" if lone else f"not CSV: {error}",
            )
            continue
        yield from source.bad
        source.bad.clear()
        if cells is None:
            return
        if header is None:
            header = [c.strip() for c in cells]
        elif cells:
            yield _csv_row(begin, source.line, header, cells)


def _csv_row(line: int, last: int, header: list[str], cells: list[str]) -> DataRow:
    if len(cells) != len(header):
        open_quote = f"; it ends in line {last}: is a quote left open?" if last > line else ""
        count = f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'}"
        return DataRow(line, None, f"{count} where the header has {len(header)}{open_quote}")
    return DataRow(line, dict(zip(header, cells, strict=True)))


def _delimiter(path: Path, stream: io.BufferedReader) -> str:
    if _ending(path) in (".tsv", ".tab"):
        return "\t"
    header = stream.peek(65536).split(b"\n", 1)[0].decode("utf-8", "replace")
    return max(",;\t|", key=header.count)


def _parquet(path: Path) -> Iterator[DataRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
            columns = [f.name for f in file.schema_arrow if not pa.types.is_binary(f.type)]
            number = 0
            for batch in file.iter_batches(batch_size=1000, columns=columns):
                for value in batch.to_pylist():
                    number += 1
                    yield DataRow(number, value)
    except (OSError, pa.ArrowException) as error:
        raise _not_readable(path, "Parquet", error) from None


def _arrow(path: Path) -> Iterator[DataRow]:
    """A file of a Hugging Face dataset folder (Arrow stream), or an Arrow file."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as source:
            try:
                batches: Any = pa.ipc.open_stream(source)
            except pa.ArrowInvalid:
                file = pa.ipc.open_file(source)
                batches = (file.get_batch(i) for i in range(file.num_record_batches))
            number = 0
            for batch in batches:
                for value in batch.to_pylist():
                    number += 1
                    yield DataRow(number, value)
    except (OSError, pa.ArrowException) as error:
        raise _not_readable(path, "Arrow", error) from None


def _not_readable(path: Path, kind: str, error: Exception) -> UsageError:
    return UsageError(
        f"{path}: not a readable {kind} file: {str(error).splitlines()[0][:120]}; write it again"
    )
