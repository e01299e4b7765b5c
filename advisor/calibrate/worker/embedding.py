"""Embeddings of an endpoint: each text is paid for once, kept at once, and counts towards the limit
of money like any answer.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor.calibrate.embeddings import batches
from advisor.calibrate.quality_records import PromptsSpec
from advisor.calibrate.worker.budget import prompt_tokens_at_most
from advisor.calibrate.worker.calls import Session, pause
from advisor.calibrate.worker.ledger import KeptAnswer, now, request_digest
from advisor.calibrate.worker.stop import RunOver, Stop, Stopped
from advisor.core.experiment import JsonObject
from advisor.endpoint.embeddings import EmbeddedTexts, embed
from advisor.endpoint.errors import FINAL, ServerError

ENCODED = "<f4"
"""Numbers of a kept vector: fp32, the lowest byte first."""

PLACE = -1
"""Of the call in the reservations of money: one at a time, beside no other."""


@dataclass(slots=True)
class EndpointEmbedder:
    """Embeds texts by a model at an endpoint; `used` are the answers of one trial, by text."""

    spec: PromptsSpec
    session: Session
    stop: Stop
    used: dict[str, KeptAnswer] = field(default_factory=dict)
    vectors: dict[str, np.ndarray] = field(default_factory=dict)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """The embeddings of texts, of shape (texts, dimensions), each row of length 1.

        Texts that the ledger has are not asked for again. Raises Stopped, RunOver where no further
        call can work, ServerError where the endpoint keeps failing.
        """
        missing = [text for text in dict.fromkeys(texts) if not self._take_kept(text)]
        for batch in batches(missing):
            self._ask(batch)
        return np.stack([self.vectors[text] for text in texts])

    def report(self) -> JsonObject:
        """Which model embedded how many texts of the trial, with what it read and cost."""
        spent = [answer.usd for answer in self.used.values()]
        return {
            "model": self.spec.model,
            "texts": len(self.used),
            "tokens": sum(answer.prompt_tokens or 0 for answer in self.used.values()),
            "usd": sum(usd or 0.0 for usd in spent) if self.spec.is_priced else None,
        }

    def _take_kept(self, text: str) -> bool:
        if text in self.used:
            return True
        answer = self.session.ledger.get(self._name(text))
        if answer is None or not answer.vector:
            return False
        self.session.ledger.use(answer)
        self._note(text, answer)
        return True

    def _name(self, text: str) -> str:
        return request_digest(self.spec.url, self.spec.model, 0, [text], {"kind": "embedding"})

    def _note(self, text: str, answer: KeptAnswer) -> None:
        self.used[text] = answer
        self.vectors[text] = _direction(answer.vector or "")
        self.session.budget.count(answer)

    def _ask(self, batch: Sequence[str]) -> None:
        """One request, under the limit of money."""
        dearest = self.spec.usd(prompt_tokens_at_most(_messages(batch)), 0.0) or 0.0
        if self.stop.asked or not self.session.budget.reserve(PLACE, dearest):
            raise Stopped(self.stop.reason, {"spent_usd": self.session.budget.spent_usd})
        begun = time.perf_counter()
        try:
            answer = embed(
                self.session.server, self.spec.model, batch, lambda s: pause(s, self.stop)
            )
        except ServerError as error:
            if error.trouble in FINAL:
                raise RunOver(str(error)) from None
            raise
        finally:
            self.session.budget.release(PLACE)
        self._keep(batch, answer, time.perf_counter() - begun)

    def _keep(self, batch: Sequence[str], answer: EmbeddedTexts, seconds: float) -> None:
        """Every text with its share of the tokens, by its size."""
        sizes = [prompt_tokens_at_most(_messages([text])) for text in batch]
        counted = answer.prompt_tokens
        scale = 1.0 if counted is None else counted / sum(sizes)
        answers = [
            KeptAnswer(
                request=self._name(text),
                at=now(),
                messages=_messages([text]),
                text="",
                seconds=seconds / len(batch),
                prompt_tokens=round(size * scale),
                usd=self.spec.usd(size * scale, 0.0),
                estimated=counted is None,
                vector=_encoded(vector),
            )
            for text, vector, size in zip(batch, answer.vectors, sizes, strict=True)
        ]
        self.session.ledger.keep_all(answers)
        for text, paid in zip(batch, answers, strict=True):
            self._note(text, paid)


def _messages(texts: Sequence[str]) -> list[dict[str, str]]:
    return [{"role": "user", "content": text} for text in texts]


def _encoded(vector: Sequence[float]) -> str:
    return base64.b64encode(np.asarray(vector, ENCODED).tobytes()).decode()


def _direction(encoded: str) -> np.ndarray:
    """The kept vector at length 1."""
    vector = np.frombuffer(base64.b64decode(encoded), ENCODED).astype(np.float64)
    return vector / np.linalg.norm(vector)
