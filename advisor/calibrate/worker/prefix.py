"""The beginning that many prompts share, read once: its keys and values serve every item.

Several items follow it in one row, each seeing the beginning and itself alone, so that neither the
kept keys nor any padding is ever copied. Short items without a common beginning stand in one row as
well. Whether a model computes the same this way is tried on one item; where it does not, every item
is read by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.calibrate.worker.batches import TokenisedExample
from advisor.calibrate.worker.chunks import in_chunks
from advisor.calibrate.worker.stop import Stop

SHORTEST = 64
"""Tokens of a common beginning from which keeping it is worth a pass of its own."""

ROW_POSITIONS = 512
SHORT_PROMPT = 128
"""Tokens up to which items without a common beginning stand in one row."""

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


def are_short(prompts: Sequence[Sequence[int]], model: Any) -> bool:
    """Whether several prompts fit into one row, and no window of attention is shorter than one."""
    window = getattr(model.config, "sliding_window", None) or SHORT_PROMPT
    longest = max((len(prompt) for prompt in prompts), default=0)
    return 0 < longest <= min(SHORT_PROMPT, window)


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


def of_branches(
    model: Any, cache: Any | None, items: Sequence[Branches], stop: Stop
) -> list[list[float]]:
    """ln p of every answer of every item behind the kept beginning, if any. Raises Stopped."""
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


def _row(model: Any, cache: Any | None, items: Sequence[Branches]) -> list[list[float]]:
    """One pass: all items in a row behind the beginning."""
    import torch

    device = next(model.parameters()).device
    layout = _RowLayout(items, cache.get_seq_length() if cache is not None else 0)
    mask = layout.mask(next(model.parameters()).dtype, device)
    logits = _logits(model, cache, layout.tokens, layout.positions, mask)
    if cache is not None:
        cache.crop(-len(layout.tokens))
    places = torch.tensor([p for p, _, _ in layout.predicted], device=device)
    wanted = torch.tensor([token for _, token, _ in layout.predicted], device=device)
    chances = logits[places].float().log_softmax(-1).gather(-1, wanted[:, None])[:, 0]
    owners = torch.tensor([owner for _, _, owner in layout.predicted], device=device)
    count = sum(len(item.answers) for item in items)
    sums = iter(torch.zeros(count, device=device).index_add(0, owners, chances).tolist())
    return [[next(sums) for _ in item.answers] for item in items]


def _logits(
    model: Any, cache: Any | None, tokens: Sequence[int], positions: Sequence[int], mask: Any
) -> Any:
    """Logits of one row, row × vocabulary; the cache grows by it."""
    import torch

    growing = {"past_key_values": cache, "use_cache": True} if cache is not None else {}
    with torch.no_grad():
        return model(
            input_ids=torch.tensor([list(tokens)], device=mask.device),
            position_ids=torch.tensor([list(positions)], device=mask.device),
            attention_mask=mask,
            **growing,
        ).logits[0]


def written_behind(
    model: Any,
    cache: Any,
    rests: Sequence[Sequence[int]],
    most_tokens: int,
    has_ended: Callable[[list[int]], bool],
    stop: Stop,
) -> list[list[int]]:
    """The likeliest tokens after each rest of a prompt behind the kept beginning, one at a time for
    all items, up to the token with which each has ended, or until the run is asked to stop.
    """

    start = cache.get_seq_length()
    dtype = next(model.parameters()).dtype
    device = next(model.parameters()).device
    owners: list[int] = [-1] * start
    written: list[list[int]] = [[] for _ in rests]
    active = list(range(len(rests)))
    tokens = [token for rest in rests for token in rest]
    positions = [start + place for rest in rests for place in range(len(rest))]
    rows = [number for number, rest in enumerate(rests) for _ in rest]
    while active and not stop.asked:
        owners += rows
        mask = _seen(owners, rows, dtype, device)
        logits = _logits(model, cache, tokens, positions, mask)
        lasts = {owner: place for place, owner in enumerate(rows)}
        chosen = logits[[lasts[number] for number in active]].argmax(-1).tolist()
        for number, token in zip(active, chosen, strict=True):
            written[number].append(int(token))
        active = [n for n in active if len(written[n]) < most_tokens and not has_ended(written[n])]
        tokens = [written[number][-1] for number in active]
        positions = [start + len(rests[n]) + len(written[n]) - 1 for n in active]
        rows = list(active)
    cache.crop(start - cache.get_seq_length())
    return written


def _seen(owners: Sequence[int], rows: Sequence[int], dtype: Any, device: Any) -> Any:
    """1 × 1 × rows × kept: 0 where a token is seen. The last kept tokens are the rows themselves,
    each item's in their order.
    """
    import torch

    stored = torch.tensor(owners, device=device)
    mine = torch.tensor(rows, device=device)
    sees = (stored[None, :] == -1) | (stored[None, :] == mine[:, None])
    place = torch.arange(len(owners), device=device)
    sees &= place[None, :] <= place[len(owners) - len(rows) :, None]
    shut = torch.zeros(sees.shape, dtype=dtype, device=device)
    return shut.masked_fill(~sees, torch.finfo(dtype).min)[None, None]


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
