"""Answers in JSON: whether they can be read, whether they keep a schema, and which share of the
fields is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from advisor.calibrate.metrics.text import normalised
from advisor.core import bounded_json, given_files
from advisor.core.errors import MissingExtra, UsageError
from advisor.core.experiment import JsonObject

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n?\s*```", re.DOTALL | re.IGNORECASE)
DEEPEST = 100


def parsed(text: str) -> Any:
    """The value that a text is; a code fence around all of it is no part of it.

    Raises ValueError.
    """
    stripped = text.strip()
    fenced = _FENCED.fullmatch(stripped)
    try:
        return json.loads(fenced.group(1) if fenced else stripped, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None


def is_json(text: str) -> bool:
    """Whether a text is an object or an array in JSON."""
    try:
        document = parsed(text)
        return isinstance(document, (dict, list)) and bool(_fields(document))
    except ValueError:
        return False


def valid(prediction: str, schema: JsonObject | None) -> float:
    """1 where a text is JSON, and keeps the schema where there is one, else 0."""
    try:
        document = parsed(prediction)
    except ValueError:
        return 0.0
    return 1.0 if schema is None else float(_validator(json.dumps(schema)).is_valid(document))


def match(prediction: str, answer: str, schema: JsonObject | None) -> float:
    """2 × fields right ÷ (fields said + fields wanted): missing and invented fields count alike.

    A field is a value that holds no others, at its place; texts are compared without regard to
    case, blanks and outer punctuation. 0 where the text is no JSON or breaks the schema. Raises
    ValueError where the answer is no JSON.
    """
    wanted = _fields(parsed(answer))
    if not valid(prediction, schema):
        return 0.0
    try:
        spoken = _fields(parsed(prediction))
    except ValueError:
        return 0.0
    right = sum(1 for place, value in wanted.items() if place in spoken and spoken[place] == value)
    return 2.0 * right / (len(spoken) + len(wanted))


def read_schema(path: Path) -> JsonObject:
    """The JSON Schema in a file.

    Raises UsageError where it is none, MissingExtra without jsonschema.
    """
    try:
        schema = bounded_json.loads(given_files.read_text(path))
    except OSError as error:
        raise UsageError(f"--schema {path}: {error.strerror}; check the path") from None
    except ValueError as error:
        raise UsageError(f"--schema {path}: not JSON ({error}); give a JSON Schema") from None
    if not isinstance(schema, dict):
        raise UsageError(f"--schema {path}: not an object; give a JSON Schema")
    _validator(json.dumps(schema), str(path))
    outside = [r for r in _references(schema) if not r.startswith("#")]
    if outside:
        raise UsageError(
            f"--schema {path}: refers to {outside[0]}, which is never fetched; put it under $defs"
        )
    return schema


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (
            child for key, child in value.items() if key == "$ref" and isinstance(child, str)
        )
    for _, child in _children(value):
        yield from _references(child)


def _children(value: Any) -> Iterable[tuple[Any, Any]]:
    """(key or index, child) of an object or array; nothing of a value that holds no others."""
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _fields(value: Any, place: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    if len(place) > DEEPEST:
        raise ValueError("nested too deep")
    fields = {
        inner_place: leaf
        for key, child in _children(value)
        for inner_place, leaf in _fields(child, (*place, key)).items()
    }
    if fields:
        return fields
    return {
        place: (type(value).__name__, normalised(value))
        if isinstance(value, str)
        else _comparable(value)
    }


def _comparable(value: Any) -> Any:
    """1 and 1.0 are one number; true is none; an empty object is no empty array."""
    return ("number", value) if type(value) in (int, float) else (type(value).__name__, repr(value))


@cache
def _validator(schema: str, path: str = "") -> Any:
    """A validator that fetches nothing: references outside the schema are errors."""
    try:
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import validator_for
        from referencing import Registry
    except ImportError:
        raise MissingExtra("--schema needs jsonschema: pip install jsonschema") from None
    document = json.loads(schema)
    kind = validator_for(document)
    try:
        kind.check_schema(document)
    except SchemaError as error:
        raise UsageError(f"--schema {path}: {error.json_path}: {error.message}") from None
    return kind(document, registry=Registry())


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
