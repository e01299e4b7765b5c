"""Chats that are written as one text, with marks before each turn."""

from __future__ import annotations

import re
from typing import NamedTuple

from advisor.probe.forms.chat_names import LEARNED, Role
from advisor.probe.forms.turns import known_role

_MARKS = {
    "Human: … Assistant: …": re.compile(
        r"^[ \t]*(Human|User|Assistant|System|Bot|AI):[ \t]*", re.MULTILINE
    ),
    "USER: … ASSISTANT: …": re.compile(
        r"(?:^|\n|(?<=\s)|(?<=>))(SYSTEM|USER|ASSISTANT|FUNCTION RESPONSE):[ \t]*"
    ),
    "### Human: … ### Assistant: …": re.compile(
        r"(?<!#)###[ \t]*"
        r"(System|Human|User|Assistant|Instruction|Input|Response|Output|Question|Answer)"
        r"(?::[ \t]*\n?|[ \t]*\n)"
    ),
    "ChatML": re.compile(r"<\|im_start\|>[ \t]*(\w+)[ \t]*(?:<\|im_sep\|>)?\s*\n?"),
    "Kimi turns": re.compile(r"<\|im_(system|user|assistant)\|>[^<]*<\|im_middle\|>"),
    "Llama headers": re.compile(
        r"<\|(?:start_header_id|header_start)\|>[ \t]*(\w+)[ \t]*"
        r"<\|(?:end_header_id|header_end)\|>\s*"
    ),
    "Gemma turns": re.compile(r"(?:<start_of_turn>|<\|turn>)[ \t]*(\w+)\s*\n?"),
    "Granite roles": re.compile(r"<\|start_of_role\|>[ \t]*(\w+)[^<]*<\|end_of_role\|>"),
    "Cohere turns": re.compile(r"<\|START_OF_TURN_TOKEN\|><\|(\w+)_TOKEN\|>"),
    "DeepSeek and Hunyuan marks": re.compile(r"<｜(?:hy_)?(User|Assistant)｜>"),
    "Seed turns": re.compile(r"<seed:bos>(\w+)\s*\n?"),
    "MiniMax turns": re.compile(r"\]~b\](\w+)[^\n]*\n"),
    "Nemotron turns": re.compile(
        r"(?:<extra_id_[01]>|<SPECIAL_1[01]>)[ \t]*(System|User|Assistant|Tool)\s*\n"
    ),
    "EXAONE turns": re.compile(r"\[\|(system|user|assistant|tool)\|\]"),
    "<|user_start|> … <|assistant_start|>": re.compile(
        r"<\|(system|developer|user|assistant)_start\|>"
    ),
    "<|user|> … <|assistant|>": re.compile(
        r"<\|(system|user|assistant|observation|tool|prompter|User|Bot)\|>:?\s*\n?"
    ),
    "OpenAI harmony": re.compile(r"<\|start\|>(\w+)(?:<\|channel\|>\w+)?[^<]*<\|message\|>"),
    "[INST] … [/INST]": re.compile(r"(\[/?INST\]|\[/?TOOL_RESULTS\])[ \t]*"),
    "Question: … Answer: …": re.compile(r"^[ \t]*(Question|Answer):[ \t]*", re.MULTILINE),
}
_ENDS = re.compile(
    r"(?:<\|im_end\|>|<\|eot_id\|>|<\|eot\|>|<end_of_turn>|<turn\|>|<\|endoftext\|>"
    r"|<\|end_of_text\|>|<\|end\|>|<\|return\|>|</s>|<s>|<\|begin_of_text\|>|<bos>|<eos>"
    r"|<\|END_OF_TURN_TOKEN\|>|<\|(?:user|assistant|system)_end\|>|<｜end▁of▁sentence｜>"
    r"|<seed:eos>|\[e~\[|\[\|endofturn\|\])"
)
_INSTRUCTION_MARKS = {
    "[INST]": Role.USER,
    "[/INST]": Role.ASSISTANT,
    "[TOOL_RESULTS]": Role.TOOL,
    "[/TOOL_RESULTS]": Role.ASSISTANT,
}
"""What stands after each mark of Mistral's templates."""


class Piece(NamedTuple):
    """A turn in a text: its role, its words, and where it stands with its mark before it."""

    role: str
    text: str
    begin: int
    words_begin: int
    end: int


def form_of(text: str) -> str:
    """The name of the marks by which `text` is divided into a chat; empty: it is none."""
    for name, pattern in _MARKS.items():
        roles = {_role(match[1]) for match in pattern.finditer(text[:20_000])}
        if Role.USER in roles and roles & LEARNED:
            return name
    return ""


def pieces(text: str, form: str) -> list[Piece]:
    """The turns of a text in the marks that `form_of` named; text before the first mark is the
    system's.
    """
    matches = list(_MARKS[form].finditer(text))
    starts = [(_role(m[1]), m.start(), m.end()) for m in matches]
    if not starts or text[: starts[0][1]].strip():
        starts.insert(0, (Role.SYSTEM, 0, 0))
    ends = [start for _, start, _ in starts[1:]] + [len(text)]
    return [
        Piece(role, _ENDS.sub("", text[words:end]).strip(), begin, words, end)
        for (role, begin, words), end in zip(starts, ends, strict=True)
    ]


def divided(text: str, form: str) -> tuple[str, str]:
    """(given, learned) of a text that is trained on as it stands: marks before an answer are given,
    marks after it learned, so that both together are the whole text.
    """
    given = []
    learned = []
    for piece in pieces(text, form):
        if piece.role in LEARNED:
            given.append(text[piece.begin : piece.words_begin])
            learned.append(text[piece.words_begin : piece.end])
        else:
            given.append(text[piece.begin : piece.end])
    return "".join(given), "".join(learned)


def _role(mark: str) -> str:
    """The role that a mark stands for."""
    if mark in _INSTRUCTION_MARKS:
        return _INSTRUCTION_MARKS[mark]
    return known_role(mark)
