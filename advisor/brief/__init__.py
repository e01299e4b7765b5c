"""The brief as a file: read, check, write, ask, describe."""

from advisor.brief.answers import format_answer, parse_answer, with_answer, with_answers
from advisor.brief.editor import update
from advisor.brief.files import save
from advisor.brief.groups import QuestionGroup, groups, makes_sense
from advisor.brief.reader import SCHEMA, parse, read
from advisor.brief.register import answers, assumptions
from advisor.brief.rules import contradictions
from advisor.brief.schema import schema
from advisor.brief.writer import write

__all__ = [
    "SCHEMA",
    "QuestionGroup",
    "answers",
    "assumptions",
    "contradictions",
    "format_answer",
    "groups",
    "makes_sense",
    "parse",
    "parse_answer",
    "read",
    "save",
    "schema",
    "update",
    "with_answer",
    "with_answers",
    "write",
]
