"""Where the program keeps its files: the XDG folders of the user, or all below ADVISOR_HOME."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Folders:
    """`config` holds the user's own facts, `data` the database, `state` drafts and logs.

    None need exist.
    """

    config: Path
    data: Path
    state: Path

    @property
    def database(self) -> Path:
        """The file of `Store.open()`."""
        return self.data / "advisor.db"


def folders(environment: Mapping[str, str] = os.environ) -> Folders:
    """The folders in use; ADVISOR_HOME, if set, contains all three. Creates none of them."""
    home = environment.get("ADVISOR_HOME", "")
    if home:
        root = Path(home).expanduser().absolute()
        return Folders(root / "config", root / "data", root / "state")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("advisor", appauthor=False)
    return Folders(dirs.user_config_path, dirs.user_data_path, dirs.user_state_path)


def make_private_folder(folder: Path) -> None:
    """Create `folder` for this user alone; an existing one stays as it is. Raises OSError."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def make_private_file(file: Path) -> None:
    """Create an empty `file` for this user alone, unless it exists. Raises OSError."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, PRIVATE_FILE))
