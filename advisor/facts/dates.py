"""Names of models with the date of their snapshot in them."""

from __future__ import annotations

import re

_SNAPSHOT = re.compile(r"-(?:20\d{6}|20\d{2}-\d{2}-\d{2})$")


def without_date(model: str) -> str:
    """A model's name without the date of its snapshot: `gpt-4.1-mini` of
    `gpt-4.1-mini-2025-04-14`.
    """
    return _SNAPSHOT.sub("", model)
