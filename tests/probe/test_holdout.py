"""Rows set aside: whole, disjoint, every label in its share, the same each time."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import pipeline
from advisor.core.errors import UsageError
from advisor.probe.holdout import divided, usual_items


def rows_of(data: bytes):
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


@pytest.fixture
def tickets(tmp_path):
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["text", "intent"])
        out.writerows([f"ticket, number\n{n}", f"intent {n % 40}"] for n in range(3000))
    return path


def test_every_label_keeps_its_share_and_no_row_is_lost(tickets):
    rows = divided(tickets, 300, "intent")
    test, train = rows_of(rows.test), rows_of(rows.train)
    assert test[0] == train[0] == ["text", "intent"]
    assert rows.test_rows == len(test) - 1
    assert sorted(test[1:] + train[1:]) == sorted(rows_of(tickets.read_bytes())[1:])
    counts = Counter(label for _, label in test[1:])
    assert len(counts) == 40
    assert max(counts.values()) - min(counts.values()) <= 1
    assert 295 <= rows.test_rows <= 305


def test_rows_that_read_alike_stay_on_one_side(tmp_path):
    path = tmp_path / "twice.jsonl"
    lines = [json.dumps({"prompt": f"Question {n % 50}", "label": n % 5}) for n in range(400)]
    path.write_text("\n".join(lines), encoding="utf-8")
    rows = divided(path, 100, "label")
    assert not set(rows.test.splitlines()) & set(rows.train.splitlines())
    assert rows.test_rows + rows.train_rows == 400


@given(st.lists(st.text(max_size=12).filter(str.strip), min_size=1, max_size=60))
@settings(max_examples=30, deadline=None)
def test_dividing_again_gives_the_same(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("data") / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text"], *([text] for text in texts)])
    first = divided(path, 10)
    assert divided(path, 10) == first
    assert first.test_rows + first.train_rows == len(rows_of(path.read_bytes())) - 1


@pytest.mark.parametrize(("rows", "items"), [(3000, 300), (100_000, 500), (600, 100), (200, 0)])
def test_a_tenth_within_bounds_and_never_more_than_a_third(rows, items):
    assert usual_items(rows) == items


def test_files_stand_beside_the_data_and_are_never_replaced(tickets):
    before = tickets.read_bytes()
    test, train, test_rows, train_rows = pipeline.set_aside(tickets, 300, "intent")
    assert (test.name, train.name) == ("tickets.test.csv", "tickets.train.csv")
    assert test_rows + train_rows == 3000
    assert tickets.read_bytes() == before
    with pytest.raises(UsageError, match=r"tickets\.test\.csv exists"):
        pipeline.set_aside(tickets, 300, "intent")


def test_other_formats_are_refused_in_one_line(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="only CSV, TSV and JSONL"):
        divided(path, 10)


def test_a_table_without_a_header_keeps_its_first_row(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("".join(f"text {n},{n % 4}\n" for n in range(40)), encoding="utf-8")
    rows = divided(path, 8, "column_2")
    assert rows.test_rows + rows.train_rows == 40
    assert Counter(label for _, label in rows_of(rows.test)) == {str(n): 2 for n in range(4)}
