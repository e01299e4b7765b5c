"""The final answer in what a model wrote: without its reasoning, its markdown and its fences.

An answer that was refused, cut off, empty, or names no label of the set is an artefact: it says
nothing about what the model knows, and is counted apart from wrong answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class AnswerReading(StrEnum):
    """How an answer could be read."""

    READ = "read"
    CUT = "cut"
    REFUSED = "refused"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    LOST = "lost"  # no answer came: a filter, or a reply that cannot be read


ARTEFACTS = (
    AnswerReading.CUT,
    AnswerReading.REFUSED,
    AnswerReading.EMPTY,
    AnswerReading.UNREADABLE,
    AnswerReading.LOST,
)

MOST_ARTEFACTS = 0.05
"""An option with a larger share of artefacts is not a measurement."""

_THOUGHTS = re.compile(
    r"<(think|thinking|thought|reasoning|reflection|scratchpad)>.*?</\1>", re.DOTALL | re.IGNORECASE
)
_OPEN_THOUGHT = re.compile(
    r"<(?:think|thinking|thought|reasoning|reflection|scratchpad)>", re.IGNORECASE
)
_CLOSED_THOUGHT = re.compile(
    r"^.*</(?:think|thinking|thought|reasoning|reflection|scratchpad)>", re.DOTALL | re.IGNORECASE
)
_CHANNEL = re.compile(r"<\|channel\|>final<\|message\|>(.*)", re.DOTALL)
_TAGGED = re.compile(r"<(answer|final|label|output)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_MARKER = re.compile(
    r"(?:\b(?:final\s+|correct\s+|best\s+|right\s+|my\s+)*"
    r"(?:answer|label|category|class|classification|intent|result|prediction|output|sentiment)\b"
    r"[\s*_`\"']*(?:\bis\b|\bwould be\b|\bshould be\b|:|=|-{1,2}>|→)+"
    r"|####)[\s*_`\"':]*",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```[\w+-]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_REFUSAL = re.compile(
    r"^\W*(?:i['’]?m (?:very )?sorry\b|sorry, (?:but )?i (?:can|am|cannot)"
    r"|i (?:can(?:no|['’])t|am unable to"
    r"|am not able to|won['’]t|will not|must decline)|as an ai\b|unfortunately, i (?:can|am)"
    r"|i apologi[sz]e)",
    re.IGNORECASE,
)
LONGEST_REFUSAL = 600


@dataclass(frozen=True, slots=True)
class Extracted:
    """The final answer, and how it could be read."""

    text: str
    reading: AnswerReading = AnswerReading.READ


def without_thoughts(text: str) -> str:
    """What follows the model's reasoning; empty where the reasoning has no end."""
    channel = _CHANNEL.search(text)
    if channel:
        text = channel.group(1)
    text = _THOUGHTS.sub("", text)
    text = _CLOSED_THOUGHT.sub("", text)  # the opening tag may be part of the prompt
    opened = _OPEN_THOUGHT.search(text)
    return (text[: opened.start()] if opened else text).strip()


def is_refusal(text: str) -> bool:
    """Whether a text declines to answer."""
    return len(text) <= LONGEST_REFUSAL and bool(_REFUSAL.match(text))


def marked_answers(text: str) -> list[str]:
    """What is marked as the final answer, the surest first: in a tag, in a box, after `answer:`."""
    candidates = [match.group(2) for match in _TAGGED.finditer(text)][-1:]
    candidates += [match.group(1) for match in _BOXED.finditer(text)][-1:]
    marks = [match.end() for match in _MARKER.finditer(text)]
    if marks:
        candidates.append(_first_line(text[marks[-1] :]))
    return [bare(candidate) for candidate in candidates if candidate.strip()]


def after_mark(text: str) -> str:
    """What follows the last `answer:` and similar, all of its lines; the text where there is
    none.
    """
    marks = [match.end() for match in _MARKER.finditer(text)]
    rest = text[marks[-1] :].strip() if marks else ""
    return rest or text


def unmarked_answers(text: str) -> list[str]:
    """Where an answer without a mark may stand: the last line, the first, all of it."""
    lines = [line for line in text.splitlines() if line.strip()]
    edges = [lines[-1], lines[0]] if len(lines) > 1 else []
    return [bare(candidate) for candidate in (*edges, text) if candidate.strip()]


def marked_answer(text: str) -> str:
    """The final answer of a free text: what is marked as such, else all of it."""
    return next(iter(marked_answers(text)), bare(text))


def fenced_json(text: str) -> str:
    """The JSON in a text: the last fenced block, else from the first bracket to the last."""
    blocks = [b for b in _FENCE.findall(text) if b.strip()[:1] in ("{", "[")]
    if blocks:
        return str(blocks[-1]).strip()
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        return stripped
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    end = max(text.rfind("}"), text.rfind("]"))
    return text[min(starts) : end + 1] if starts and end > min(starts) else stripped


_WRAPPED = re.compile(
    r"^(?P<mark>\*\*|__|\*|_|`+|\"|'|“|‘)(?P<inner>.+?)(?:(?P=mark)|”|’)[.!]?$", re.DOTALL
)


def bare(text: str) -> str:
    """Without markdown and quotes around it: `**B**`, `` `B` ``."""
    text = (
        re.sub(r"(\*\*|__|`)([.,!]?)\s*$", r"\2", text.strip()) if _lone_end(text) else text.strip()
    )
    match = _WRAPPED.match(text)
    while match is not None:
        text = match["inner"].strip()
        match = _WRAPPED.match(text)
    return text


def _lone_end(text: str) -> bool:
    """Whether markdown ends that did not begin, as where `**` stood before a mark."""
    return any(text.count(mark) == 1 for mark in ("**", "__", "`"))


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")
