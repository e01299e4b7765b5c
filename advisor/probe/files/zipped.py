"""The one data file inside a ZIP archive, as a stream."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import IO

from advisor.core.errors import UsageError

_OFFICE = "[Content_Types].xml"
_NO_DATA = (".md", ".pdf", ".png", ".jpg")
LISTED = 3

BOMB_BYTES = 32 * 1024**2
BOMB_RATIO = 200
"""Text packs 3 to 20 times; more than 200 times over 32 MiB is not text."""


def is_bomb(unpacked: int, packed: int) -> bool:
    """Whether so many bytes out of so few are no text."""
    return unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * max(packed, 1)


def member(path: Path, file: IO[bytes]) -> IO[bytes]:
    """The bytes of the only data file in an archive.

    Raises UsageError where there is none or several, or where it cannot be unpacked.
    """
    try:
        archive = zipfile.ZipFile(file)
        names = archive.namelist()
        if _OFFICE in names:
            raise UsageError(f"{path}: an Office file; save its table as CSV (UTF-8)")
        data = [name for name in names if _may_be_data(name)]
        if len(data) != 1:
            raise UsageError(f"{path}: {_counted(data)}; unpack it and give the file or the folder")
        about = archive.getinfo(data[0])
        if is_bomb(about.file_size, about.compress_size):
            raise UsageError(
                f"{path}: unpacks to more than {BOMB_RATIO} times its size; unpack it and check it"
            )
        return archive.open(data[0])
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, ValueError):
        raise UsageError(f"{path}: not a readable ZIP archive; fetch or pack it again") from None
    except (RuntimeError, NotImplementedError):  # a password, or a way of packing
        raise UsageError(f"{path}: cannot be unpacked here; unpack it and give the file") from None


def _may_be_data(name: str) -> bool:
    parts = name.split("/")
    is_hidden = parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts)
    is_about = parts[-1].lower().startswith(("readme", "license")) or name.lower().endswith(
        _NO_DATA
    )
    return not (name.endswith("/") or is_hidden or is_about)


def _counted(names: list[str]) -> str:
    if not names:
        return "holds no data file"
    listed = ", ".join(names[:LISTED]) + (" …" if len(names) > LISTED else "")
    return f"holds {len(names)} files ({listed})"
