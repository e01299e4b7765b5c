"""Frozen records to and from JSON objects."""

from __future__ import annotations

from dataclasses import Field, asdict, fields
from typing import Any, Self

from advisor.core.experiment import JsonObject

KEY = "json key"
"""Metadata of a field whose key in JSON is not its name: `field(metadata={KEY: "shown"})`."""


class JsonRecord:
    """A frozen dataclass whose fields are keys of a JSON object; None means that a key is absent.

    Keys that a record does not know are left out: files and databases may be newer than the
    program. A record with records inside overrides `from_json`.
    """

    __slots__ = ()

    @classmethod
    def from_json(cls, document: JsonObject) -> Self:
        """The record in a JSON object. Raises TypeError where a key without a default is absent."""
        return cls(**known_fields(cls, document))

    def to_json(self) -> dict[str, Any]:
        """The JSON object, without the keys that are None."""
        values = asdict(self)  # type: ignore[call-overload]
        keys = {field.name: _key(field) for field in fields(self)}  # type: ignore[arg-type]
        return {keys[name]: value for name, value in values.items() if value is not None}


def known_fields(record: type, document: JsonObject) -> dict[str, Any]:
    """Of a JSON object the values of `record`'s fields, by their names."""
    return {
        field.name: document[_key(field)] for field in fields(record) if _key(field) in document
    }


def _key(field: Field[Any]) -> str:
    return str(field.metadata.get(KEY, field.name))
