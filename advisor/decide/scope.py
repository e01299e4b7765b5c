"""What a brief speaks of and the program does not cover."""

from __future__ import annotations

import re
from collections.abc import Iterator

from advisor.core.brief import Brief

_MEDIA = re.compile(
    r"\b(photos?|photographs?|pictures?|images?|screenshots?|scans?|scanned|x-rays?|audio|speech|"
    r"recordings?|phone calls|podcasts?|videos?|footage)\b",
    re.IGNORECASE,
)


def not_covered(brief: Brief) -> Iterator[str]:
    """A caution where the words of a brief mean pictures, sound or video: only text is covered."""
    word = _MEDIA.search(f"{brief.name}\n{brief.task.domain}")
    if word is not None:
        yield (
            f"The brief speaks of {word[0].lower()}: pictures, sound and video are not supported; "
            "prices and scores here are those of text alone, such as what OCR or a transcript gives"
        )
