"""Builds a model from sizes alone, with random weights: speed and memory do not depend on what the
weights say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from advisor.calibrate.worker import families
from advisor.core.experiment import JsonObject

DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}

HEADS = ("causal", "classification", "masked", "seq2seq")
"""What a model is trained to say: the next token, a label of the row, hidden tokens, or an answer
from a decoder.
"""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A configuration, the class of transformers that is built from it, and what it is trained to
    say.
    """

    config: Any
    kind: Any
    head: str

    @property
    def text(self) -> Any:
        """The configuration of the part that reads text."""
        return self.config if self.head == "seq2seq" else self.config.get_text_config()

    @property
    def layers(self) -> int:
        """Layers of the (encoder's) stack."""
        holder, name = next(_stacks(self.text))
        return int(getattr(holder, name))

    def build(self, dtype: str, device: str) -> Any:
        """The model with random weights on the device; of a model that also sees or hears, the part
        for text.

        On the device `meta` its parameters take no memory, until each process makes its part of
        them.
        """
        import torch
        from accelerate import init_empty_weights

        empty = device == "meta"
        with init_empty_weights(include_buffers=False) if empty else torch.device(device):
            model = self.kind._from_config(self.config, dtype=getattr(torch, DTYPES[dtype]))
        _keep_text(model)
        return model if empty else model.to(device)

    @property
    def labels(self) -> int:
        """How many labels a classifier tells apart."""
        return int(self.config.num_labels)

    def params(self) -> int:
        """Parameters of the published model, counted without making them; tied ones once, a new
        task's head not.
        """
        import torch

        with torch.device("meta"):
            model = self.kind(self.config)
        model.tie_weights()
        _keep_text(model)
        new = families.NEW_FOR_THE_TASK.get(self.kind.__name__, ())
        return _count(model) - sum(_count(model.get_submodule(name)) for name in new)


def blueprint(
    architecture: JsonObject, layers: int, attention: str, head: str = "auto"
) -> Blueprint:
    """Of `{"profile": sizes}` or `{"config": config.json}`; `layers` 0 means all, a head of `auto`
    is the usual one.

    Raises ValueError where transformers does not know the architecture or it would need remote
    code.
    """
    config = architecture.get("config")
    whole, named = (
        _from_json(config) if config is not None else _from_profile(architecture["profile"])
    )
    built = _with_head(whole, named, head)
    built.config._attn_implementation = _possible(built.kind, attention)
    built.config.use_cache = False
    if layers:
        _cut(built.text, layers)
    return built


def _from_json(document: JsonObject) -> tuple[Any, str]:
    """The configuration in a config.json and the class it names."""
    from transformers import CONFIG_MAPPING, AutoConfig

    if "model_type" not in document:
        raise ValueError("config.json names no model_type")
    if document["model_type"] not in CONFIG_MAPPING:
        raise ValueError(
            f"this transformers knows no model_type {document['model_type']!r}; code of a model's "
            "own never runs"
        )
    settings = {
        k: v
        for k, v in document.items()
        if k not in ("model_type", "architectures", "transformers_version", "auto_map")
    }
    return AutoConfig.for_model(document["model_type"], **settings), next(
        iter(document.get("architectures") or ()), ""
    )


def _from_profile(sizes: JsonObject) -> tuple[Any, str]:
    import transformers

    name = families.class_name(sizes)
    kind = getattr(transformers, name, None)
    if kind is None:
        raise ValueError(f"this transformers knows no {name}")
    wanted = families.settings(sizes)
    fixed = kind.config_class()
    own = {
        k: v for k, v in wanted.items() if not isinstance(getattr(type(fixed), k, None), property)
    }
    return kind.config_class(**own), name


def _with_head(config: Any, named: str, head: str) -> Blueprint:
    """The class for the head asked for; by itself: as the config.json names it, else by what the
    architecture is for.

    A pretrained encoder names its masked model, but is tuned to label rows.
    """
    from transformers.models.auto import modeling_auto as auto

    if head == "auto":
        head = _usual_head(config, named)
    tables = {
        "causal": auto.MODEL_FOR_CAUSAL_LM_MAPPING,
        "classification": auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
        "masked": auto.MODEL_FOR_MASKED_LM_MAPPING,
        "seq2seq": auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    }
    if head not in tables:
        raise ValueError(f"head {head!r}: one of auto, {', '.join(HEADS)}")
    text = config if head == "seq2seq" else config.get_text_config()
    for candidate, table in (
        (text, tables[head]),
        (config, auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING),
    ):
        if type(candidate) in table and (table is tables[head] or head == "causal"):
            return Blueprint(candidate, _first(table[type(candidate)]), head)
    kind = _class_named(named, text)
    if kind is None:
        raise ValueError(
            f"transformers has no {head} model of model_type {config.model_type!r} that needs no "
            "images"
        )
    return Blueprint(text, kind, head)


def _usual_head(config: Any, named: str) -> str:
    from transformers.models.auto import modeling_auto as auto

    if named.endswith("ForSequenceClassification"):
        return "classification"
    if config.is_encoder_decoder:
        return "seq2seq"
    if (
        named.endswith(("ForCausalLM", "LMHeadModel"))
        or type(config) not in auto.MODEL_FOR_MASKED_LM_MAPPING
    ):
        return "causal"
    return (
        "classification"
        if type(config) in auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
        else "masked"
    )


def _class_named(named: str, config: Any) -> Any:
    """The class of that name where it is one of transformers' own for this configuration: not all
    are in its tables.
    """
    import transformers

    kind = getattr(transformers, named, None) if named else None
    return kind if getattr(kind, "config_class", None) is type(config) else None


def _first(classes: Any) -> Any:
    return classes[0] if isinstance(classes, (tuple, list)) else classes


def _possible(kind: Any, attention: str) -> str:
    """The attention asked for, or eager where this architecture has no fused one in
    transformers.
    """
    return attention if attention != "sdpa" or kind._supports_sdpa else "eager"


def _stacks(config: Any) -> Iterator[tuple[Any, str]]:
    """Where the numbers of layers stand: (object, name), the encoder's before the decoder's."""
    pairs = (("num_layers", "num_decoder_layers"), ("encoder_layers", "decoder_layers"))
    if not config.is_encoder_decoder:
        yield config, "num_hidden_layers"
        return
    if hasattr(config, "encoder") and hasattr(config, "decoder"):
        yield config.encoder.get_text_config(), "num_hidden_layers"
        yield config.decoder, "num_hidden_layers"
        return
    for encoder, decoder in pairs:
        if hasattr(config, encoder) and hasattr(config, decoder):
            yield config, encoder
            yield config, decoder
            return
    raise ValueError(f"where model_type {config.model_type!r} counts its layers is not known here")


def _cut(config: Any, layers: int) -> None:
    """The first `layers` layers alone; a decoder beside an encoder in proportion."""
    stacks = list(_stacks(config))
    full = int(getattr(*stacks[0]))
    for holder, name in stacks:
        own = int(getattr(holder, name))
        if own * layers % full:
            raise ValueError(
                f"{layers} of {full} encoder layers leave no whole number of {own} decoder layers"
            )
        for setting, entries in list(vars(holder).items()):
            if isinstance(entries, list) and len(entries) == own and own > 1:
                setattr(holder, setting, entries[: own * layers // full])
        if getattr(holder, "num_kv_shared_layers", 0):
            holder.num_kv_shared_layers = 0  # a slice has no earlier layers to share with
        setattr(holder, name, own * layers // full)


def most_positions(model: Any) -> int | None:
    """The longest row that learned positions allow; None where positions are computed."""
    import torch

    for name, module in model.named_modules():
        own = name.rpartition(".")[2]
        if (
            isinstance(module, torch.nn.Embedding)
            and (own == "wpe" or "position" in own)
            and "relative" not in own
        ):
            reserved = getattr(module, "offset", None)
            first = (
                module.padding_idx + 1
                if reserved is None and module.padding_idx is not None
                else reserved or 0
            )
            return int(module.num_embeddings) - int(first)
    return None


def _keep_text(model: Any) -> None:
    """Of a model with a language model inside, nothing but that: images and sounds never pass."""
    import torch

    inner = getattr(model, "model", None)
    if inner is None or not hasattr(inner, "language_model"):
        return
    for name, child in list(inner.named_children()):
        if child is not inner.language_model:
            setattr(inner, name, torch.nn.Identity())


def _count(model: Any) -> int:
    return int(sum(p.numel() for p in model.parameters()))
