"""`advisor facts`: tables that fit, JSON, marks, and errors of one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from advisor.cli.facts import command, table
from advisor.core.errors import UsageError


def run(*words: str, fails: bool = False) -> tuple[str, str]:
    done = CliRunner().invoke(command, words, env={"COLUMNS": "80"}, catch_exceptions=False)
    assert (done.exit_code != 0) == fails
    return done.stdout, done.stderr


@pytest.mark.parametrize("topic", ["gpus", "models", "prices", "tuning", "constants", "evidence"])
def test_every_topic_prints_a_table_that_fits_and_a_json_list(topic: str) -> None:
    out, _ = run(topic)
    lines = out.splitlines()
    assert len(lines) > 5
    assert all(len(line) <= 80 for line in lines)
    assert "source" in lines[0]
    found = json.loads(run(topic, "--json")[0])
    assert len(found) == len(lines) - 1
    assert all("stale" in row for row in found)


def test_rows_of_one_study_are_told_apart_in_a_narrow_terminal() -> None:
    lines = run("evidence", "bc5cdr")[0].splitlines()
    assert len(set(lines)) > 0.9 * len(lines)


def test_wide_shows_all_columns_in_full() -> None:
    out, _ = run("gpus", "L40S", "--wide")
    assert "stas00/ml-engineering compute/accelerator/README.md @744d01e1" in out
    assert "confidence" in out.splitlines()[0]


def test_stale_rows_are_marked_by_the_day_asked() -> None:
    out, err = run("gpus", "L40S", "--on", "2026-11-20")
    assert "2026-07-29 *" in out
    assert "older than 90 days on 2026-11-20" in err
    out, err = run("gpus", "L40S", "--on", "2026-08-20")
    assert "*" not in out + err


def test_prices_are_those_of_the_day_asked() -> None:
    before = json.loads(run("prices", "gpt-5.6-luna", "--on", "2026-07-29", "--json")[0])
    assert before[0]["input_usd"] == 1
    out, _ = run("prices", "gpt-5.6-luna", "--on", "2026-07-30")
    assert "0.20" in out


def test_a_known_model_without_a_price_says_so() -> None:
    out, err = run("prices", "roberta-base")
    assert out == ""
    assert "no price is quoted" in err
    assert json.loads(run("prices", "roberta-base", "--json")[0]) == []


def test_offers_of_a_gpu() -> None:
    found = json.loads(run("gpus", "L40S", "--prices", "--json")[0])
    assert {row["gpu"] for row in found} == {"L40S"}
    assert all(row["cited"]["source"] for row in found)


@pytest.mark.parametrize(
    "words", [("gpus", "RTX_4061"), ("models", "lama"), ("prices", "x-1"), ("constants", "wage")]
)
def test_unknown_names_are_refused_in_one_line(words: tuple[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        run(*words)
    assert "\n" not in str(caught.value)


def test_text_of_a_user_s_table_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "constants.csv").write_text(
        "key,value,unit,source,as_of\nmine,1\x1b[2J,x,s\x1b]0;t\x07,2026\n"
    )
    out, _ = run("constants", "mine", "--wide")
    assert "\x1b" not in out
    assert "\\x1b[2J" in out


texts = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=60)


@given(
    st.lists(
        st.fixed_dictionaries(dict.fromkeys(("name", "a", "b", "as of", "source"), texts)),
        min_size=1,
        max_size=5,
    )
)
def test_a_table_keeps_to_its_room(lines: list[dict[str, str]]) -> None:
    lines[0]["source"] += "x"
    assert all(len(text) <= 80 for text in table(lines, 80))
    assert len(list(table(lines, None))) == len(lines) + 1
