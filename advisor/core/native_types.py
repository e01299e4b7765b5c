"""Which model types the installed transformers builds by itself, read without importing it."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_TABLES = ("auto_mappings.py", "configuration_auto.py")
_NAME = re.compile(r"""\(\s*["']([\w.+-]+)["']\s*,\s*["']\w+Config["']\s*\)""")


def is_native(model_type: str) -> bool:
    """Whether transformers has a class for this model type; True where it cannot be read, so that
    the library itself decides.
    """
    names = native_types()
    return not names or model_type in names


@cache
def native_types() -> frozenset[str]:
    """The model types in transformers' tables of configurations; empty if it is not installed."""
    spec = find_spec("transformers")
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    folder = Path(spec.submodule_search_locations[0]) / "models" / "auto"
    texts = [_text(folder / table) for table in _TABLES]
    return frozenset(name for text in texts for name in _NAME.findall(text))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
