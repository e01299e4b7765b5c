"""How well a model knows a language: perplexity of texts, and common knowledge that a training may
make it forget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from advisor.calibrate.worker.batches import Example
from advisor.calibrate.worker.choosing import choose
from advisor.calibrate.worker.form import Form, Pair
from advisor.calibrate.worker.likelihood import log_likelihoods
from advisor.calibrate.worker.stop import Stop

MOST_UNKNOWN = 0.01
"""Share of a text's tokens that may be unknown: beyond it a tokenizer cannot write the text."""

MOST_ROWS = 200
"""Held-out rows that are enough for a perplexity."""


@dataclass(frozen=True, slots=True)
class Text:
    """Tokens to be told, some of them given, with the bytes of what is told."""

    example: Example
    bytes: int


def of_rows(model: Any, form: Form, rows: Sequence[Pair], stop: Stop) -> dict[str, Any]:
    """`data`, `prompts` and `answers` of held-out rows: see `figures`; None with `data_why` where
    they cannot be told.

    `prompts` are the texts of the rows alone, without instruction; `answers` follow their prompt in
    the form of the arm, without what ends them; `data` is both together.
    """
    chosen = list(rows)[:MOST_ROWS]
    unknown = unknown_share(form.tokenizer, [f"{p}\n{a}" for p, a in chosen])
    if unknown > MOST_UNKNOWN:
        why = f"the tokenizer does not know {unknown:.0%} of the rows' tokens"
        return {"data": None, "prompts": None, "answers": None, "data_why": why}
    asked = [text for p, _ in chosen if (text := _plain(form, p)) is not None]
    answered = [Text(form.example(p, a, ended=False), len(a.encode())) for p, a in chosen]
    (nats, tokens, size), (more, others, rest) = (
        _nats(model, texts, form.pad, stop) for texts in (asked, answered)
    )
    return {
        "data": figures(nats + more, tokens + others, size + rest),
        "prompts": figures(nats, tokens, size),
        "answers": figures(more, others, rest),
        "data_why": "",
    }


def of_general(
    model: Any, form: Form, sets: Sequence[Mapping[str, Any]], stop: Stop
) -> tuple[dict[str, Any], str]:
    """(what the model knows of the first set that its tokenizer can write, "") or ({}, why there is
    none).

    `form` lends its tokenizer and its length; the questions are asked without the user's
    instruction and examples.
    """
    held = next(
        (s for s in sets if unknown_share(form.tokenizer, s["texts"]) <= MOST_UNKNOWN), None
    )
    if held is None:
        return (
            {},
            "no general set that this model's tokenizer can write: forgetting is not measured",
        )
    told_first = dict.fromkeys(q.get("instruction", "") for q in held["questions"])
    forms = {said: Form(form.tokenizer, said, (), form.seq_len, form.ends) for said in told_first}
    asked = [
        (forms[q.get("instruction", "")], q["question"], q["options"]) for q in held["questions"]
    ]
    said = choose(model, asked, stop)
    right = [float(s == q["answer"]) for s, q in zip(said, held["questions"], strict=True)]
    texts = [text for t in held["texts"] if (text := _plain(form, t)) is not None]
    told = figures(*_nats(model, texts, form.pad, stop))
    return {
        "name": held["name"],
        "score": fmean(right),
        "items": len(right),
        "item_scores": right,
        **told,
    }, ""


def figures(nats: float, tokens: int, size: int) -> dict[str, Any]:
    """Perplexity a token, and bits a byte of UTF-8: the second does not depend on how a tokenizer
    cuts.
    """
    return {
        "bits_per_byte": nats / math.log(2.0) / max(size, 1),
        "perplexity_per_token": math.exp(min(nats / max(tokens, 1), 700.0)),
        "tokens": tokens,
        "bytes": size,
    }


def unknown_share(tokenizer: Any, texts: Sequence[str]) -> float:
    """Share of tokens that stand for what the tokenizer cannot write."""
    if tokenizer.unk_token_id is None:
        return 0.0
    tokens = [t for text in texts for t in tokenizer(text, add_special_tokens=False)["input_ids"]]
    unknown = int(tokenizer.unk_token_id)
    return tokens.count(unknown) / max(len(tokens), 1)


def _plain(form: Form, text: str) -> Text | None:
    """A text by itself, begun as the tokenizer begins texts; its first token is told where
    something stands before.
    """
    tokenizer = form.tokenizer
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    lead = [int(begin)] if begin is not None else []
    tokens = list(tokenizer(text, add_special_tokens=False)["input_ids"])
    kept = tokens[: form.seq_len - len(lead)]
    told = kept if lead else kept[1:]
    if not told:
        return None
    whole = lead and len(kept) == len(tokens)
    size = len((text if whole else tokenizer.decode(told)).encode())
    return Text(Example([*lead, *kept], 1), size)


def _nats(model: Any, texts: Sequence[Text], pad: int, stop: Stop) -> tuple[float, int, int]:
    """(−ln p, tokens, bytes) over all texts."""
    found = log_likelihoods(model, [t.example for t in texts], pad, stop)
    tokens = sum(len(t.example.tokens) - t.example.prompt_tokens for t in texts)
    return -sum(found), tokens, sum(t.bytes for t in texts)
