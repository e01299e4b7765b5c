"""One prompt trial against an OpenAI-compatible endpoint: answers, tokens, latency and money, all
counted.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.prompts import chat, shown_examples
from advisor.calibrate.statistics import quantile
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.core.experiment import Trial

TIMEOUT_SECONDS = 120.0
TRIES = 4
MAX_ANSWER_BYTES = 4 * 1024 * 1024
AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504})


class EndpointError(Exception):
    """The endpoint did not answer as asked."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """One answer; tokens None where the endpoint did not count them.

    `cut`: it reached the most tokens allowed.
    """

    text: str
    seconds: float
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int
    cut: bool = False


class Purse:
    """What the run has spent over all its trials; no call starts that could pass the limit."""

    def __init__(self, limit_usd: float | None, stop: Stop) -> None:
        self.spent_usd = 0.0
        self._limit = limit_usd
        self._stop = stop
        self._dearest = 0.0

    def pay(self, usd: float) -> None:
        """One call is paid for."""
        self.spent_usd += usd
        self._dearest = max(self._dearest, usd)

    def affords(self, in_flight: int) -> bool:
        """Whether one more call may start: each call under way may cost as much as the dearest so
        far.

        Asks the run to stop where nothing is under way and nothing more can start.
        """
        if self._limit is None or self.spent_usd + (in_flight + 1) * self._dearest <= self._limit:
            return True
        if not in_flight:
            self._stop.ask(f"its dollars are used up: ${self.spent_usd:.4f} spent")
        return False


def measure(
    trial: Trial, shared: Mapping[str, Any], reporter: Reporter, stop: Stop, purse: Purse
) -> dict[str, Any]:
    """Every item once.

    Raises Stopped with the partial counts, EndpointError where the endpoint refuses.
    """
    spec = trial.spec
    items = [(str(p), str(a)) for p, a in shared["items"]]
    examples = shown_examples([(str(p), str(a)) for p, a in shared["train"]], int(spec["shown"]))
    answers: dict[int, ModelAnswer] = {}
    waiting = list(range(len(items)))
    with ThreadPoolExecutor(int(spec["at_once"])) as pool:
        flying: dict[Future[ModelAnswer], int] = {}
        while (waiting or flying) and not (stop.asked and not flying):
            while (
                waiting
                and len(flying) < int(spec["at_once"])
                and not stop.asked
                and purse.affords(len(flying))
            ):
                number = waiting.pop(0)
                messages = chat(shared["instruction"], examples, items[number][0])
                flying[pool.submit(_ask, spec, messages, stop)] = number
                if len(answers) == 0:
                    break  # the first answer says what a call costs, before several are under way
            for done in wait(flying, return_when=FIRST_COMPLETED)[0] if flying else ():
                number = flying.pop(done)
                answers[number] = done.result()
                purse.pay(_usd(spec, answers[number]) or 0.0)
                reporter.step(
                    label=trial.label, step=len(answers), steps=len(items), usd=purse.spent_usd
                )
    counted = _counts(spec, answers, items, shared, examples)
    if len(answers) < len(items):
        raise Stopped(stop.reason, counted)
    return counted


def _counts(
    spec: Mapping[str, Any],
    answers: Mapping[int, ModelAnswer],
    items: Sequence[tuple[str, str]],
    shared: Mapping[str, Any],
    examples: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Scores, tokens, latency and money of what was answered; empty where nothing was."""
    if not answers:
        return {}
    order = sorted(answers)
    marked = Scorer.of(shared).score_all(
        [answers[i].text for i in order], [items[i][1] for i in order]
    )
    latency = [answers[i].seconds for i in order]
    prices = [_usd(spec, answers[i]) for i in order]
    priced = all(p is not None for p in prices)
    return {
        "approach": spec["approach"],
        "technique": spec["technique"],
        "model": spec["model"],
        **marked.to_json(),
        "shown": len(examples),
        "prompt_tokens": _sum(answers[i].prompt_tokens for i in order),
        "completion_tokens": _sum(answers[i].completion_tokens for i in order),
        "cached_tokens": sum(answers[i].cached_tokens for i in order),
        "latency_seconds": {
            q: quantile(latency, s) for q, s in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
        },
        "usd": sum(p for p in prices if p is not None) if priced else None,
        "warnings": _cut_warning(
            sum(a.cut for a in answers.values()), len(order), int(spec["max_tokens"])
        ),
        "usd_why": ""
        if priced
        else "no price per million tokens was given, or the endpoint counts no tokens",
    }


def _cut_warning(cut: int, items: int, most: int) -> list[str]:
    """Answers that were cut off may be right for all we know; empty where none was."""
    return (
        [f"{cut} of {items} answers were cut off at {most} tokens; use --max-tokens to allow more"]
        if cut
        else []
    )


def _sum(values: Any) -> int | None:
    counts = list(values)
    return None if any(v is None for v in counts) else sum(counts)


def _usd(spec: Mapping[str, Any], answer: ModelAnswer) -> float | None:
    """At list prices, cached tokens at the full price: never less than the bill."""
    if spec["input_usd"] is None or spec["output_usd"] is None:
        return None
    if answer.prompt_tokens is None or answer.completion_tokens is None:
        return None
    return (
        float(
            answer.prompt_tokens * spec["input_usd"] + answer.completion_tokens * spec["output_usd"]
        )
        / 1e6
    )


def _ask(spec: Mapping[str, Any], messages: Sequence[Mapping[str, str]], stop: Stop) -> ModelAnswer:
    """One call; waits and tries again where the endpoint is busy. Raises EndpointError."""
    body = json.dumps(
        {
            "model": spec["model"],
            "messages": messages,
            "temperature": 0.0,
            "max_tokens": int(spec["max_tokens"]),
        }
    )
    why = ""
    key = os.environ.get(str(spec["key_env"]), "")
    for turn in range(TRIES):
        if turn:
            time.sleep(min(2.0**turn * 0.25, stop.remaining_seconds()))
        begun = time.perf_counter()
        try:
            status, reply = _post(str(spec["url"]), body, key)
        except (OSError, http.client.HTTPException) as error:
            why = f"{type(error).__name__}: {error}"
            continue
        if status == 200:
            return _answer(reply, time.perf_counter() - begun)
        why = f"status {status}: {reply[:200].decode('utf-8', 'replace')}"
        if status not in AGAIN or stop.asked:
            break
    raise EndpointError(f"{spec['url']}: {why.replace(key, '***') if key else why}")


def _post(url: str, body: str, key: str) -> tuple[int, bytes]:
    """Follows no redirect: the key goes to the named host alone."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    try:
        connection.request(
            "POST", f"{parts.path}/chat/completions", body=body.encode(), headers=headers
        )
        response = connection.getresponse()
        return response.status, response.read(MAX_ANSWER_BYTES)
    finally:
        connection.close()


def _answer(reply: bytes, seconds: float) -> ModelAnswer:
    try:
        document = json.loads(reply)
        choice = document["choices"][0]
        text = choice["message"]["content"] or ""
        cut = choice.get("finish_reason") == "length"
        usage = document.get("usage") or {}
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        return ModelAnswer(
            str(text),
            seconds,
            usage.get("prompt_tokens"),
            usage.get("completion_tokens"),
            int(cached),
            cut,
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise EndpointError(
            f"the answer is not a chat completion: {type(error).__name__}"
        ) from None
