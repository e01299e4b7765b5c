"""Judges of open answers: rubric, pairs in both orders, cost, agreement with a person's labels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from advisor import experiments
from advisor.calibrate import quality
from advisor.calibrate.judge import JudgedAnswer, JudgeSpec, agreement, read_judged
from advisor.calibrate.prompts_plan import PromptOptions, prompts_plan
from advisor.calibrate.quality_records import PromptsSpec
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import Status
from tests.calibrate.model_server import ModelServer, Reply, said

ROWS = [
    (f"explain {i}", f"a long explanation of {i} in many words, as asked for, and no less")
    for i in range(60)
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key-1")


def grader(body: dict) -> Reply:
    """Answers well to even questions; judges answers by whether they say `good`."""
    text = body["messages"][-1]["content"]
    if text.startswith("You grade"):
        answer = text.partition("Answer to grade:\n")[2]
        return 200, said(f"I see.\nGrade: {5 if answer.startswith('good') else 2}"), {}
    if text.startswith("Which of two"):
        first = text.partition("Answer A:\n")[2]
        second = text.partition("Answer B:\n")[2]
        if "good" in first.partition("Answer B:")[0]:
            return 200, said("Verdict: A"), {}
        return 200, said("Verdict: B" if second.startswith("good") else "Verdict: A"), {}
    number = int(re.findall(r"\d+", text)[-1])
    return 200, said("good answer" if number % 2 == 0 else "bad answer"), {}


def run(**judging):
    server = ModelServer(grader)
    spec = PromptsSpec(url=server.url, model="judge", input_usd=2.0, output_usd=2.0, max_tokens=64)
    task = quality.task(ROWS[20:], ROWS[:20], metric="ROUGE-L", most_items=20)
    options = PromptOptions(shots=(0,), judge=JudgeSpec(spec, **judging))
    plan = prompts_plan(
        task, server.url, "m", options=options, input_usd=1.0, output_usd=1.0, max_usd=1.0
    )
    prepared = experiments.prepare(plan, experiments.endpoint(server.url), experiments.Limits())
    record = experiments.run(prepared, events=lambda e: None, cancel=CancelToken())
    server.close()
    assert record.summary.status is Status.DONE
    return record.result["trials"][0], server


LABELS = [
    JudgedAnswer(f"explain {n}", "good one" if n % 2 else "bad one", "x", float(n % 2))
    for n in range(10)
]


def test_a_rubric_grades_every_answer_and_is_compared_with_a_persons_labels() -> None:
    pytest.importorskip("rapidfuzz")
    line, server = run(labels=LABELS)
    assert line["metric"] == "judge rubric"
    assert line["score"] == pytest.approx((10 * 1.0 + 10 * 0.25) / 20)
    judge = line["judge"]
    assert (judge["kind"], judge["calls"]) == ("rubric", 20 + 10)
    assert judge["usd"] == pytest.approx(30 * 23 * 2.0 / 1e6)
    assert judge["agreement"]["same_side"] == 1.0
    assert judge["agreement"]["kappa"] == 1.0
    assert len(server.calls) == 20 + 20 + 10
    assert line["usd"] == pytest.approx(20 * 23 * 1.0 / 1e6)  # the judge's money is apart


def test_pairs_are_judged_in_both_orders_and_a_judge_of_positions_is_seen() -> None:
    """Of two bad answers this judge always prefers the first: that is no preference."""
    pytest.importorskip("rapidfuzz")
    line, server = run(pairwise=True)
    assert line["metric"] == "judge pairwise"
    assert line["score"] == pytest.approx((10 * 1.0 + 10 * 0.5) / 20)
    assert line["judge"]["calls"] == 40
    assert line["judge"]["order_decided"] == 0.5
    assert len(server.calls) == 20 + 40


def test_agreement_is_cohens_kappa() -> None:
    """Against the worked example of two raters with 20, 5, 10 and 15 of 50 (Cohen's kappa 0.4)."""
    marks = [1.0] * 25 + [0.0] * 25
    labels = [1.0] * 20 + [0.0] * 5 + [1.0] * 10 + [0.0] * 15
    found = agreement(marks, labels)
    assert found["same_side"] == pytest.approx(0.7)
    assert found["kappa"] == pytest.approx(0.4)
    assert found["difference"] == pytest.approx(0.5 - 0.6)
    assert agreement([1.0], [1.0])["kappa"] is None


def test_labels_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    rows = "".join(f"q{n},a,r,{n % 2}\n" for n in range(6))
    path.write_text("question,answer,reference,score\n" + rows)
    assert len(read_judged(path)) == 6
    path.write_text("question,answer,reference,score\n" + rows + "q,a,r,7\n")
    with pytest.raises(UsageError, match="line 8: score '7'"):
        read_judged(path)
    path.write_text("question,answer\n")
    with pytest.raises(UsageError, match="no column reference"):
        read_judged(path)
