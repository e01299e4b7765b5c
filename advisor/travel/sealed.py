"""Files of ours that travel: JSON with the program's version and a SHA-256 over the contents."""

from __future__ import annotations

import hashlib
import json

from advisor import __version__
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject

SCHEMA = 1
HASH = "sha256"


def sealed(form: str, contents: JsonObject) -> JsonObject:
    """The contents with form, schema, version and hash; `form` is `bundle` or `run`."""
    document = {"schema": SCHEMA, "form": form, "advisor": __version__, **contents}
    return {**document, HASH: content_hash(document)}


def content_hash(document: JsonObject) -> str:
    """SHA-256 over the canonical JSON of everything but the hash itself, in hexadecimal."""
    contents = {key: value for key, value in document.items() if key != HASH}
    text = json.dumps(contents, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_seal(document: JsonObject, name: str) -> None:
    """Raises UsageError where a file is of a later release, or is not what was written."""
    schema = document.get("schema")
    if schema != SCHEMA:
        raise UsageError(
            f"{name}: schema {schema}, this release reads {SCHEMA}; update with "
            "pip install --upgrade prompt-or-tune"
        )
    if HASH in document and document[HASH] != content_hash(document):
        raise UsageError(
            f"{name}: its sha256 does not match: the file was changed or cut short; write it again"
        )
