"""Records over a pipe between two processes of this program, in small frames.

A verdict of 42 options travels option by option, so that the thread that reads never holds the
interpreter long enough to delay the screen.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Sequence
from typing import Any, BinaryIO

from advisor.core import frozen_json

_LENGTH = struct.Struct(">I")


class Pipe:
    """Sends from any thread; receives in one."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._lock = threading.Lock()

    def send(self, message: object) -> None:
        """Write one message. Raises OSError where the other end is gone."""
        self.send_parts(message, ())

    def send_parts(self, message: object, parts: Sequence[object]) -> None:
        """Write a message that is followed by its parts, each in a frame of its own."""
        frames = [frozen_json.dumps(one) for one in (message, *parts)]
        with self._lock:
            self._outgoing.write(_LENGTH.pack(len(parts)))
            for frame in frames:
                self._outgoing.write(_LENGTH.pack(len(frame)))
                self._outgoing.write(frame)
            self._outgoing.flush()

    def receive(self) -> Any:
        """The next message without its parts; None at the end of the stream."""
        received = self.receive_parts()
        return received[0] if received is not None else None

    def receive_parts(self) -> tuple[Any, tuple[Any, ...]] | None:
        """The next message and its parts; None at the end of the stream."""
        count = self._number()
        if count is None:
            return None
        messages = [self._message() for _ in range(count + 1)]
        return messages[0], tuple(messages[1:])

    def _message(self) -> Any:
        length = self._number()
        if length is None:
            raise EOFError("the stream ended inside a message")
        return frozen_json.loads(self._incoming.read(length))

    def _number(self) -> int | None:
        head = self._incoming.read(_LENGTH.size)
        return _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else None
