"""Asks an OpenAI-compatible server for embeddings: vectors that point the same way where texts mean
the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from advisor.core.experiment import JsonObject
from advisor.endpoint.answers import count
from advisor.endpoint.client import EndpointServer, Wait, again
from advisor.endpoint.errors import ServerError, Trouble

SHORTEST = 1e-30
LONGEST = 1e30


@dataclass(frozen=True, slots=True)
class EmbeddedTexts:
    """A vector per text, all of one length; tokens None where the server did not count them."""

    vectors: Sequence[Sequence[float]]
    prompt_tokens: int | None


def embedding_body(model: str, texts: Sequence[str]) -> JsonObject:
    """The request for the embeddings of some texts."""
    return {"model": model, "input": list(texts), "encoding_format": "float"}


def embed(server: EndpointServer, model: str, texts: Sequence[str], wait: Wait) -> EmbeddedTexts:
    """The embeddings of some texts, in their order; a busy server is asked again.

    Raises ServerError.
    """
    body = embedding_body(model, texts)
    document = again(lambda: server.document("/embeddings", body), wait)
    try:
        listed = sorted(document["data"], key=lambda entry: int(entry["index"]))
        vectors = [_vector(entry["embedding"]) for entry in listed]
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
            raise ValueError("not a vector per text")
    except (LookupError, TypeError, ValueError):
        raise ServerError(
            f"{server.address}/embeddings: the answer is not a list of embeddings; name a model "
            "that makes them",
            200,
            Trouble.BROKEN,
        ) from None
    return EmbeddedTexts(vectors, _tokens(document.get("usage")))


def _tokens(usage: Any) -> int | None:
    """What was read; some servers give the total alone, which is the same here."""
    if not isinstance(usage, dict):
        return None
    return count(usage.get("prompt_tokens", usage.get("total_tokens")))


def _vector(values: Any) -> list[float]:
    """Numbers that give a direction in fp32. Raises ValueError, TypeError."""
    vector = [float(value) for value in values]
    if not SHORTEST < math.hypot(*vector) < LONGEST:
        raise ValueError("not a direction")
    return vector
