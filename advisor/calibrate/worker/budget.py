"""What a run of prompts may spend: no call starts that could pass the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.calibrate.quality_records import PromptsSpec
from advisor.calibrate.worker.ledger import KeptAnswer
from advisor.calibrate.worker.stop import Stop

BYTES_PER_TOKEN = 3.0
"""Of UTF-8, where a server counts no tokens, or before it has: more tokens than English has, and
one for each Chinese character, on purpose.
"""

TOKENS_PER_MESSAGE = 8.0


def tokens_at_most(text: str) -> float:
    """Tokens of a text, rather too many than too few."""
    return len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN + TOKENS_PER_MESSAGE


def prompt_tokens_at_most(messages: Sequence[Mapping[str, str]]) -> float:
    """Tokens of a prompt, rather too many than too few."""
    return sum(tokens_at_most(message["content"]) for message in messages)


class SpendingLimit:
    """Dollars spent over all trials of the command, also in earlier runs of it."""

    def __init__(self, limit_usd: float | None, stop: Stop) -> None:
        self.spent_usd = 0.0
        self._limit = limit_usd
        self._stop = stop
        self._reserved: dict[int, float] = {}
        self._counted: set[str] = set()

    def count(self, answer: KeptAnswer) -> None:
        """An answer that is paid for; each counts once."""
        if answer.request not in self._counted:
            self._counted.add(answer.request)
            self.spent_usd += answer.usd or 0.0

    def reserve(self, number: int, usd: float) -> bool:
        """Whether call `number`, which may cost so much, may start; asks the run to stop where
        nothing is under way and nothing more can start.
        """
        if self._limit is None:
            return True
        if self.spent_usd + sum(self._reserved.values()) + usd <= self._limit:
            self._reserved[number] = usd
            return True
        if not self._reserved:
            self._stop.ask(f"its dollars are used up: ${self.spent_usd:.4f} spent")
        return False

    def release(self, number: int) -> None:
        """Call `number` has ended."""
        self._reserved.pop(number, None)


def most_usd(
    spec: PromptsSpec, messages: Sequence[Mapping[str, str]], max_tokens: int = 0
) -> float:
    """What one call may cost at most; 0 where no price is known."""
    written = float(max_tokens or spec.max_tokens)
    return spec.usd(prompt_tokens_at_most(messages), written) or 0.0


def billed_usd(
    spec: PromptsSpec,
    messages: Sequence[Mapping[str, str]],
    prompt_tokens: int | None,
    completion_tokens: int | None,
    text: str,
) -> tuple[float | None, bool]:
    """(USD of an answer, whether tokens were estimated here because the server counted none).

    At list prices, cached tokens at the full price: never less than the bill.
    """
    if prompt_tokens is not None and completion_tokens is not None:
        return spec.usd(prompt_tokens, completion_tokens), False
    return spec.usd(prompt_tokens_at_most(messages), tokens_at_most(text)), True
