"""Scores of other programs, as their files have them: shapes taken from public files and their
documentation.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.probe.evaluations import is_evaluation, read_evaluation, recognised_evaluation
from advisor.probe.evaluations.systems import model_in
from advisor.probe.results import read_results


def write(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def foo_row(provider: object, question: str, passed: bool, **more: object) -> dict:
    return {
        "provider": provider,
        "prompt": {"raw": "Sort {{q}}", "label": "Sort {{q}}"},
        "vars": {"q": question},
        "success": passed,
        "score": 1 if passed else 0,
        "gradingResult": {"pass": passed, "score": int(passed), "reason": ""},
        "failureReason": 0 if passed else 1,
        **more,
    }


@pytest.mark.parametrize("version", ["nested", "flat", "lines"])
def test_promptfoo_pairs_providers_by_their_variables(tmp_path: Path, version: str) -> None:
    rows = [
        foo_row({"id": "openai:chat:gpt-4.1-mini", "label": "mini"}, "a", True),
        foo_row("anthropic:messages:claude-haiku-4-5", "a", False),
        foo_row({"id": "openai:chat:gpt-4.1-mini"}, "b", False, gradingResult=None),
        foo_row("anthropic:messages:claude-haiku-4-5", "b", False),
        foo_row("openai:gpt-4.1-mini", "c", False, error="no answer", failureReason=2),
    ]
    path = tmp_path / "results.json"
    if version == "lines":
        path = tmp_path / "results.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif version == "nested":
        write(path, {"evalId": "e", "results": {"version": 3, "results": rows, "stats": {}}})
    else:
        write(path, {"version": 2, "results": rows})
    report = read_results(path)
    assert report.means == {
        "prompt/zero-shot@gpt-4.1-mini": 0.5,
        "prompt/zero-shot@claude-haiku-4-5": 0.0,
    }
    assert report.items == dict.fromkeys(report.means, 2)  # an error is not a wrong answer
    assert report.pairs[frozenset(report.means)][1] == 2


def test_two_prompts_of_a_provider_are_two_options_only_where_their_names_tell_them_apart(
    tmp_path: Path,
) -> None:
    def named(label: str, passed: bool) -> dict:
        return foo_row("openai:m", "a", passed, prompt={"raw": "x", "label": label})

    rows = [named("plain", False), named("three few-shot", True), named("other", True)]
    evaluation = read_evaluation(write(tmp_path / "r.json", {"results": rows}))
    assert set(evaluation.systems) == {"prompt/zero-shot@m", "prompt/few-shot@m"}
    assert evaluation.systems["prompt/zero-shot@m"].scores == {'{"q": "a"}': 0.0}
    assert any("'other'" in note for note in evaluation.notes)


INSPECT = {
    "version": 2,
    "status": "success",
    "eval": {"task": "popularity", "task_args": {}, "model": "openai/gpt-4o-mini"},
    "results": {"scores": [{"name": "match"}]},
}


def inspect_sample(number: int, value: object, epoch: int = 1) -> dict:
    return {
        "id": number,
        "epoch": epoch,
        "input": "?",
        "target": "Yes",
        "scores": {"match": {"value": value, "answer": "Yes"}},
    }


def test_a_log_of_inspect_has_marks_and_numbers_and_epochs_are_averaged(tmp_path: Path) -> None:
    samples = [
        inspect_sample(1, "C"),
        inspect_sample(1, "I", 2),
        inspect_sample(2, "P"),
        inspect_sample(3, 0.25),
        inspect_sample(4, True),
        {"id": 5, "scores": {}},
    ]
    path = write(tmp_path / "log.json", {**INSPECT, "samples": samples})
    evaluation = read_evaluation(path)
    (system,) = evaluation.systems.values()
    assert system.name == "prompt/zero-shot@gpt-4o-mini"
    assert system.scores == {"1": 0.5, "2": 0.5, "3": 0.25, "4": 1.0}


@pytest.mark.parametrize("summarised", [True, False])
def test_an_eval_archive_of_inspect_is_read(tmp_path: Path, summarised: bool) -> None:
    samples = [inspect_sample(n, "C" if n % 2 else "I") for n in range(6)]
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(INSPECT))
        if summarised:
            archive.writestr("summaries.json", json.dumps(samples))
        for sample in samples:
            archive.writestr(f"samples/{sample['id']}_epoch_1.json", json.dumps(sample))
    assert read_results(path).means == {"prompt/zero-shot@gpt-4o-mini": 0.5}


def test_a_broken_archive_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    path.write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(UsageError, match=r"log\.eval: cannot be read"):
        read_evaluation(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UsageError, match=r"header\.json"):
        read_evaluation(path)


def harness_folder(tmp_path: Path, shots: int) -> Path:
    folder = tmp_path / "meta-llama__Llama-3.1-8B"
    folder.mkdir()
    moment = "2025-05-01T10-00-00.123456"
    results = {
        "results": {"gsm8k": {"alias": "gsm8k", "exact_match,strict-match": 0.5}},
        "n-shot": {"gsm8k": shots},
        "n-samples": {"gsm8k": {"original": 1319, "effective": 4}},
        "config": {"model": "hf", "model_args": "pretrained=meta-llama/Llama-3.1-8B,dtype=auto"},
    }
    write(folder / f"results_{moment}.json", results)
    rows = [
        {
            "doc_id": n,
            "doc": {"question": "?"},
            "target": "4",
            "resps": [["4"]],
            "filtered_resps": ["4"],
            "filter": name,
            "metrics": ["exact_match"],
            "doc_hash": f"h{n}",
            "exact_match": float(n % 2 == 0) if name == "strict-match" else 1.0,
        }
        for name in ("strict-match", "flexible-extract")
        for n in range(4)
    ]
    samples = folder / f"samples_gsm8k_{moment}.jsonl"
    samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return samples


@pytest.mark.parametrize(
    ("shots", "technique"), [(0, "zero-shot"), (1, "one-shot"), (5, "few-shot")]
)
def test_samples_of_the_harness_take_model_and_examples_from_the_results_beside_them(
    tmp_path: Path, shots: int, technique: str
) -> None:
    samples = harness_folder(tmp_path, shots)
    evaluation = read_evaluation(samples)
    (system,) = evaluation.systems.values()
    assert system.name == f"prompt/{technique}@llama-3.1-8b"
    assert system.scores == {"h0": 1.0, "h1": 0.0, "h2": 1.0, "h3": 0.0}
    assert any("strict-match" in note for note in evaluation.notes)
    (results,) = samples.parent.glob("results_*.json")
    report = read_results(results)
    assert report.means == {system.name: 0.5}
    assert report.items == {system.name: 4}
    assert report.pairs == {}


def test_samples_alone_are_called_as_their_folder(tmp_path: Path) -> None:
    samples = harness_folder(tmp_path, 0)
    for results in samples.parent.glob("results_*.json"):
        results.unlink()
    assert set(read_evaluation(samples).systems) == {"prompt/zero-shot@llama-3.1-8b"}


@pytest.mark.parametrize("keys", [("testCases", "metricsData"), ("test_results", "metrics_data")])
def test_deepeval_counts_its_metric_or_whether_a_case_passed(
    tmp_path: Path, keys: tuple[str, str]
) -> None:
    cases, metrics = keys
    document = {
        cases: [
            {"input": "a", "success": True, metrics: [{"name": "G", "score": 0.9}]},
            {"input": "b", "success": False, metrics: [{"name": "G", "score": 0.3}]},
            {
                "input": "c",
                "success": False,
                metrics: [{"name": "G", "score": 0.9}, {"name": "H", "score": 0.1}],
            },
        ],
        "hyperparameters": {"model": "gpt-4o"},
    }
    evaluation = read_evaluation(write(tmp_path / "r.json", document))
    assert evaluation.systems["prompt/zero-shot@gpt-4o"].scores == {"a": 0.9, "b": 0.3, "c": 0.0}


def test_deepeval_keeps_its_last_run_and_its_cache(tmp_path: Path) -> None:
    metric = {"name": "Exact Match", "score": 0.5, "success": False}
    run = {"testCases": [{"input": "a", "success": False, "metricsData": [metric]}]}
    last = write(tmp_path / ".latest_test_run.json", {"testRunData": run})
    key = json.dumps({"actual_output": "x", "input": "a"})
    stored = {"test_cases_lookup_map": {key: {"cached_metrics_data": [{"metric_data": metric}]}}}
    cache = write(tmp_path / ".deepeval-cache.json", stored)
    for path in (last, cache):
        assert read_evaluation(path).systems["prompt/zero-shot@model"].scores == {"a": 0.5}
    link = write(tmp_path / "link.json", {"testRunLink": "https://x.example/runs/1"})
    with pytest.raises(UsageError, match="DEEPEVAL_RESULTS_FOLDER"):
        read_evaluation(link)


def test_a_run_without_results_holds_no_scores(tmp_path: Path) -> None:
    path = write(tmp_path / "r.json", {"results": {"results": [], "timestamp": None}})
    with pytest.raises(UsageError, match="holds no scores"):
        read_evaluation(path)


def test_a_table_of_item_by_system_takes_models_as_column_names(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("item,gpt-4.1-mini,tune/lora@llama-3.1-8b\n1,1,0.5\n2,0,\n")
    report = read_results(path)
    assert report.means == {"prompt/zero-shot@gpt-4.1-mini": 0.5, "tune/lora@llama-3.1-8b": 0.5}
    assert report.pairs[frozenset(report.means)][1] == 1


def test_files_of_other_kinds_are_not_taken_for_scores(tmp_path: Path) -> None:
    state = write(tmp_path / "trainer_state.json", {"log_history": [{"loss": 1.0, "step": 1}]})
    assert is_evaluation(state)
    assert recognised_evaluation(state) is None
    with pytest.raises(UsageError, match="of no known program"):
        read_evaluation(state)
    (tmp_path / "x.jsonl").write_text('{"a": 1}\nnot json\n')
    assert recognised_evaluation(tmp_path / "x.jsonl") is None
    with pytest.raises(UsageError, match="check the path"):
        read_evaluation(tmp_path / "gone.json")
    empty = write(tmp_path / "none.json", {**INSPECT, "samples": []})
    with pytest.raises(UsageError, match="holds no scores"):
        read_evaluation(empty)


def test_runs_import_keeps_them_for_a_brief(tmp_path: Path, monkeypatch) -> None:
    from advisor import experiments
    from advisor.calibrate.show import brief_tables, score_table

    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    rows = [foo_row(f"openai:{model}", q, q == "a") for model in "mn" for q in "ab"]
    path = write(tmp_path / "r.json", {"results": rows})
    imported = experiments.import_runs(path, {})
    assert (imported.form, imported.count) == ("promptfoo results", 2)
    assert experiments.import_runs(path, {}).run_id == imported.run_id
    record = experiments.run_record(imported.run_id)
    text = brief_tables(record)
    assert text.count("[[quality.measured]]") == 2
    assert 'model = "m"' in text
    assert 'model = "n"' in text
    table = score_table(record).splitlines()
    assert table[0] == "item,prompt/zero-shot@m,prompt/zero-shot@n"
    assert table[1:] == ["1,1.0,1.0", "2,0.0,0.0"]
    with pytest.raises(UsageError, match="2 systems"):
        experiments.import_runs(path, {"model": "x"})
    one = write(tmp_path / "one.json", {"results": [foo_row("openai:m", "a", True)]})
    run_id = experiments.import_runs(one, {"model": "gpt-x", "technique": "few-shot"}).run_id
    assert 'technique = "few-shot"' in brief_tables(experiments.run_record(run_id))


HELM_RUN = {"adapter_spec": {"model": "openai/gpt2", "max_train_instances": 5}}


def helm_item(number: int, **means: float) -> dict:
    stats = [
        {"name": {"name": n, "split": "test"}, "count": 1, "mean": m} for n, m in means.items()
    ]
    changed = {"name": {"name": "exact_match", "perturbation": {"name": "typos"}}, "mean": 1.0}
    return {"instance_id": f"id{number}", "train_trial_index": 0, "stats": [*stats, changed]}


def test_helm_counts_f1_where_it_has_it_and_names_its_run(tmp_path: Path) -> None:
    write(tmp_path / "run_spec.json", HELM_RUN)
    path = tmp_path / "per_instance_stats.json"
    write(path, [helm_item(1, exact_match=0.0, num_prompt_tokens=333.0),
                 helm_item(2, exact_match=1.0, num_prompt_tokens=4.0),
                 {**helm_item(3, exact_match=1.0), "perturbation": {"name": "typos"}}])  # fmt: skip
    assert read_results(path).means == {"prompt/few-shot@gpt2": 0.5}
    write(path, [helm_item(1, exact_match=0.0, f1_score=0.25), helm_item(2, f1_score=0.75)])
    report = read_results(path)
    assert (report.means, report.items) == (
        {"prompt/few-shot@gpt2": 0.5}, {"prompt/few-shot@gpt2": 2})  # fmt: skip


def test_a_record_of_oaieval_counts_the_first_score_of_each_sample(tmp_path: Path) -> None:
    rows = [
        {"spec": {"completion_fns": ["gpt-4o-mini"], "eval_name": "qa.dev.match"}},
        {"final_report": {"accuracy": 0.5}},
        {"sample_id": "qa.0", "type": "sampling", "data": {"prompt": "2+2", "sampled": "4"}},
        {"sample_id": "qa.0", "type": "match", "data": {"correct": True, "picked": "4"}},
        {"sample_id": "qa.1", "type": "match", "data": {"correct": False, "picked": None}},
        {"sample_id": "qa.1", "type": "match", "data": {"correct": True, "picked": "5"}},
    ]
    path = tmp_path / "record.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_results(path).means == {"prompt/zero-shot@gpt-4o-mini": 0.5}


@pytest.mark.parametrize("form", ["list", "one per line"])
def test_output_items_of_the_evals_api_pair_models_by_their_item(tmp_path: Path, form: str) -> None:
    items = [
        {"object": "eval.run.output_item", "id": f"o{i}{m}", "datasource_item_id": i,
         "results": [{"name": "check", "passed": ok, "score": float(ok)}] * graders,
         "sample": {"model": m}}
        for i, m, ok, graders in ((0, "a-1", True, 1), (1, "a-1", False, 2), (0, "b-2", True, 1))
    ]  # fmt: skip
    path = tmp_path / "items.jsonl"
    if form == "list":
        write(path, {"object": "list", "data": items})
    else:
        path.write_text("".join(json.dumps(item) + "\n" for item in items))
    report = read_results(path)
    assert report.means == {"prompt/zero-shot@a-1": 0.5, "prompt/zero-shot@b-2": 1.0}
    assert report.pairs[frozenset(report.means)][1] == 1


def test_a_log_without_its_samples_gives_its_mean(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    metrics = {"accuracy": {"name": "accuracy", "value": 0.431}}
    write(path, {"eval": {"model": "anthropic/claude-opus-4-6", "task": "qa"}, "results": {
        "completed_samples": 1000, "scores": [{"name": "judge", "metrics": metrics}]}})  # fmt: skip
    report = read_results(path)
    assert report.means == {"prompt/zero-shot@claude-opus-4-6": 0.431}
    assert report.items == {"prompt/zero-shot@claude-opus-4-6": 1000}


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai:chat:gpt-4.1-mini", "gpt-4.1-mini"),
        ("openai:gpt-4.1-mini", "gpt-4.1-mini"),
        ("anthropic:messages:claude-haiku-4-5", "claude-haiku-4-5"),
        ("ollama/qwen2.5:0.5b", "qwen2.5:0.5b"),
        ("ollama:chat:llama3.2:1b", "llama3.2:1b"),
        ("bedrock:us.anthropic.claude-sonnet-4-20250514-v1:0",
         "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("openrouter:meta-llama/llama-3.3-70b-instruct:free",
         "meta-llama/llama-3.3-70b-instruct:free"),
        ("openai/azure/gpt-4o-mini", "gpt-4o-mini"),
        ("huggingface:text-generation:meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"),
        ("file://provider.py", "file://provider.py"),
    ],
)  # fmt: skip
def test_a_provider_is_taken_off_its_model_and_nothing_of_the_model(
    provider: str, model: str
) -> None:
    assert model_in(provider) == model
