"""The words for settings of a training run, as libraries and their users write them, and ours.

Spellings are those of the libraries' own options: transformers' TrainingArguments (optim,
attn_implementation), accelerate and DeepSpeed (stages, offload), peft (`peft_type`), bitsandbytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NOT_LETTERS = re.compile(r"[^a-z0-9+]")


def _spelled(text: str) -> str:
    """A word without case, spaces and punctuation: `ZeRO-3` and `zero_3` are one."""
    return _NOT_LETTERS.sub("", text.lower())


def _by_spelling(words: Mapping[str, str]) -> dict[str, str]:
    """Our word by every spelling of it; each is a spelling of itself."""
    return {
        _spelled(spelling): word
        for word, others in words.items()
        for spelling in (word, *others.split())
    }


_SWITCH = {"yes": "true 1 on y", "no": "false 0 off n none"}
_DTYPES = {
    "bf16": "bfloat16 torch.bfloat16 bf16-true",
    "fp16": "float16 half torch.float16 f16 16-true",
    "fp32": "float32 float torch.float32 f32 tf32 32-true",
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "framework": _by_spelling(
        {
            "hf": "transformers huggingface peft accelerate trainer optimum-habana optimum",
            "trl": "trl-sft sfttrainer",
            "torchtune": "tune",
            "litgpt": "lit-gpt lightning-litgpt lit-llama",
            "unsloth": "",
            "nemo": "nvidia-nemo nemo-megatron",
            "megatron": "megatron-lm megatron-core mcore megatron-bridge",
            "axolotl": "",
            "torchtitan": "",
            "llm-foundry": "llmfoundry composer mosaicml",
            "deepspeed": "deepspeed-chat",
            "llama-factory": "llamafactory",
            "ms-swift": "swift modelscope-swift",
            "xtuner": "",
            "fsdp_qlora": "",
            "other": "",
        }
    ),
    "method": _by_spelling(
        {
            "full": "fft full-ft full-finetune full-finetuning full-fine-tuning full-parameter "
            "full-param sft-full finetune pretrain pretraining",
            "lora": "rslora lora+ loraplus pissa olora corda eva-lora loftq longlora lora-ga",
            "qlora": "q-lora qrslora lora-4bit 4bit-lora",
            "dora": "weight-decomposed-lora",
            "vera": "",
            "soft-prompt": "prompt-tuning prompttuning prompt",
            "prefix": "prefix-tuning",
            "ia3": "",
            "adapter": "adaption-prompt adaptionprompt llama-adapter",
            "other": "",
        }
    ),
    "quantization": _by_spelling(
        {
            "none": "no false unquantized fp16 bf16",
            "nf4": "bnb-nf4 4bit 4-bit int4 q4 fp4 bnb-4bit bitsandbytes-4bit bnb4 hqq4 hqq-4bit",
            "int8": "8bit 8-bit llm.int8 bnb-8bit bnb-int8 w8 q8",
            "gptq4": "gptq gptq-4bit gptq-int4",
            "awq4": "awq awq-4bit awq-int4",
            "mxfp4": "",
            "nvfp4": "",
            "fp8": "float8 fp8-e4m3",
            "other": "",
        }
    ),
    "weights_dtype": _by_spelling(_DTYPES),
    "compute_dtype": _by_spelling(
        _DTYPES
        | {
            "mixed-bf16": "bf16-mixed amp-bf16 autocast-bf16",
            "mixed-fp16": "fp16-mixed amp amp-fp16 autocast-fp16 16-mixed",
            "fp8": "mixed-fp8 fp8-mixed float8 mxfp8 bf16+fp8 fp8-hybrid",
            "nvfp4": "mixed-nvfp4 fp4 nvfp4-mixed",
            "mxfp4": "mixed-mxfp4",
        }
    ),
    "optimizer": _by_spelling(
        {
            "adamw": "adam adamw_torch adamw_torch_fused adamw_hf adamw_apex_fused adamw_fused "
            "fused_adam fusedadam distributed-fused-adam torch.optim.adamw pytorch-adamw",
            "adamw8bit": "adamw_8bit adamw_bnb_8bit 8bit-adamw 8bit-adam adam8bit "
            "bitsandbytes.optim.adamw8bit bnb-adamw8bit adamw-int8",
            "paged-adamw": "paged_adamw_32bit pagedadamw32bit",
            "paged-adamw8bit": "paged_adamw_8bit bitsandbytes.optim.pagedadamw8bit",
            "adamw4bit": "adamw_4bit adam4bit adamw_torch_4bit",
            "sgd": "torch.optim.sgd",
            "adafactor": "",
            "lion": "lion_32bit",
            "lion8bit": "lion_8bit paged_lion_8bit",
            "muon": "",
            "other": "",
        }
    ),
    "objective": _by_spelling(
        {
            "sft": "supervised pt clm causal-lm",
            "dpo": "ipo dpo-pairs",
            "orpo": "simpo cpo",
            "kto": "",
            "rm": "reward reward-model reward-modelling reward-modeling",
            "grpo": "gspo rloo dr-grpo dapo reinforce",
            "ppo": "",
        }
    ),
    "packed": _by_spelling(
        {"yes": "true 1 on packing packed y", "no": "false 0 off padded none n"}
    ),
    "checkpointing": _by_spelling(
        {
            "none": "no false off 0",
            "full": "yes true on 1 unsloth block all recompute recompute-full every-layer",
            "selective": "sac op partial recompute-selective",
        }
    ),
    "attention": _by_spelling(
        {
            "eager": "math naive",
            "sdpa": "torch pytorch memory-efficient mem-efficient xformers flex flex_attention",
            "flash": "flash_attention_2 flash-attention flash_attn flash_attn_2 flash2 fa2 "
            "flash_attention_3 flash3 fa3 flash_attn_3 fused te cudnn kernels-flash",
        }
    ),
    "fused_loss": _by_spelling(
        {
            "no": "false off none 0",
            "kernel": "foak",
            "projection": "liger cce cut-cross-entropy cutcrossentropy chunked "
            "fused-linear-cross-entropy linear-cross-entropy flce liger_fused_linear",
            "yes": "true on 1 fused",
        }
    ),
    "compile": _by_spelling(_SWITCH),
    "offload": _by_spelling(
        {
            "none": "no false off 0",
            "optimizer": "optimizer-states optim optimizer-cpu optimiser",
            "full": "cpu yes true parameters param params optimizer+parameters all "
            "optimizer+params params+optimizer zero3-offload",
        }
    ),
    "sharding": _by_spelling(
        {
            "none": "no single",
            "ddp": "dp data-parallel distributed-data-parallel",
            "zero1": "1 deepspeed-1 zero-stage-1 stage1 deepspeed-zero1 distributed-optimizer",
            "zero2": "2 deepspeed-2 zero-stage-2 stage2 deepspeed-zero2 shard-grad-op ds-zero2 ds2",
            "zero3": "3 deepspeed-3 zero-stage-3 zero-infinity stage3 deepspeed-zero3 ds-zero3 ds3",
            "fsdp": "fsdp1 fsdp2 full-shard fully-sharded fully-sharded-data-parallel hsdp "
            "hybrid-shard fsdp-full-shard full-shard-auto-wrap",
            "mp": "model-parallel device-map naive-mp",
            "tp": "tensor-parallel tensor-parallelism",
            "pp": "pipeline-parallel pipeline-parallelism",
            "cp": "context-parallel context-parallelism sequence-parallel sequence-parallelism sp "
            "ulysses ring-attention ring-flash-attention",
        }
    ),
    "memory_basis": _by_spelling(
        {
            "allocated": "max-memory-allocated peak-allocated",
            "active": "peak-active",
            "reserved": "max-memory-reserved peak-reserved",
            "process": "nvidia-smi nvml rocm-smi smi",
            "unstated": "unknown peak",
        }
    ),
    "tokens_basis": _by_spelling({"real": "nonpad non-padding", "padded": "all positions"}),
}
"""Our word by spelling, for each column of a table of runs that holds words."""

STORED_AS = {
    "qlora": "nf4",
    **dict.fromkeys(("qdora", "qvera", "qrslora", "lora4bit", "4bitlora"), "nf4"),
    "gptqlora": "gptq4",
}
"""The storage of frozen weights that a method's name tells, by its spelling."""

_QUANTIZED_METHODS = {"qdora": "dora", "qvera": "vera", "gptqlora": "lora"}


def canonical(column: str, text: str) -> str | None:
    """Our word for what `text` says in a column; as it is where the column holds no words of ours.

    None for a word that nobody knows there.
    """
    spellings = WORDS.get(column)
    if spellings is None or not text:
        return text
    word = _spelled(text)
    if column == "method":
        word = _QUANTIZED_METHODS.get(word, word)
    return spellings.get(word)


_OFFLOADS = re.compile(
    r"\+?(?:with)?(?:cpu)?(?:param|optimizer|optim)?(?:offload(?:ing)?(?:optimizer|optim|params?)?|cpu)$"
)


def layout_and_offload(sharding: str) -> tuple[str, str]:
    """What a layout in one word says of sharding and of offload: `ZeRO-3 offload` is zero3 with
    everything on the CPU, `ZeRO-2 offload` with the optimiser alone. Offload is empty where nothing
    is said of it; other words stay.
    """
    word = _spelled(sharding)
    if word == "zeroinfinity":
        return "zero3", "full"
    begin = _OFFLOADS.sub("", word)
    if begin == word or canonical("sharding", begin) is None:
        return sharding, ""
    shards_weights = canonical("sharding", begin) in ("zero3", "fsdp")
    return begin, "full" if shards_weights and "optim" not in word else "optimizer"


def storage_of(method: str) -> str:
    """The storage of frozen weights that the name of a method tells; empty where it tells none."""
    return STORED_AS.get(_spelled(method), "")
