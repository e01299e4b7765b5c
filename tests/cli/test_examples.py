"""Example briefs by name: from any folder, in every command that takes a brief."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from advisor import brief
from advisor.brief.examples import example, examples
from advisor.cli.brief_path import BRIEF, names_an_example
from advisor.cli.commands import COMMANDS
from advisor.cli.examples import command
from advisor.cli.group import cli
from advisor.core.errors import UsageError


def converted(word: str) -> Path:
    return BRIEF.convert(word, None, None)


def test_a_name_stands_for_the_shipped_file(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, file in examples().items():
        assert converted(name) == file
        assert brief.read(file).name


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("customs-invoices").write_text("schema = 1\n")
    assert converted("customs-invoices") == Path("customs-invoices")


@pytest.mark.parametrize("word", ["", "nope", "./customs-invoices", "customs-invoices.toml", "a/b"])
def test_other_words_are_paths(word: str) -> None:
    assert not names_an_example(word)
    assert converted(word) == Path(word)


def test_no_example_hides_a_command() -> None:
    assert set(examples()) & set(COMMANDS) == set()


def test_the_list_names_every_example() -> None:
    listed = CliRunner().invoke(command, []).stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(examples())
    entries = json.loads(CliRunner().invoke(command, ["--json"]).stdout)
    assert [entry["name"] for entry in entries] == list(examples())


def test_a_copy_is_the_same_file(tmp_path: Path) -> None:
    target = tmp_path / "mine.toml"
    done = CliRunner().invoke(command, ["claims-triage", "-o", str(target)])
    assert done.exit_code == 0
    assert target.read_bytes() == example("claims-triage").read_bytes()
    assert CliRunner().invoke(command, ["claims-triage"]).stdout == target.read_text()


def test_an_unknown_name_gets_the_nearest() -> None:
    done = CliRunner().invoke(command, ["claim-triage"], standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert "did you mean 'claims-triage'?" in str(done.exception)


def test_completion_offers_files_and_examples() -> None:
    shell = ShellComplete(cli, {}, "advisor", "_ADVISOR_COMPLETE")
    offered = shell.get_completions(["recommend"], "cus")
    assert ("customs-invoices", "plain") in {(item.value, item.type) for item in offered}
    assert "file" in {item.type for item in offered}
    assert [item.value for item in shell.get_completions([], "exa")] == ["examples"]


def test_every_argument_called_brief_takes_a_name() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        loaded = cli.get_command(context, name)
        for parameter in loaded.params:
            if parameter.name == "brief":
                assert parameter.type is BRIEF, f"{name} {parameter.name}"
