"""What a brief speaks of and the program does not cover."""

from __future__ import annotations

import re
from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.probes import DataReport

_MEDIA = re.compile(
    r"\b(photos?|photographs?|pictures?|images?|screenshots?|scans?|scanned|x-rays?|audio|speech|"
    r"recordings?|phone calls|podcasts?|videos?|footage)\b",
    re.IGNORECASE,
)


_MANY = {"picture": "pictures", "video": "videos"}
_OUT_OF_SCOPE = (
    "pictures, sound and video are not supported; prices and scores here are those of text alone, "
    "such as what OCR or a transcript gives"
)


def not_covered(brief: Brief, data: DataReport | None = None) -> Iterator[str]:
    """A caution where the words of a brief, or the rows of its data, mean pictures, sound or video:
    only text is covered.
    """
    word = _MEDIA.search(f"{brief.name}\n{brief.task.domain}")
    kinds = data.media_rows if data is not None else {}
    if kinds:
        rows = " and ".join(
            f"{_MANY.get(kind, kind)} in {fmt.plural(count, 'row')}"
            for kind, count in kinds.items()
        )
        yield f"The data have {rows}: {_OUT_OF_SCOPE}"
    elif word is not None:
        yield f"The brief speaks of {word[0].lower()}: {_OUT_OF_SCOPE}"
