"""The beginning that many prompts share, read once: its keys and values serve every item.

Several items follow it in one row, each seeing the beginning and itself alone, so that neither the
kept keys nor any padding is ever copied. Whether a model computes the same this way is tried on the
first item; where it does not, nothing is shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.calibrate.worker.batches import TokenisedExample
from advisor.calibrate.worker.chunks import in_chunks
from advisor.calibrate.worker.stop import Stop

SHORTEST = 64
"""Tokens of a common beginning from which keeping it is worth a pass of its own."""

ROW_POSITIONS = 512
MOST_LOGITS = 2**27
TOLERANCE = 1e-3
"""Difference in ln p per token up to which two orders of computing are one."""

KEPT_WHOLE = frozenset({"DynamicLayer"})
"""Kinds of kept layers that hold every position; windows and recurrent states do not."""


def common_beginning(prompts: Sequence[Sequence[int]]) -> int:
    """How many first tokens all prompts share; at least one token of each is left over."""
    if len(prompts) < 2:
        return 0
    shortest = min(map(len, prompts))
    lowest = min(prompts, key=list)
    highest = max(prompts, key=list)  # what these two share, all between them share
    pairs = zip(lowest, highest, strict=False)
    shared = next((place for place, (a, b) in enumerate(pairs) if a != b), shortest)
    return min(shared, shortest - 1)


def is_worth_sharing(prompts: Sequence[Sequence[int]], shared: int) -> bool:
    """Whether the beginning is longer than what follows it, on average."""
    rest = sum(len(prompt) - shared for prompt in prompts) / len(prompts)
    return shared >= SHORTEST and shared >= rest


def read_beginning(model: Any, tokens: Sequence[int]) -> Any | None:
    """The kept keys and values of a beginning; None for a model that keeps them another way."""
    import torch

    if hasattr(model, "peft_type") and model.active_peft_config.is_prompt_learning:
        return None
    device = next(model.parameters()).device
    with torch.no_grad():
        output = model(input_ids=torch.tensor([list(tokens)], device=device), use_cache=True)
    cache = getattr(output, "past_key_values", None)
    layers = getattr(cache, "layers", [None])
    return cache if {type(layer).__name__ for layer in layers} <= KEPT_WHOLE else None


@dataclass(frozen=True, slots=True)
class Branches:
    """What follows the beginning for one item: the rest of its prompt, then each answer."""

    rest: Sequence[int]
    answers: Sequence[Sequence[int]]

    @property
    def positions(self) -> int:
        """Tokens that are read: the last of an answer is only predicted."""
        return len(self.rest) + sum(len(answer) - 1 for answer in self.answers)


def branches_of(examples: Sequence[TokenisedExample], shared: int) -> Branches:
    """The item whose prompt these answers follow."""
    prompt = examples[0].prompt_tokens
    return Branches(
        list(examples[0].tokens[shared:prompt]), [list(e.tokens[prompt:]) for e in examples]
    )


def of_branches(model: Any, cache: Any, items: Sequence[Branches], stop: Stop) -> list[list[float]]:
    """ln p of every answer of every item behind the kept beginning. Raises Stopped."""
    values: list[list[float]] = [[] for _ in items]
    order = sorted(range(len(items)), key=lambda number: -items[number].positions)
    most = max(min(ROW_POSITIONS, MOST_LOGITS // int(model.config.vocab_size)), 1)

    def work(numbers: Sequence[int]) -> None:
        for number, sums in zip(
            numbers, _row(model, cache, [items[n] for n in numbers]), strict=True
        ):
            values[number] = sums

    in_chunks(order, lambda number: most // items[number].positions, work, stop)
    return values


def _row(model: Any, cache: Any, items: Sequence[Branches]) -> list[list[float]]:
    """One pass: all items in a row behind the beginning."""
    import torch

    length = cache.get_seq_length()
    device = next(model.parameters()).device
    layout = _RowLayout(items, length)
    mask = layout.mask(next(model.parameters()).dtype, device)
    with torch.no_grad():
        logits = model(
            input_ids=torch.tensor([layout.tokens], device=device),
            position_ids=torch.tensor([layout.positions], device=device),
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
        ).logits[0]
    cache.crop(-len(layout.tokens))
    places = torch.tensor([p for p, _, _ in layout.predicted], device=device)
    wanted = torch.tensor([token for _, token, _ in layout.predicted], device=device)
    chances = logits[places].float().log_softmax(-1).gather(-1, wanted[:, None])[:, 0]
    owners = torch.tensor([owner for _, _, owner in layout.predicted], device=device)
    count = sum(len(item.answers) for item in items)
    sums = iter(torch.zeros(count, device=device).index_add(0, owners, chances).tolist())
    return [[next(sums) for _ in item.answers] for item in items]


class _RowLayout:
    """Where the tokens of a row stand: `predicted` are (place in the row, the token that follows
    it, number of the answer); a token sees the beginning, its item's prompt and its own answer.
    """

    def __init__(self, items: Sequence[Branches], length: int) -> None:
        self.length = length
        self.tokens: list[int] = []
        self.positions: list[int] = []
        self.predicted: list[tuple[int, int, int]] = []
        self._prompts: list[int] = []
        self._answers: list[int] = []
        answers = iter(range(sum(len(item.answers) for item in items)))
        for number, item in enumerate(items):
            self._add(item.rest, length, number, -1)
            last = len(self.tokens) - 1
            for answer in item.answers:
                owner = next(answers)
                self.predicted.append((last, answer[0], owner))
                start = len(self.tokens)
                self._add(answer[:-1], length + len(item.rest), number, owner)
                self.predicted += [
                    (start + place, token, owner) for place, token in enumerate(answer[1:])
                ]

    def _add(self, tokens: Sequence[int], position: int, prompt: int, answer: int) -> None:
        self.tokens += tokens
        self.positions += range(position, position + len(tokens))
        self._prompts += [prompt] * len(tokens)
        self._answers += [answer] * len(tokens)

    def mask(self, dtype: Any, device: Any) -> Any:
        """1 × 1 × row × (beginning + row): 0 where a token is seen, the lowest number elsewhere."""
        import torch

        prompts = torch.tensor(self._prompts, device=device)
        answers = torch.tensor(self._answers, device=device)
        place = torch.arange(len(self.tokens), device=device)
        sees = prompts[:, None] == prompts[None, :]
        sees &= (answers[None, :] == -1) | (answers[:, None] == answers[None, :])
        sees &= place[:, None] >= place[None, :]
        before = torch.ones(len(self.tokens), self.length, dtype=torch.bool, device=device)
        whole = torch.cat([before, sees], dim=1)
        shut = torch.zeros(whole.shape, dtype=dtype, device=device)
        return shut.masked_fill(~whole, torch.finfo(dtype).min)[None, None]


def differs(ours: Sequence[float], plain: Sequence[float], tokens: Iterator[int]) -> bool:
    """Whether two ways of computing ln p of the same answers, of so many tokens, differ."""
    return any(
        abs(a - b) > TOLERANCE * max(count, 1) + TOLERANCE * abs(b)
        for a, b, count in zip(ours, plain, tokens, strict=True)
    )
