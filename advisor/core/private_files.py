"""Folders and files that only their user may read."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
OTHERS = 0o077
"""The rights of everybody but the user."""


def make_private_folder(folder: Path) -> None:
    """Create `folder`, and what is missing above it, for this user alone; one of this user's that
    others may enter is closed to them. Raises OSError.
    """
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    _close_to_others(folder)


def make_private_file(file: Path) -> None:
    """Create an empty `file` for this user alone, unless it exists; one of this user's that others
    may read is closed to them. Raises OSError.
    """
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, PRIVATE_FILE))
    _close_to_others(file)


def _close_to_others(path: Path) -> None:
    status = path.stat()
    if hasattr(os, "getuid") and status.st_uid == os.getuid() and status.st_mode & OTHERS:
        path.chmod(status.st_mode & 0o700)
