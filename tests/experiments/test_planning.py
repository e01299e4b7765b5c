"""What a brief says where nothing else is said: models, methods, lengths, rows, metric,
instruction, names.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor import experiments, facts, pipeline
from advisor.calibrate.prompting.forms import PromptForm
from advisor.calibrate.prompting.rendering import Prompter
from advisor.calibrate.quality_records import PromptsSpec, TrialData
from advisor.core.brief import Brief
from advisor.core.errors import UsageError
from advisor.experiments import planning
from advisor.experiments.datasets import Material, instruction_of, material, model_name
from tests.experiments.tickets import CPU, tickets

ROWS = tickets(60)
TEXT = """
schema = 1
as_of = 2026-11-20
[task]
type = "classification"
[data]
path = "rows.jsonl"
eval_path = "test.jsonl"
[quality]
metric = "accuracy"
[tuning]
static_tokens = 20
epochs = 2
[hardware]
gpu = "none"
[models]
prompt = []
tune = ["llama-3.2-1b", "gpt-4.1-mini"]
"""


@pytest.fixture
def brief(tmp_path: Path) -> Brief:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "test.jsonl").write_text(
        "".join(json.dumps({**r, "prompt": f"new {r['prompt']}"}) + "\n" for r in ROWS)
    )
    (tmp_path / "brief.toml").write_text(TEXT)
    return pipeline.load(tmp_path / "brief.toml")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "my-model"
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"model_type": "llama", "_name_or_path": "meta-llama/Llama-3.2-1B"})
    )
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_a_brief_plans_its_open_models_with_the_lengths_of_its_rows(
    brief: Brief, tmp_path: Path
) -> None:
    around = pipeline.look(brief)
    setups = planning.brief_setups(brief, around, CPU)
    assert [(s.model_name, s.method) for s in setups] == [("Llama-3.2-1B", "lora")]
    told = planning.brief_lengths(brief, around)
    plain = experiments.lengths(tmp_path / "rows.jsonl")
    assert told == tuple(n + 20 for n in plain)
    plan = planning.throughput_plan(setups, told, CPU)
    assert [t.spec["layers"] for t in plan.trials] == [0]
    small = planning.throughput_plan(setups, told, experiments.Machine("gpu", "cuda", free_gib=1.0))
    assert [t.spec["layers"] for t in small.trials] == [2, 4, 6]


def test_without_rows_the_lengths_are_the_mean_the_brief_states(brief: Brief) -> None:
    stated = pipeline.load(
        Path(brief.folder) / "brief.toml",
        ["data.path=", "data.eval_path=", "data.tokens_per_example=77"],
    )
    assert planning.brief_lengths(stated, pipeline.look(stated)) == (77,)


def test_a_brief_of_closed_models_says_what_to_name(brief: Brief) -> None:
    closed = pipeline.load(Path(brief.folder) / "brief.toml", ['models.tune=["gpt-4.1-mini"]'])
    with pytest.raises(UsageError, match=r"models\.tune: names no open decoder"):
        planning.brief_setups(closed, pipeline.look(closed), CPU)


def test_a_quality_plan_takes_rows_metric_and_instruction_of_the_brief(
    brief: Brief, weights: Path
) -> None:
    known = facts.load()
    plan = planning.quality_plan(material(brief), weights, CPU, known)
    assert (len(plan.shared["train"]), len(plan.shared["items"])) == (60, 60)
    assert plan.shared["metric"] == "accuracy"
    assert "shipping" in plan.shared["instruction"]
    assert plan.about["model"] == "Llama-3.2-1B"
    assert plan.about["data"]
    assert plan.about["eval"]
    other = planning.quality_plan(material(brief), weights, CPU, known, as_model="mine")
    assert other.about["model"] == "mine"
    assert other.digest == plan.digest  # another name is no other measurement
    said = planning.quality_plan(material(brief, instruction="Sort it."), weights, CPU, known)
    assert said.shared["instruction"] == "Sort it."


def test_what_is_said_beats_the_brief(brief: Brief, tmp_path: Path) -> None:
    own = material(brief, data=tmp_path / "test.jsonl", metric="exact match")
    assert (own.data.name, own.test, own.metric) == ("test.jsonl", None, "exact match")
    with pytest.raises(UsageError, match=r"quality\.metric 'taste'"):
        material(pipeline.load(tmp_path / "brief.toml", ["quality.metric=taste"]))
    with pytest.raises(UsageError, match=r"data\.path"):
        material(Brief())
    with pytest.raises(UsageError, match="--data"):
        material()


@pytest.mark.parametrize(
    ("answer", "metric", "kind", "asked"),
    [
        (
            "kind {1}",
            "accuracy",
            "",
            "Classify the input. Answer with one of these labels alone: k",
        ),
        ("town {}", "exact match", "", "Give the answer alone."),
        ('{{"n": {}}}', "JSON match", "", "Answer in JSON."),
        ("town {}", "chrF", "translation", "Translate the input."),
    ],
)
def test_without_instruction_and_brief_an_endpoint_is_asked_for_what_is_scored(
    tmp_path: Path, answer: str, metric: str, kind: str, asked: str
) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"prompt": f"row {n}", "completion": answer.format(n, n % 3)} for n in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    rows_read = Material(path, metric=metric, task_type=kind)
    plan = planning.prompts_plan(rows_read, "http://localhost:1/v1", "m", facts.load())
    spec = PromptsSpec.from_json(plan.trials[0].spec)
    data = TrialData.from_json(plan.shared)
    prompter = Prompter(PromptForm(spec.technique, data.instruction, spec.shots), data.pool)
    system, item = prompter.messages("row 3")
    assert item == {"role": "user", "content": "row 3"}
    assert system["content"].startswith(asked)


def test_an_instruction_says_what_to_do_in_which_form() -> None:
    assert instruction_of(Brief(), ("a", "b")).endswith("labels alone: a, b.")
    assert instruction_of(Brief(), ())


def test_weights_are_named_as_a_brief_knows_them(weights: Path, tmp_path: Path) -> None:
    known = facts.load()
    assert model_name(weights, known) == "Llama-3.2-1B"
    assert model_name(weights, known, "Qwen/Qwen2.5-0.5B-Instruct") == "Qwen2.5-0.5B"
    assert model_name(weights, known, "ours-v2") == "ours-v2"
    cached = tmp_path / "models--Qwen--Qwen3-0.6B" / "snapshots" / "0f1e2d"
    cached.mkdir(parents=True)
    assert model_name(cached, known) == "Qwen3-0.6B"
    (tmp_path / "plain").mkdir()
    assert model_name(tmp_path / "plain", known) == "plain"


def test_the_pocket_weights_are_a_demonstration_under_any_name(brief: Brief) -> None:
    pocket = experiments.pocket()[0]
    plan = planning.quality_plan(
        material(brief), pocket, CPU, facts.load(), as_model="llama-3.1-8b"
    )
    assert all(t.spec["demonstration"] for t in plan.trials)
    assert planning.sample_plan(CPU, facts.load(), epochs=2).trials[-1].spec["epochs"] == 2


def test_a_prompts_plan_belongs_to_its_rows_and_its_model(brief: Brief) -> None:
    plan = planning.prompts_plan(
        material(brief), "http://localhost:1/v1", "meta-llama/Llama-3.2-1B", facts.load()
    )
    assert plan.about["model"] == "Llama-3.2-1B"
    assert (
        plan.about["data"]
        == planning.quality_plan(material(brief), experiments.pocket()[0], CPU, facts.load()).about[
            "data"
        ]
    )
