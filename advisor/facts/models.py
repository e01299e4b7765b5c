"""Models whose architecture is known.

Names match exactly, without regard to case, or by a listed other name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from advisor.core.facts import Model, ModelKind
from advisor.core.layer_pattern import PER_LAYER, expanded, is_pattern
from advisor.facts.model_names import canonical
from advisor.facts.table import FactRow, read


def load_models(user_folder: Path | None) -> tuple[tuple[Model, ...], Mapping[str, Model]]:
    """All models, and each by its names in lower case."""
    models: list[Model] = []
    names: dict[str, Model] = {}
    for row in read("models.csv", ("model",), user_folder):
        model = model_of_row(row)
        models.append(model)
        names.update({other.lower(): model for other in row.words("aliases")})
    names.update({model.name.lower(): model for model in models})
    return tuple(models), names


def hub_names(user_folder: Path | None) -> Mapping[str, str]:
    """Names with an owner (`org/name`) by their spelling, and the first one of each model by the
    model's own.
    """
    names: dict[str, str] = {}
    for row in read("models.csv", ("model",), user_folder):
        owned = [name for name in row.words("aliases") if "/" in name]
        for name in owned:
            names.setdefault(canonical(name), name)
        if owned:
            names.setdefault(canonical(row.text("model")), owned[0])
    return names


def model_of_row(row: FactRow) -> Model:
    """The model of a row of models.csv. Raises UsageError for a cell that is wrong."""
    if not row.text("kind"):
        raise row.wrong("kind", "is empty; write decoder or encoder")
    return Model(
        name=row.text("model"),
        family=row.text("family"),
        kind=row.choice("kind", ModelKind),
        params=row.required("params"),
        active_params=row.required("active_params"),
        embedding_params=row.required("embedding_params"),
        expert_params=row.whole("expert_params") or 0,
        hidden=row.required("hidden"),
        layers=row.required("layers"),
        heads=row.required("heads"),
        kv_heads=row.required("kv_heads"),
        head_dim=row.required("head_dim"),
        intermediate=row.whole("intermediate") or 0,
        moe_intermediate=row.whole("moe_intermediate") or 0,
        experts=row.whole("experts") or 0,
        experts_per_token=row.whole("experts_per_token") or 0,
        vocabulary=row.required("vocabulary"),
        tied_embeddings=row.yes("tied_embeddings"),
        context_tokens=row.whole("context_tokens"),
        hf_class=row.text("hf_class"),
        cited=row.cited(),
        kv_bytes_per_token=row.whole("kv_bytes_per_token"),
        open_weights=row.yes("open_weights"),
        licence=row.text("licence"),
        settings=_settings(row),
    )


def _settings(row: FactRow) -> tuple[tuple[str, int | str | None], ...]:
    """Further settings of a configuration, written `name=number` and separated by semicolons; true,
    false and none are values as well, and the kinds of the layers as `core.layer_pattern` has them.
    """
    pairs = [word.partition("=") for word in row.words("settings")]
    for name, _, value in pairs:
        is_value = value.isdigit() or value in _WORDS or _is_layers(row, name, value)
        if not name.isidentifier() or not is_value:
            raise row.wrong(
                "settings", f"{name!r} has no whole number; write name=number, separated by ;"
            )
    return tuple((name, _value(value)) for name, _, value in pairs)


def _is_layers(row: FactRow, name: str, value: str) -> bool:
    if name not in PER_LAYER or not is_pattern(value):
        return False
    try:
        expanded(value, row.required("layers"))
    except ValueError as error:
        raise row.wrong("settings", str(error)) from None
    return True


def _value(text: str) -> int | str | None:
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if text.isdigit() else text


_WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None}
