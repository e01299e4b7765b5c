"""The brief files that were opened or saved last."""

from __future__ import annotations

import json
from pathlib import Path

MOST = 9
_FILE = "recent.json"


def recent_briefs() -> tuple[Path, ...]:
    """Files that still exist, the newest first; a damaged list is empty."""
    try:
        names = json.loads(_path().read_text(encoding="utf-8"))
        paths = [Path(str(name)) for name in names]
    except (OSError, ValueError, TypeError):
        return ()
    return tuple(path for path in paths if path.is_file())


def remember_brief(path: Path) -> None:
    """Put a file in front of the list. An unwritable folder is no reason to stop."""
    from advisor import brief

    resolved = path.resolve()
    others = [other for other in recent_briefs() if other != resolved]
    names = [str(one) for one in (resolved, *others)][:MOST]
    try:
        _path().parent.mkdir(parents=True, exist_ok=True)
        brief.save(_path(), json.dumps(names))
    except OSError:
        return


def _path() -> Path:
    from advisor.store.folders import folders

    return folders().state / _FILE
