"""A brief or a report on disk: the whole new file or the whole old one, never a part."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from advisor.core.errors import UsageError
from advisor.core.text import printable


def save(path: Path | str, content: str | bytes) -> None:
    """Write `content` (text as UTF-8) to `path`, whole or not at all.

    Links are followed and permissions kept. A device or a pipe, such as /dev/stdout, is written to
    and never replaced.

    Raises UsageError.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if Path(path).exists() and not Path(path).is_file():
            Path(path).write_bytes(data)
            return
        target = Path(path).resolve()
        scratch = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
        try:
            _write(scratch, data)
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


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
