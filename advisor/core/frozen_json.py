"""Frozen records as JSON and back, for two processes of this program or two of its runs.

Only records, enums and plain values of the package itself are rebuilt; unlike a pickle, a text can
call nothing else. Rebuilding is plain Python, so that other threads get their turn meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

_PACKAGE = "advisor."


def dumps(value: object) -> bytes:
    """A value as JSON. Raises TypeError for what is neither plain nor a record of ours."""
    return json.dumps(_plain(value), separators=(",", ":")).encode()


def loads(data: bytes) -> Any:
    """The value that `dumps` wrote. Raises ValueError for anything else."""
    return _built(json.loads(data))


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return {"enum": _name(type(value)), "value": value.value}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return {"tuple": [_plain(part) for part in value]}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {"mapping": [[_plain(k), _plain(v)] for k, v in value.items()]}
    if isinstance(value, frozenset):
        return {"set": [_plain(part) for part in value]}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, PurePath):
        return {"path": str(value)}
    if is_dataclass(value) and not isinstance(value, type):
        parts = [_plain(getattr(value, name)) for name in _fields(type(value))]
        return {"record": _name(type(value)), "fields": parts}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _built(data: Any) -> Any:
    if isinstance(data, list):
        return [_built(part) for part in data]
    if not isinstance(data, dict):
        return data
    if "record" in data:
        kind = _class(data["record"])
        parts = [_built(part) for part in data["fields"]]
        return kind(**dict(zip(_fields(kind), parts, strict=True)))
    if "tuple" in data:
        return tuple(_built(part) for part in data["tuple"])
    if "mapping" in data:
        return MappingProxyType({_built(k): _built(v) for k, v in data["mapping"]})
    return _small(data)


def _small(data: Any) -> Any:
    if "enum" in data:
        return _class(data["enum"])(data["value"])
    if "set" in data:
        return frozenset(_built(part) for part in data["set"])
    if "date" in data:
        return date.fromisoformat(data["date"])
    if "path" in data:
        from pathlib import Path

        return Path(data["path"])
    raise ValueError(f"unknown kind {sorted(data)}")


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.init)


@cache
def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


@cache
def _class(name: str) -> Any:
    module, _, kind = name.partition(":")
    if not module.startswith(_PACKAGE):
        raise ValueError(f"{name} is not a record of this program")
    kind_class = getattr(import_module(module), kind)
    is_class = isinstance(kind_class, type)
    if not (is_class and (is_dataclass(kind_class) or issubclass(kind_class, Enum))):
        raise ValueError(f"{name} is not a record of this program")
    return kind_class
