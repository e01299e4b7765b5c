"""A model from its config.json alone, against the same model in our table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.facts import load
from advisor.facts.config_model import model_of_config

QWEN3_8B = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "head_dim": 128,
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "max_position_embeddings": 40960,
    "num_attention_heads": 32,
    "num_hidden_layers": 36,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
    "vocab_size": 151936,
}


def written(folder: Path, document: object) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "config.json"
    path.write_text(json.dumps(document))
    return path


def test_it_is_the_model_of_the_table(tmp_path: Path) -> None:
    described = model_of_config(written(tmp_path / "mine", QWEN3_8B))
    listed = load().model("Qwen3-8B")
    assert described.name == "mine"
    assert described.params == pytest.approx(listed.params, rel=1e-4)  # norms are not counted
    for field in (
        *("kind", "embedding_params", "hidden", "layers", "heads", "kv_heads", "head_dim"),
        *("intermediate", "vocabulary", "tied_embeddings", "context_tokens", "hf_class"),
        *("kv_bytes_per_token", "experts", "moe_intermediate"),
    ):
        assert getattr(described, field) == getattr(listed, field), field
    assert "estimated from its sizes" in described.cited.source


def test_the_folder_of_a_model_will_do(tmp_path: Path) -> None:
    sizes = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 100}
    (tmp_path / "config.json").write_text(json.dumps(sizes))
    assert model_of_config(tmp_path) == model_of_config(tmp_path / "config.json")


def test_of_a_model_that_sees_the_language_model_is_taken(tmp_path: Path) -> None:
    inner = {k: v for k, v in QWEN3_8B.items() if k != "architectures"}
    seeing = {"architectures": ["SeesForIt"], "model_type": "sees", "text_config": inner}
    assert model_of_config(written(tmp_path, seeing)).layers == 36


@pytest.mark.parametrize("key", ["hidden_size", "num_hidden_layers", "vocab_size"])
def test_a_missing_size_is_named(tmp_path: Path, key: str) -> None:
    lacking = {k: v for k, v in QWEN3_8B.items() if k != key}
    with pytest.raises(UsageError, match=rf"config\.json: {key}: is missing"):
        model_of_config(written(tmp_path, lacking))


def test_a_file_that_is_not_a_configuration_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not JSON"):
        model_of_config(path)
    with pytest.raises(UsageError, match="cannot be read"):
        model_of_config(tmp_path / "nothing.json")
