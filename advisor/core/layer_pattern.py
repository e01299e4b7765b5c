"""The kinds of a model's layers in one short line: `4*sliding_attention+full_attention`."""

from __future__ import annotations

import re

_TERM = re.compile(r"(?:(\d+)\*)?(?:\(([^()]+)\)|([a-z_]+))")
PER_LAYER = ("layer_types", "layers_block_type")
"""Settings of transformers that list the kind of each layer."""

MOST_LAYERS = 1_000


def is_pattern(text: str) -> bool:
    """Whether a text is a line of kinds: names of layers joined by `+`, repeated by `N*`, grouped
    once by brackets.
    """
    terms = [match[0] for match in _TERM.finditer(text)]
    return bool(terms) and "+".join(terms) == text and all(map(_is_group, _groups(text)))


def _groups(text: str) -> list[str]:
    return [match[2] for match in _TERM.finditer(text) if match[2]]


def _is_group(text: str) -> bool:
    return "+".join(match[0] for match in _TERM.finditer(text)) == text


def expanded(text: str, layers: int) -> list[str]:
    """The kind of each layer; a line that is shorter than the model repeats.

    Raises ValueError where it is longer, or no such line.
    """
    if not is_pattern(text):
        raise ValueError(f"{text!r}: write kinds of layers as 4*sliding_attention+full_attention")
    kinds = _kinds(text)
    if not 0 < len(kinds) <= layers <= MOST_LAYERS:
        raise ValueError(f"{text!r}: {len(kinds)} layers, but the model has {layers}")
    return [kinds[at % len(kinds)] for at in range(layers)]


def _kinds(text: str) -> list[str]:
    kinds = list[str]()
    for count, group, kind in _TERM.findall(text):
        kinds += min(int(count or 1), MOST_LAYERS) * (_kinds(group) if group else [kind])
    return kinds
