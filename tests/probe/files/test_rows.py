"""Reading files of every kind, and files that mean harm."""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import threading
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.probe.files import rows, streams, zipped
from advisor.probe.files.rows import expand, read

ROWS = [
    {"prompt": f"question {i} é漢", "completion": f"answer, {i}\nsecond line"} for i in range(5)
]
JSONL = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def values(path):
    return [dict(row.value) for row in read(path) if row.value is not None]


def reasons(path):
    return [(row.line, row.reason) for row in read(path) if row.value is None]


def write(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl", bytes),
        ("a.jsonl.gz", gzip.compress),
        ("a.jsonl.bz2", bz2.compress),
        ("a.jsonl.xz", lzma.compress),
    ],
)
def test_jsonl_packed_or_not(tmp_path, name, pack):
    assert values(write(tmp_path / name, pack(JSONL))) == ROWS


def test_zstd(tmp_path):
    path = tmp_path / "a.jsonl.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as out:
        out.write(JSONL)
    assert values(path) == ROWS


def test_csv_tsv_and_semicolons(tmp_path):
    for name, delimiter in (("a.csv", ","), ("a.tsv", "\t"), ("b.csv", ";")):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["prompt", "completion"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(ROWS)
        assert values(tmp_path / name) == ROWS


def test_parquet_arrow_and_a_folder(tmp_path):
    table = pa.Table.from_pylist(ROWS)
    pq.write_table(table, tmp_path / "a.parquet")
    with pa.ipc.new_stream(str(tmp_path / "data-00000-of-00001.arrow"), table.schema) as out:
        out.write_table(table)
    (tmp_path / "dataset_info.json").write_text("{}")
    (tmp_path / ".hidden.jsonl").write_text("{}")
    files = expand([tmp_path])
    assert [f.name for f in files] == ["a.parquet", "data-00000-of-00001.arrow"]
    assert [values(f) for f in files] == [ROWS, ROWS]


@pytest.mark.parametrize("indent", [None, 2])
def test_json_list_dict_of_lists_and_utf16(tmp_path, indent):
    assert values(write(tmp_path / "a.json", json.dumps(ROWS, indent=indent).encode())) == ROWS
    assert (
        values(
            write(
                tmp_path / "b.json",
                json.dumps({"version": 1, "data": ROWS}, indent=indent).encode(),
            )
        )
        == ROWS
    )
    assert values(write(tmp_path / "c.json", JSONL)) == ROWS
    assert values(write(tmp_path / "d.jsonl", JSONL.decode().encode("utf-16"))) == ROWS
    assert values(write(tmp_path / "e.jsonl", b"\xef\xbb\xbf" + JSONL)) == ROWS


def test_one_chat_is_one_row(tmp_path):
    chat = {
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    }
    assert values(write(tmp_path / "a.json", json.dumps(chat).encode())) == [chat]


@given(
    st.lists(
        st.dictionaries(
            st.text(min_size=1, max_size=5), st.text() | st.integers() | st.none(), max_size=3
        )
    )
)
def test_json_list_equals_the_library_s_reading(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("list") / "a.json"
    path.write_text("[" + " ,\n".join(json.dumps(r) for r in rows) + "]")
    assert values(path) == rows


def test_bad_lines_are_named_and_the_rest_is_read(tmp_path):
    lines = [
        b'{"prompt": "a"}',
        b"not json",
        b'["list"]',
        b"",
        b'{"prompt": "\xff"}',
        b'{"prompt": "\x00"}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"n": ' + b"9" * 5000 + b"}",
        b'{"prompt": "b"}',
    ]
    path = write(tmp_path / "a.jsonl", b"\n".join(lines * 1) + b"\n")
    assert values(path) == [{"prompt": "a"}, {"prompt": "b"}]
    bad = dict(reasons(path))
    assert list(bad) == [2, 3, 5, 6, 7, 8]
    assert "not JSON" in bad[2]
    assert "list" in bad[3]
    assert "UTF-8" in bad[5]
    assert bad[7] == "nested too deeply"


def test_a_line_that_never_ends_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "MAX_LINE_BYTES", 1000)
    path = write(tmp_path / "a.jsonl", b'{"a": "' + b"x" * 5000 + b'"}\n{"a": "ok"}\n')
    assert values(path) == [{"a": "ok"}]
    assert reasons(path)[0][0] == 1


def test_a_stray_quote_spoils_no_more_than_a_field(tmp_path, monkeypatch):
    monkeypatch.setattr("advisor.probe.files.csv_rows.MAX_LINE_BYTES", 1000)
    body = 'text,label\n"open,1\n' + "fine,2\n" * 1000
    path = write(tmp_path / "a.csv", body.encode())
    assert any("field larger" in reason for _, reason in reasons(path))
    assert len(values(path)) > 700


def test_csv_rows_of_another_width(tmp_path):
    path = write(tmp_path / "a.csv", b"text,label\na,1\nb\nc,1,2\nd,4\n")
    assert [v["text"] for v in values(path)] == ["a", "d"]
    assert [line for line, _ in reasons(path)] == [3, 4]


def in_zip(content):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jsonl", content)
    return whole.getvalue()


ZEROS = b"0" * 20_000_000


@pytest.mark.parametrize(
    ("name", "packed"),
    [("a.jsonl.gz", gzip.compress(ZEROS)), ("a.zip", in_zip(ZEROS))],
    ids=["gzip", "zip"],
)
def test_a_bomb_is_refused(tmp_path, monkeypatch, name, packed):
    monkeypatch.setattr(zipped, "BOMB_BYTES", 1_000_000)
    path = write(tmp_path / name, packed)
    with pytest.raises(UsageError, match="unpacks"):
        list(read(path))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.jsonl", b""),
        ("binary.csv", b"\x89PNG\r\n\x00\x00\x00"),
        ("cut.jsonl.gz", gzip.compress(JSONL * 100, mtime=0)[:60]),
        ("fake.jsonl.gz", b"not gzip"),
        ("fake.jsonl.zst", b"not zstd"),
        ("fake.jsonl.xz", b"not xz"),
        ("fake.parquet", b"not parquet"),
        ("fake.arrow", b"not arrow"),
        ("broken.json", b'{"a": '),
        ("cut.json", b'[{"a": 1}, {"b": '),
        ("deep.json", b"[" * 100_000),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_unreadable_files_end_in_one_line(tmp_path, name, data):
    with pytest.raises(UsageError) as caught:
        list(read(write(tmp_path / name, data)))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("book.csv", b"PK\x03\x04 and more", "Office"),
        ("doc.jsonl", b"%PDF-1.4", "PDF"),
        ("packed.jsonl", gzip.compress(JSONL, mtime=0), "end its name in .gz"),
        ("wide.jsonl", JSONL.decode().encode("utf-32"), "UTF-32"),
        ("wide.csv", JSONL.decode().encode("utf-16-le"), "UTF-16 without"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_files_of_another_kind_say_what_to_do(tmp_path, name, data, said):
    with pytest.raises(UsageError, match=said):
        list(read(write(tmp_path / name, data)))


def test_a_quote_left_open_names_where_it_ends(tmp_path):
    path = write(tmp_path / "a.csv", b'text,label\n"open,1\n' + b"fine,2\n" * 3)
    assert reasons(path) == [
        (2, "1 cell where the header has 2; it ends in line 5: is a quote left open?")
    ]


def test_a_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(JSONL,), daemon=True).start()
    assert [row.value for row in read(pipe)] == values(write(tmp_path / "a.jsonl", JSONL))


def test_missing_and_empty_places(tmp_path):
    for place in (tmp_path / "no.jsonl", tmp_path):
        with pytest.raises(UsageError, match=place.name):
            expand([place])


@given(
    st.binary(min_size=1, max_size=400),
    st.sampled_from(["a.jsonl", "a.csv", "a.json", "a.jsonl.gz", "a", "a.tsv"]),
)
def test_any_bytes_end_in_rows_or_one_line(tmp_path_factory, data, name):
    path = write(tmp_path_factory.mktemp("any") / name, data)
    said = name
    try:
        list(read(path))
    except UsageError as error:
        said = str(error)
    assert name in said


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["train.jsonl", "test.jsonl"], ["train.jsonl"]),
        (
            [
                "data/train-00000-of-00002.jsonl",
                "data/train-00001-of-00002.jsonl",
                "data/validation-0.jsonl",
            ],
            None,
        ),
        (["a/train/x.jsonl", "a/dev/x.jsonl"], ["a/train/x.jsonl"]),
        (
            ["test.jsonl", "extra.jsonl"],
            ["extra.jsonl", "test.jsonl"],
        ),  # no training split to prefer
        (["trainers.jsonl", "testing.jsonl"], ["testing.jsonl", "trainers.jsonl"]),  # other words
    ],
)
def test_splits_are_not_mixed(tmp_path, names, read):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}\n")
    told = []
    found = [file.relative_to(tmp_path).as_posix() for file in expand([tmp_path], told.append)]
    assert found == (read if read is not None else names[:2])
    assert len(told) == (len(found) < len(names))


def test_long_texts_come_in_parts_and_bad_lines_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "MAX_TEXT_CHARACTERS", 25)
    path = tmp_path / "a.txt"
    path.write_bytes(
        b"one line here\n" * 2 + b"\xff\xfa bad\n" + b"another line\n" + b"x" * 40 + b"\n"
    )
    found = list(read(path))
    assert [(r.line, r.reason != "") for r in found] == [
        (1, False),
        (3, True),
        (2, False),
        (4, False),
        (5, False),
    ]
    assert (
        "".join(r.value["text"] for r in found if r.value)
        == "one line here\n" * 2 + "another line\n" + "x" * 40 + "\n"
    )


@pytest.mark.parametrize("ending", [".jsonl", ".json", ".csv", ".parquet"])
def test_a_row_of_very_many_fields_is_listed_not_searched(tmp_path, ending):
    wide = {f"c{n}": str(n) for n in range(1001)}
    path = tmp_path / f"wide{ending}"
    if ending == ".parquet":
        pq.write_table(pa.Table.from_pylist([wide]), path)
    elif ending == ".csv":
        path.write_text(",".join(wide) + "\n" + ",".join(wide.values()) + "\n")
    else:
        path.write_text(json.dumps([wide] if ending == ".json" else wide))
    (row,) = read(path)
    assert row.value is None
    assert row.reason == "has 1,001 fields; at most 1,000 are read"
