"""Sizes from a config.json beside what transformers builds on the meta device."""

import pytest

from advisor.core.config_experts import mlp
from advisor.core.config_mixers import _latent_attention
from advisor.core.config_sizes import is_tied, parameters
from tests.core.built import HEADS, built_and_sized


@pytest.mark.parametrize(
    ("model_type", "within"),
    [("zamba2", 0.05), ("recurrent_gemma", 0.02), ("t5", 0.02), ("t5gemma", 0.02),
     ("pegasus", 0.03), ("lfm2", 0.02), ("led", 0.01), ("switch_transformers", 0.01),
     ("jetmoe", 0.001), ("xlstm", 0.001), ("rwkv", 0.001)],
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


def test_rwkv_7_has_no_gate_in_its_channel_mixing():
    """RWKV-7 World 2.9B is published with 2.95 billion parameters, low-rank parts among them."""
    sizes = {"model_type": "rwkv7", "hidden_size": 2560, "num_hidden_layers": 32,
             "vocab_size": 65536, "tie_word_embeddings": False}  # fmt: skip
    assert parameters(sizes).total == pytest.approx(2.95e9, rel=0.04)


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


MIXTURE = {"num_attention_heads": 32, "tie_word_embeddings": False}
PUBLISHED = [
    # name, millions of parameters, of which active (0: dense), what its config.json says
    ("Phi-3-small-8k, 7.39 B", 7_390, 0,
     {"model_type": "phi3small", "hidden_size": 4096, "ff_intermediate_size": 14336,
      "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
      "vocab_size": 100352}),
    ("Jamba-1.5-Mini, 51.6 B, 12 B active", 51_570, 12_110,
     {"model_type": "jamba", "attn_layer_offset": 4, "attn_layer_period": 8,
      "expert_layer_offset": 1, "expert_layer_period": 2, "hidden_size": 4096,
      "intermediate_size": 14336, "mamba_d_state": 16, "mamba_dt_rank": 256, "mamba_expand": 2,
      "num_experts": 16, "num_experts_per_tok": 2, "num_hidden_layers": 32,
      "num_key_value_heads": 8, "vocab_size": 65536, **MIXTURE}),
    ("Falcon-Mamba-7B, 7.27 B", 7_273, 0,
     {"model_type": "falcon_mamba", "hidden_size": 4096, "intermediate_size": 8192, "expand": 16,
      "num_hidden_layers": 64, "state_size": 16, "time_step_rank": 256, "vocab_size": 65024,
      "tie_word_embeddings": False}),
    ("Kimi-Linear-48B-A3B, 49.1 B, 3.5 B active", 49_120, 3_480,
     {"model_type": "kimi_linear", "hidden_size": 2304, "num_hidden_layers": 27,
      "vocab_size": 163840, "num_experts": 256, "num_experts_per_token": 8,
      "num_shared_experts": 1, "moe_intermediate_size": 1024, "intermediate_size": 9216,
      "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
      "first_k_dense_replace": 1, **MIXTURE,
      "linear_attn_config": {"full_attn_layers": [4, 8, 12, 16, 20, 24, 27], "head_dim": 128,
                             "num_heads": 32}}),
    ("DeepSeek-V3, 671 B, 37 B active", 671_030, 37_550,
     {"model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432,
      "num_hidden_layers": 61, "vocab_size": 129280, "n_routed_experts": 256,
      "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048,
      "first_k_dense_replace": 3, "kv_lora_rank": 512, "q_lora_rank": 1536,
      "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
      **MIXTURE, "num_attention_heads": 128}),
    ("DeepSeek-V4-Flash, 284 B, 13 B active", 284_000, 13_200,
     {"model_type": "deepseek_v4", "hidden_size": 4096, "head_dim": 512, "num_hidden_layers": 43,
      "vocab_size": 129280, "n_routed_experts": 256, "n_shared_experts": 1,
      "num_experts_per_tok": 6, "moe_intermediate_size": 2048, "num_key_value_heads": 1,
      "q_lora_rank": 1024, "o_lora_rank": 1024, "o_groups": 8, **MIXTURE,
      "num_attention_heads": 64}),
    ("Nemotron-3-Super, 120.7 B, 12 B active", 120_700, 12_700,
     {"model_type": "nemotron_h", "hidden_size": 4096, "head_dim": 128, "vocab_size": 131072,
      "hybrid_override_pattern": "MEMEMEM*EMEMEMEM*EMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*"
                                 "EMEMEMEMEM*EMEMEMEM*EMEMEMEME",
      "mamba_head_dim": 64, "mamba_num_heads": 128, "n_groups": 8, "ssm_state_size": 128,
      "num_hidden_layers": 88, "n_routed_experts": 512, "n_shared_experts": 1,
      "moe_intermediate_size": 2688, "moe_latent_size": 1024, "intermediate_size": 2688,
      "moe_shared_expert_intermediate_size": 5376, "num_experts_per_tok": 22,
      "num_key_value_heads": 2, **MIXTURE}),
    ("Qwen3.5-27B, 26.9 B of text", 26_900, 0,
     {"model_type": "qwen3_5_text", "hidden_size": 5120, "head_dim": 256, "attn_output_gate": True,
      "intermediate_size": 17408, "full_attention_interval": 4, "num_hidden_layers": 64,
      "linear_num_key_heads": 16, "linear_num_value_heads": 48, "linear_key_head_dim": 128,
      "linear_value_head_dim": 128, "num_attention_heads": 24, "num_key_value_heads": 4,
      "vocab_size": 248320, "tie_word_embeddings": False}),
    ("Llama-4-Scout, 107.8 B of text, 17 B active", 107_770, 17_170,
     {"model_type": "llama4_text", "hidden_size": 5120, "head_dim": 128, "intermediate_size": 8192,
      "intermediate_size_mlp": 16384, "interleave_moe_layer_step": 1, "num_hidden_layers": 48,
      "num_key_value_heads": 8, "num_local_experts": 16, "num_experts_per_tok": 1,
      "vocab_size": 202048, **MIXTURE, "num_attention_heads": 40}),
    ("GPT-2, 124 M, whose file leaves out that its head is tied", 124, 0,
     {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257}),
]  # fmt: skip


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: case[0])
def test_published_models_are_sized_as_their_makers_say(case):
    _, total, active, config = case
    counted = parameters(config)
    assert counted.total / 1e6 == pytest.approx(total, rel=0.005)
    assert counted.active / 1e6 == pytest.approx(active or total, rel=0.02)


def test_layers_that_were_searched_one_by_one_have_their_own_sizes():
    """Nemotron NAS: 8 heads per group of keys, an MLP of 5.25 × ⅔ of the width; then neither."""
    full = {"attention": {"n_heads_in_group": 8}, "ffn": {"ffn_mult": 5.25}}
    none = {"attention": {"no_op": True}, "ffn": {"no_op": True}}
    linear = {"attention": {"replace_with_linear": True}, "ffn": {"no_op": True}}
    config = {"model_type": "nemotron-nas", "hidden_size": 8192, "num_attention_heads": 64,
              "num_hidden_layers": 3, "vocab_size": 1000, "tie_word_embeddings": True,
              "block_configs": [full, none, linear]}  # fmt: skip
    attention = 8192 * 128 * (64 + 8 + 8 + 64)
    counted = parameters(config).total - 8192 * 1000
    assert counted == attention + 3 * 8192 * 28672 + 8192 * 8192


@pytest.mark.parametrize(
    ("says", "dense"),
    [  # of six layers, as transformers builds them
        ({}, []),
        ({"first_k_dense_replace": 2}, [0, 1]),
        ({"num_dense_layers": 1}, [0]),
        ({"mlp_only_layers": [1, 3]}, [1, 3]),
        ({"mlp_only_layers": 3}, []),
        ({"mlp_layer_types": ["dense"] * 2 + ["sparse"] * 4}, [0, 1]),
        ({"moe_layer_freq": [0, 1, 0, 1, 1, 1]}, [0, 2]),
        ({"moe_layers": [1, 3, 5]}, [0, 2, 4]),
        ({"moe_layers": []}, []),
        ({"moe_layers": 4}, []),
        ({"moe_layers": "1,3"}, []),
        ({"expert_layer_period": 2, "expert_layer_offset": 0}, [1, 3, 5]),
        ({"expert_layer_period": 3}, [0, 1, 3, 4]),
        ({"expert_layer_period": 1}, []),
        ({"expert_layer_period": 0}, []),
        ({"decoder_sparse_step": 2}, [0, 2, 4]),
        ({"interleave_moe_layer_step": 3}, [0, 1, 3, 4]),
        ({"decoder_sparse_step": "2"}, []),
    ],
)
def test_layers_without_experts_are_those_the_file_names(says, dense):
    sizes = {"num_experts": 8, "intermediate_size": 64, "moe_intermediate_size": 16, **says}
    one_mlp = 3 * 32 * 64
    dense_layers = [i for i in range(6) if mlp(sizes, 32, i).total == one_mlp]
    assert dense_layers == dense


def test_latent_attention_by_hand():
    """Low ranks of queries (6) and of keys and values (8), four heads of 3 + 2 and values of 5."""
    sizes = {"q_lora_rank": 6, "kv_lora_rank": 8, "qk_rope_head_dim": 2, "qk_nope_head_dim": 3,
             "v_head_dim": 5}  # fmt: skip
    queries = 6 * (64 + 4 * (3 + 2))
    keys = 64 * (8 + 2) + 8 * 4 * (3 + 5)
    out = 64 * 4 * 5
    assert _latent_attention(sizes, 64, 4) == queries + keys + out
    whole = 64 * 4 * (3 + 2)
    assert _latent_attention({**sizes, "q_lora_rank": None}, 64, 4) == whole + keys + out
    indexed = {**sizes, "index_n_heads": 2, "index_head_dim": 7}
    assert _latent_attention(indexed, 64, 4) == queries + keys + out + 2 * 7 * 6 + 64 * (7 + 2)
    assert _latent_attention({**sizes, "mla_use_output_gate": True}, 64, 4) == (
        queries + keys + 2 * out
    )


MAMBA = {"mamba_d_state": 5, "mamba_d_conv": 3, "mamba_expand": 2, "mamba_ngroups": 2,
         "n_mamba_heads": 4}  # fmt: skip
ENCODER = {"num_attention_heads": 6, "intermediate_size": 40}
T5 = {"hidden_size": 48, "intermediate_size": 40, "num_attention_heads": 6, "head_dim": 10,
      "num_key_value_heads": 2, "vocab_size": 31}  # fmt: skip


@pytest.mark.parametrize(
    ("model_type", "sizes"),
    [
        ("albert", ENCODER | {"embedding_size": 10, "num_hidden_groups": 1}),
        ("albert", ENCODER | {"embedding_size": 10, "num_hidden_groups": 2}),
        ("electra", ENCODER | {"embedding_size": 10}),
        ("bert", ENCODER),
        ("zamba2", HEADS | MAMBA | {
            "num_key_value_heads": 6, "num_hidden_layers": 4, "num_mem_blocks": 2,
            "layers_block_type": ["mamba", "hybrid", "mamba", "hybrid"], "adapter_rank": 3}),
        ("t5gemma", {"encoder": T5 | {"num_hidden_layers": 2},
                     "decoder": T5 | {"num_hidden_layers": 3, "cross_attention_hidden_size": 48}}),
    ],
)  # fmt: skip
def test_tables_and_shared_layers_are_counted_once(model_type, sizes):
    built, sized = built_and_sized(model_type, sizes)
    assert sized.total == built.total
    assert sized.active == built.active


def test_the_long_positions_of_led_and_its_attention_to_all_are_counted():
    sizes = {"d_model": 48, "encoder_layers": 3, "decoder_layers": 3, "encoder_ffn_dim": 40,
             "decoder_ffn_dim": 40, "encoder_attention_heads": 6, "decoder_attention_heads": 6,
             "max_encoder_position_embeddings": 70, "max_decoder_position_embeddings": 20,
             "attention_window": 4}  # fmt: skip
    built, sized = built_and_sized("led", sizes)
    assert sized.total == built.total
    assert sized.active == built.active


SIZED = {"model_type": "x", "hidden_size": 48, "vocab_size": 31, "tie_word_embeddings": True,
         "num_attention_heads": 8, "intermediate_size": 40, "num_hidden_layers": 3}  # fmt: skip
LAYER = 4 * 48 * 48 + 3 * 48 * 40


def test_the_first_layers_of_a_model_and_what_a_file_leaves_out():
    assert parameters(SIZED).total == 31 * 48 + 3 * LAYER
    assert parameters(SIZED, layers=2).total == 31 * 48 + 2 * LAYER
    assert parameters(SIZED | {"num_hidden_groups": 1}).total == 31 * 48 + LAYER
    assert parameters(SIZED | {"num_hidden_groups": 9}).total == 31 * 48 + 3 * LAYER
    assert parameters({**SIZED, "num_hidden_layers": None}).total == 31 * 48 + 12 * LAYER
    assert parameters({**SIZED, "vocab_size": None}).total == 32_000 * 48 + 3 * LAYER
    wide = 4 * 1024 * 1024 + 3 * 1024 * 40
    assert parameters({**SIZED, "hidden_size": None}).total == 31 * 1024 + 3 * wide


def test_tables_per_layer_are_those_of_a_small_vocabulary():
    """Gemma 3n: each layer has a table of its own, and an encoder-decoder as many decoder layers
    as it says, each of which attends twice.
    """
    own = {"hidden_size_per_layer_input": 6}
    assert parameters(SIZED | own).total - parameters(SIZED).total == 3 * 31 * 6
    own |= {"vocab_size_per_layer_input": 29}
    assert parameters(SIZED | own).total - parameters(SIZED).total == 3 * 29 * 6
    both = SIZED | {"is_encoder_decoder": True, "num_decoder_layers": 2}
    assert parameters(both).total == 31 * 48 + 3 * LAYER + 2 * (LAYER + 4 * 48 * 48)
    assert parameters(both).active == parameters(both).total


@pytest.mark.parametrize(
    ("says", "tied"),
    [
        ({}, False),
        ({"model_type": "llama"}, False),
        ({"model_type": "gemma2"}, True),
        ({"model_type": "gemma2", "tie_word_embeddings": False}, False),
        ({"is_encoder_decoder": True}, True),
        ({"model_type": "llama", "tie_word_embeddings": True}, True),
    ],
)
def test_a_head_is_the_token_table_as_the_file_or_its_family_has_it(says, tied):
    assert is_tied(says) is tied


@pytest.mark.parametrize(
    ("kind", "weights"),
    [("-", 3 * 48 * 40), ("mlp", 3 * 48 * 40), ("*", 4 * 48 * 48), ("attention", 4 * 48 * 48),
     ("E", 3 * 48 * 40), ("moe", 3 * 48 * 40)],
)  # fmt: skip
def test_a_layer_of_nemotron_h_is_a_mixer_or_an_mlp(kind, weights):
    """Its MLPs have no gate."""
    text = {**SIZED, "model_type": "nemotron_h", "num_hidden_layers": 1,
            "layers_block_type": [kind]}  # fmt: skip
    ungated = weights * 2 // 3 if kind in ("-", "mlp", "E", "moe") else weights
    assert parameters(text).total == 31 * 48 + ungated
