"""Prompt trials against a real local server that fails in all the ways that servers do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from advisor import experiments
from advisor.calibrate import quality
from advisor.calibrate.prompts_plan import prompts_plan
from advisor.calibrate.scores import own_scores
from advisor.core.events import CancelToken
from advisor.core.experiment import KeptTrial, RunRecord, Status
from advisor.endpoint.client import server_at
from advisor.endpoint.errors import ServerError, Trouble, trouble_of
from tests.calibrate.model_server import USAGE, ModelServer, Reply, said

ROWS = [(f"ticket {i}: {'parcel' if i % 2 else 'invoice'}", "AB"[i % 2]) for i in range(100)]


def right(body: dict) -> str:
    return "B" if "parcel" in body["messages"][-1]["content"] else "A"


@pytest.fixture
def server():
    running = ModelServer(lambda body: (200, said(right(body)), {}))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key-1")


def run(server: ModelServer, *, again: bool = False, cancel: CancelToken | None = None, **changes):
    settings = {"shots": (0,), "input_usd": 1.0, "output_usd": 10.0, **changes}
    url = settings.pop("url", server.url)
    task = quality.task(ROWS, most_items=20)
    plan = prompts_plan(task, url, "m", **settings)
    bounds = experiments.Limits(max_usd=plan.max_usd)
    prepared = experiments.prepare(plan, experiments.endpoint(url), bounds, again=again)
    return experiments.run(prepared, events=lambda e: None, cancel=cancel or CancelToken())


def line(record: RunRecord) -> dict:
    (only,) = record.result["trials"]
    return only


GIVEN = (
    lambda b: said(f"<think>A? B? {'A' * 30}</think>\n\n{b}"),
    lambda b: said(f"Both A and B could fit. The answer is **{b}**."),
    lambda b: said(f"First I look at it.\n\n\\boxed{{{b}}}"),
    lambda b: said([{"type": "reasoning", "text": "A or B"}, {"type": "text", "text": b}]),
    lambda b: said(b, reasoning_content="It may be A, or B, or A"),
    lambda b: said(f'```json\n{{"answer": "x"}}\n```\nFinal answer: `{b}`'),
    lambda b: said(f"{b})"),
    lambda b: said(f"thinking about A and B...</think>{b}"),
)
"""Answers as models give them: each form comes up two or three times in a run of twenty items."""


def test_answers_as_models_give_them_are_read(server: ModelServer) -> None:
    forms = cycle(GIVEN)
    server.behave = lambda body: (200, next(forms)(right(body)), {})
    record = run(server)
    assert len(server.calls) >= 2 * len(GIVEN)
    assert record.outcomes[0].result["item_scores"] == [1.0] * 20
    assert line(record)["artefacts"] == {}


ARTEFACTS = (
    (said("I'm sorry, but I can't help with that."), "refused"),
    (said("<think>it may be A", "length"), "cut"),
    (said(""), "empty"),
    (said("It is neither of them."), "unreadable"),
    (said(None, refusal="I will not."), "refused"),
)


def test_artefacts_are_counted_apart_and_beyond_a_share_are_not_a_measurement(
    server: ModelServer,
) -> None:
    answers = cycle(ARTEFACTS)
    server.behave = lambda body: (200, next(answers)[0], {})
    record = run(server)
    result = line(record)
    assert result["artefacts"] == {"refused": 8, "cut": 4, "empty": 4, "unreadable": 4}
    assert any("not a measurement" in text for text in result["warnings"])
    kept = [KeptTrial(1, "prompts", "", {"model": "m"}, {}, record.outcomes[0])]
    assert own_scores(kept) == ()


def test_newer_models_get_the_parameters_that_they_take(server: ModelServer) -> None:
    def behave(body: dict) -> Reply:
        for name, text in (
            ("max_tokens", "Unsupported parameter: 'max_tokens'; use 'max_completion_tokens'"),
            ("temperature", "'temperature' does not support 0.0 with this model"),
        ):
            if name in body:
                return 400, {"error": {"message": text}}, {}
        return 200, said(right(body)), {}

    server.behave = behave
    assert line(run(server))["score"] == 1.0
    assert len(server.calls) == 20 + 2
    assert server.calls[-1]["max_completion_tokens"] >= 32


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, {"message": "no"}),
        (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}),
    ],
)
def test_a_refused_key_and_an_empty_account_stop_at_once(
    server: ModelServer, status: int, error: dict
) -> None:
    server.behave = lambda body: (status, {"error": error}, {})
    record = run(server, shots=(0, 2, 4))
    assert record.summary.status is Status.FAILED
    assert len(server.calls) == 1
    assert "secret-key-1" not in json.dumps(record.result)
    assert trouble_of(403, "no") is Trouble.KEY


def test_a_busy_server_is_asked_again_when_it_says(server: ModelServer) -> None:
    times: list[float] = []

    def behave(body: dict) -> Reply:
        times.append(time.monotonic())
        if len(times) == 1:
            return 429, {"error": {"message": "slow down"}}, {"Retry-After": "1"}
        if len(times) == 3:
            return 503, {"error": {"message": "later"}}, {}
        return 200, said(right(body)), {}

    server.behave = behave
    assert line(run(server))["score"] == 1.0
    assert 0.9 <= times[1] - times[0] < 3.0
    assert len(server.calls) == 22


def test_one_broken_body_or_filter_loses_one_item(server: ModelServer) -> None:
    def behave(body: dict) -> Reply:
        text = body["messages"][-1]["content"]
        if text == first:
            return 200, b'{"choices": [', {}
        if text == second:
            return 400, {"error": {"message": "x", "code": "content_filter"}}, {}
        return 200, said(right(body)), {}

    task = quality.task(ROWS, most_items=20)
    first, second = (prompt for prompt, _ in task.items[:2])
    server.behave = behave
    result = line(run(server))
    assert result["artefacts"] == {"lost": 2}
    assert result["score"] == pytest.approx(18 / 20)


def test_no_answer_is_paid_for_twice_however_a_run_ends(server: ModelServer) -> None:
    """Stopped by failures, by a limit, by the user, then finished: every item once."""

    def fails_after(count: int) -> Callable[[dict], Reply]:
        def behave(body: dict) -> Reply:
            if len(server.calls) > count:
                return 404, {"error": {"message": "gone"}}, {}
            return 200, said(right(body)), {}

        return behave

    server.behave = fails_after(5)
    assert run(server).summary.status is Status.FAILED
    paid = server.items()
    server.calls.clear()
    cancel = CancelToken()

    def cancels(body: dict) -> Reply:
        if len(server.calls) == 6:
            cancel.cancel()
        return 200, said(right(body)), {}

    server.behave = cancels
    assert run(server, cancel=cancel).summary.status is Status.CANCELLED
    paid += server.items()
    server.calls.clear()
    server.behave = lambda body: (200, said(right(body)), {})
    record = run(server)
    assert line(record)["score"] == 1.0
    paid += server.items()
    failed = sum(paid.values()) - 20
    assert set(paid) == {prompt for prompt, _ in quality.task(ROWS, most_items=20).items}
    assert failed <= 4  # calls under way when the server began to refuse: not answered, not paid
    server.calls.clear()
    assert run(server, again=True).summary.status is Status.DONE
    assert len(server.calls) == 20  # --again is a new measurement


def test_the_dollar_limit_holds_where_no_tokens_are_counted(server: ModelServer) -> None:
    silent = {"choices": [{"message": {"content": "B"}, "finish_reason": "stop"}]}
    server.behave = lambda body: (200, silent, {})
    record = run(server, max_usd=0.0012)
    assert record.summary.status is Status.CANCELLED
    assert "dollars" in record.result["reason"]
    assert 0 < len(server.calls) < 20


def test_the_query_of_an_address_is_kept_and_a_key_stays_off_plain_http(
    server: ModelServer,
) -> None:
    assert line(run(server, url=f"{server.url}?api-version=2024-10-21"))["score"] == 1.0
    assert set(server.paths) == {"/v1/chat/completions?api-version=2024-10-21"}
    assert {sent["Authorization"] for sent in server.headers} == {"Bearer secret-key-1"}
    far = server_at("http://models.example.com/v1?api-version=1", "secret-key-1")
    assert not far.key_is_sent
    assert "Authorization" not in far.where.headers


def test_a_server_that_only_streams_is_put_together(server: ModelServer) -> None:
    def behave(body: dict) -> Reply:
        if not body.get("stream"):
            return 400, {"error": {"message": "only stream=true is supported"}}, {}
        events = [
            {"choices": [{"delta": {"content": part}}]} for part in ("It is ", right(body), ".")
        ]
        events.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        events.append({"choices": [], "usage": USAGE})
        text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        return 200, text.encode(), {"Content-Type": "text/event-stream"}

    server.behave = behave
    result = line(run(server))
    assert (result["score"], result["prompt_tokens"]) == (1.0, 400)


def test_an_answer_without_end_is_cut(server: ModelServer) -> None:
    server.behave = lambda body: (200, b'{"x": "' + b"y" * 9_000_000 + b'"}', {})
    with pytest.raises(ServerError, match="no end"):
        server_at(server.url).answer({"messages": []})


def test_a_worse_prompt_that_is_tried_later_does_not_replace_a_better_one(
    server: ModelServer,
) -> None:
    good = run(server)
    server.behave = lambda body: (200, said("A"), {})
    task = quality.task(ROWS, most_items=20, instruction="Hm.")
    plan = prompts_plan(task, server.url, "m", shots=(0,), input_usd=1.0, output_usd=10.0)
    prepared = experiments.prepare(
        plan, experiments.endpoint(server.url), experiments.Limits(), again=True
    )
    bad = experiments.run(prepared, events=lambda e: None, cancel=CancelToken())
    assert line(bad)["score"] < line(good)["score"] == 1.0
    assert line(bad)["prompt_hash"] != line(good)["prompt_hash"]
    assert (line(bad)["instruction"], line(good)["instruction"]) == ("Hm.", "")
    kept = [
        KeptTrial(number, "prompts", "", {"model": "m"}, {}, record.outcomes[0])
        for number, record in enumerate((good, bad), 1)
    ]
    (score,) = own_scores(kept)
    assert score.score == 1.0
    assert "best of 2 prompts" in score.source


@pytest.mark.parametrize(
    "line_of_brief", ["[policy]\ndata_may_leave = false\n", "[data]\nsensitive = true\n"]
)
def test_rows_that_may_not_leave_stay_here(tmp_path: Path, line_of_brief: str) -> None:
    from click.testing import CliRunner

    from advisor.cli.calibrate.prompts import command

    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"prompt": p, "completion": a}) + "\n" for p, a in ROWS))
    brief = tmp_path / "brief.toml"
    brief.write_text(f"schema = 1\n{line_of_brief}")
    words = ["--brief", str(brief), "--data", str(rows), "--model", "m"]
    words += ["--dry-run", "--all"]
    refused = CliRunner().invoke(command, [*words, "--url", "https://models.example.com/v1"])
    assert refused.exit_code != 0
    assert "--send-anyway" in str(refused.exception) + refused.output
    for more in (["--url", "http://localhost:9/v1"], ["--url", "https://x.io/v1", "--send-anyway"]):
        allowed = CliRunner().invoke(command, [*words, *more])
        assert allowed.exit_code == 0, allowed.output
