"""Frozen records to and from JSON objects."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, Self

from advisor.core.experiment import JsonObject


class JsonRecord:
    """A frozen dataclass whose fields are the keys of a JSON object; None means that a key is absent.

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
        return {key: value for key, value in asdict(self).items() if value is not None}  # type: ignore[call-overload]


def known_fields(record: type, document: JsonObject) -> dict[str, Any]:
    """Of a JSON object the keys that are fields of `record`."""
    names = {field.name for field in fields(record)}
    return {key: value for key, value in document.items() if key in names}
