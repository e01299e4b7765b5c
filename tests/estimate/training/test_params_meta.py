"""Parameter counts against the classes of transformers and peft on the meta device; skipped where
they are absent.
"""

from __future__ import annotations

import warnings
from dataclasses import fields, replace
from typing import Any

import pytest

from advisor.calibrate.worker import families
from advisor.core.facts import Model
from advisor.estimate.training import total_params, trainable_params
from advisor.estimate.training.architecture import params_by_formula
from advisor.estimate.training.params import VIRTUAL_TOKENS, linear_modules
from tests.estimate.training.catalogue import book

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")
pytestmark = pytest.mark.filterwarnings("ignore")

OWN_CODE = {"MptForCausalLM"}
"""Families whose published sizes were trained with biases and positions that the class of
transformers leaves out.
"""

NEW_FOR_THE_TASK = {
    "BertForSequenceClassification": ("classifier",),
    "RobertaForSequenceClassification": ("classifier.out_proj",),
    "DistilBertForSequenceClassification": ("pre_classifier", "classifier"),
    "DebertaV2ForSequenceClassification": ("pooler", "classifier"),
    "ModernBertForSequenceClassification": ("head", "classifier"),
    "XLMRobertaForSequenceClassification": ("classifier.out_proj",),
    "CamembertForSequenceClassification": ("classifier.out_proj",),
    "ElectraForSequenceClassification": ("classifier",),
}
"""Modules that a classifier gets new, so that they are no part of the published model."""

COUNTED = {
    "DeepSeek-V3",
    "Llama-4-Scout-17B-16E (text)",
    "Mistral-Small-4-119B",
    "Qwen3-Next-80B-A3B",
    "Qwen3.5-35B-A3B",
    "Qwen3.5-4B",
    "Qwen3.5-9B",
}
"""Families without a formula, in the sizes whose further dimensions are the defaults of their
configuration.
"""

OF_EACH = {
    name
    for kind in {m.hf_class for m in book().models}
    for name in [m.name for m in book().models if m.hf_class == kind][::6]
}
"""Every sixth model of a class: tools/count_models.py builds all."""

ALL = [
    m
    for m in book().models
    if (params_by_formula(m) is not None or m.name in COUNTED) and m.hf_class not in OWN_CODE
]
MODELS = [m for m in ALL if m.name in COUNTED | OF_EACH]
REFUSED = {"Nemotron-H-8B": "out_proj", "Falcon-H1-0.5B": "out_proj"}
"""Modules that peft does not adapt, since Mamba's fused kernel passes them by."""

HYBRIDS = ["Nemotron-H-8B", "granite-4.0-h-micro", "Qwen3.5-9B", "LFM2-1.2B", "Falcon-H1-0.5B"]
ADAPTED = [
    "Llama-3.2-1B",
    "Qwen2.5-0.5B",
    "Qwen3-0.6B",
    "Gemma-2-2b",
    "phi-2",
    "Phi-3-mini-4k-instruct",
    "gpt2-large",
]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def on_meta(model: Model) -> Any:
    kind = getattr(transformers, model.hf_class)
    sizes: dict[str, Any] = {
        "hidden_size": model.hidden,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.kv_heads,
        "head_dim": model.head_dim,
        "intermediate_size": model.intermediate,
        "vocab_size": model.vocabulary,
        "tie_word_embeddings": model.tied_embeddings,
        "pad_token_id": 0,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    if model.experts:
        width = model.moe_intermediate or model.intermediate
        sizes |= {
            "num_local_experts": model.experts,
            "num_experts": model.experts,
            "moe_intermediate_size": width,
        }
        sizes |= {"n_routed_experts": model.experts, "num_experts_per_tok": model.experts_per_token}
    if model.hf_class == "FalconForCausalLM":
        del sizes["head_dim"], sizes["intermediate_size"]
        sizes |= {
            "ffn_hidden_size": model.intermediate,
            "new_decoder_architecture": model.kv_heads > 1,
        }
        sizes |= {"num_kv_heads": model.kv_heads, "multi_query": model.kv_heads == 1}
    if model.hf_class in ("GPT2LMHeadModel", "GPTBigCodeForCausalLM"):
        sizes["n_positions"] = model.context_tokens
    if "Roberta" in model.hf_class or "Camembert" in model.hf_class:
        positions = (model.context_tokens or 0) + 2
        sizes |= {"max_position_embeddings": positions, "type_vocab_size": 1}
    if model.hf_class == "DebertaV2ForSequenceClassification":
        sizes |= {"relative_attention": True, "position_buckets": 256, "norm_rel_ebd": "layer_norm"}
        sizes |= {
            "share_att_key": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
        }
        sizes |= {"type_vocab_size": 0}
    sizes |= {k: v for k, v in model.settings if not isinstance(v, str)}
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        return kind(kind.config_class(**sizes))


def counted(module: Any, *, trained: bool = False) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad or not trained)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_a_model_has_the_parameters_of_the_formula(model: Model) -> None:
    built = on_meta(model)
    beside = sum(
        counted(built.get_submodule(name)) for name in NEW_FOR_THE_TASK.get(model.hf_class, ())
    )
    assert counted(built) - beside == total_params(model)


@pytest.mark.parametrize("targets", ["all-linear", "attention", "qv"])
@pytest.mark.parametrize("use_dora", [False, True])
@pytest.mark.parametrize("name", ADAPTED)
def test_an_adapter_has_the_parameters_of_the_formula(
    name: str, targets: str, use_dora: bool
) -> None:
    from advisor.estimate.training.params import targeted

    model = replace(book().model(name), layers=2)
    words = "all-linear" if targets == "all-linear" else [m.name for m in targeted(model, targets)]
    config = peft.LoraConfig(
        r=8,
        target_modules=words,
        use_dora=use_dora,
        task_type="CAUSAL_LM",
        fan_in_fan_out="gpt2" in name,
    )
    adapted = peft.get_peft_model(on_meta(model), config, low_cpu_mem_usage=True)
    assert counted(adapted, trained=True) == trainable_params(
        model, "dora" if use_dora else "lora", 8, targets
    )


@pytest.mark.parametrize("name", HYBRIDS)
def test_an_adapter_of_a_hybrid_has_the_parameters_of_the_formula(name: str) -> None:
    """Layers differ in their modules, so that a whole pattern of them is built."""
    model = book().model(name)
    sizes = {field.name: getattr(model, field.name) for field in fields(model)}
    kind = getattr(transformers, model.hf_class)
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        built = kind(kind.config_class(**families.settings(sizes)))
    names = [m.name for m in linear_modules(model) if m.name != REFUSED.get(name)]
    config = peft.LoraConfig(r=8, target_modules=names, task_type="CAUSAL_LM")
    adapted = peft.get_peft_model(built, config, low_cpu_mem_usage=True)
    assert counted(adapted, trained=True) == trainable_params(model, "lora", 8, ",".join(names))
    linear = sum(
        isinstance(module, torch.nn.Linear)
        for path, module in built.named_modules()
        if path.endswith("base_layer")
    )
    every = sum(model.layers * m.share for m in linear_modules(model) if m.name in names)
    assert linear == round(every)


@pytest.mark.parametrize(
    ("method", "kind"), [("soft-prompt", "PromptTuningConfig"), ("prefix", "PrefixTuningConfig")]
)
def test_virtual_tokens_have_the_parameters_of_the_formula(method: str, kind: str) -> None:
    model = book().model("Llama-3.2-1B")
    config = getattr(peft, kind)(task_type="CAUSAL_LM", num_virtual_tokens=VIRTUAL_TOKENS)
    assert counted(peft.get_peft_model(on_meta(model), config), trained=True) == trainable_params(
        model, method, 1, ""
    )
