"""The published schemas: current, valid themselves, and kept by everything that is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from advisor.cli.group import cli
from advisor.core.verdict import Verdict
from advisor.report import formats
from advisor.report.schema import RECORDS, schema, text

ROOT = Path(__file__).parents[2]
BRIEFS = ROOT / "profiles" / "briefs"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("name", RECORDS)
def test_the_published_schema_is_current_and_valid(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    published = ROOT / "docs" / "reference" / f"{name}.schema.json"
    assert published.read_text(encoding="utf-8") == text(name)
    printed = CliRunner().invoke(cli, ["schema", "--of", name])
    assert printed.output == text(name)


def test_every_record_of_a_report_keeps_it(
    verdict: Verdict, priced: Verdict, nothing_left: Verdict, hostile: Verdict
) -> None:
    check = Draft202012Validator(schema("verdict"))
    for record in (verdict, priced, nothing_left, hostile):
        check.validate(json.loads(formats.by_name("json").render(record)))


def test_a_record_without_a_key_or_with_a_text_for_a_number_is_refused(verdict: Verdict) -> None:
    check = Draft202012Validator(schema("verdict"))
    printed = json.loads(formats.by_name("json").render(verdict))
    assert not check.is_valid({k: v for k, v in printed.items() if k != "arms"})
    printed["arms"][0]["p_best"] = "much"
    assert not check.is_valid(printed)


def test_the_commands_keep_it(tmp_path: Path) -> None:
    brief = BRIEFS / "claims-triage.toml"
    other = tmp_path / "b.toml"
    text_of = brief.read_text(encoding="utf-8")
    other.write_text(text_of.replace("650_000", "950_000"), encoding="utf-8")
    assert other.read_text(encoding="utf-8") != text_of
    for name, command in (
        ("verdict", ["recommend", str(brief), "--json"]),
        ("difference", ["diff", str(brief), str(other), "--json"]),
        ("portfolio", ["recommend", str(tmp_path), "--json"]),
    ):
        printed = CliRunner().invoke(cli, command)
        Draft202012Validator(schema(name)).validate(json.loads(printed.stdout))
