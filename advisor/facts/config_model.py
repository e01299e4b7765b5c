"""A model of our own kind from its config.json, for models that the table does not have."""

from __future__ import annotations

from pathlib import Path

from advisor.core import bounded_json, given_files
from advisor.core.config_experts import EXPERT_SIZE, EXPERTS, EXPERTS_PER_TOKEN
from advisor.core.config_file import (
    DEPTHS,
    HEADS,
    HIDDEN,
    INTERMEDIATE,
    KEY_VALUE_HEADS,
    ConfigError,
    ConfigJson,
    check,
    first_size,
    layer_count,
    text_part,
)
from advisor.core.config_sizes import is_tied, parameters
from advisor.core.errors import UsageError
from advisor.core.facts import Cited, Model, ModelKind
from advisor.core.other_models import why_not_estimated_by_type

NEEDED = ((HIDDEN, "hidden_size"), (DEPTHS, "num_hidden_layers"), (("vocab_size",), "vocab_size"))
"""Sizes without which nothing can be estimated, and the name of each in an error."""

LARGEST_BYTES = 16 << 20


def model_of_config(path: Path) -> Model:
    """The model that a config.json (or the folder of one) describes; its parameters are estimated
    from the sizes.

    Raises UsageError, in one line, where the file describes no model.
    """
    path = path / "config.json" if path.is_dir() else path
    try:
        return to_model(_document(path), path.resolve().parent.name or path.name, str(path))
    except ConfigError as error:
        raise UsageError(f"--config {path}: {error}") from None


def _document(path: Path) -> ConfigJson:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConfigError("is too large for a config.json; give that of a model folder")
        document = bounded_json.loads(given_files.read_text(path))
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror}); check the path") from None
    except ConfigError:
        raise
    except (ValueError, RecursionError):
        raise ConfigError("is not JSON; give the config.json of a model folder") from None
    if isinstance(document, dict):
        wrote = "diffusers" if "_class_name" in document else str(document.get("model_type", ""))
        other = why_not_estimated_by_type(wrote, "it")
        if other:
            raise ConfigError(other)
    return check(document)


def to_model(config: ConfigJson, name: str, source: str) -> Model:
    """The model of a checked configuration. Raises ConfigError where a needed size is missing."""
    text = text_part(config)
    for names, key in NEEDED:
        if first_size(text, names, 0) == 0 and not (key == DEPTHS[0] and layer_count(text)):
            raise ConfigError(f"{key}: is missing; the model cannot be sized without it")
    counted = parameters(config)
    hidden = first_size(text, HIDDEN, 0)
    heads = first_size(text, HEADS, max(hidden // 128, 1))
    key_value = min(first_size(text, KEY_VALUE_HEADS, heads), heads)
    width = first_size(text, ("head_dim",), max(hidden // heads, 1))
    layers = layer_count(text) or 0
    vocabulary = first_size(text, ("vocab_size",), 0)
    experts = first_size(text, EXPERTS, 0)
    intermediate = first_size(text, INTERMEDIATE, 4 * hidden)
    architectures = config.get("architectures")
    hf_class = architectures[0] if isinstance(architectures, list) and architectures else ""
    return Model(
        name=name,
        family=str(text.get("model_type", "")),
        kind=_kind(str(hf_class)),
        params=round(counted.total),
        active_params=round(counted.active),
        embedding_params=vocabulary * hidden,
        expert_params=round(counted.total - counted.active) if experts > 1 else 0,
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=key_value,
        head_dim=width,
        intermediate=intermediate,
        moe_intermediate=first_size(text, EXPERT_SIZE, intermediate) if experts > 1 else 0,
        experts=experts if experts > 1 else 0,
        experts_per_token=first_size(text, EXPERTS_PER_TOKEN, 2) if experts > 1 else 0,
        vocabulary=vocabulary,
        tied_embeddings=is_tied(text),
        context_tokens=first_size(text, ("max_position_embeddings",), 0) or None,
        hf_class=str(hf_class),
        cited=Cited(f"--config {source}: parameters estimated from its sizes", ""),
        kv_bytes_per_token=4 * layers * key_value * width,
    )


def _kind(hf_class: str) -> ModelKind:
    """A class that labels or fills in text reads it at once; all others write it."""
    encoder = ("ForSequenceClassification", "ForMaskedLM", "ForTokenClassification")
    return ModelKind.ENCODER if hf_class.endswith(encoder) else ModelKind.DECODER
