"""One quality trial: loads local weights, trains where the arm says so, and scores the held-out
items.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.prompts import shown_examples
from advisor.calibrate.statistics import quantile
from advisor.calibrate.worker.adapters import adapt
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.generation import write
from advisor.calibrate.worker.label_choice import choose
from advisor.calibrate.worker.language import of_general, of_rows
from advisor.calibrate.worker.prompt_format import Pair, PromptFormat
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.calibrate.worker.training import train, warnings
from advisor.calibrate.worker.weights import end_tokens, load
from advisor.core.experiment import Trial

LONGEST_SHARE = 0.99
ROOM = 1.5
LEAST_TOKENS = 8
"""An answer may take half more tokens than all but the longest hundredth of the training answers,
and eight.
"""


def measure(
    trial: Trial, shared: Mapping[str, Any], reporter: Reporter, stop: Stop, device: Device
) -> dict[str, Any]:
    """Score of one arm, with what its training showed.

    Raises Stopped between steps and between batches of items.

    The zero-shot trial adds `language`, how likely the model finds the rows and the general set:
    `{"data": {"bits_per_byte", "perplexity_per_token", "tokens", "bytes"} or None, "prompts": ...,
    "answers": ..., "data_why": "", "general": the same or None, "general_why": ""}`. It and every
    trained trial add `general`: score, `item_scores` and bits a byte of the general set, by which
    `calibrate.quality.summary` tells what was forgotten.
    """
    spec = trial.spec
    device.settle()
    begun = time.perf_counter()
    model, tokenizer = load(str(spec["model"]["folder"]), device)
    loaded = time.perf_counter()
    rows = [(str(p), str(a)) for p, a in shared["train"]]
    items = [(str(p), str(a)) for p, a in shared["items"]]
    examples = shown_examples(rows, int(spec["shown"]))
    limit = getattr(model.config, "max_position_embeddings", None) or int(spec["seq_len"])
    seq_len = min(int(spec["seq_len"]), int(limit))
    form = PromptFormat(
        tokenizer, str(shared["instruction"]), examples, seq_len, end_tokens(model, tokenizer)
    )
    showed: dict[str, Any] = {}
    if spec["train_examples"]:
        model = adapt(model, spec)
        chosen = [row for row in rows if row not in examples][: int(spec["train_examples"])]
        showed = train(model, form, chosen, spec, reporter, stop, device, trial.label)
    trained = time.perf_counter()
    scorer = Scorer.of(shared)
    model.eval()

    def told(done: int) -> None:
        reporter.step(label=trial.label, phase="score", item=done, items=len(items))

    try:
        predictions, cut = answers(
            model, form, [p for p, _ in items], scorer, [a for _, a in rows], stop, told
        )
        scored = time.perf_counter()
        language = _language(model, form, items, spec, shared, stop)
    except Stopped as stopped:
        raise Stopped(str(stopped), showed) from None
    return {
        "approach": spec["approach"],
        "technique": spec["technique"],
        **scorer.score_all(predictions, [a for _, a in items]),
        "train_examples": int(spec["train_examples"]),
        "static_tokens": form.static_tokens,
        "form": form.name,
        "cut_prompts": cut,
        **showed,
        **language,
        "warnings": [*warnings(showed), *_cut_warning(cut, len(items), seq_len)],
        "seconds": {
            "load": loaded - begun,
            "train": trained - loaded,
            "score": scored - trained,
            "language": time.perf_counter() - scored,
        },
    }


def answers(
    model: Any,
    form: PromptFormat,
    questions: Sequence[str],
    scorer: Scorer,
    references: Sequence[str],
    stop: Stop,
    on_progress: Callable[[int], None],
) -> tuple[list[str], int]:
    """(the answer to every item, how many prompts were too long): the likeliest label, or what the
    model writes.

    `known` are answers of the training rows, which say how long an answer may be. Raises Stopped.
    """
    if scorer.labels:
        reserve = max(
            len(form.example("", label).tokens) - len(form.asked("")) for label in scorer.labels
        )
        predictions = choose(
            model, [(form, text, scorer.labels) for text in questions], stop, on_progress
        )
    else:
        reserve = min(answer_tokens(form, references), form.seq_len // 2)
        predictions = write(
            model, form, questions, reserve, stop, one_line=scorer.one_line, on_progress=on_progress
        )
    return predictions, sum(len(form.asked(text)) + reserve > form.seq_len for text in questions)


def answer_tokens(form: PromptFormat, references: Sequence[str]) -> int:
    """How many tokens an answer may take, by those of the training rows."""
    lengths = [float(len(form.answered(answer))) for answer in references]
    return LEAST_TOKENS + round(ROOM * quantile(lengths, LONGEST_SHARE))


def _language(
    model: Any,
    form: PromptFormat,
    items: Sequence[Pair],
    spec: Mapping[str, Any],
    shared: Mapping[str, Any],
    stop: Stop,
) -> dict[str, Any]:
    base = spec["approach"] == "prompt" and not spec["shown"]
    if not base and not spec["train_examples"]:
        return {}
    general, why = of_general(model, form, shared.get("general", ()), stop)
    report: dict[str, Any] = {"general": general or None, "general_why": why}
    if base:
        keys = ("name", "bits_per_byte", "perplexity_per_token", "tokens", "bytes")
        general_text = {k: general[k] for k in keys} if general else None
        report["language"] = {
            **of_rows(model, form, items, stop),
            "general": general_text,
            "general_why": why,
        }
    return report


def _cut_warning(cut: int, items: int, seq_len: int) -> list[str]:
    return (
        [f"{cut} of {items} prompts are longer than {seq_len} tokens and lost their beginning"]
        if cut
        else []
    )
