"""Columns that the settings of a run tell, as trackers keep them with it."""

from __future__ import annotations

from advisor.calibrate.imports.columns import Fields, positive
from advisor.core.run_words import canonical

WHOLE_MACHINE = (
    "gpu_count is that of the machine; add --set gpu_count=N where the run used fewer GPUs"
)

_MODELS = (
    *("model_name_or_path", "model/value/model_name_or_path", "model_args.model_name_or_path"),
    *("base_model", "base_model_name_or_path", "model_id", "model_name", "_name_or_path", "model"),
)
_TRUTHS = {"true": True, "false": False}


def settings(params: Fields) -> Fields:
    """Columns of a run by its settings; what they do not say is left out."""
    model = next((str(params[n]) for n in _MODELS if _is_name(params.get(n))), "")
    gpu = str(params.get("GPU Type") or params.get("gpu") or params.get("gpu_type") or "")
    micro_batch = positive(params.get("per_device_train_batch_size"))
    checkpointing = _TRUTHS.get(str(params.get("gradient_checkpointing")).lower())
    packing = _TRUTHS.get(str(params.get("packing")).lower())
    return {
        "framework": "hf" if micro_batch else None,
        "model": model.rstrip("/").rpartition("/")[2],
        "gpu": gpu.removeprefix("NVIDIA "),
        "gpu_count": positive(params.get("GPU Count") or params.get("gpu_count")),
        "micro_batch": micro_batch,
        "grad_accum": positive(params.get("gradient_accumulation_steps")),
        "epochs": positive(params.get("num_train_epochs")),
        "rank": positive(params.get("lora_r") or params.get("lora_rank") or params.get("r")),
        "max_tokens": positive(
            params.get("max_seq_length") or params.get("cutoff_len") or params.get("max_length")
        ),
        "optimizer": canonical("optimizer", str(params.get("optim") or "").rpartition(".")[2])
        or None,
        "checkpointing": {True: "full", False: "none"}.get(checkpointing)
        if checkpointing is not None
        else None,
        "packed": {True: "yes", False: "no"}.get(packing) if packing is not None else None,
    }


def _is_name(value: object) -> bool:
    """Whether a setting names a model: one line of text, and no object."""
    name = str(value or "")
    return bool(name.strip()) and len(name) < 200 and not any(c in name for c in "{}[]\n")
