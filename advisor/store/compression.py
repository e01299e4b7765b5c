"""Records as the database keeps them: JSON packed by zlib, about a tenth of its size."""

from __future__ import annotations

import zlib

LARGEST_BYTES = 256 << 20
"""The largest record that is unpacked; a damaged or forged one could claim any size."""


def packed(text: str) -> bytes:
    """`text` as bytes for the database."""
    return zlib.compress(text.encode(), level=6)


def unpacked(record: str | bytes) -> str:
    """The text of a record, packed or not: older releases kept it as it is.

    Raises ValueError where it is damaged or larger than `LARGEST_BYTES`.
    """
    if isinstance(record, str):
        return record
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(record, LARGEST_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacking.eof:
        raise ValueError("the record is cut off, or too large")
    return content.decode()
