"""Prompt runs against a real local server: answers, tokens, money, limits, refusals."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import experiments
from advisor.calibrate import limits, quality
from advisor.calibrate.judge import JudgeSpec
from advisor.calibrate.prompts_plan import PromptOptions, prompts_plan
from advisor.calibrate.quality_records import PromptsSpec, SearchSpec
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import Status
from advisor.core.quantity import Range
from tests.calibrate.model_server import ModelServer, Reply, said

AWAY = "http://models.example/v1"
ROWS = [
    (
        f"ticket {i}: {'my parcel is late' if i % 2 else 'the invoice is wrong'}",
        "shipping" if i % 2 else "billing",
    )
    for i in range(60)
]


class Endpoint(ModelServer):
    """Knows the answer once it has been shown examples."""

    def __init__(self) -> None:
        super().__init__(self.reply)
        self.fail_first = 0
        self.status = 200
        self.pause = 0.0
        self.usage = True
        self.long = False

    def reply(self, body: dict) -> Reply:
        time.sleep(self.pause)
        if self.fail_first > 0:
            self.fail_first -= 1
            return 429, {"error": "busy"}, {}
        if self.status != 200:
            return self.status, {"error": f"no entry with {self.headers[-1]}"}, {}
        return 200, self.answer(body["messages"]), {}

    def answer(self, messages: list[dict]) -> dict:
        shown = len(messages) > 2
        right = "shipping" if "parcel" in messages[-1]["content"] else "billing"
        answer: dict = said(f"Label: {right}" if shown else "billing")
        if self.long:
            answer = said("First I think\n\nand then\n#### 7", "length")
        usage = {"prompt_tokens": 10 * len(messages), "completion_tokens": 3}
        return answer | {"usage": usage if self.usage else None}


@pytest.fixture
def endpoint():
    running = Endpoint()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key-1")
    return tmp_path / "home"


def planned(endpoint: Endpoint, **settings):
    held = quality.task(ROWS, most_items=12, instruction="Which desk?")
    return prompts_plan(
        held, endpoint.url, "m", **{"input_usd": 1.0, "output_usd": 10.0} | settings
    )


def run(plan, again: bool = False):
    bounds = experiments.Limits(max_usd=plan.max_usd)
    prepared = experiments.prepare(
        plan, experiments.endpoint(plan.trials[0].spec["url"]), bounds, again=again
    )
    return experiments.run(prepared, events=lambda e: None, cancel=CancelToken())


def test_answers_tokens_and_money_are_counted(endpoint: Endpoint, home: Path) -> None:
    endpoint.fail_first = 1
    record = run(planned(endpoint))
    assert record.summary.status is Status.DONE
    zero, few = record.result["trials"]
    assert few["score"] == 1.0
    assert zero["score"] < 1.0
    assert (zero["prompt_tokens"], zero["completion_tokens"]) == (12 * 20, 12 * 3)
    assert few["prompt_tokens"] == 12 * 80  # system, three examples of two messages, the item
    assert zero["usd"] == pytest.approx((240 * 1.0 + 36 * 10.0) / 1e6)
    assert zero["latency_seconds"]["p50"] <= zero["latency_seconds"]["p99"]
    assert len(endpoint.calls) == 24 + 1
    assert {sent["Authorization"] for sent in endpoint.headers} == {"Bearer secret-key-1"}
    (told,) = record.result["comparisons"]
    assert (told["against"], told["arm"]) == ("prompt/few-shot, 3 shown", "prompt/zero-shot")
    assert not any(b"secret-key-1" in f.read_bytes() for f in home.rglob("*") if f.is_file())


def test_the_dollar_limit_stops_before_it_is_passed_and_the_rest_can_follow(
    endpoint: Endpoint,
) -> None:
    each = (20 * 1.0 + 3 * 10.0) / 1e6
    most = (50 * 1.0 + 32 * 10.0) / 1e6  # the next call is reserved at the most it may cost
    record = run(planned(endpoint, max_usd=each * 4.5 + most, at_once=2))
    assert record.summary.status is Status.CANCELLED
    assert "dollars" in record.result["reason"]
    assert 2 <= len(endpoint.calls) <= 7
    answered = len(endpoint.calls)
    (partial,) = (o for o in record.outcomes if o.result)
    assert partial.status is Status.CANCELLED
    assert record.result["trials"] == []
    assert run(planned(endpoint)).summary.status is Status.DONE
    assert len(endpoint.calls) == 24  # none of the answers is paid for twice
    assert answered < 24


def test_a_refusal_is_an_outcome_without_the_key(endpoint: Endpoint) -> None:
    endpoint.status = 401
    record = run(planned(endpoint))
    assert record.summary.status is Status.FAILED
    assert all("401" in o.reason for o in record.outcomes)
    assert all("secret-key-1" not in o.reason for o in record.outcomes)


def test_money_is_unknown_where_tokens_or_prices_are(endpoint: Endpoint) -> None:
    endpoint.usage = False
    record = run(planned(endpoint, shots=(0,)))
    (line,) = record.result["trials"]
    assert line["usd"] is None
    assert line["prompt_tokens"] is None
    assert "counts no tokens" in line["usd_why"]


def test_cancelling_keeps_nothing_but_what_was_answered(endpoint: Endpoint) -> None:
    endpoint.pause = 0.05
    plan = planned(endpoint, at_once=1)
    prepared = experiments.prepare(plan, experiments.endpoint(endpoint.url), experiments.Limits())
    token = CancelToken()

    def hear(event) -> None:
        if event.fields.get("step", 0) >= 3:
            token.cancel()

    record = experiments.run(prepared, events=hear, cancel=token)
    assert record.summary.status is Status.CANCELLED
    assert len(endpoint.calls) < 12
    assert record.outcomes[0].result["items"] >= 3


def test_prices_and_addresses_are_checked_before_anything_is_sent(endpoint: Endpoint) -> None:
    with pytest.raises(UsageError, match="--input-usd"):
        planned(endpoint, max_usd=1.0, input_usd=None)
    with pytest.raises(UsageError, match="not an address"):
        prompts_plan(quality.task(ROWS), "ftp://x", "m")
    plan = planned(endpoint)
    prepared = experiments.prepare(plan, experiments.endpoint(endpoint.url), experiments.Limits())
    usd = prepared.forecast.usd
    assert (usd.p10 or 0.0) < usd.likely < (usd.p90 or 0.0)
    assert endpoint.calls == []


def price_of(options: PromptOptions) -> Range:
    held = quality.task(ROWS, most_items=12, development=10)
    plan = prompts_plan(held, AWAY, "m", input_usd=1.0, output_usd=10.0, options=options)
    return limits.forecast(plan, None, None, None).usd


def test_a_price_before_the_run_covers_all_that_is_billed() -> None:
    """Long thoughts at P90, what an optimiser asks, and every mark of a judge."""
    plain = price_of(PromptOptions(("zero-shot",)))
    thinking = price_of(PromptOptions(("chain-of-thought",)))
    assert plain.p90 is not None
    assert thinking.p10 < thinking.likely < thinking.p90
    assert thinking.p90 >= 22 * 512 * 10e-6  # every answer at its longest
    search = SearchSpec(200, optimiser="gepa")
    assert price_of(PromptOptions(("zero-shot",), search=search)).likely > 8 * plain.likely
    spec = PromptsSpec(url=AWAY, model="j", input_usd=1.0, output_usd=100.0, max_tokens=256)
    judged = price_of(PromptOptions(("zero-shot",), judge=JudgeSpec(spec)))
    pairs = price_of(PromptOptions(("zero-shot",), judge=JudgeSpec(spec, pairwise=True)))
    assert judged.p90 - plain.p90 == pytest.approx(22 * 256 * 100e-6, rel=0.05)
    assert pairs.p90 - plain.p90 == pytest.approx(2 * (judged.p90 - plain.p90), rel=0.05)
    unknown = JudgeSpec(replace(spec, input_usd=None))
    assert price_of(PromptOptions(("zero-shot",), judge=unknown)) == Range(None, None, None)


def test_long_answers_are_read_to_their_end_and_cut_ones_are_warned_of(endpoint: Endpoint) -> None:
    endpoint.long = True
    rows = [
        (f"how many? {i}", f"{i} of them make\nmany steps of reasoning\n#### {7 if i % 2 else i}")
        for i in range(60)
    ]
    held = quality.task(rows, most_items=12)
    assert held.metric == "numeric match"
    plan = prompts_plan(held, endpoint.url, "m", shots=(0,))
    (line,) = run(plan).result["trials"]
    assert line["score"] == sum(a.endswith("#### 7") for _, a in held.items) / 12
    assert line["warnings"][:1] == [
        f"12 of 12 answers were cut off at {plan.trials[0].spec['max_tokens']} tokens; use "
        "--max-tokens to allow more"
    ]
    assert endpoint.calls[0]["max_tokens"] == plan.trials[0].spec["max_tokens"] >= 32
    longer = prompts_plan(held, endpoint.url, "m", shots=(0,), max_tokens=500)
    assert longer.trials[0].spec["max_tokens"] == 500
