"""Any architecture: built with the sizes of our tables, trained on the right loss, adapted where it
should be.
"""

from __future__ import annotations

import json
import random

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from advisor import facts  # noqa: E402
from advisor.calibrate import depths, throughput  # noqa: E402
from advisor.calibrate.worker.adapters import adapt, trainable  # noqa: E402
from advisor.calibrate.worker.architecture import blueprint, most_positions  # noqa: E402
from advisor.calibrate.worker.batches import Rows  # noqa: E402
from advisor.calibrate.worker.device import Device  # noqa: E402
from advisor.calibrate.worker.loop import Trainer  # noqa: E402
from advisor.core.config_file import layer_kinds  # noqa: E402
from advisor.core.errors import UsageError  # noqa: E402

pytestmark = [
    pytest.mark.xdist_group("torch"),
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning"
    ),
    pytest.mark.filterwarnings("ignore:The following .*_pattern keys:RuntimeWarning"),
]

MODELS = facts.load().models
WIDTH, INNER, WORDS = 32, 64, 96
BASE = {
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": WORDS,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 1,
}
VISION = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
MIXTURE = {"num_experts_per_tok": 2, "moe_intermediate_size": 16}
CONFIGS = {
    "llama": BASE,
    "gpt2": {"n_embd": WIDTH, "n_layer": 2, "n_head": 4, "vocab_size": WORDS, "n_positions": 64},
    "bert": BASE | {"max_position_embeddings": 64},
    "roberta": BASE | {"max_position_embeddings": 66, "pad_token_id": 1},
    "deberta-v2": BASE
    | {
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
    },
    "modernbert": BASE | {"num_hidden_layers": 3, "cls_token_id": 1, "sep_token_id": 1},
    "distilbert": {
        "dim": WIDTH,
        "hidden_dim": INNER,
        "n_layers": 2,
        "n_heads": 4,
        "vocab_size": WORDS,
    },
    "t5": {
        "d_model": WIDTH,
        "d_ff": INNER,
        "d_kv": 8,
        "num_layers": 2,
        "num_heads": 4,
        "vocab_size": WORDS,
    }
    | {"decoder_start_token_id": 0, "pad_token_id": 0},
    "bart": {
        "d_model": WIDTH,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "vocab_size": WORDS,
        "pad_token_id": 0,
    }
    | {
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": INNER,
        "decoder_ffn_dim": INNER,
    }
    | {
        "max_position_embeddings": 64,
        "bos_token_id": 1,
        "eos_token_id": 1,
        "decoder_start_token_id": 1,
    },
    "mixtral": BASE | {"num_local_experts": 4, "num_experts_per_tok": 2},
    "deepseek_v3": BASE
    | MIXTURE
    | {
        "num_key_value_heads": 4,
        "n_routed_experts": 4,
        "n_group": 1,
        "topk_group": 1,
        "first_k_dense_replace": 1,
    }
    | {
        "kv_lora_rank": 8,
        "q_lora_rank": 8,
        "qk_rope_head_dim": 8,
        "qk_nope_head_dim": 8,
        "v_head_dim": 8,
    },
    "qwen2_5_vl": {
        "text_config": BASE
        | {
            "rope_parameters": {
                "rope_type": "default",
                "mrope_section": [1, 1, 2],
                "rope_theta": 10000.0,
            }
        },
        "vision_config": {
            "hidden_size": 32,
            "depth": 1,
            "num_heads": 2,
            "intermediate_size": 32,
            "out_hidden_size": 32,
        },
    },
    "llava": {
        "text_config": BASE | {"model_type": "llama"},
        "vision_config": VISION | {"model_type": "clip_vision_model"},
    },
}
HEADS = dict.fromkeys(
    ("bert", "roberta", "deberta-v2", "modernbert", "distilbert"), "classification"
)
HEADS |= {"t5": "seq2seq", "bart": "seq2seq"}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def plan_of(name: str, head: str = "auto", layers: int = 0):
    return blueprint({"config": {"model_type": name, **CONFIGS[name]}}, layers, "sdpa", head)


def rows_for(plan, lengths=((6, 4), (12, 8))) -> Rows:
    held = lengths if plan.head == "seq2seq" else [sum(pair) for pair in lengths]
    return Rows(held, 32, WORDS, plan.head, plan.labels)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_every_model_of_the_tables_is_built_with_the_parameters_of_its_row(model) -> None:
    assert blueprint(throughput.architecture_of(model), 0, "sdpa").params() == model.params


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("method", ["full", "lora", "soft-prompt"])
def test_a_config_of_any_kind_learns_its_rows_by_heart(name: str, method: str) -> None:
    """Its own loss on the same batch falls, whatever it is trained to say."""
    torch.manual_seed(0)
    plan = plan_of(name)
    assert plan.head == HEADS.get(name, "causal")
    model = adapt(plan.build("fp32", "cpu"), method, rank=4, head=plan.head)
    for dropout in (m for m in model.modules() if isinstance(m, torch.nn.Dropout)):
        dropout.p = 0.0
    for module in model.modules():
        if isinstance(getattr(module, "dropout", None), float):
            module.dropout = 0.0
    rate = {"full": 3e-3, "lora": 3e-2, "soft-prompt": 0.3}[method]
    trainer = Trainer(model, Device("cpu"), dtype="fp32", optimizer="adamw", learning_rate=rate)
    batch = rows_for(plan).heaviest(2, "cpu")
    if (plan.head, method) == ("classification", "soft-prompt"):
        batch.inputs["labels"].fill_(1)  # a prompt favours a label; it tells no two rows apart
    losses = [trainer.step(iter([batch])).loss for _ in range(12)]
    assert min(losses[6:]) < losses[0]


@pytest.mark.parametrize(
    ("name", "targets", "expected"),
    [
        # rank 4 × (in + out) of each matrix, a head for two labels beside it
        ("llama", "attention", 4 * 2 * (64 + 48 + 48 + 64)),
        ("llama", "qv", 4 * 2 * (64 + 48)),
        ("gpt2", "attention", 4 * 2 * (32 + 96 + 64)),
        ("bert", "attention", 4 * 2 * 4 * 64 + 2 * 32 + 2),
        ("bert", "qv", 4 * 2 * 2 * 64 + 2 * 32 + 2),
        ("modernbert", "attention", 4 * 3 * (32 + 96 + 64) + 32 * 32 + 32 + 2 * 32 + 2),
        ("t5", "attention", 4 * (2 + 4) * 4 * 64),
        ("bart", "qv", 4 * (2 + 4) * 2 * 64),
        ("mixtral", "attention", 4 * 2 * (64 + 48 + 48 + 64)),
    ],
)
def test_adapters_stand_where_the_targets_say(name: str, targets: str, expected: int) -> None:
    plan = plan_of(name)
    model = adapt(plan.build("fp32", "cpu"), "lora", rank=4, targets=targets, head=plan.head)
    assert sum(p.numel() for p in trainable(model)) == expected


def test_what_peft_cannot_adapt_is_told_in_a_line() -> None:
    with pytest.raises(ValueError, match="experts by lora only"):
        adapt(
            plan_of("mixtral").build("fp32", "cpu"),
            "dora",
            rank=4,
        )
    masked = plan_of("bert", "masked")
    with pytest.raises(ValueError, match="soft-prompt"):
        adapt(masked.build("fp32", "cpu"), "soft-prompt", rank=4, head=masked.head)


@pytest.mark.parametrize(
    ("held", "wrong"),
    [
        ({"model_type": "own-make"}, "own-make"),
        ({"model_type": "own-make", "auto_map": {"A": "b"}}, "never runs"),
        ({}, "no"),
    ],
)
def test_what_transformers_does_not_know_is_told_in_a_line(held: dict, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as error:
        blueprint({"config": held}, 0, "sdpa")
    assert "\n" not in str(error.value)


def test_a_head_that_an_architecture_has_not_is_told() -> None:
    with pytest.raises(ValueError, match="no seq2seq model of model_type 'llama'"):
        plan_of("llama", "seq2seq")


def test_a_model_that_sees_is_built_without_its_eyes() -> None:
    text = plan_of("llava")
    whole = plan_of("llama")
    assert text.params() == whole.params()
    model = plan_of("qwen2_5_vl").build("fp32", "cpu")
    assert not any("visual" in name for name, _ in model.named_parameters())


def test_masked_rows_hide_fifteen_per_cent_and_learn_those_alone() -> None:
    batch = Rows([40], 64, WORDS, "masked").heaviest(3, "cpu")
    labels, ids = batch.inputs["labels"], batch.inputs["input_ids"]
    learned = labels != -100
    assert batch.supervised == int(learned.sum()) == 3 * 6
    assert set(ids[learned].tolist()) == {WORDS - 1}


def test_pairs_count_both_sides_and_pad_each_by_itself() -> None:
    rows = Rows([(5, 2), (9, 7)], 8, WORDS, "seq2seq")
    batches = rows.batches(4, 3, "cpu")
    rng = random.Random(3)
    drawn = [rng.choice(rows.lengths) for _ in range(4)]
    sizes = [(min(a, 8), min(b, 8)) for a, b in drawn]
    batch = next(batches)
    assert batch.tokens == sum(a + b for a, b in sizes)
    assert batch.positions == 4 * (max(a for a, _ in sizes) + max(b for _, b in sizes))
    assert batch.supervised == sum(b for _, b in sizes)


@pytest.mark.parametrize(
    ("name", "most"),
    [("llama", None), ("gpt2", 64), ("bert", 64), ("roberta", 64), ("bart", 64), ("t5", None)],
)
def test_rows_are_cut_where_learned_positions_end(name: str, most: int | None) -> None:
    plan = plan_of(name)
    assert most_positions(plan.build("fp32", "cpu")) == most


def test_a_decoder_is_cut_with_its_encoder() -> None:
    assert plan_of("t5", layers=1).build("fp32", "cpu").config.num_decoder_layers == 1
    uneven = {"model_type": "t5", **CONFIGS["t5"], "num_layers": 4, "num_decoder_layers": 2}
    with pytest.raises(ValueError, match="no whole number of 2 decoder layers"):
        blueprint({"config": uneven}, 1, "sdpa")


def listed(model) -> bool:
    """Whether its row lists kinds of layers that differ."""
    return any("+" in str(value) for _, value in model.settings)


@pytest.mark.parametrize(
    "model",
    [m for m in MODELS if m.hf_class in depths.MODEL_TYPES or listed(m)],
    ids=lambda m: m.name,
)
def test_patterns_of_layers_are_those_of_the_built_configuration(model) -> None:
    """Against the kinds that the configuration itself lists, one a layer."""
    architecture = throughput.architecture_of(model)
    config = blueprint(architecture, 0, "sdpa").text
    first, every = depths.pattern(architecture)
    kinds = layer_kinds(json.loads(config.to_json_string(use_diff=False)))
    assert len(set(kinds)) > 1
    assert kinds[first + every :] == kinds[first : len(kinds) - every]


def test_slices_must_keep_to_the_pattern() -> None:
    model = facts.load().model("Gemma-3-12b-it")
    setup = throughput.ThroughputSpec(model.name, throughput.architecture_of(model))
    assert depths.usual(setup.architecture) == (6, 12, 18)
    with pytest.raises(UsageError, match="repeat every 6"):
        throughput.plan([setup], [64], slices=(2, 4, 6))
    assert len(throughput.plan([setup], [64], slices=(6, 12)).trials) == 2
