"""A brief's text on disk: the whole new file or the whole old one, never a half."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from advisor.core.errors import UsageError
from advisor.core.text import printable


def save(path: Path | str, text: str) -> None:
    """Write `text` to `path` at once or not at all; links are followed, rights kept.

    Raises UsageError.
    """
    try:
        target = Path(path).resolve()
        scratch = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
        try:
            _write(scratch, text)
            if target.exists():
                scratch.chmod(target.stat().st_mode & 0o777)
            scratch.replace(target)
        finally:
            with contextlib.suppress(OSError):
                scratch.unlink()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(
            f"{printable(str(path))}: cannot be written ({reason}); choose another place"
        ) from None


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
