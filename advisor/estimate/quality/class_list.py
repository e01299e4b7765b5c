"""A prompt that is too short to name all classes: it can only answer with those that it names."""

from __future__ import annotations

import math

import numpy as np

from advisor.core.constants import Z80
from advisor.estimate.quality.posterior import Normals
from advisor.estimate.quality.skills import Rows

TOKENS_PER_CLASS = 4.0
"""To name a class in a prompt, likely."""

SPREAD = 2.0
"""P90 over P50 of that: two tokens for a short word and its separator, eight for an intent of
several words or a path.
"""

SKEW = 0.5
"""How uneven classes are: frequency ~ rank^-SKEW, so the commonest share s of the classes has
s^(1 - SKEW) of the requests; 0 would be all alike, 1 Zipf's law.
"""


def names_all(classes: int, static_tokens: float) -> bool:
    """Whether the prompt has room for the likely length of a list of all classes."""
    return classes * TOKENS_PER_CLASS <= static_tokens


def answerable_share(classes: int, static_tokens: float, normals: Normals) -> Rows:
    """Share of requests, by case, whose class the prompt can name, if it names the commonest."""
    z = normals("quality|tokens per class")
    tokens = classes * TOKENS_PER_CLASS * np.exp(math.log(SPREAD) / Z80 * z)
    return np.asarray(np.minimum(static_tokens / tokens, 1.0) ** (1 - SKEW))
