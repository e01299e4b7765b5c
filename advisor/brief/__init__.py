"""The brief as a file: read, check, write, ask, describe."""

from advisor.brief.answers import format_answer, parse_answer, with_answer, with_answers
from advisor.brief.editor import update
from advisor.brief.files import save
from advisor.brief.reader import SCHEMA, parse, read
from advisor.brief.writer import write

__all__ = [
    "SCHEMA",
    "format_answer",
    "parse",
    "parse_answer",
    "read",
    "save",
    "update",
    "with_answer",
    "with_answers",
    "write",
]
