"""Passages of the documents in a folder, to be retrieved for each item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from advisor.core import given_files
from advisor.core.errors import UsageError

ENDINGS = (".txt", ".md", ".rst")
PASSAGE_CHARACTERS = 1200
MAX_BYTES = 64 * 1024 * 1024


def read_passages(folder: Path) -> tuple[str, ...]:
    """Paragraphs of every text file below `folder`, joined up to `PASSAGE_CHARACTERS`.

    Raises UsageError where there is none, or more than 64 MiB.
    """
    if not folder.is_dir():
        raise UsageError(f"--documents {folder}: not a folder; give one with {_endings()} files")
    files = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in ENDINGS and p.is_file()]
    if sum(path.stat().st_size for path in files) > MAX_BYTES:
        raise UsageError(f"--documents {folder}: more than 64 MiB of text; give a smaller folder")
    passages = [
        passage
        for path in files
        for passage in _passages(given_files.read_text(path, errors="replace"))
    ]
    if not passages:
        raise UsageError(f"--documents {folder}: no text; {_endings()} files are read")
    return tuple(passages)


def _endings() -> str:
    return ", ".join(ENDINGS)


def _passages(text: str) -> Iterator[str]:
    """Whole paragraphs together where they fit; one that is longer is cut between words."""
    current = ""
    for paragraph in re.split(r"\n\s*\n", text):
        for piece in _cut(paragraph.strip()):
            if current and len(current) + len(piece) > PASSAGE_CHARACTERS:
                yield current
                current = ""
            current = f"{current}\n{piece}" if current else piece
    if current:
        yield current


def _cut(paragraph: str) -> Iterator[str]:
    while len(paragraph) > PASSAGE_CHARACTERS:
        end = paragraph.rfind(" ", 0, PASSAGE_CHARACTERS)
        end = end if end > 0 else PASSAGE_CHARACTERS
        yield paragraph[:end]
        paragraph = paragraph[end:].strip()
    if paragraph:
        yield paragraph
