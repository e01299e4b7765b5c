"""Weights in a local folder: what identifies them, and whether they are safe to load."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from advisor.calibrate.quality_records import ModelWeights
from advisor.core import bounded_json, given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.core.native_types import is_native
from advisor.core.text import printable

ENDS_BYTES = 1 << 20
"""Read of each weights file at both ends, to tell one model from another."""

READING = ("ForMaskedLM", "ForSequenceClassification", "ForTokenClassification")
"""Ends of the names of classes that do not generate text."""

WORDS_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "generation_config.json",
)


def model_folder(path: Path) -> ModelWeights:
    """What identifies the weights in a folder.

    Raises UsageError where they are not safe to load.
    """
    config = checked_config(path / "config.json", str(path))
    weights = sorted(path.glob("*.safetensors"))
    if not weights:
        raise UsageError(
            f"--model {path}: no .safetensors files; other formats can run code and are never "
            "loaded"
        )
    head = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for weight in weights:
        with given_files.open_bytes(weight) as file:
            head.update(file.read(ENDS_BYTES))
            file.seek(max(weight.stat().st_size - ENDS_BYTES, 0))
            head.update(file.read(ENDS_BYTES))
    for words in WORDS_FILES:
        if (path / words).is_file():
            head.update(given_files.read_bytes(path / words))
    size = sum(w.stat().st_size for w in weights)
    return ModelWeights(
        str(path.resolve()), head.hexdigest()[:16], size, reads_only=reads_only(config)
    )


def checked_config(path: Path, model: str) -> JsonObject:
    """The config.json of a model.

    Raises UsageError where there is none, or it asks for code of its own.
    """
    if not path.is_file():
        raise UsageError(
            f"--model {model}: no config.json; give a folder with a model, or org/name on the hub"
        )
    try:
        config = bounded_json.loads(given_files.read_text(path))
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise UsageError(f"--model {path}: not JSON; download the model again")
    model_type = str(config.get("model_type", ""))
    if "auto_map" in config and not is_native(model_type):
        raise UsageError(
            f"--model {model}: asks for code of its own (auto_map), which is never run; "
            f"transformers has no {printable(model_type) or 'such'} model; use another"
        )
    return config


def reads_only(config: JsonObject) -> bool | None:
    """True where every class that the file names fills gaps or labels: an encoder. Else None."""
    names = config.get("architectures")
    if not isinstance(names, list) or not names:
        return None
    return all(isinstance(name, str) and name.endswith(READING) for name in names) or None
