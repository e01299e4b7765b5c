"""What the data probe found in files that have not changed since, kept beside the database.

Reading and counting take most of the time of a verdict on a changed brief; hashing takes little.
A report holds counts, names of labels and places of rows, as the database does, and no rows.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from advisor import __version__
from advisor.core import frozen_json
from advisor.core.dates import today
from advisor.core.events import CancelToken, EventSink, StageEvent
from advisor.core.private_files import make_private_folder
from advisor.core.probes import DataReport

MOST_KEPT = 50
"""Reports in the folder; the one that was used longest ago gives way."""

ENDING = ".json"


def read_data(
    files: Sequence[Path],
    tests: Sequence[Path],
    *,
    count_tokens: bool,
    as_of: str,
    folder: Path,
    events: EventSink,
    cancel: CancelToken,
) -> DataReport:
    """The report on training files and test files: kept in `folder`, or read and kept there.

    Raises UsageError, Cancelled.
    """
    day = as_of or today().isoformat()
    name = _name_of(files, tests, f"{count_tokens} {day}", cancel)
    report = _report_in(folder / name) if name else None
    if report is not None:
        events(StageEvent("probe", "unchanged since it was last read", report.rows, report.rows))
        return report
    from advisor.probe.data import probe

    report = probe(
        files, eval_paths=tests, count_tokens=count_tokens, as_of=day, events=events, cancel=cancel
    )
    if name and not report.media_rows:  # pictures lie in files of their own
        _keep(report, folder, name)
    return report


def _name_of(files: Sequence[Path], tests: Sequence[Path], how: str, cancel: CancelToken) -> str:
    """A name for exactly these bytes under these paths, read by this program in this way; empty
    where they can be read only once, or not at all.
    """
    whole = hashlib.sha256(f"{__version__} {_code_changed()} {how}".encode())
    try:
        for part in (files, tests):
            for path, content in _contents(part):
                whole.update(f"{len(part)} {path}\0{content}".encode(errors="surrogateescape"))
                cancel.check()
    except OSError:
        return ""
    return whole.hexdigest() + ENDING


def _contents(paths: Sequence[Path]) -> Iterator[tuple[Path | str, str]]:
    """What a report depends on: the files with their SHA-256, what says how they are read, and
    what is said of the choice. Raises OSError for what is not a file, or may be read by a plug-in,
    which changes on its own.
    """
    from advisor.probe.files.dataset_info import NAME
    from advisor.probe.files.rows import expand, kind_of

    notes: list[str] = []
    files = expand(list(paths), notes.append)
    beside = dict.fromkeys(file.parent / NAME for file in files)
    for path in (*files, *(file for file in beside if file.is_file())):
        if not path.is_file() or not kind_of(path):
            raise FileNotFoundError(path)
        with path.open("rb") as file:
            yield path, hashlib.file_digest(file, "sha256").hexdigest()
    yield from ((note, "") for note in notes)


@cache
def _code_changed() -> int:
    """When the reader of data last changed, in nanoseconds: a version stands for many states while
    it is being written.
    """
    import advisor.probe

    folder = Path(advisor.probe.__file__).parent
    return max(path.stat().st_mtime_ns for path in folder.rglob("*.py"))


def _report_in(file: Path) -> DataReport | None:
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        report = frozen_json.loads(file.read_bytes())
        if isinstance(report, DataReport):
            os.utime(file)
            return report
    return None


def _keep(report: DataReport, folder: Path, name: str) -> None:
    """Write the report, completely or not at all; failing to write it only costs time."""
    with suppress(OSError, TypeError):
        content = frozen_json.dumps(report)
        make_private_folder(folder)
        handle, draft = tempfile.mkstemp(dir=folder, prefix=".report-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(folder / name)
        newest_first = sorted(
            folder.glob(f"*{ENDING}"), key=lambda path: path.stat().st_mtime_ns, reverse=True
        )
        for old in newest_first[MOST_KEPT:]:
            old.unlink()
