"""An optimiser of dspy on a local server, where dspy is installed: its calls are ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from advisor import experiments
from advisor.calibrate import quality
from advisor.calibrate.prompts_plan import PromptOptions, prompts_plan
from advisor.calibrate.quality_records import SearchSpec
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import Status
from tests.calibrate.model_server import ModelServer, Reply, said

ROWS = [(f"ticket {i}: {'parcel' if i % 2 else 'invoice'}", "AB"[i % 2]) for i in range(80)]
KEY = "B means parcels"
CALLS = 120


def behave(body: dict) -> Reply:
    """Writes the better instruction when it is asked for one; follows it when it is given."""
    text = "\n".join(str(m["content"]) for m in body["messages"])
    last = str(body["messages"][-1]["content"])
    item = last.partition("[[ ## input ## ]]")[2] or last
    right = "B" if "parcel" in item else "A"
    answer = right if KEY in text else "A"
    fields = [n for n in re.findall(r"`\[\[ ## (\w+) ## \]\]`", last) if n != "completed"]
    if fields:
        values = [answer if name == "answer" else f"{KEY}." for name in fields]
        parts = [f"[[ ## {n} ## ]]\n{v}\n" for n, v in zip(fields, values, strict=True)]
        return 200, said("\n".join([*parts, "[[ ## completed ## ]]"])), {}
    if "JSON object" in last:
        keys = re.findall(r"`(\w+)`", last.rpartition("JSON object")[2])
        return 200, said(json.dumps(dict.fromkeys(keys, f"{KEY}."))), {}
    return 200, said(answer), {}


@pytest.mark.slow
@pytest.mark.parametrize("optimiser", ["gepa", "mipro"])
def test_an_optimiser_writes_a_better_prompt_and_its_calls_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimiser: str
) -> None:
    pytest.importorskip("dspy")
    if optimiser == "mipro":
        pytest.importorskip("optuna")
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key-1")
    server = ModelServer(behave)
    own = quality.task(ROWS, most_items=12, instruction="Sort.", development=12)
    options = PromptOptions(
        techniques=("zero-shot",), shots=(0,), search=SearchSpec(CALLS, optimiser=optimiser)
    )
    plan = prompts_plan(own, server.url, "m", options=options, input_usd=1.0, output_usd=1.0)
    prepared = experiments.prepare(plan, experiments.endpoint(server.url), experiments.Limits())
    record = experiments.run(prepared, events=lambda e: None, cancel=CancelToken())
    server.close()
    assert record.summary.status is Status.DONE, [o.reason for o in record.outcomes]
    lines = {line["technique"]: line for line in record.result["trials"]}
    assert lines["searched"]["score"] == 1.0 > lines["zero-shot"]["score"]
    assert KEY in lines["searched"]["instruction"]
    choice = lines["searched"]["choice"]
    assert choice["usd"] == pytest.approx(choice["calls"] * 23 / 1e6)
    assert 24 < choice["calls"] <= CALLS


@pytest.mark.parametrize("optimiser", ["gepa", "mipro"])
def test_a_budget_that_leaves_an_optimiser_nothing_is_refused(optimiser: str) -> None:
    own = quality.task(ROWS, most_items=12, development=12)
    options = PromptOptions(search=SearchSpec(63, optimiser=optimiser))
    with pytest.raises(UsageError, match=r"--search-calls 63: an optimiser needs 64 with 12 dev"):
        prompts_plan(own, "http://127.0.0.1:9/v1", "m", options=options)
