"""Files that a user names, or that lie in a folder a user names: a pipe into which nobody writes
does not hang the program, a device is not read, and no file is larger than its kind can be.

All raise OSError, as `open` does; `strerror` is the reason in words.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from pathlib import Path

PIPE_SECONDS = 10
"""How long a named pipe may stand empty before it is given up."""

LARGEST_BYTES = 64 * 1024**2
"""Of a file without a bound of its own: no configuration, result or template is larger."""

BUFFER_BYTES = 1024**2


class NoFileError(OSError):
    """What the path names is not a file: a folder, a device, a socket, or an empty pipe."""


def open_bytes(path: Path) -> io.BufferedReader:
    """The file, once it is safe to read."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if stat.S_ISCHR(mode) and not _is_terminal(path):
        raise NoFileError(errno.EINVAL, "a device, not a file", str(path))
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise NoFileError(errno.EINVAL, "a device or socket, not a file", str(path))
    if stat.S_ISFIFO(mode) and not _is_open_already(path):
        return _awaited(path)
    return io.BufferedReader(io.FileIO(path), BUFFER_BYTES)


def open_text(path: Path, *, encoding: str = "utf-8", newline: str | None = None) -> io.TextIOBase:
    """The file as text; also raises UnicodeDecodeError while it is read."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, newline=newline)


def read_bytes(path: Path, most: int = LARGEST_BYTES) -> bytes:
    """What the file holds, at most `most` bytes."""
    with open_bytes(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most // 1024**2} MiB", str(path))
    return content


def read_text(
    path: Path, most: int = LARGEST_BYTES, *, encoding: str = "utf-8", errors: str = "strict"
) -> str:
    """The text in the file, line ends as \\n. Also raises UnicodeDecodeError."""
    content = io.BytesIO(read_bytes(path, most))
    return io.TextIOWrapper(content, encoding=encoding, errors=errors).read()


def _is_open_already(path: Path) -> bool:
    """Whether a path stands for something this process has open, such as its standard input."""
    return str(path).startswith(("/dev/", "/proc/"))


def _is_terminal(path: Path) -> bool:
    return str(path) == "/dev/stdin" and sys.stdin is not None and sys.stdin.isatty()


def _awaited(path: Path) -> io.BufferedReader:
    """A named pipe, once there is something in it."""
    import select

    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    if not poll.poll(PIPE_SECONDS * 1000):
        os.close(handle)
        waited = f"a pipe into which nothing was written for {PIPE_SECONDS} seconds"
        raise NoFileError(errno.ENODATA, waited, str(path))
    os.set_blocking(handle, True)
    return io.BufferedReader(io.FileIO(handle), BUFFER_BYTES)
