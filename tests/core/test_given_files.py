"""Files that a user names: pipes without a writer, devices, sockets, files that are too large."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.brief.examples import example
from advisor.cli.group import cli
from advisor.core import given_files
from advisor.core.errors import AdvisorError

KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(given_files, "PIPE_SECONDS", 0.02)
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_read_to_its_bound(folder: Path) -> None:
    path = folder / "x"
    path.write_bytes(b"1\r\n2" * 1000)
    assert given_files.read_bytes(path, 5000) == b"1\r\n2" * 1000 == path.read_bytes()[:4000]
    assert given_files.read_text(path) == path.read_text()
    with given_files.open_text(path, newline="") as file:
        assert file.readline() == "1\r\n"
    with pytest.raises(OSError, match="larger than 0 MiB"):
        given_files.read_bytes(path, 3999)


def test_what_is_no_file_is_refused_in_words(folder: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket")
    os.mkfifo("pipe")
    for name, reason in {
        "/dev/zero": "a device, not a file",
        "socket": "a device or socket",
        "pipe": "a pipe into which nothing was written for 0.02 seconds",
        ".": "Is a directory",
        "missing": "No such file",
    }.items():
        with pytest.raises(OSError, match=reason):
            given_files.read_bytes(Path(name))
    server.close()


def test_a_pipe_with_a_writer_is_read_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_files, "PIPE_SECONDS", 30)
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(b"x" * 200_000,))
    writer.start()
    assert given_files.read_bytes(Path("pipe")) == b"x" * 200_000
    writer.join()


COMMANDS = [
    f"facts update pipe.csv --public-key {KEY}",
    "recommend pipe.toml",
    "data pipe.jsonl",
    "calibrate run pipe.advisor --dry-run",
    "calibrate matrix pipe.toml --dry-run",
    "runs import pipe.json",
    "runs import pipe.csv",
    "estimate --config pipe.json --gpu L40S",
    "estimate --from pipe.yaml",
    "recommend customs-invoices --no-history --brand pipe.toml -o report.html",
    "recommend customs-invoices --no-history --template pipe.docx -o report.docx",
    "recommend brief.toml --no-history --set prices.file=pipe.toml",
    "runs replay pipe.jsonl",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_waits_for_a_pipe_without_a_writer(command: str) -> None:
    for ending in ("toml", "json", "jsonl", "csv", "yaml", "docx", "advisor"):
        os.mkfifo(f"pipe.{ending}")
    shutil.copy(example("customs-invoices"), "brief.toml")
    done = CliRunner().invoke(cli, command.split(), standalone_mode=False)
    assert isinstance(done.exception, AdvisorError | OSError), (done.output, done.exception)
    assert "nothing was written" in str(done.exception)
