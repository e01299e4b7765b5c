"""Records packed in the database."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.store import Store, StoreCorrupt, compression
from advisor.store.compression import packed, unpacked


@given(st.text())
def test_what_is_packed_comes_back(text: str) -> None:
    assert unpacked(packed(text)) == text


def test_what_an_older_release_kept_is_read_as_it_is() -> None:
    assert unpacked('{"verdict": "tune"}') == '{"verdict": "tune"}'


@pytest.mark.parametrize(
    "record",
    [b"", b"nonsense", packed("x" * 1000)[:-4], bytes(range(50))],
    ids=["empty", "nonsense", "cut", "noise"],
)
def test_a_damaged_record_is_not_taken_for_one(record: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpacked(record)


def test_a_bomb_is_not_unpacked_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "LARGEST_BYTES", 1000)
    with pytest.raises(ValueError, match="too large"):
        unpacked(packed("0" * 100_000))


def test_a_verdict_takes_a_tenth_of_its_size(tmp_path: Path) -> None:
    figure = {"id": "run.total", "formula": "run.inference + run.hosting", "source": "a source"}
    record = json.dumps({"figures": [figure | {"value": i * 1.25} for i in range(3000)]})
    with Store.open(tmp_path / "advisor.db") as store:
        key = store.save_verdict(store.save_brief("schema = 1"), record, verdict="tune")
        assert store.record(key) == record
    content = sqlite3.connect(tmp_path / "advisor.db").execute("select record from verdicts")
    ((kept,),) = content.fetchall()
    assert len(kept) < len(record) / 8


def test_a_damaged_record_in_the_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "advisor.db"
    with Store.open(path) as store:
        key = store.save_verdict(store.save_brief("schema = 1"), "{}", verdict="tune")
    with sqlite3.connect(path) as plain:
        plain.execute("update verdicts set record = ?", [b"nonsense"])
    plain.close()
    with Store.open(path) as store, pytest.raises(StoreCorrupt, match="is damaged"):
        store.record(key)
