"""Answers written by a model, several at once: the likeliest next token again and again, with kept
keys and values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from advisor.calibrate.worker.chunks import in_chunks
from advisor.calibrate.worker.prefix import (
    common_beginning,
    is_worth_sharing,
    read_beginning,
    written_behind,
)
from advisor.calibrate.worker.prompt_format import PromptFormat
from advisor.calibrate.worker.stop import Stop

MOST_ROWS = 32
MOST_POSITIONS = 2**15
"""Rows × positions of one batch: what its keys and values may take."""

ROW_POSITIONS = 2048
"""Of the items that are written together behind a beginning, their answers included."""

LOOK_BACK = 12
"""Tokens that are enough to see where the next item begins."""


def write(
    model: Any,
    form: PromptFormat,
    questions: Sequence[str],
    most_tokens: int,
    stop: Stop,
    *,
    one_line: bool = False,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[str]:
    """The answer to each prompt, in its order; `on_progress` hears how many are done.

    Raises Stopped within a batch.

    An answer ends at its end token, where the model begins another item by itself, after
    `most_tokens`, and where it is `one_line` at the end of its first line. A long beginning that
    all prompts share is read once.
    """
    prompts = [form.fitted(text, most_tokens) for text in questions]
    beginning = _kept_beginning(model, form, prompts, stop, one_line)
    written = [""] * len(prompts)
    done = 0

    def work(numbers: Sequence[int]) -> None:
        nonlocal done
        part = [prompts[n] for n in numbers]
        if beginning is None:
            rows = _generate(model, form, part, most_tokens, stop, one_line)
        else:
            rows = _behind(model, form, beginning, part, most_tokens, stop, one_line)
        stop.check()
        for number, tokens in zip(numbers, rows, strict=True):
            written[number] = form.text(tokens)
        done += len(numbers)
        on_progress(done)

    def most_rows(number: int) -> int:
        if beginning is None:
            return min(MOST_ROWS, MOST_POSITIONS // (len(prompts[number]) + most_tokens))
        rest = len(prompts[number]) - int(beginning.get_seq_length()) + most_tokens
        return min(MOST_ROWS, ROW_POSITIONS // rest)

    order = sorted(range(len(prompts)), key=lambda n: -len(prompts[n]))
    in_chunks(order, most_rows, work, stop)
    return written


TRIED_TOKENS = 4
"""Tokens of the first answer by which a shared beginning is tried."""


def _kept_beginning(
    model: Any,
    form: PromptFormat,
    prompts: Sequence[Sequence[int]],
    stop: Stop,
    one_line: bool,
) -> Any | None:
    """The keys and values of the prompts' common beginning; None where it is short, or where the
    model writes another answer with it.
    """
    length = common_beginning(prompts)
    if not prompts or not is_worth_sharing(prompts, length):
        return None
    beginning = read_beginning(model, prompts[0][:length])
    if beginning is None:
        return None
    shortest = [min(prompts, key=len)]
    plain = _generate(model, form, shortest, TRIED_TOKENS, stop, one_line)
    try:
        ours = _behind(model, form, beginning, shortest, TRIED_TOKENS, stop, one_line)
    except (TypeError, ValueError, RuntimeError, AttributeError, IndexError):
        return None
    return beginning if ours == plain else None


def _behind(
    model: Any,
    form: PromptFormat,
    beginning: Any,
    prompts: Sequence[Sequence[int]],
    most_tokens: int,
    stop: Stop,
    one_line: bool,
) -> list[list[int]]:
    """New tokens of each prompt up to its end, behind the beginning that is kept."""
    length = beginning.get_seq_length()
    ended = _AnswerEnds(form, 0, stop, one_line)

    def has_ended(tokens: list[int]) -> bool:
        return tokens[-1] in form.ends or ended.has_answer(tokens)

    rests = [prompt[length:] for prompt in prompts]
    rows = written_behind(model, beginning, rests, most_tokens, has_ended, stop)
    return [_until(row, form.ends) for row in rows]


def _generate(
    model: Any,
    form: PromptFormat,
    prompts: Sequence[Sequence[int]],
    most_tokens: int,
    stop: Stop,
    one_line: bool,
) -> list[list[int]]:
    """New tokens of each prompt up to its end.

    Prompts are padded on the left; padding is never looked at.
    """
    import torch
    from transformers import StoppingCriteriaList

    device = next(model.parameters()).device
    longest = max(len(p) for p in prompts)
    ids = torch.tensor([[form.pad] * (longest - len(p)) + list(p) for p in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
    inputs, writer, begun = _inputs(model, ids, mask)
    ended = _AnswerEnds(form, begun, stop, one_line)
    with torch.no_grad():
        out = writer.generate(
            **inputs,
            max_new_tokens=most_tokens,
            do_sample=False,
            use_cache=True,
            pad_token_id=form.pad,
            eos_token_id=sorted(form.ends) or None,
            stopping_criteria=StoppingCriteriaList([ended]),
        )
    return [_until(row[begun:].tolist(), form.ends) for row in out]


def _inputs(model: Any, ids: Any, mask: Any) -> tuple[dict[str, Any], Any, int]:
    """(what generation starts from, the model that writes, length before the first new token).

    A soft prompt goes between the padding and the prompt, where training has it: right before the
    first real token.
    """
    import torch

    config = getattr(model, "active_peft_config", None)
    if config is None or not config.is_prompt_learning:
        return {"input_ids": ids, "attention_mask": mask}, model, ids.shape[1]
    inner = model.get_base_model()
    words = inner.get_input_embeddings()(ids)
    soft = model.get_prompt(batch_size=ids.shape[0]).to(words.dtype)
    rows = []
    masks = []
    for row in range(ids.shape[0]):
        padding = int((mask[row] == 0).sum())
        rows.append(torch.cat([words[row, :padding], soft[row], words[row, padding:]]))
        masks.append(
            torch.cat([mask[row, :padding], mask.new_ones(soft.shape[1]), mask[row, padding:]])
        )
    return {"inputs_embeds": torch.stack(rows), "attention_mask": torch.stack(masks)}, inner, 0


def _until(tokens: list[int], ends: frozenset[int]) -> list[int]:
    return next((tokens[:place] for place, token in enumerate(tokens) if token in ends), tokens)


class _AnswerEnds:
    """Tells generation which rows have their answer; all of them once somebody asked to stop."""

    def __init__(self, form: PromptFormat, begun: int, stop: Stop, one_line: bool) -> None:
        self._form = form
        self._begun = begun
        self._stop = stop
        self._one_line = one_line
        self._breaks: dict[int, bool] = {}

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        import torch

        stopping = self._stop.asked
        rows = [stopping or self.has_answer(row) for row in input_ids[:, self._begun :].tolist()]
        return torch.tensor(rows, device=input_ids.device)

    def has_answer(self, tokens: list[int]) -> bool:
        decode = self._form.tokenizer.decode
        if self._one_line and self._breaks_line(tokens[-1]) and "\n" in decode(tokens).lstrip():
            return True
        stop = self._form.stop
        return bool(stop) and not self._one_line and stop in decode(tokens[-LOOK_BACK:])

    def _breaks_line(self, token: int) -> bool:
        """Whether a token ends a line, remembered: most tokens are seen again."""
        if token not in self._breaks:
            self._breaks[token] = "\n" in self._form.tokenizer.decode([token])
        return self._breaks[token]
