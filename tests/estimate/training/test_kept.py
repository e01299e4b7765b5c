"""The count of kept activations against autograd's own: saved-tensor hooks on a small Llama."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.estimate.training import activations, hybrid, shape_of, throughput
from advisor.estimate.training.coefficients import fitted
from tests.estimate.training.catalogue import a_run, book

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")
pytestmark = pytest.mark.filterwarnings("ignore")

HIDDEN, HEADS, KEY_HEADS, MLP = 64, 4, 2, 160


def small_llama(layers: int, dtype: Any) -> Any:
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        hidden_size=HIDDEN,
        intermediate_size=MLP,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_HEADS,
        num_hidden_layers=layers,
        vocab_size=256,
        attn_implementation="sdpa",
    )
    return transformers.LlamaForCausalLM(config).to(dtype)


def kept_bytes(model: Any, tokens: int, autocast: bool) -> int:
    """Bytes of all storages that a forward pass saves, weights left out."""
    own = {p.untyped_storage().data_ptr() for p in (*model.parameters(), *model.buffers())}
    storages: dict[int, tuple[int, Any]] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            storages[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    ids = torch.ones((1, tokens), dtype=torch.long)
    with (
        torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=autocast),
    ):
        model(input_ids=ids, labels=ids)
    return sum(size for size, _ in storages.values())


def per_layer_and_token(
    dtype: Any, adapters: bool | None, autocast: bool, dropout: float = 0.0
) -> float:
    """By differences in depth and length, so that what is kept once drops out."""

    def whole(layers: int, tokens: int) -> int:
        model = small_llama(layers, dtype).train()
        if adapters is not None:
            config = peft.LoraConfig(
                r=1, target_modules="all-linear", task_type="CAUSAL_LM", lora_dropout=dropout
            )
            model = peft.get_peft_model(model, config, autocast_adapter_dtype=adapters)
        return kept_bytes(model, tokens, autocast)

    short = whole(2, 64) - whole(1, 64)
    long = whole(2, 128) - whole(1, 128)
    return (long - short) / 64


def small_run(**changes: object) -> Any:
    run = a_run("Llama-3.2-1B", packed=True)
    sizes = {"hidden": HIDDEN, "heads": HEADS, "kv_heads": KEY_HEADS, "intermediate": MLP}
    model = replace(run.model, layers=2, head_dim=HIDDEN // HEADS, vocabulary=256, **sizes)
    return replace(run, model=model, **changes)


CASES = {
    "full in bf16": (torch.bfloat16, None, False, {"method": "full", "framework": "torchtune"}),
    "full in fp32": (torch.float32, None, False, {"method": "full", "dtype": "fp32"}),
    "full in fp32 under autocast": (
        torch.float32,
        None,
        True,
        {"method": "full", "dtype": "fp32", "compute_dtype": "mixed-bf16"},
    ),
    "fp32 adapters under autocast": (torch.bfloat16, True, True, {"method": "lora"}),
    "adapters in bf16": (
        torch.bfloat16,
        False,
        False,
        {"method": "lora", "framework": "torchtune"},
    ),
    "fp32 sharded, gathered in bf16": (
        torch.bfloat16,
        None,
        False,
        {
            "method": "full",
            "dtype": "fp32",
            "compute_dtype": "mixed-bf16",
            "sharding": "fsdp",
            "gpus": 8,
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_count_is_that_of_autograd(case: str) -> None:
    torch.set_num_threads(1)
    dtype, adapters, autocast, changes = CASES[case]
    run = small_run(**changes)
    counted = activations.layer_bytes_per_token(run, shape_of(run))
    assert counted == pytest.approx(per_layer_and_token(dtype, adapters, autocast), rel=0.05)


@pytest.mark.parametrize(
    ("adapters", "autocast", "framework", "mask"),
    [(False, False, "litgpt", 2), (True, True, "trl", 4)],
)
def test_dropout_of_adapters_keeps_a_copy_and_a_mask_per_module(
    adapters: bool, autocast: bool, framework: str, mask: int
) -> None:
    """On a CPU the mask has the width of the values (`mask`), on CUDA one byte."""
    torch.set_num_threads(1)
    run = small_run(method="lora", framework=framework)
    inputs = activations.adapter_widths(run, shape_of(run)).inputs
    counted = activations.layer_bytes_per_token(run, shape_of(run)) + (mask - 1.0) * inputs
    measured = per_layer_and_token(torch.bfloat16, adapters, autocast, dropout=0.5)
    assert counted == pytest.approx(measured, rel=0.05)


@pytest.mark.parametrize(
    ("kind", "model", "more"),
    [
        ("Llama", "Llama-3.2-1B", {"attn_implementation": "eager"}),
        ("Gemma2", "Gemma-2-2b", {"attn_implementation": "eager"}),
        (
            "GptOss",
            "gpt-oss-20b",
            {
                "layer_types": ["full_attention"] * 2,
                "num_local_experts": 2,
                "num_experts_per_tok": 1,
            },
        ),
    ],
)
def test_eager_attention_keeps_its_scores(kind: str, model: str, more: dict[str, Any]) -> None:
    """The part that grows with the square of the length: second differences over 64, 128 and 192
    tokens are 2 × 64² scores of each head.
    """
    torch.set_num_threads(1)
    config = getattr(transformers, f"{kind}Config")(
        hidden_size=32,
        intermediate_size=32,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_HEADS,
        head_dim=8,
        num_hidden_layers=2,
        vocab_size=32,
        max_position_embeddings=256,
        **more,
    )
    small = getattr(transformers, f"{kind}ForCausalLM")(config).to(torch.bfloat16).train()
    short, middle, long = (kept_bytes(small, tokens, False) for tokens in (64, 128, 192))
    measured = (short - 2 * middle + long) / (2 * 64**2 * HEADS * config.num_hidden_layers)
    run = a_run(model, attention="eager", seq_len=1000)
    shape = shape_of(run)
    longer = replace(run, seq_len=2000)
    kept = activations.layer_bytes_per_token(longer, shape) - activations.layer_bytes_per_token(
        run, shape
    )
    assert kept / 1000 / shape.heads == pytest.approx(measured, abs=0.1)


def test_a_gated_convolution_keeps_what_autograd_keeps() -> None:
    """LFM2's recurrent layer runs without kernels of its own, so that a CPU shows what is kept."""
    torch.set_num_threads(1)

    def whole(kinds: list[str], tokens: int) -> int:
        config = transformers.Lfm2Config(
            hidden_size=HIDDEN,
            intermediate_size=MLP,
            num_attention_heads=HEADS,
            num_key_value_heads=KEY_HEADS,
            num_hidden_layers=len(kinds),
            layer_types=kinds,
            vocab_size=256,
            block_auto_adjust_ff_dim=False,
            attn_implementation="sdpa",
        )
        model = transformers.Lfm2ForCausalLM(config).to(torch.bfloat16).train()
        return kept_bytes(model, tokens, autocast=False)

    kinds = (["conv", "full_attention"], ["conv", "conv", "full_attention"])
    counts = [whole(layers, tokens) for tokens in (64, 128) for layers in kinds]
    measured = (counts[3] - counts[2] - counts[1] + counts[0]) / 64
    run = small_run(method="full", framework="torchtune")
    shape = replace(
        shape_of(run),
        attending=0.0,
        recurrent=1.0,
        kept_by_recurrence=hybrid.short_convolution(HIDDEN).kept_values,
    )
    assert activations.layer_bytes_per_token(run, shape) == pytest.approx(measured, rel=0.05)


def test_a_scan_of_mamba_by_hand() -> None:
    """Nemotron-H 8B: 128 heads of 64, 8 groups, a state of 128, chunks of 128."""
    mixing = hybrid.of_model(book().model("Nemotron-H-8B"))
    assert mixing is not None
    assert (52 * mixing.attending, 52 * mixing.recurrent, 52 * mixing.mlp) == (4, 24, 24)
    projected = 2 * 8192 + 2 * 8 * 128 + 128
    assert mixing.recurrence.kept_values == projected + 8192
    assert mixing.recurrence.scan_flops == 8192 * 128 + 8 * 128 * 128 + 4 * 128 * 8192


def test_nothing_of_a_recurrent_model_grows_with_the_square_of_the_length() -> None:
    run = replace(
        a_run(gpu="H100-SXM", packed=True, checkpointing="full"),
        model=None,
        model_name="mamba2-2.7b",
        params=2.7e9,
    )
    shape = shape_of(run)

    def seconds(length: int) -> float:
        longer = replace(run, seq_len=length, grad_accum=1)
        terms = throughput.seconds_by_term(longer, longer.gpu, shape, fitted())
        return terms["attention"]

    assert seconds(2048) > 0.0
    assert seconds(65_536) == pytest.approx(32 * seconds(2048))
