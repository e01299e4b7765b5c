"""How well a model knows a language: perplexity of texts, and common knowledge that a training may
make it forget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from advisor.calibrate.quality_records import GeneralScore, LanguageFigures, TextFigures
from advisor.calibrate.worker.batches import TokenisedExample
from advisor.calibrate.worker.label_choice import choose
from advisor.calibrate.worker.likelihood import log_likelihoods
from advisor.calibrate.worker.prompt_format import Pair, PromptFormat
from advisor.calibrate.worker.stop import Stop
from advisor.core import format as fmt
from advisor.core.experiment import JsonObject

MOST_UNKNOWN = 0.01
"""Share of a text's tokens that may be unknown: beyond it a tokenizer cannot write the text."""

MOST_ROWS = 50
"""Held-out rows that are enough for a perplexity."""


@dataclass(frozen=True, slots=True)
class Text:
    """Tokens to be told, some of them given, with the bytes of what is told."""

    example: TokenisedExample
    bytes: int


def of_rows(model: Any, form: PromptFormat, rows: Sequence[Pair], stop: Stop) -> LanguageFigures:
    """`data`, `prompts` and `answers` of held-out rows: see `figures`; None with `data_why` where
    they cannot be told.

    `prompts` are the texts of the rows alone, without instruction; `answers` follow their prompt in
    the form of the arm, without what ends them; `data` is both together.
    """
    chosen = list(rows)[:MOST_ROWS]
    unknown = unknown_share(form.tokenizer, [f"{p}\n{a}" for p, a in chosen])
    if unknown > MOST_UNKNOWN:
        why = f"the tokenizer does not know {fmt.share(unknown)} of the rows' tokens"
        return LanguageFigures(data_why=why)
    prompts = [text for p, _ in chosen if (text := _plain(form, p)) is not None]
    answered = [Text(form.example(p, a, ended=False), len(a.encode())) for p, a in chosen]
    (nats, tokens, size), (more, others, rest) = (
        _nats(model, texts, form.pad, stop) for texts in (prompts, answered)
    )
    return LanguageFigures(
        data=figures(nats + more, tokens + others, size + rest),
        prompts=figures(nats, tokens, size),
        answers=figures(more, others, rest),
    )


def of_general(
    model: Any, form: PromptFormat, sets: Sequence[JsonObject], stop: Stop
) -> tuple[GeneralScore | None, str]:
    """(what the model knows of the first set that its tokenizer can write, "") or (None,
    why there is none).

    `form` lends its tokenizer and its length; the questions are asked without the user's
    instruction and examples.
    """
    chosen = next(
        (s for s in sets if unknown_share(form.tokenizer, s["texts"]) <= MOST_UNKNOWN), None
    )
    if chosen is None:
        return (
            None,
            "no general set that this model's tokenizer can write: forgetting is not measured",
        )
    told_first = dict.fromkeys(q.get("instruction", "") for q in chosen["questions"])
    forms = {
        answers: PromptFormat(form.tokenizer, answers, (), form.seq_len, form.ends)
        for answers in told_first
    }
    questions = [
        (forms[q.get("instruction", "")], q["question"], q["options"]) for q in chosen["questions"]
    ]
    answers = choose(model, questions, stop)
    right = [float(s == q["answer"]) for s, q in zip(answers, chosen["questions"], strict=True)]
    texts = [text for t in chosen["texts"] if (text := _plain(form, t)) is not None]
    text_figures = figures(*_nats(model, texts, form.pad, stop))
    return GeneralScore(
        name=chosen["name"],
        score=fmean(right),
        items=len(right),
        item_scores=right,
        bits_per_byte=text_figures.bits_per_byte,
        perplexity_per_token=text_figures.perplexity_per_token,
        tokens=text_figures.tokens,
        bytes=text_figures.bytes,
    ), ""


def figures(nats: float, tokens: int, size: int) -> TextFigures:
    """Perplexity a token, and bits a byte of UTF-8: the second does not depend on how a tokenizer
    cuts.
    """
    return TextFigures(
        bits_per_byte=nats / math.log(2.0) / max(size, 1),
        perplexity_per_token=math.exp(min(nats / max(tokens, 1), 700.0)),
        tokens=tokens,
        bytes=size,
    )


def unknown_share(tokenizer: Any, texts: Sequence[str]) -> float:
    """Share of tokens that stand for what the tokenizer cannot write."""
    if tokenizer.unk_token_id is None:
        return 0.0
    tokens = [t for text in texts for t in tokenizer(text, add_special_tokens=False)["input_ids"]]
    unknown = int(tokenizer.unk_token_id)
    return tokens.count(unknown) / max(len(tokens), 1)


def _plain(form: PromptFormat, text: str) -> Text | None:
    """A text by itself, begun as the tokenizer begins texts; its first token is told where
    something stands before.
    """
    tokenizer = form.tokenizer
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    lead = [int(begin)] if begin is not None else []
    tokens = list(tokenizer(text, add_special_tokens=False)["input_ids"])
    cut = tokens[: form.seq_len - len(lead)]
    scored = cut if lead else cut[1:]
    if not scored:
        return None
    whole = lead and len(cut) == len(tokens)
    size = len((text if whole else tokenizer.decode(scored)).encode())
    return Text(TokenisedExample([*lead, *cut], 1), size)


def _nats(model: Any, texts: Sequence[Text], pad: int, stop: Stop) -> tuple[float, int, int]:
    """(−ln p, tokens, bytes) over all texts."""
    likelihoods = log_likelihoods(model, [t.example for t in texts], pad, stop)
    tokens = sum(len(t.example.tokens) - t.example.prompt_tokens for t in texts)
    return -sum(likelihoods), tokens, sum(t.bytes for t in texts)
