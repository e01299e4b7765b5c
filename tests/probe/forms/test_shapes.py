"""Whatever a file is called, encoded and laid out: the same rows come out."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.probe.files.csv_rows import is_header
from advisor.probe.files.rows import read

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
ROWS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"instruction": TEXTS, "output": TEXTS}),
        st.fixed_dictionaries({"text": TEXTS, "labels": st.lists(TEXTS, max_size=3)}),
        st.fixed_dictionaries(
            {"messages": st.lists(st.fixed_dictionaries({"role": TEXTS, "content": TEXTS}),
                                  min_size=1, max_size=3)}
        ),
    ),
    min_size=2,
    max_size=5,
)  # fmt: skip


def lines(rows, end="\n", **options):
    return end.join(json.dumps(row, **options) for row in rows) + end


LAYOUTS = {
    "lines": lines,
    "windows lines": lambda rows: lines(rows, "\r\n"),
    "old Mac lines": lambda rows: lines(rows, "\r"),
    "empty lines between": lambda rows: lines(rows, "\n\n"),
    "lines with commas": lambda rows: lines(rows, ",\n"),
    "side by side": lambda rows: lines(rows, ""),
    "pretty records": lambda rows: lines(rows, indent=2),
    "list": json.dumps,
    "pretty list": lambda rows: json.dumps(rows, indent=1, ensure_ascii=False),
    "list over lines": lambda rows: "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n",
    "list with a comma too many": lambda rows: json.dumps(rows)[:-1] + ",]",
    "under a name": lambda rows: json.dumps({"version": "1.0", "data": rows}),
    "pretty under names": lambda rows: json.dumps({"result": {"items": rows}}, indent=2),
    "beside another split": lambda rows: json.dumps({"train": rows, "test": rows[:1]}),
    "datasets server": lambda rows: json.dumps(
        {"rows": [{"row_idx": at, "row": row, "truncated_cells": []}
                  for at, row in enumerate(rows)]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=12)
@given(rows=ROWS, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
       ending=st.sampled_from([".json", ".jsonl", ".txt", ""]))  # fmt: skip
def test_json_in_any_layout_and_name(tmp_path_factory, layout, rows, encoding, ending):
    path = tmp_path_factory.mktemp("any") / f"data{ending}"
    path.write_bytes(LAYOUTS[layout](rows).encode(encoding))
    assert [row.value for row in read(path)] == rows


TABLES = {
    "columns": lambda rows: {k: [row[k] for row in rows] for k in rows[0]},
    "pandas columns": lambda rows: {
        k: {str(at): row[k] for at, row in enumerate(rows)} for k in rows[0]
    },
    "split": lambda rows: {"columns": list(rows[0]), "data": [list(r.values()) for r in rows]},
    "entries": lambda rows: {f"id-{at}": row for at, row in enumerate(rows)},
}


@pytest.mark.parametrize("layout", TABLES)
def test_one_object_that_is_a_table(tmp_path, layout):
    rows = [{"prompt": f"p {at}", "completion": f"c {at}"} for at in range(3)]
    (tmp_path / "a.json").write_text(json.dumps(TABLES[layout](rows)))
    assert [row.value for row in read(tmp_path / "a.json")] == rows


def test_lists_of_messages_are_rows(tmp_path):
    chats = [[{"role": "user", "content": f"hi {at}"}] for at in range(3)]
    for name, text in {"a.jsonl": lines(chats), "b.json": json.dumps(chats)}.items():
        (tmp_path / name).write_text(text)
        assert [row.value for row in read(tmp_path / name)] == [{"messages": c} for c in chats]


def test_a_single_chat_is_one_row(tmp_path):
    row = {"messages": [{"role": "user", "content": "hi"}], "tools": [{"name": "a"}, {"name": "b"}]}
    (tmp_path / "a.json").write_text(json.dumps(row, indent=2))
    assert [r.value for r in read(tmp_path / "a.json")] == [row]


def test_squad_is_a_row_per_question(tmp_path):
    answer = {"text": "Oslo", "answer_start": 3}
    articles = [
        {"title": str(page), "paragraphs": [{"context": f"c{page}", "qas": [
            {"id": "1", "question": "where?", "answers": [answer]},
            {"id": "2", "question": "why?", "answers": [], "is_impossible": True}]}]}
        for page in range(3)
    ]  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps({"version": "v2.0", "data": articles}))
    rows = [row.value for row in read(tmp_path / "a.json")]
    assert len(rows) == 6
    assert rows[0] == {"context": "c0", "question": "where?", "answer": "Oslo"}
    assert rows[1]["answer"] == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[{"a": 1}, {"a": 2}', "cut off after item 2"),
        ('[{"a": 1}, {"a": oops}]', "item 2 of the list is not JSON"),
        ('{"a": 1,\n "b": oops}\n', r"the first value is not JSON \(line 2\)"),
        ('{"a":\n1}\n{"b":\n[1,,2]}\n', r"the value at line 3 is not JSON"),
    ],
)
def test_damaged_json_names_the_place(tmp_path, text, wanted):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UsageError, match=wanted) as caught:
        list(read(tmp_path / "a.json"))
    assert "\n" not in str(caught.value)


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=15)


@settings(max_examples=30)
@given(
    cells=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_delimited_text_comes_back(tmp_path_factory, cells, delimiter, encoding, end):
    import csv

    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label"), *cells])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(buffer.getvalue().encode(encoding))
    rows = [row.value for row in read(path)]
    assert rows == [{"text": text, "label": label} for text, label in cells]


@pytest.mark.parametrize(
    ("cells", "below", "wanted"),
    [
        (["text", "label"], [["hello", "a"]], True),
        (["ticket", "queue"], [["It broke", "hardware"]], True),
        (["pos", "a good film"], [["neg", "bad"], ["pos", "fine"]], False),
        (["5", "a good film"], [["1", "bad"]], False),
        (["2026-01-01", "a good film"], [["2026-01-02", "bad"]], False),
        (["warm", "It was the best film of the year so far."], [["cold", "bad"]], False),
        (["spam", "spam"], [["a", "b"]], False),
    ],
)
def test_a_header_is_told_from_data(cells, below, wanted):
    assert is_header(cells, below) is wanted


def test_a_file_without_a_header_loses_no_row(tmp_path):
    (tmp_path / "spam").write_text("ham\tGo on, crazy.. see\nspam\tWin now, or not\nham\tOK, so\n")
    notes = []
    rows = [row.value for row in read(tmp_path / "spam", notes.append)]
    assert rows[0] == {"column_1": "ham", "column_2": "Go on, crazy.. see"}
    assert len(rows) == 3
    assert "no header" in notes[0]


def test_fasttext(tmp_path):
    (tmp_path / "a.txt").write_text("__label__pos great\n__label__a __label__b both of them\n")
    rows = [row.value for row in read(tmp_path / "a.txt")]
    assert rows == [{"text": "great", "label": "pos"}, {"text": "both of them", "label": "a, b"}]
