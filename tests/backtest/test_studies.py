"""Reading a study: what its columns and notes say of the way a result was made."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from advisor.backtest.studies import COLUMNS, Result, read


def result(tmp_path: Path, **row: object) -> Result:
    return results(tmp_path, row)[0]


def results(tmp_path: Path, *rows: dict[str, object]) -> list[Result]:
    path = tmp_path / "studies.csv"
    usual = {"study": "s", "task": "t", "task_type": "qa", "metric": "accuracy_pct", "value": 50}
    blank = {**dict.fromkeys(COLUMNS, ""), "base_model": "m-7b", "approach": "lora", **usual}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(blank))
        writer.writeheader()
        writer.writerows({**blank, **row} for row in rows)
    return read(path)


@pytest.mark.parametrize(
    ("row", "approach", "technique"),
    [
        ({"approach": "few_shot", "n_shots": 5}, "prompt", "few-shot"),
        ({"approach": "few_shot", "n_shots": 1}, "prompt", "one-shot"),
        ({"approach": "many_shot", "n_shots": 1}, "prompt", "many-shot"),
        (
            {"approach": "few_shot", "n_shots": 5, "notes": "demos retrieved"},
            "prompt",
            "retrieved-examples",
        ),
        ({"approach": "zero_shot", "notes": "retrieved"}, "prompt", "zero-shot"),
        ({"approach": "lora", "notes": "retrieved"}, "tune", "lora"),
        ({"approach": "full_ft", "base_params_b": 7}, "tune", "full"),
        ({"approach": "full_ft", "base_params_b": 0.49}, "tune", "encoder"),
        ({"approach": "full_ft", "base_model": "RoBERTa-large"}, "tune", "encoder"),
        ({"approach": "lora", "base_model": "RoBERTa-large"}, "tune", "lora"),
        ({"approach": "hybrid", "notes": "FT + RAG"}, "hybrid", "tuned-retrieval"),
        (
            {"approach": "hybrid", "notes": "3 retrieved documents; LoRA"},
            "hybrid",
            "tuned-retrieval",
        ),
        ({"approach": "hybrid", "notes": "oracle gold knowledge"}, "hybrid", "tuned-retrieval"),
        ({"approach": "hybrid", "notes": "LoRA then DAIL demos"}, "hybrid", "added-few-shot"),
        ({"approach": "hybrid", "notes": "then retrieved demos"}, "hybrid", "added-few-shot"),
        ({"approach": "hybrid", "notes": "tuned filter, LLM reranks"}, "hybrid", "cascade"),
        ({"approach": "hybrid", "notes": "trained on 5-shot prompts"}, "hybrid", "tuned-few-shot"),
    ],
)
def test_the_technique_of_a_row(
    row: dict[str, object], approach: str, technique: str, tmp_path: Path
) -> None:
    skill = result(tmp_path, **row).skill
    assert (skill.approach, skill.technique) == (approach, technique)
    assert skill.encoder == (technique == "encoder")


@pytest.mark.parametrize(
    ("approach", "notes", "weak"),
    [
        ("full_ft", "continued pre-training", True),
        ("lora", "unsupervised", True),
        ("lora", "supervised on the task", False),
        ("zero_shot", "unsupervised", False),
        ("lora", "", False),
    ],
)
def test_tuning_without_labels_of_the_task_is_weak(
    approach: str, notes: str, weak: bool, tmp_path: Path
) -> None:
    assert result(tmp_path, approach=approach, notes=notes).skill.weak is weak


def test_examples_are_shots_of_a_prompt_and_labels_of_a_tuned_model(tmp_path: Path) -> None:
    row = {"n_shots": 5, "n_train_examples": 900}
    assert result(tmp_path, approach="few_shot", **row).examples == 5
    assert result(tmp_path, approach="lora", **row).examples == 900


@pytest.mark.parametrize(
    ("metric", "value", "share"),
    [
        ("accuracy_pct", 50, 0.5),
        ("f1_frac", 0.5, 0.5),
        ("marks_0_10", 5, 0.5),
        ("BLEU", 1.6, 0.016),
        ("BLEU", 1.5, 1.5),
        ("test_loss_lower_better", 3.0, 3.0),
    ],
)
def test_scores_are_shares_of_the_full_mark(
    metric: str, value: float, share: float, tmp_path: Path
) -> None:
    assert result(tmp_path, metric=metric, value=value).value == pytest.approx(share)


@pytest.mark.parametrize(
    ("notes", "items"),
    [("250-example test set", 250), ("test n=80", 80), ("on 40 items", 40), ("", 300)],
)
def test_the_size_of_a_test_is_in_its_notes(notes: str, items: float, tmp_path: Path) -> None:
    assert result(tmp_path, notes=notes).items == items


def test_a_task_needs_documents_where_retrieval_was_tried(tmp_path: Path) -> None:
    rows = results(
        tmp_path,
        {"task": "facts", "approach": "rag"},
        {"task": "facts", "approach": "lora"},
        {"task": "style", "approach": "lora"},
    )
    assert [r.about.documents for r in rows] == [True, True, False]


@pytest.mark.parametrize(
    ("domain", "word"), [("medical", "high"), ("general", "low"), ("x", "medium")]
)
def test_specificity_follows_the_domain(domain: str, word: str, tmp_path: Path) -> None:
    assert result(tmp_path, domain=domain).about.specificity == word


def test_no_size_is_not_a_size_of_zero(tmp_path: Path) -> None:
    assert result(tmp_path, base_params_b=0).params_b is None
    assert result(tmp_path, base_params_b=7).params_b == 7
