"""Sizes from a config.json beside what transformers builds on the meta device."""

import pytest

from advisor.core.config_sizes import parameters


@pytest.mark.parametrize(
    ("model_type", "within"),
    [("zamba2", 0.05), ("recurrent_gemma", 0.02), ("t5", 0.02), ("t5gemma", 0.02),
     ("pegasus", 0.03), ("lfm2", 0.02), ("led", 0.01), ("switch_transformers", 0.01)],
)  # fmt: skip
def test_the_defaults_of_a_type_are_sized_as_they_are_built(model_type, within):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.CONFIG_MAPPING[model_type]()
    kind = transformers.AutoModelForCausalLM
    if config.is_encoder_decoder:
        kind = transformers.AutoModelForSeq2SeqLM
    with torch.device("meta"):
        built = kind.from_config(config)
    built.tie_weights()
    count = sum(parameter.numel() for parameter in built.parameters())
    assert parameters(config.to_dict()).total == pytest.approx(count, rel=within)


def test_a_gate_follows_what_t5_says():
    sizes = {"model_type": "t5", "d_model": 512, "d_ff": 2048, "num_layers": 6, "num_heads": 8,
             "vocab_size": 32128, "is_encoder_decoder": True}  # fmt: skip
    plain = parameters(sizes | {"feed_forward_proj": "relu"}).total
    gated = parameters(sizes | {"feed_forward_proj": "gated-gelu"}).total
    one_matrix = 512 * 2048
    assert gated - plain == pytest.approx(6 * 2 * one_matrix)  # in each layer of both stacks


def test_a_mamba_block_is_three_matrices_of_its_inner_width():
    """In-projection to twice the inner width and out-projection: 3 × expand × hidden²."""
    sizes = {"model_type": "mamba2", "hidden_size": 1024, "num_hidden_layers": 2, "vocab_size": 100}
    deeper, shallower = (parameters(sizes | {"num_hidden_layers": n}).total for n in (3, 2))
    assert deeper - shallower == pytest.approx(3 * 2 * 1024**2, rel=0.01)
    shared = sizes | {"model_type": "zamba2", "layers_block_type": ["mamba"] * 3}
    deeper, shallower = (parameters(shared | {"num_hidden_layers": n}).total for n in (3, 2))
    assert deeper - shallower == pytest.approx(3 * 2 * 1024**2, rel=0.01)


def test_one_head_of_keys_and_values_is_a_size():
    """Multi-query attention: of keys and values together 2 × 2048 × 128 weights per head."""
    sizes = {"model_type": "gemma", "hidden_size": 2048, "num_attention_heads": 16, "head_dim": 128,
             "intermediate_size": 8192, "num_hidden_layers": 1, "vocab_size": 1000}  # fmt: skip
    one, all_heads = (parameters(sizes | {"num_key_value_heads": n}).total for n in (1, 16))
    assert all_heads - one == pytest.approx(15 * 2 * 2048 * 128)
