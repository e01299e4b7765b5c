"""Fields of protobuf messages, read without their definitions."""

from __future__ import annotations

from collections.abc import Iterator


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of a protobuf message's fields; stops where it is broken."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            number, place = _varint(message, place)
            yield key >> 3, number
            continue
        if kind == 1:
            size = 8
        elif kind == 5:
            size = 4
        elif kind == 2:
            size, place = _varint(message, place)
        else:
            return
        if place + size > len(message):
            return
        yield key >> 3, message[place : place + size]
        place += size


def messages(message: bytes, number: int) -> Iterator[bytes]:
    """The messages and texts that a message holds under a field's number."""
    for field, value in fields(message):
        if field == number and isinstance(value, bytes):
            yield value


def text(message: bytes, number: int) -> str:
    """The text under a field's number, the last where there are several; empty without one."""
    return b"".join(list(messages(message, number))[-1:]).decode("utf-8", "replace")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    shift = 0
    while place < len(message) and shift < 64:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    return value, place
