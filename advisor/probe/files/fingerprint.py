"""A name for what data files hold: the same content, the same name, whatever the files are
called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from advisor.core.errors import UsageError
from advisor.probe.files.rows import expand

BLOCK_BYTES = 1 << 20
MOST_BLOCKS = 64
"""Files up to 64 MiB are read whole; of larger ones so many blocks at even distances, first and
last among them.
"""


def fingerprint(paths: Sequence[Path]) -> str:
    """64 bits of SHA-256 over sizes and contents, in the order of the files; empty where one is a
    pipe.

    Raises UsageError for missing files.
    """
    digest = hashlib.sha256()
    files = expand(list(paths))
    if not all(path.is_file() for path in files):
        return ""
    for path in files:
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                digest.update(size.to_bytes(8, "big"))
                for block in _blocks(file, size):
                    digest.update(block)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; check its name and its rights") from None
    return digest.hexdigest()[:16]


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    count = -(-size // BLOCK_BYTES)
    last = max(size - BLOCK_BYTES, 0)
    starts = (
        range(0, size, BLOCK_BYTES)
        if count <= MOST_BLOCKS
        else [last * number // (MOST_BLOCKS - 1) for number in range(MOST_BLOCKS)]
    )
    for start in starts:
        file.seek(start)
        yield file.read(BLOCK_BYTES)
