"""Results per test item as one's own scripts and RAGAS write them."""

import csv
import json

import pytest

from advisor.core.errors import UsageError
from advisor.probe.evaluations import is_evaluation, read_evaluation, recognised_evaluation
from advisor.probe.results import read_results

ROWS = [
    {"id": "a", "question": "Q", "expected": "x", "predicted": "x", "correct": True},
    {"id": "b", "question": "R", "expected": "y", "predicted": "z", "correct": False},
]
BY_ITEM = {"a": 1.0, "b": 0.0}


def written(folder, form):
    path = folder / f"r.{'json' if form == 'object' else form}"
    if form == "csv":
        with path.open("w", newline="") as handle:
            table = csv.DictWriter(handle, ROWS[0])
            table.writeheader()
            table.writerows(ROWS)
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)))
    elif form == "object":
        path.write_text(json.dumps({"model": "gpt-4o", "accuracy": 0.5, "results": ROWS}))
    else:
        path.write_text(json.dumps(ROWS))
    return path


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_a_row_per_item_is_read_in_any_form(tmp_path, form):
    path = written(tmp_path, form)
    assert is_evaluation(path)
    evaluation = read_evaluation(path)
    assert evaluation.systems["prompt/zero-shot@model"].scores == BY_ITEM
    with pytest.raises(UsageError, match="--set model=NAME"):
        read_results(path)


def test_the_object_around_the_rows_names_the_model(tmp_path):
    report = read_results(written(tmp_path, "object"))
    assert report.means == {"prompt/zero-shot@gpt-4o": 0.5}


def test_several_models_in_one_file_are_compared_on_their_items(tmp_path):
    rows = [{**row, "model": name, "correct": row["correct"] != (name == "n")}
            for name in "mn" for row in ROWS]  # fmt: skip
    path = tmp_path / "r.json"
    path.write_text(json.dumps(rows))
    report = read_results(path)
    assert report.pairs[frozenset(report.means)][1] == 2
    assert read_evaluation(path).systems["prompt/zero-shot@n"].scores == {"a": 0.0, "b": 1.0}


def test_one_score_has_to_be_chosen(tmp_path):
    rows = [{"user_input": "Q", "response": "A", "faithfulness": 1.0, "answer_relevancy": 0.5}]
    path = tmp_path / "ragas.json"
    path.write_text(json.dumps(rows))
    with pytest.raises(UsageError, match="faithfulness, answer_relevancy all score an item"):
        read_evaluation(path)


@pytest.mark.parametrize(
    "row",
    [
        {"step": 10, "loss": 1.5, "accuracy": 0.5, "id": 1, "output": "x"},
        {"question": "Q", "answer": "A"},
        {"id": 1, "score": 0.5},
        {"messages": [], "id": 1, "response": "A", "score": 0.5},
    ],
)
def test_rows_of_trainings_and_data_are_no_results(tmp_path, row):
    path = tmp_path / "r.json"
    path.write_text(json.dumps([row, row]))
    assert recognised_evaluation(path) is None


def test_a_table_of_runs_is_no_evaluation(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("id,model,method,gpu,tokens_per_second\nr1,Llama-3.1-8B,lora,L40S,7100\n")
    assert not is_evaluation(path)
