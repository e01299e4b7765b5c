"""Similar rows and passages by embeddings of an endpoint: paid once, limited, announced."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from advisor import experiments
from advisor.calibrate import quality
from advisor.calibrate.embeddings import EmbeddingSource, batches, embedded_texts
from advisor.calibrate.prompting.examples import EmbeddingIndex
from advisor.calibrate.prompts_plan import PromptOptions, prompts_plan
from advisor.calibrate.quality_records import PromptsSpec, SearchSpec
from advisor.calibrate.scores import scores_so_far
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import RunRecord, Status
from advisor.endpoint.client import server_at
from advisor.endpoint.embeddings import embed
from advisor.endpoint.errors import ServerError
from advisor.endpoint.exchange import body_bytes
from advisor.experiments.leaving import leaving
from tests.calibrate.model_server import ModelServer, said

MEANING = {"parcel": 0, "package": 0, "shipment": 0, "invoice": 1, "bill": 1, "receipt": 1}
POOL = [(f"{word} {n} late", "AB"[MEANING[word]]) for n in range(20) for word in MEANING]
ITEMS = [(f"{word} again {n}", "AB"[MEANING[word]]) for n in range(5) for word in MEANING]
PASSAGES = ["About the parcel: the answer is A.", "About the invoice: the answer is B."]


def vector(text: str) -> list[float]:
    """By the meaning of its word, with a little of its length."""
    place = next(number for word, number in MEANING.items() if word in text)
    return [10.0 * (place == 0), 10.0 * (place == 1), 0.01 * len(text)]


def embedded(body: dict) -> dict:
    data = [{"index": n, "embedding": vector(text)} for n, text in enumerate(body["input"])]
    return {"data": data[::-1], "usage": {"prompt_tokens": 4 * len(data)}}


def behave(body: dict):
    """The chat model repeats the last example it is shown, or the first passage it can read."""
    if "input" in body:
        return 200, embedded(body), {}
    shown = [m["content"] for m in body["messages"] if m["role"] == "assistant"]
    text = body["messages"][-1]["content"]
    read = text.partition("the answer is ")[2][:1]
    return 200, said(shown[-1] if shown else read or "A"), {}


@pytest.fixture
def server():
    running = ModelServer(behave)
    yield running
    running.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "k")


def asked(server: ModelServer) -> Counter[str]:
    return Counter(text for body in server.calls for text in body.get("input", ()))


def source(url: str, usd: float | None = 100.0) -> EmbeddingSource:
    spec = PromptsSpec(url=url, model="vectors", input_usd=usd, output_usd=0.0, max_tokens=0)
    return EmbeddingSource(endpoint=spec)


BOTH = {"techniques": ("retrieved-examples", "retrieval"), "passages": PASSAGES}


def planned(server: ModelServer, max_usd: float | None = None, **options):
    task = quality.task(POOL, ITEMS, most_items=len(ITEMS), development=20)
    chosen = PromptOptions(shots=(2,), embedding=source(server.url), **options)
    return prompts_plan(
        task, server.url, "m", input_usd=1.0, output_usd=1.0, max_usd=max_usd, options=chosen
    )


def run(server: ModelServer, max_usd: float | None = None, **options) -> RunRecord:
    plan = planned(server, max_usd, **options)
    prepared = experiments.prepare(plan, experiments.endpoint(server.url), experiments.Limits())
    return experiments.run(prepared, events=lambda e: None, cancel=CancelToken())


def test_the_better_of_words_and_embeddings_is_chosen_on_development_items(
    server: ModelServer,
) -> None:
    """Each text is paid for once over trials and runs, and announced with its bytes."""
    (line,) = leaving(planned(server, **BOTH))
    record = run(server, **BOTH)
    sent = [body for body in server.calls if "input" in body]
    assert record.summary.status is Status.DONE
    examples, passages = record.result["trials"]
    ways = {c["label"]: c["score"] for c in examples["choice"]["candidates"]}
    assert ways["retrieved-examples, 2 nearest shown, by embeddings"] == 1.0
    assert ways["retrieved-examples, 2 nearest shown"] < 0.9
    assert examples["score"] == passages["score"] == 1.0
    assert passages["choice"]["candidates"][0]["label"].endswith("by embeddings")
    texts = embedded_texts(planned(server, techniques=("retrieved-examples",)))
    report = examples["embedding"]
    assert report["texts"] == len(texts) == 20 + 30 + 100
    assert report["usd"] == pytest.approx(report["tokens"] * 100e-6)
    assert report["tokens"] == pytest.approx(4 * report["texts"], rel=0.01)
    assert passages["embedding"]["texts"] == 20 + 30 + len(PASSAGES)
    assert set(asked(server).values()) == {1}
    assert all(len(body["input"]) <= 128 for body in sent)
    assert f"to {server.url} for the embeddings of 152 texts" in line
    announced = int(line.partition(", and ")[2].partition(" bytes")[0].replace(",", ""))
    assert announced == pytest.approx(sum(map(body_bytes, sent)), rel=0.05)

    calls = len(server.calls)
    again = run(server, techniques=("retrieved-examples",))
    assert len(server.calls) == calls
    assert again.result["trials"][0]["embedding"] == report


def test_a_run_that_broke_off_between_batches_asks_only_for_what_is_missing(
    server: ModelServer,
) -> None:
    served: list[str] = []

    def failing(body: dict):
        if "input" in body and served:
            return 400, {"error": {"message": "no such model"}}, {}
        served.extend(body.get("input", ()))
        return behave(body)

    server.behave = failing
    record = run(server, techniques=("retrieved-examples",))
    assert record.result["trials"] == []
    assert "no such model" in record.outcomes[0].reason
    server.behave = behave
    server.calls.clear()
    record = run(server, techniques=("retrieved-examples",))
    assert record.result["trials"][0]["score"] == 1.0
    assert served
    assert not set(asked(server)) & set(served)


def test_embeddings_count_towards_the_limit_of_money(server: ModelServer) -> None:
    record = run(server, max_usd=0.02, techniques=("retrieved-examples",))
    paid = 4 * sum(asked(server).values()) * 100e-6
    chat = sum("messages" in body for body in server.calls)
    assert paid + chat * 23e-6 <= 0.02
    assert record.summary.status is Status.CANCELLED
    task = quality.task(POOL, ITEMS, most_items=10)
    away = PromptOptions(embedding=source("http://models.example/v1", None))
    with pytest.raises(UsageError, match=r"vectors is not known; give --embedding-usd"):
        prompts_plan(task, server.url, "m", input_usd=1, output_usd=1, max_usd=1.0, options=away)


def test_a_search_tries_embeddings_and_its_cost_includes_them(server: ModelServer) -> None:
    record = run(server, search=SearchSpec(200), techniques=("zero-shot",))
    searched = record.result["trials"][-1]
    assert searched["score"] == 1.0
    assert "by embeddings" in searched["choice"]["candidates"][0]["label"]
    plan = planned(server, search=SearchSpec(200), techniques=("zero-shot",))
    (row,) = (s for s in scores_so_far(plan, record.outcomes) if s.technique == "searched")
    assert row.search_usd is not None
    expected = searched["choice"]["usd"] + searched["embedding"]["usd"]
    assert row.search_usd.p50 == pytest.approx(expected)


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{"index": 0, "embedding": [1.0, 2.0]}]},
        {"data": [{"index": 0, "embedding": [0.0]}, {"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]},
        {"data": [{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": [1.0]}]},
        {"data": "none"},
        {},
    ],
)
def test_what_is_not_a_list_of_embeddings_is_refused(server: ModelServer, answer: dict) -> None:
    server.behave = lambda body: (200, answer, {})
    with pytest.raises(ServerError, match=r"/embeddings: the answer is not a list of embeddings"):
        embed(server_at(server.url), "vectors", ["parcel", "bill"], lambda seconds: True)


def test_a_busy_server_is_asked_again_and_order_is_that_of_the_texts(server: ModelServer) -> None:
    waits: list[float] = []
    busy = [1, 1]

    def slow(body: dict):
        return (
            (429, {"error": "busy"}, {"Retry-After": "3"}) if busy and busy.pop() else behave(body)
        )

    server.behave = slow
    texts = ["a bill", "a parcel", "an invoice"]
    got = embed(server_at(server.url), "v", texts, lambda s: waits.append(s) is None)
    assert got.vectors == [vector(text) for text in texts]
    assert got.prompt_tokens == 12
    assert waits == [3.0, 3.0]


def test_batches_hold_every_text_once_within_both_limits() -> None:
    texts = [f"{n}" * 40 for n in range(300)] + ["long" * 30_000, "short"]
    parts = list(batches(texts))
    assert [text for part in parts for text in part] == texts
    assert max(map(len, parts)) == 128
    assert all(sum(map(len, part)) <= 100_000 for part in parts if len(part) > 1)


def test_nearest_is_by_cosine() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(50, 8))
    texts = [str(n) for n in range(50)]
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    index = EmbeddingIndex(texts, lambda wanted: units[[int(text) for text in wanted]])

    def cosine(a: int, b: int) -> float:
        dot = sum(x * y for x, y in zip(rows[a], rows[b], strict=True))
        return dot / (math.hypot(*rows[a]) * math.hypot(*rows[b]))

    by_hand = sorted(range(50), key=lambda n: -cosine(7, n))[:5]
    assert index.nearest("7", 5) == by_hand
    assert EmbeddingIndex([], lambda wanted: units).nearest("7", 5) == []
