"""A configuration reads back as the run it was written from, in every format and as edited."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import facts, pipeline, run_estimate
from advisor.brief.examples import example
from advisor.core.errors import UsageError
from advisor.estimate.training import hosted
from advisor.estimate.training.record import as_object
from advisor.estimate.training.request import RunRequest
from advisor.trainers import FORMATS, Recipe, TrainingRows, exported, read_file
from advisor.trainers.source import of_option, of_request, request_of
from tests.trainers.recipes import BASE, RECIPES

BOOK = facts.load()
TRAINERS = [name for name, form in FORMATS.items() if not form.is_hosted]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


REFUSED = {
    *((tool, "half-epoch") for tool in ("unsloth", "torchtune")),
    *((tool, "dpo") for tool in ("unsloth", "torchtune")),
    *((tool, "int8") for tool in ("unsloth", "torchtune")),
    *((tool, "zero3") for tool in ("unsloth", "torchtune")),
    *(("unsloth", name) for name in ("fp32", "two-gpus")),
}
"""What a tool does not have; it says so in one line, with what to do."""


def written(tool: str, recipe: Recipe, folder: Path) -> Path:
    path = folder / f"{tool}.yaml"
    path.write_text(exported(FORMATS[tool], recipe, path.name).text, encoding="utf-8")
    return path


def estimate(request: RunRequest) -> dict:
    return dict(as_object(run_estimate.answer(BOOK, request)))


@pytest.mark.parametrize("tool", TRAINERS)
@pytest.mark.parametrize("name", list(RECIPES))
def test_it_reads_back_as_the_run_it_was_written_from(tool: str, name: str, tmp_path: Path) -> None:
    recipe = RECIPES[name]
    try:
        path = written(tool, recipe, tmp_path)
    except UsageError:
        assert (tool, name) in REFUSED
        return
    assert (tool, name) not in REFUSED
    stated = read_file(path)
    fixed = FORMATS[tool].fixed
    assert stated.form.name == tool
    assert RunRequest(**stated.flags) == replace(recipe.request, **fixed)
    without = path.with_name("without.yaml")
    without.write_text(
        "".join(x for x in path.read_text().splitlines(True) if not x.startswith("#")),
        encoding="utf-8",
    )
    flags = {**read_file(without).flags, **_not_in_it(tool, recipe.request)}
    flags["framework"] = "hf"
    again = of_request(RunRequest(**flags), TrainingRows(), BOOK).run
    first = recipe.run
    assert first is not None
    for key in ("method", "rank", "micro_batch", "grad_accum", "seq_len", "packed", "epochs"):
        assert getattr(again, key) == getattr(first, key), key
    for key in ("quantization", "checkpointing", "objective"):
        assert getattr(again, key) == getattr(first, key), key
    assert again.optimizer == fixed.get("optimizer", first.optimizer)
    assert again.model == first.model


def _not_in_it(tool: str, request: RunRequest) -> dict:
    """What no trainer's file says: the GPU and the amount of data."""
    names = ("gpu", "gpus", "sharding", "examples", "mean_tokens")
    return {name: getattr(request, name) for name in names}


def test_the_estimate_of_the_file_is_that_of_the_flags(tmp_path: Path) -> None:
    first = estimate(RECIPES["lora"].request)
    for tool in ("trl", "axolotl", "llama-factory", "torchtune"):
        stated = read_file(written(tool, RECIPES["lora"], tmp_path))
        assert estimate(RunRequest(**stated.flags)) == first


def test_a_key_that_was_edited_counts(tmp_path: Path) -> None:
    path = written("axolotl", RECIPES["lora"], tmp_path)
    path.write_text(path.read_text().replace("micro_batch_size: 4", "micro_batch_size: 16"))
    flags = read_file(path).flags
    assert (flags["micro_batch"], flags["gpu"], flags["examples"]) == (16, "L40S", 900.0)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["full", "lora", "dora", "qlora"]),
    st.integers(1, 256),
    st.integers(1, 64),
    st.integers(1, 64),
    st.integers(16, 32768),
    st.booleans(),
    st.sampled_from(["none", "full"]),
    st.floats(0.1, 20).map(lambda x: round(x, 2)),
)
def test_any_run_that_axolotl_takes_reads_back(
    method, rank, micro_batch, grad_accum, seq_len, packed, checkpointing, epochs
) -> None:
    request = RunRequest(
        "Llama-3.2-1B",
        method=method,
        rank=rank,
        micro_batch=micro_batch,
        grad_accum=grad_accum,
        seq_len=seq_len,
        packed=packed,
        checkpointing=checkpointing,
        epochs=epochs,
    )
    form = FORMATS["axolotl"]
    recipe = of_request(request, TrainingRows(), BOOK)
    config = yaml.safe_load(yaml.safe_dump(form.write(recipe)))
    flags = form.read(config)
    assert of_request(RunRequest(**flags), TrainingRows(), BOOK).run == replace(
        recipe.run, model_name="meta-llama/Llama-3.2-1B", rank=rank if method != "full" else 16
    )


FOREIGN = {
    "axolotl": (
        "base_model: NousResearch/Llama-3.2-1B\nload_in_4bit: true\nadapter: qlora\nlora_r: 32\n"
        "lora_target_linear: true\nsequence_len: 2048\nsample_packing: true\nnum_epochs: 1\n"
        "micro_batch_size: 2\ngradient_accumulation_steps: 4\noptimizer: adamw_bnb_8bit\n"
        "learning_rate: 2e-4\nbf16: auto\nflash_attention: true\ngradient_checkpointing: true\n",
        {"method": "qlora", "rank": 32, "packed": True, "optimizer": "adamw8bit"},
    ),
    "llama-factory": (
        "model_name_or_path: Qwen/Qwen3-4B-Instruct-2507\nstage: sft\ndo_train: true\n"
        "finetuning_type: lora\nlora_rank: 8\nlora_target: all\ncutoff_len: 2048\n"
        "per_device_train_batch_size: 1\ngradient_accumulation_steps: 8\nbf16: true\n"
        "learning_rate: 1.0e-4\nnum_train_epochs: 3.0\ndeepspeed: x/ds_z3_config.json\n",
        {
            "method": "lora",
            "rank": 8,
            "targets": "all-linear",
            "sharding": "zero3",
            "dtype": "bf16",
        },
    ),
    "trl": (
        '{"model_name_or_path": "Qwen/Qwen2.5-7B", "use_peft": true, "lora_r": 64, '
        '"per_device_train_batch_size": 8, "optim": "adamw_torch_fused", "max_length": 1024}',
        {"method": "lora", "rank": 64, "micro_batch": 8, "optimizer": "adamw", "seq_len": 1024},
    ),
}


@pytest.mark.parametrize("tool", list(FOREIGN))
def test_a_file_of_somebody_else_is_read(tool: str, tmp_path: Path) -> None:
    text, expected = FOREIGN[tool]
    path = tmp_path / "theirs.yaml"
    path.write_text(text)
    stated = read_file(path)
    assert stated.form.name == tool
    assert expected.items() <= stated.flags.items()
    assert stated.flags["framework"] == tool
    request = RunRequest(**stated.flags, gpu="L40S", gpus=4 if tool == "llama-factory" else 1)
    assert estimate(request)["fits"] in ("fits", "tight", "no")


MERGES = "a0: &a0 {b: 1}\n" + "".join(
    f"a{i + 1}: &a{i + 1} {{<<: [{', '.join(9 * [f'*a{i}'])}]}}\n" for i in range(12)
)
"""A kilobyte that stands for 9 to the 12th keys."""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "neither YAML nor JSON"),
        ("- 1", "holds no keys"),
        ("a: 1", "not a configuration of trl"),
        ("base_model: x\n" * 3, "model"),
        ("!!python/object/apply:os.system ['true']", "neither YAML nor JSON"),
        (MERGES, "neither YAML nor JSON"),
        ("a: " + "[" * 10_000, "neither YAML nor JSON"),
        ("#" * 1024**2 + "\n", "more than 1 MiB"),
    ],
    ids=range(8),
)
def test_other_files_are_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        estimate(RunRequest(**read_file(path).flags))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_comment_makes_it_somebody_elses_file(tmp_path: Path) -> None:
    path = written("axolotl", RECIPES["lora"], tmp_path)
    for comment in ("{", "[]", '{"flags": {"evil": 1}, "stated": {}}', '{"flags": {"rank": []}}'):
        lines = path.read_text().splitlines()
        lines[2] = f"# advisor: {comment}"
        path.write_text("\n".join(lines))
        assert read_file(path).flags["framework"] == "axolotl"


@pytest.mark.parametrize(
    ("tool", "model"), [("openai", "gpt-4.1-mini"), ("together", "Llama-3.1-8B")]
)
def test_hosted_tuning_costs_tokens_times_price(tool: str, model: str, tmp_path: Path) -> None:
    request = RunRequest(model, provider=tool, examples=1000.0, mean_tokens=2000.0, epochs=3.0)
    recipe = Recipe(request, None, BOOK.hub_name(model), TrainingRows(), 1e-4)
    stated = read_file(written(tool, recipe, tmp_path))
    assert RunRequest(**stated.flags) == request
    assert stated.form.is_hosted
    tokens = hosted.tokens_of(RunRequest(**stated.flags))
    day = date(2026, 4, 1)
    prices = [p for p in BOOK.tuning_prices(model, day) if p.provider == tool]
    (job,) = hosted.hosted_jobs(prices, tokens, day, model)
    usd = {"openai": 5.0, "together": 0.48}[tool]
    assert job.usd.range.p50 == pytest.approx(max(6.0 * usd, 4.0))  # 6 M tokens, minimum $4
    with pytest.raises(UsageError, match="use --to openai or --to together"):
        exported(FORMATS["trl"], recipe, "x.yaml")


def test_a_run_and_its_flags_are_the_same_thing() -> None:
    for recipe in RECIPES.values():
        run = recipe.run
        assert run is not None
        again = of_request(request_of(run), TrainingRows(), BOOK).run
        assert again is not None
        for field in fields(run):
            if field.name not in ("model_name", "assumed"):
                assert getattr(again, field.name) == getattr(run, field.name), field.name
    assert json.loads(json.dumps(BASE)) == BASE


@pytest.mark.parametrize(
    ("name", "on_the_hub"),
    [
        ("qwen2.5-coder-7b", "Qwen/Qwen2.5-Coder-7B"),
        ("Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("our-llama-3.1-8b-merged", "our-llama-3.1-8b-merged"),
    ],
)
def test_the_model_itself_is_trained_not_one_of_its_shape(name: str, on_the_hub: str) -> None:
    recipe = of_request(RunRequest(**BASE | {"model": name}), TrainingRows(), BOOK)
    text = exported(FORMATS["trl"], recipe, "trl.yaml")
    assert yaml.safe_load(text.text)["model_name_or_path"] == on_the_hub
    assert ("its name on the hub is not in our table" in " ".join(text.notes)) == (
        "/" not in on_the_hub
    )


def test_preferences_are_learned_slowly_and_by_a_tuned_model() -> None:
    """Rates of alignment-handbook's zephyr-7b-beta: DPO by adapter 5e-6, as a whole 5e-7."""
    rates = {}
    for method in ("lora", "full"):
        request = RunRequest(**BASE | {"method": method, "objective": "dpo"})
        export = exported(FORMATS["trl"], of_request(request, TrainingRows(), BOOK), "trl.yaml")
        rates[method] = yaml.safe_load(export.text)["learning_rate"]
        assert "tuned on answers before" in " ".join(export.notes)
    assert rates == {"lora": 5e-6, "full": 5e-7}


def test_an_option_is_trained_in_steps_of_the_usual_size() -> None:
    brief = pipeline.load(example("customs-invoices"))
    option = of_option(brief, pipeline.look(brief), "tune/lora@Qwen3-8B", TrainingRows())
    run = option.training
    assert run.micro_batch * run.gpus * run.grad_accum >= 16
