"""YAML of others, refused before it fills the memory: in a kilobyte, nine merges of nine merges,
twelve deep, are a hundred thousand million keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yaml import MappingNode

MOST_MERGED = 10_000
"""Keys that `<<` may bring into one text."""


def load(text: str) -> Any:
    """The value in a text, of plain types. Raises yaml.YAMLError, RecursionError, ValueError."""
    import yaml

    # The loader in C ends the process where a text is nested deeply.
    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        merged = 0

        def flatten_mapping(self, node: MappingNode) -> None:
            own = len(node.value)
            super().flatten_mapping(node)
            self.merged += max(len(node.value) - own, 0)
            if self.merged > MOST_MERGED:
                raise yaml.YAMLError("merges too many keys")

    return yaml.load(text, Loader=Loader)
