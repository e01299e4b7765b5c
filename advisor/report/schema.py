"""The JSON Schema of what reports print as JSON, made from the records themselves.

`python -m advisor.report.schema` writes the pages under docs/reference.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from advisor.core.verdict import Verdict
from advisor.report.difference import Difference
from advisor.report.portfolio import Portfolio

DIALECT = "https://json-schema.org/draft/2020-12/schema"

JsonSchema: TypeAlias = "dict[str, bool | str | list[str] | JsonSchema | list[JsonSchema]]"
"""A JSON Schema, or a part of one."""

RECORDS = MappingProxyType({"verdict": Verdict, "difference": Difference, "portfolio": Portfolio})
"""What can be printed as JSON, by the name of its schema."""

_PLAIN = MappingProxyType({str: "string", int: "integer", float: "number", bool: "boolean"})


def schema(name: str) -> JsonSchema:
    """The schema of a record in `RECORDS`: every key is always there; more may be added."""
    record = RECORDS[name]
    definitions: dict[str, JsonSchema] = {}
    root = _object(record, definitions)
    title = f"{record.__name__} of advisor"
    ordered: JsonSchema = {key: definitions[key] for key in sorted(definitions)}
    return {"$schema": DIALECT, "title": title, **root, "$defs": ordered}


def _object(record: type, definitions: dict[str, JsonSchema]) -> JsonSchema:
    hints = get_type_hints(record)
    properties: JsonSchema = {f.name: _of(hints[f.name], definitions) for f in fields(record)}
    about = " ".join((record.__doc__ or "").split())
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": list(properties),
    }


def _of(hint: Any, definitions: dict[str, JsonSchema]) -> JsonSchema:
    """A part of the schema for an annotation; a number that is not finite is printed as null."""
    if hint is float:
        return {"type": ["number", "null"]}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if get_origin(hint) in (Union, UnionType):
        parts: list[JsonSchema] = [
            _of(part, definitions) for part in get_args(hint) if part is not NoneType
        ]
        nothing: JsonSchema = {"type": "null"}
        return {"anyOf": [*parts, nothing]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(get_args(hint)[0], definitions)}
    if is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}
            definitions[hint.__name__] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    raise TypeError(f"{hint} has no place in a record")


def text(name: str) -> str:
    """The schema as JSON text with a final line break."""
    return json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")
    for record_name in RECORDS:
        (folder / f"{record_name}.schema.json").write_text(text(record_name), encoding="utf-8")
