"""What a prompt run sends, and what stops it before the first byte: the brief, personal data, an
unknown price.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.calibrate import quality
from advisor.calibrate.prompts_plan import prompts_plan
from advisor.cli.calibrate.prompts import command
from advisor.core.brief import Brief
from advisor.core.errors import UsageError
from advisor.experiments.leaving import check_may_leave, is_price_known, leaving
from tests.calibrate.model_server import ModelServer, said

AWAY = "https://models.example.com/v1"
PLAIN = [(f"ticket {i}: {'parcel' if i % 2 else 'invoice'}", "AB"[i % 2]) for i in range(60)]
PERSONAL = [(f"{p} from jane.doe{i}@example.com", a) for i, (p, a) in enumerate(PLAIN)]


def plan(rows: list[tuple[str, str]], url: str = AWAY, **more):
    task = quality.task(rows, most_items=12, development=8)
    return prompts_plan(task, url, "m", **more)


def test_personal_data_stops_before_the_first_byte_unless_it_is_sent_anyway() -> None:
    with pytest.raises(UsageError, match=r"personal data or secrets \(email in 60 rows\)"):
        check_may_leave(plan(PERSONAL), None, AWAY)
    check_may_leave(plan(PERSONAL), None, AWAY, send_anyway=True)
    check_may_leave(plan(PERSONAL), None, "http://localhost:8000/v1")
    check_may_leave(plan(PLAIN), Brief(), AWAY)


def test_what_leaves_is_named_with_the_kinds_of_personal_data() -> None:
    first, second = leaving(plan(PERSONAL))
    assert "12 test items" in first
    assert "8 development items" in first
    assert "training rows" in first
    assert second == "with email in 60 rows"
    assert len(leaving(plan(PLAIN))) == 1


def test_a_price_is_unknown_where_nobody_lists_it_and_calls_are_paid_for() -> None:
    assert not is_price_known(plan(PLAIN))
    assert is_price_known(plan(PLAIN, input_usd=1.0, output_usd=2.0))
    assert is_price_known(plan(PLAIN, "http://127.0.0.1:9/v1"))


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"prompt": p, "completion": a}) + "\n" for p, a in PLAIN))
    return path


def invoke(rows: Path, *words: str):
    return CliRunner().invoke(command, ["--data", str(rows), "--all", *words])


def test_the_price_of_a_listed_model_is_looked_up_and_another_one_asked_for(rows: Path) -> None:
    priced = invoke(rows, "--url", AWAY, "--model", "gpt-4.1-mini", "--dry-run", "--json")
    assert priced.exit_code == 0, priced.output
    assert json.loads(priced.stdout)["forecast"]["usd"]["p50"] > 0
    unknown = invoke(rows, "--url", AWAY, "--model", "nobody-7b-secret")
    assert unknown.exit_code != 0
    assert "price of nobody-7b-secret is not known" in str(unknown.exception)
    assert "--unknown-price" in str(unknown.exception)


def test_a_run_on_this_machine_needs_no_price(rows: Path) -> None:
    def behave(body: dict):
        return 200, said("B" if "parcel" in body["messages"][-1]["content"] else "A"), {}

    server = ModelServer(behave)
    words = ["--url", server.url, "--model", "m", "--shots", "0", "--items", "10"]
    done = invoke(rows, *words, "--development", "5", "--repeats", "1")
    server.close()
    assert done.exit_code == 0, done.output
    assert "requests: 10 test items, 5 development items" in done.stderr
    assert "accuracy 1.000" in done.stdout
    assert "chosen among 1 on 5 development items: 1.000" in done.stdout
    assert "consistency on 10 items: 0 % of the answers change" in done.stdout
