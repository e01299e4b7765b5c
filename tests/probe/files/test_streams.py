"""Files that are no files: devices, pipes, loops, names that hold anything."""

import os
import threading

import pytest

from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.probe.files.rows import expand, read

ROW = b'{"prompt": "p", "completion": "c"}\n'


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/null"])
def test_a_device_is_refused(device, tmp_path):
    from pathlib import Path

    with pytest.raises(UsageError, match="a device, not a file"):
        list(read(Path(device)))


def test_a_pipe_without_a_writer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(given_files, "PIPE_SECONDS", 0.1)
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(UsageError, match="nothing was written"):
        list(read(tmp_path / "pipe.jsonl"))


def test_a_pipe_with_a_writer_is_read_whole(tmp_path):
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(ROW * 5000,))
    writer.start()
    rows = list(read(pipe))
    writer.join()
    assert len(rows) == 5000


def test_loops_and_pipes_in_a_folder_are_left_out(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(ROW)
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert expand([tmp_path]) == [tmp_path / "a.jsonl"]
    with pytest.raises(UsageError, match="no such file"):
        expand([tmp_path / "loop.jsonl"])


@pytest.mark.parametrize("name", ["x" * 300, "nul\0nul"])
def test_a_name_that_no_file_can_have(tmp_path, name):
    with pytest.raises(UsageError, match=r"cannot be read|no such file"):
        expand([tmp_path / name])


def test_what_cannot_be_read_says_so():
    from pathlib import Path

    with pytest.raises(UsageError, match="cannot be read"):
        list(read(Path("/proc/self/mem")))
