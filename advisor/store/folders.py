"""Where the program keeps its files: the XDG folders of the user, or all below ADVISOR_HOME."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folders:
    """`config` holds the user's own facts, `data` the database, `state` drafts and logs.

    None need exist.
    """

    config: Path
    data: Path
    state: Path

    @property
    def updates(self) -> Path:
        """The rows of a bundle of newer facts, where one is in use."""
        return self.config / "updates"

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
