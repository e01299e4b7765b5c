"""The database in a bad world: real SQLite, real processes, real signals."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from advisor.store import Store, StoreBusy, StoreCorrupt, StoreTooNew, StoreUnreachable

WRITER = """
import sys
from pathlib import Path
from advisor.store import Store

store = Store.open(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    id = store.save_brief(f"n = {number}" + " # padding" * 200, f"{sys.argv[2]}.toml")
    store.save_verdict(id, '{"n": %d}' % number, verdict="tune")
    print(number, flush=True)
"""

AS_NOBODY = """
import os, sqlite3, sys
from pathlib import Path
import sqlite_utils
import advisor.store.migrations
from advisor.store import Store, StoreUnreachable

if os.getuid() == 0:
    os.setuid(65534)
try:
    Store.open(Path(sys.argv[1]))
except StoreUnreachable as error:
    print(error)
"""


def run_writer(path: Path, name: str, rows: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(rows)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_programs_make_and_fill_one_database_at_once(tmp_path: Path) -> None:
    path = tmp_path / "advisor.db"
    writers = [run_writer(path, name, 40) for name in ("one", "two")]
    assert [w.communicate()[0].count("\n") for w in writers] == [40, 40]
    assert [w.returncode for w in writers] == [0, 0]
    with Store.open(path) as store:
        saved = store.history(limit=1000)
    assert sorted(d.name for d in saved) == ["one"] * 40 + ["two"] * 40


@pytest.mark.parametrize("lines", [1, 7, 23])
def test_a_killed_program_loses_nothing_that_it_had_saved(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "advisor.db"
    writer = run_writer(path, "killed", 100_000)
    assert writer.stdout is not None
    said = [int(writer.stdout.readline()) for _ in range(lines)]
    writer.send_signal(signal.SIGKILL)
    said += [int(line) for line in writer.stdout.read().splitlines() if line]
    writer.wait()
    writer.stdout.close()
    with Store.open(path) as store:
        assert len(store.history(limit=1_000_000)) >= len(said)
        store.save_probe("data", "after", "{}")
    plain = sqlite3.connect(path)
    assert plain.execute("pragma integrity_check").fetchone() == ("ok",)
    assert plain.execute("pragma foreign_key_check").fetchall() == []
    plain.close()


def test_a_folder_one_may_not_write_to_is_a_named_error() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        path = Path(folder) / "deep" / "advisor.db"
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(path)], capture_output=True, text=True, check=True
        )
    assert done.stdout.startswith(f"{path}: Permission denied; check the folder's permissions")


def test_a_database_one_may_only_read_is_a_named_error() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "advisor.db"
        Store.open(path).close()
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(path)], capture_output=True, text=True, check=True
        )
        Path(folder).chmod(0o755)
    assert done.stdout.startswith(f"{path}: Permission denied")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreUnreachable, match=r"data/advisor\.db: (File exists|Not a directory)"):
        Store.open(tmp_path / "data" / "advisor.db")


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="Is a directory"):
        Store.open(tmp_path)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "advisor.db"
    path.write_text("not a database at all, but longer than a header of sixteen bytes" * 20)
    with pytest.raises(
        StoreCorrupt, match="not a database; set it aside with advisor store repair"
    ):
        Store.open(path)
    assert path.read_text().startswith("not a database")


def test_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "advisor.db"
    with Store.open(path) as store:
        for number in range(200):
            store.save_brief(f"n = {number}" + "#" * 500, "x.toml")
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match="damaged"), Store.open(path) as store:
        store.briefs(limit=1000)


def test_a_writer_that_does_not_let_go(tmp_path: Path) -> None:
    path = tmp_path / "advisor.db"
    with Store.open(path, patience_seconds=0.05) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(StoreBusy, match="another program is using it"):
            store.save_brief("a = 1")
        assert store.briefs() == ()
        other.execute("rollback")
        other.close()
        assert store.save_brief("a = 1") == 1


def test_a_database_of_a_later_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "advisor.db"
    Store.open(path).close()
    plain = sqlite3.connect(path)
    with plain:
        plain.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) "
            "values ('advisor', '9999', '')"
        )
    plain.close()
    with pytest.raises(StoreTooNew, match="written by a later release"):
        Store.open(path)
