"""Parquet and Arrow files that are damaged, unusual, or made to fill memory."""

import random
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.core.errors import UsageError
from advisor.probe.files.rows import read

NOT_UTF8 = pa.Array.from_buffers(
    pa.string(), 3, pa.array([b"good", b"\xff\xfe", b"fine"]).buffers()
)


def write(path, table, kind):
    if kind == "parquet":
        pq.write_table(table, path)
        return path
    with pa.OSFile(str(path), "wb") as file:
        opened = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
        with opened(file, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
def test_times_in_nanoseconds_are_read(tmp_path, kind):
    table = pa.table(
        {
            "prompt": ["a", "b"],
            "at": pa.array([1234567890123456789, None], pa.timestamp("ns")),
            "took": pa.array([1, 2], pa.duration("ns")),
            "clock": pa.array([1, 2], pa.time64("ns")),
        }
    )
    path = write(tmp_path / f"a.{'parquet' if kind == 'parquet' else 'arrow'}", table, kind)
    rows = [row.value for row in read(path)]
    assert [row["prompt"] for row in rows] == ["a", "b"]
    assert rows[0]["at"].startswith("2009-02-13 23:31:30.123456789")
    assert rows[1]["at"] is None


@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
def test_a_text_that_is_not_utf8_costs_its_row_only(tmp_path, kind):
    table = pa.table({"prompt": NOT_UTF8, "completion": ["a", "b", "c"]})
    path = write(tmp_path / f"a.{'parquet' if kind == 'parquet' else 'arrow'}", table, kind)
    rows = list(read(path))
    assert [row.value and row.value["prompt"] for row in rows] == ["good", None, "fine"]
    assert rows[1].reason == "prompt: not UTF-8 at byte 1"


@pytest.mark.parametrize(("texts", "rows"), [("word " * 200_000, 500), ("hello there", 30_000_000)])
def test_a_file_that_expands_beyond_measure_is_refused(tmp_path, texts, rows):
    indices = pa.repeat(pa.scalar(0, pa.int32()), rows)
    column = pa.DictionaryArray.from_arrays(indices, pa.array([texts]))
    pq.write_table(pa.table({"prompt": column}), tmp_path / "a.parquet", compression="zstd")
    with pytest.raises(UsageError, match="expands to more than"):
        list(read(tmp_path / "a.parquet"))


FUZZ = """
import random, sys
from pathlib import Path
from advisor.core.errors import UsageError
from advisor.probe.files.rows import read
raw = Path(sys.argv[1]).read_bytes()
place = Path(sys.argv[2])
for seed in range(400):
    rng = random.Random(seed)
    changed = bytearray(raw)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        changed[rng.randrange(len(changed))] = rng.choice([0, 255, 127, 128, rng.randrange(256)])
    place.write_bytes(changed[: rng.randrange(len(changed))] if seed % 10 == 0 else changed)
    try:
        list(read(place))
    except UsageError as error:
        assert "\\n" not in str(error), error
print("survived")
"""


@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
def test_changed_bytes_end_in_a_line_and_never_the_process(tmp_path, kind):
    rng = random.Random(1)
    rows = [
        {"prompt": f"How {at}", "completion": "c" * at, "labels": ["a", "b"] * (at % 3),
         "inner": {"x": "y", "z": [rng.random()]}, "messages": [{"role": "user", "content": "hi"}]}
        for at in range(20)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows)
    table = table.append_column("kind", pa.array(["u", "v"] * 10).dictionary_encode())
    path = write(tmp_path / "original", table, kind)
    place = tmp_path / f"changed.{'parquet' if kind == 'parquet' else 'arrow'}"
    ran = subprocess.run(
        [sys.executable, "-c", FUZZ, path, place], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "survived"), ran.stderr[-500:]
