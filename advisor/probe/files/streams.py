"""Bytes of a data file, unpacked on the way: memory stays flat, and a decompression bomb ends in
one clear line.
"""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.core.given_files import BUFFER_BYTES
from advisor.probe.files.zipped import BOMB_RATIO, is_bomb, member

PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
MAX_LINE_BYTES = 16 * 1024**2
PICKLED = (
    "pickled Python; write it as JSONL, as by `DataFrame.to_json('x.jsonl', orient='records', "
    "lines=True)`"
)
NUMPY_ARRAY = "an array of NumPy, without text; give the texts with their labels as CSV"

_FOREIGN = {
    b"PK\x03\x04": "an Office file or a ZIP archive; save its table as CSV (UTF-8), or let its "
    "name end in .zip",
    b"\x80\x04": PICKLED,
    b"\x80\x05": PICKLED,
    b"\x93NUMPY": NUMPY_ARRAY,
    b"\x89HDF": "an HDF5 file; export its table as CSV or Parquet",
    b"\xd0\xcf\x11\xe0": "an old Office file; save its table as CSV (UTF-8)",
    b"%PDF": "a PDF; give its text",
    b"\x89PNG": "a picture; give text",
    b"\xff\xd8\xff": "a picture; give text",
    b"\x1f\x8b": "packed by gzip; end its name in .gz",
    b"\x28\xb5\x2f\xfd": "packed by zstd; end its name in .zst",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"\xff\xfe\x00\x00": "UTF-32; save it as UTF-8",
    b"\x00\x00\xfe\xff": "UTF-32; save it as UTF-8",
}
"""What files that are no text begin with, and what to do."""


class _Guarded(io.RawIOBase):
    """Passes unpacked bytes on and watches how many came from how few. Raises UsageError."""

    def __init__(self, unpacked: IO[bytes], packed: IO[bytes], path: Path) -> None:
        self._unpacked = unpacked
        self._packed = packed
        self._path = path
        self._out = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._unpacked.read(len(buffer))
        except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError):
            raise UsageError(
                f"{self._path}: damaged or cut short while unpacking; fetch or pack it again"
            ) from None
        buffer[: len(block)] = block
        self._out += len(block)
        if is_bomb(self._out, self._packed.tell()):
            raise UsageError(
                f"{self._path}: unpacks to more than {BOMB_RATIO} times its size; "
                "unpack it and check it"
            )
        return len(block)

    def close(self) -> None:
        self._unpacked.close()
        self._packed.close()
        super().close()


def open_bytes(path: Path) -> io.BufferedReader:
    """The unpacked bytes of `path`. Raises UsageError where it cannot be opened or is empty."""
    file = _opened(path)
    try:
        is_empty = not file.peek(1)
    except OSError as error:
        file.close()
        raise UsageError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    if is_empty:
        file.close()
        raise UsageError(f"{path}: the file is empty; give a file with one example per row")
    if path.suffix.lower() not in PACKED:
        return file
    try:
        unpacked = _unpacker(path, file)
    except UsageError:
        file.close()
        raise
    return io.BufferedReader(_Guarded(unpacked, file, path), BUFFER_BYTES)


def _opened(path: Path) -> io.BufferedReader:
    """The file, once it is safe to read. Raises UsageError."""
    try:
        return given_files.open_bytes(path)
    except IsADirectoryError:
        raise UsageError(f"{path}: a folder; give a file") from None
    except given_files.NoFileError as error:
        raise UsageError(f"{path}: {error.strerror}; give a file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a possible name"
        raise UsageError(f"{path}: cannot be read: {reason}; check the path") from None


def _unpacker(path: Path, file: IO[bytes]) -> IO[bytes]:
    match path.suffix.lower():
        case ".gz":
            import gzip

            return cast(IO[bytes], gzip.GzipFile(fileobj=file))
        case ".bz2":
            import bz2

            return bz2.BZ2File(file)
        case ".xz":
            return lzma.LZMAFile(file)
        case ".zip":
            return member(path, file)
        case _:
            import pyarrow as pa

            unpacked: IO[bytes] = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
            return unpacked


def encoding_of(path: Path, stream: io.BufferedReader) -> str:
    """The encoding of a text, by its mark: UTF-8 or UTF-16.

    Raises UsageError for a file that is not text.
    """
    head = stream.peek(4096)[:4096]
    for mark, meaning in _FOREIGN.items():
        if head.startswith(mark):
            raise UsageError(f"{path}: {meaning}")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if head.count(0) > len(head) // 256:
        if max(head[0::2].count(0), head[1::2].count(0)) > 0.4 * len(head) / 2:
            raise UsageError(f"{path}: UTF-16 without a byte-order mark; save it as UTF-8")
        raise UsageError(
            f"{path}: binary, not text; give JSONL, CSV, TSV, JSON or Parquet (by its file ending)"
        )
    return "utf-8-sig"


def head_of(path: Path, stream: io.BufferedReader) -> str:
    """The first characters of a text, up to about a megabyte, without passing them.

    Raises UsageError for a file that is not text.
    """
    encoding = encoding_of(path, stream)
    return stream.peek(BUFFER_BYTES)[:BUFFER_BYTES].decode(encoding, "replace")


def lines(path: Path, stream: io.BufferedReader) -> Iterator[tuple[int, str, str]]:
    """(line number, text, "") for each line, or (line number, "", reason) for one that cannot be
    used.

    UTF-8 with or without a byte-order mark, and UTF-16 with one. Raises UsageError for a file that
    is not text.
    """
    if encoding_of(path, stream) == "utf-16":
        yield from _wide_lines(stream)
        return
    number = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            _skip_line(stream, raw)
            yield number, "", f"longer than {MAX_LINE_BYTES // 1024**2} MiB"
            continue
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            yield number, "", f"not UTF-8 at byte {error.start + 1} of the line"
            continue
        yield (number, "", "holds NUL characters") if "\0" in text else (number, text, "")


def _wide_lines(stream: io.BufferedReader) -> Iterator[tuple[int, str, str]]:
    text = io.TextIOWrapper(stream, encoding="utf-16", errors="replace", newline="")
    try:
        number = 0
        while line := text.readline(MAX_LINE_BYTES):
            number += 1
            yield number, line, ""
    finally:
        text.detach()


def _skip_line(stream: io.BufferedReader, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = stream.readline(1024**2)
