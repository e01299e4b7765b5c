"""The price and the time of a prompt run before it starts, from its parts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.calibrate.embeddings import EmbeddingSource
from advisor.calibrate.judge import JudgedAnswer, JudgeSpec
from advisor.calibrate.prompting.forms import PromptForm
from advisor.calibrate.prompts_price import endpoint_forecast, work_of
from advisor.calibrate.quality_records import PromptsSpec, Workload
from advisor.core.experiment import ExperimentPlan, RunPrediction, Trial
from advisor.core.quantity import Range

URL = "http://models.example/v1"
ITEMS = [["q" * 40, "a" * 20], ["q" * 80, "a" * 40]]
"""10 and 20 tokens of questions, 5 and 10 of answers: on average 15 + 2 · 7.5 with two answers."""


def spec(**changes: Any) -> PromptsSpec:
    """100 calls that read 20,000 tokens and write 1,000, at 2 and 10 USD per million."""
    usual: dict[str, Any] = {"input_usd": 2.0, "output_usd": 10.0, "max_tokens": 50, "at_once": 4}
    expected = Workload(20_000.0, 1_000.0, 0.0, 100.0)
    return PromptsSpec(URL, "m", **usual | {"expected": expected} | changes)


def forecast(
    *specs: PromptsSpec, shared: dict[str, Any] | None = None, **limits: float
) -> RunPrediction:
    trials = tuple(Trial("prompts", "", s.to_json()) for s in specs)
    data = {"items": ITEMS} | (shared or {})
    return endpoint_forecast(ExperimentPlan("prompts", "n", trials, data, "endpoint", 0, **limits))


def ends(spread: Range) -> list[float | None]:
    return [spread.p10, spread.p50, spread.p90]


def test_seconds_are_calls_over_how_many_at_once() -> None:
    found = forecast(spec(), spec(at_once=10))
    waits = 100 / 4 + 100 / 10
    assert ends(found.seconds) == pytest.approx([0.3 * waits, 1.5 * waits, 6.0 * waits])
    assert found.capped == ""


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [(1.0, [7.5, 37.5, 60.0]), (0.5, [7.5, 30.0, 30.0]), (9.0, [7.5, 37.5, 150.0])],
)
def test_minutes_cut_the_seconds(minutes: float, seconds: list[float]) -> None:
    found = forecast(spec(), minutes=minutes)
    assert ends(found.seconds) == pytest.approx(seconds)
    assert found.capped == "--minutes"


LIKELY = (20_000 * 2 + 1_000 * 10) / 1e6
MOST = (1.2 * 20_000 * 2 + 100 * 50 * 10) / 1e6
"""A fifth more is read, and every answer is as long as it may be."""


def test_money_is_what_is_read_and_written_at_its_prices() -> None:
    assert ends(forecast(spec()).usd) == pytest.approx([0.8 * LIKELY, LIKELY, MOST])
    both = forecast(spec(), spec(input_usd=4.0, output_usd=20.0)).usd
    assert ends(both) == pytest.approx([0.8 * 3 * LIKELY, 3 * LIKELY, 3 * MOST])


@pytest.mark.parametrize("cap", [1.5 * LIKELY, 0.9 * LIKELY, 0.5 * LIKELY])
def test_dollars_cut_the_money_and_are_named_first(cap: float) -> None:
    found = forecast(spec(), max_usd=cap, minutes=9.0)
    assert ends(found.usd) == pytest.approx(
        [min(0.8 * LIKELY, cap), min(LIKELY, cap), min(MOST, cap)]
    )
    assert found.capped == "--max-usd"


def test_thinking_takes_room_beside_the_answer() -> None:
    forms = [PromptForm("chain-of-thought", thinks=True).to_json(), PromptForm().to_json()]
    most = (1.2 * 20_000 * 2 + 100 * (50 + 512) * 10) / 1e6
    assert forecast(spec(forms=forms)).usd.p90 == pytest.approx(most)


def test_the_highest_is_never_below_what_is_expected() -> None:
    """1,000 tokens written in 100 calls of at most 5 each."""
    found = forecast(spec(max_tokens=5, input_usd=0.0)).usd
    assert ends(found) == pytest.approx([0.8 * 0.01, 0.01, 0.01])


@pytest.mark.parametrize("missing", ["input_usd", "output_usd"])
def test_a_price_that_is_not_known_leaves_the_money_unknown(missing: str) -> None:
    found = forecast(spec(), spec(**{missing: None}))
    assert ends(found.usd) == [None, None, None]
    assert found.seconds.p50 is not None


@pytest.mark.parametrize(
    ("pairwise", "labels", "calls"),
    [(False, 0, 100), (True, 0, 200), (False, 3, 103), (True, 3, 203)],
)
def test_a_judge_reads_rubric_question_and_both_answers(
    pairwise: bool, labels: int, calls: int
) -> None:
    marked = [JudgedAnswer("q", "a", "r", 1.0)] * labels
    judge = JudgeSpec(
        spec(input_usd=1.0, output_usd=3.0, expected=None), "r" * 80, pairwise, marked
    )
    found = forecast(spec(), shared={"judge": judge.to_json()}).usd
    read = 100 + 20 + 15 + 2 * 7.5
    likely = calls * (read * 1 + 0.3 * 256 * 3) / 1e6
    most = calls * (1.2 * read * 1 + 256 * 3) / 1e6
    assert found.p50 == pytest.approx(LIKELY + likely)
    assert found.p90 == pytest.approx(MOST + most)


def test_every_text_that_is_compared_is_embedded_once() -> None:
    """Both questions, 30 tokens, at 0.5 USD per million; what an encoder here embeds is free."""
    forms = [PromptForm("retrieved-examples", shots=2, choice="nearest", embeddings="e").to_json()]
    source = EmbeddingSource(PromptsSpec(URL, "e", input_usd=0.5, output_usd=0.0))
    found = forecast(spec(forms=forms), shared={"embedding": source.to_json()}).usd
    assert found.p50 == pytest.approx(LIKELY + 30 * 0.5 / 1e6, rel=1e-9)
    assert found.p90 == pytest.approx(MOST + 1.2 * 30 * 0.5 / 1e6, rel=1e-9)
    here = {"embedding": {"weights": {"folder": "f", "weights": "w"}}}
    assert forecast(spec(forms=forms), shared=here).usd.p50 == pytest.approx(LIKELY)


def test_a_trial_that_does_not_say_takes_nothing() -> None:
    assert work_of(spec(expected=None)) == Workload()
