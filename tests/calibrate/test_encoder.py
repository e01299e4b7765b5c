"""An encoder is tuned as a classifier and scored on the items of every other option."""

from __future__ import annotations

import importlib.util
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor import experiments, facts, pipeline
from advisor.calibrate import quality
from advisor.calibrate.local_prompts import local_prompts_plan
from advisor.calibrate.methods import usual_rate
from advisor.calibrate.model_folder import model_folder
from advisor.calibrate.prompt_choices import PromptChoices
from advisor.calibrate.prompts_plan import PromptOptions
from advisor.calibrate.quality_records import ModelWeights
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.encoder_embedding import LocalEmbedder
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import Status
from advisor.experiments import planning
from advisor.experiments.chosen_prompts import prompt_options
from advisor.experiments.datasets import material

HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "peft"))
WORDS = ("money", "charged", "refund", "parcel", "courier", "late", "login", "password", "reset")
KINDS = {"billing": WORDS[:3], "delivery": WORDS[3:6], "account": WORDS[6:]}


def rows(count: int) -> list[tuple[str, str]]:
    """Texts with one telling word among others."""
    rng = random.Random(5)
    made = {}
    while len(made) < count:
        kind = rng.choice(list(KINDS))
        filler = " ".join(rng.choices("abcdefghij", k=6))
        made[f"{filler} {rng.choice(KINDS[kind])} {rng.choice('abcdefghij')}"] = kind
    return list(made.items())


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of a few thousand random weights, made here."""
    if not HAS_TORCH:
        pytest.skip("the calibration libraries are not installed")
    import torch
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij", *WORDS]
    numbers = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = BertTokenizerFast(vocab=numbers, model_max_length=32)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
        initializer_range=0.15,  # smaller random weights of so small a model stay on a plateau
    )
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


BRIEF = """\
schema = 1
as_of = 2026-11-27
[task]
type = "classification"
labels = 3
output = "label"
[traffic]
requests_per_month = 500_000
[quality]
metric = "accuracy"
target = 0.85
[data]
path = "rows.jsonl"
eval_path = "test.jsonl"
[models]
prompt = ["gpt-4.1-mini"]
tune = ["bert-base"]
"""


def test_an_encoder_learns_the_task_and_its_score_reaches_the_verdict(
    encoder: Path, tmp_path: Path
) -> None:
    lines = [json.dumps({"prompt": text, "completion": kind}) + "\n" for text, kind in rows(258)]
    (tmp_path / "rows.jsonl").write_text("".join(lines[:208]))
    (tmp_path / "test.jsonl").write_text("".join(lines[208:]))
    (tmp_path / "brief.toml").write_text(BRIEF)
    brief = pipeline.load(tmp_path / "brief.toml")
    where = experiments.machine(facts.load(), "none")
    plan = planning.quality_plan(
        material(brief),
        encoder,
        where,
        facts.load(),
        as_model="bert-base",
        shares=(0.1, 1.0),
        epochs=8,
        learning_rate=2e-3,
        items=50,
    )
    assert [t.label for t in plan.trials] == [
        "tune/encoder, 21 examples",
        "tune/encoder, 208 examples",
    ]
    ready = experiments.prepare(plan, where, experiments.Limits())
    record = experiments.run(ready, events=lambda event: None, cancel=CancelToken())
    assert record.summary.status is Status.DONE, record.result
    few, many = record.result["trials"]
    assert many["score"] >= 0.95 > few["score"]
    assert many["items"] == 50
    assert many["static_tokens"] == 0
    assert many["loss_fell"]
    assert many["seconds"]["train"] > 0
    low, high = many["interval"]
    assert low <= many["score"] <= high
    kept = record.outcomes[1].result
    assert len(kept["confidences"]) == len(kept["item_scores"]) == 50
    assert all(1 / 3 <= share <= 1.0 for share in kept["confidences"])

    verdict = pipeline.judge(brief, pipeline.look(brief), draws=500, deep=False)
    tuned, *_ = (o for o in verdict.arms if o.id.startswith("tune/encoder@bert-base"))
    (quality_figure,) = (f for f in tuned.figures if f.id == "quality.score")
    assert quality_figure.basis == "measured"
    assert tuned.quality.likely > 0.7


def test_embeddings_are_the_mean_of_a_texts_tokens_or_the_first_one(encoder: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts = ["a b money c", "parcel", "late late login j i h g f", "money b a c"]
    device = Device("cpu")
    embed = LocalEmbedder.load(str(encoder), device, Stop())
    together = embed(texts)
    model = AutoModel.from_pretrained(encoder).eval()
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    for first_token in (False, True):
        embed = LocalEmbedder(embed.model, embed.tokenizer, Stop(), first_token)
        for text, ours in zip(texts, embed(texts), strict=True):
            with torch.no_grad():
                states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
            alone = (states[0] if first_token else states.mean(0)).numpy()
            assert ours == pytest.approx(alone / np.linalg.norm(alone), abs=1e-5)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0)
    stop = Stop()
    stop.ask("enough")
    with pytest.raises(Stopped, match="enough"):
        LocalEmbedder(model, tokenizer, stop)(["money"])


def test_a_local_prompt_finds_rows_by_an_encoder_beside_it(encoder: Path) -> None:
    choices = PromptChoices(("retrieved-examples",), "2", embedding_model=str(encoder))
    options = prompt_options(choices, "")
    plan = local_prompts_plan(
        quality.task(rows(60), development=9), ModelWeights("/m", "w", 1), options
    )
    (trial,) = plan.trials
    assert [form.get("embeddings") for form in trial.spec["forms"]] == [None, encoder.name]
    assert plan.shared["embedding"]["weights"]["weights"] == model_folder(encoder).weights
    with pytest.raises(UsageError, match=r"^--embedding-model \S+: no config.json"):
        prompt_options(replace(choices, embedding_model="/nowhere"), "")


WEIGHTS = ModelWeights("/m", "w", 4 * 110_000_000, reads_only=True)


def test_an_encoder_has_no_prompt_and_no_adapter() -> None:
    task = quality.task(rows(60))
    with pytest.raises(UsageError, match="an encoder is tuned as a whole; leave --method out"):
        quality.plan(task, WEIGHTS, methods=("qlora",))
    with pytest.raises(UsageError, match="no prompt makes it answer; tune it"):
        local_prompts_plan(task, WEIGHTS, PromptOptions())
    with pytest.raises(UsageError, match="--method encoder: the model writes text"):
        quality.plan(task, ModelWeights("/m", "w", 1), methods=("encoder",))
    free = quality.task([(text, f"{text} is about {kind}") for text, kind in rows(60)])
    with pytest.raises(UsageError, match="an encoder gives labels, and the answers are free text"):
        quality.plan(free, WEIGHTS)


def test_a_bert_is_tuned_at_the_rate_of_its_authors() -> None:
    plan = quality.plan(quality.task(rows(60)), WEIGHTS)
    assert all(trial.spec["learning_rate"] == 5e-5 for trial in plan.trials)
    assert usual_rate("encoder", 1e6) > usual_rate("encoder", 4.4e8)


@pytest.mark.parametrize("name", ["BertForMaskedLM", "ModernBertForSequenceClassification"])
def test_a_folder_with_an_encoder_is_known_as_one(tmp_path: Path, name: str) -> None:
    config = {"model_type": "bert", "architectures": [name]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert model_folder(tmp_path).reads_only
    writes = config | {"architectures": ["LlamaForCausalLM"]}
    (tmp_path / "config.json").write_text(json.dumps(writes))
    assert model_folder(tmp_path).reads_only is None
