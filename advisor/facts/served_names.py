"""Names under which clouds, routers and trainers serve a maker's model, as the maker's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from advisor.facts.model_names import served_name

_DATED = re.compile(r"[-@](?:20\d{2}-?[01]\d-?[0-3]\d|\d{3}|latest|default)$")
_JOINED = re.compile(r"^(gpt|claude|gemini|o)[ _]?(?=\d)")


def spellings(name: str) -> Iterator[str]:
    """Ever plainer spellings of a hosted model's name, the nearest first; without the name itself.

    `us.anthropic.claude-sonnet-4-20250514-v1:0`: claude-sonnet-4-20250514, claude-sonnet-4.
    """
    earlier = {name}
    for spelling in _plainer(name):
        if spelling and spelling not in earlier:
            earlier.add(spelling)
            yield spelling


def _plainer(name: str) -> Iterator[str]:
    last = name.strip().lower().rpartition("/")[2]
    yield last
    plain = re.sub(r"[\s_]+", "-", served_name(last)).strip("-")
    yield plain
    joined = _JOINED.sub(r"\1-", plain) if not plain.startswith("o") else plain
    yield joined
    undated = _DATED.sub("", joined)
    yield undated
    yield re.sub(r"(?<=-\d)\.(?=\d(?:-|$))", "-", undated)
    yield re.sub(r"(?<=-\d)-(?=\d(?:-|$))", ".", undated)
