"""The memo of the price library: the same rows, without the library; never wrong for another
version.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from advisor import facts
from advisor.facts import hosted
from advisor.facts.library import PriceLibrary

DAY = date(2026, 11, 20)
MODELS = (
    "gpt-5-mini",
    "claude-sonnet-5-5",
    "gemini-2.5-pro",
    "Llama-3.3-70B-Instruct",
    "gpt-5.6-luna",
)


def refuse(*args: object) -> None:
    raise AssertionError("the library was asked again")


def test_a_memo_says_what_the_library_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memo = tmp_path / "deep" / "prices.json"
    asked = facts.load(memo=memo)
    expected = {
        m: (asked.token_prices(m, DAY), asked.token_prices(m, DAY, 300_000)) for m in MODELS
    }
    assert all(rows for rows, _ in expected.values())
    assert asked.is_known_model("gpt-5-mini")
    assert not asked.is_known_model("gpt-nobody")
    monkeypatch.setattr(hosted, "price_rows", refuse)
    monkeypatch.setattr(hosted, "is_priced", refuse)
    again = facts.load(memo=memo)
    assert {
        m: (again.token_prices(m, DAY), again.token_prices(m, DAY, 300_000)) for m in MODELS
    } == expected
    assert again.is_known_model("gpt-5-mini")
    assert not again.is_known_model("gpt-nobody")


def test_without_a_memo_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert facts.load().token_prices("gpt-5-mini", DAY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"version": "0.0.1", "rows": {}, "priced": {}}', '{"version": 1}']
)
def test_a_memo_that_is_broken_or_of_another_version_is_made_anew(
    tmp_path: Path, text: str
) -> None:
    memo = tmp_path / "prices.json"
    memo.write_text(text, encoding="utf-8")
    assert PriceLibrary(memo).is_priced("gpt-5-mini")
    assert json.loads(memo.read_text(encoding="utf-8"))["version"] == PriceLibrary().version


def test_rows_that_no_longer_fit_are_not_used(tmp_path: Path) -> None:
    memo = tmp_path / "prices.json"
    held = {
        "version": PriceLibrary().version,
        "rows": {"x": [{"provider": "openai"}]},
        "priced": {"gpt-5-mini": False},
    }
    memo.write_text(json.dumps(held), encoding="utf-8")
    assert PriceLibrary(memo).is_priced("gpt-5-mini")


def test_a_memo_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert PriceLibrary(tmp_path / "file" / "prices.json").is_priced("gpt-5-mini")
