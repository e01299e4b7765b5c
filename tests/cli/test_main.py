from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from advisor import __version__
from advisor.cli import group, main
from advisor.cli.commands import COMMANDS, LATER
from advisor.cli.streams import replace_closed
from advisor.core.errors import Cancelled, Exit, Infeasible, MissingExtra, UsageError


@pytest.fixture
def advisor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `advisor ARGS`: exit code, stdout, stderr."""

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["advisor", *args])
        with pytest.raises(SystemExit) as stop:
            main.main()
        out = capsys.readouterr()
        if isinstance(stop.value.code, str):  # a line for stderr, written at the very end
            return Exit.FAILED, out.out, f"{out.err}{stop.value.code}\n"
        return int(stop.value.code or 0), out.out, out.err

    return run


@pytest.fixture
def a_command(monkeypatch: pytest.MonkeyPatch):
    """Puts a command `odd` in place that does what the test says."""

    def install(action, name: str = "odd") -> None:
        module = types.ModuleType(f"advisor.cli.{name}")
        module.command = click.Command(
            name, callback=action, params=[click.Argument(["words"], nargs=-1)]
        )
        monkeypatch.setitem(sys.modules, module.__name__, module)
        if name != "app":
            monkeypatch.setitem(COMMANDS, name, "Odd.")

    return install


def raising(error: BaseException):
    def action(words: tuple[str, ...]) -> None:
        raise error

    return action


def test_help_names_every_command(advisor) -> None:
    code, out, err = advisor("--help")
    assert (code, err) == (Exit.DONE, "")
    listed = [
        line.split()[0] for line in out.split("Commands:")[1].splitlines() if line[:3].strip()
    ]
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_of_its_own(advisor, name: str) -> None:
    code, out, err = advisor(name, "--help")
    assert (code, err) == (Exit.DONE, "")
    assert out.startswith(f"Usage: advisor {name} ")
    assert len(out.split("Options:")[0].split("\n\n")) >= 3, "no sentence of help"


def test_version(advisor) -> None:
    assert advisor("--version") == (Exit.DONE, f"advisor, version {__version__}\n", "")
    assert CliRunner().invoke(group.cli, ["--version"]).stdout == advisor("--version")[1]


def test_the_page_that_loads_nothing_is_the_page_of_click(advisor, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(group.cli, ["--help"], prog_name="advisor").stdout
    assert advisor("--help")[1] == advisor("-h")[1] == shown


def test_a_narrow_terminal_gets_broken_lines(advisor, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, advisor("--help")[1].splitlines())) <= 60


def test_an_unknown_command_gets_the_nearest_on_one_line(advisor) -> None:
    code, out, err = advisor("recomend")
    assert (code, out) == (Exit.USAGE, "")
    assert (
        err
        == "advisor: no such command 'recomend'; did you mean 'recommend'? See `advisor --help`\n"
    )


def test_a_command_of_a_later_release_says_what_to_do_meanwhile(advisor) -> None:
    for name, advice in LATER.items():
        code, out, err = advisor(name, "anything")
        assert (code, out) == (Exit.USAGE, "")
        assert err.count("\n") == 1
        assert advice in err


def test_a_wrong_option_is_one_line(advisor) -> None:
    code, out, err = advisor("where", "--jsn")
    assert (code, out) == (Exit.USAGE, "")
    assert err.count("\n") == 1
    assert err.startswith("advisor where: No such option")
    assert "--json" in err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("b.toml: line 3: wrong"), 2, "advisor: b.toml: line 3: wrong\n"),
        (Infeasible("no option is left"), 4, "advisor: no option is left\n"),
        (MissingExtra("install it"), 1, "advisor: install it\n"),
        (Cancelled("cancelled"), 130, "advisor: cancelled\n"),
        (KeyboardInterrupt(), 130, "\ncancelled\n"),
        (UsageError("evil \x1b[2J\nname \u202e"), 2, "advisor: evil \\x1b[2J\\nname \\u202e\n"),
    ],
)
def test_errors_become_one_line_and_a_code(
    advisor, a_command, error: BaseException, code: int, line: str
) -> None:
    a_command(raising(error))
    assert advisor("odd") == (code, "", line)


def test_a_bug_is_not_hidden(a_command, monkeypatch: pytest.MonkeyPatch) -> None:
    a_command(raising(ZeroDivisionError("a bug")))
    monkeypatch.setattr(sys, "argv", ["advisor", "odd"])
    with pytest.raises(ZeroDivisionError):
        main.main()


def test_the_exit_code_of_a_command_arrives(advisor, a_command) -> None:
    a_command(lambda words: click.get_current_context().exit(Exit.UNDECIDED))
    assert advisor("odd")[0] == Exit.UNDECIDED
    a_command(lambda words: click.echo("done"))
    assert advisor("odd") == (Exit.DONE, "done\n", "")


@pytest.mark.parametrize("name", ["plan.toml", "plan"])
def test_a_lone_brief_opens_the_app(advisor, a_command, tmp_path: Path, name: str) -> None:
    brief = tmp_path / name
    brief.write_text("schema = 1")
    a_command(lambda words: click.echo(f"opened {words}"), "app")
    assert advisor(str(brief)) == (Exit.DONE, f"opened ('{brief}',)\n", "")


def test_no_word_at_all_opens_the_app(advisor, a_command) -> None:
    a_command(lambda words: click.echo(f"opened {words}"), "app")
    assert advisor() == (Exit.DONE, "opened ()\n", "")


@pytest.mark.parametrize("word", ["where", "--help"])
def test_a_reader_that_leaves_is_no_failure(tmp_path: Path, word: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "advisor", word],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"ADVISOR_HOME": str(tmp_path)},
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("word", ["where", "--help"])
def test_a_full_disk_behind_stdout_is_one_line(tmp_path: Path, word: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "advisor", word],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"ADVISOR_HOME": str(tmp_path)},
        )
    assert done.returncode == Exit.FAILED
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_a_closed_stderr_changes_nothing_else(tmp_path: Path) -> None:
    run = f"'{sys.executable}' -m advisor recommend hotel-guests --no-history -o a.md 2>&-"
    done = subprocess.run(
        run, shell=True, cwd=tmp_path, env=os.environ | {"ADVISOR_HOME": str(tmp_path)}
    )
    assert done.returncode in (Exit.DONE, Exit.UNDECIDED)
    assert (tmp_path / "a.md").stat().st_size > 0


@pytest.mark.parametrize(
    "words",
    [[], ["diff", "hotel-guests"], ["explain"], ["watch"], ["runs", "import"]],
    ids=" ".join,
)
def test_a_path_that_is_too_long_is_one_line(advisor, words: list[str]) -> None:
    code, out, err = advisor(*words, "a" * 5000)
    assert (code != Exit.DONE, out, err.count("\n")) == (True, "", 1)
    assert "name too long" in err
    assert len(err) < 700


def test_a_file_that_the_system_refuses_is_named_in_one_line(advisor, a_command) -> None:
    a_command(raising(PermissionError(13, "Permission denied", "evil\x1b[2J.toml")))
    code, out, err = advisor("odd")
    assert (code, out) == (Exit.FAILED, "")
    assert err.startswith("advisor: evil\\x1b[2J.toml: Permission denied; ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_a_closed_stream_becomes_the_null_device(monkeypatch, name: str) -> None:
    monkeypatch.setattr(sys, name, None)
    replace_closed()
    stream = getattr(sys, name)
    assert not stream.isatty()
    assert stream.read() == "" if name == "stdin" else stream.write("x") == 1
    stream.close()


def pages(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of every command below one, itself included."""
    context = click.Context(command)
    if not isinstance(command, click.Group):
        return [path]
    below = [
        page
        for name in command.list_commands(context)
        for page in pages(command.get_command(context, name), (*path, name))
    ]
    return [path, *below]


@pytest.mark.parametrize("page", pages(group.cli), ids=" ".join)
def test_every_page_of_help_fits_80_columns(monkeypatch: pytest.MonkeyPatch, page) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(group.cli, [*page, "--help"], prog_name="advisor").stdout
    assert max(map(len, shown.splitlines())) <= 80
    commands = shown.partition("Commands:")[2]
    assert "..." not in commands


def test_tools_that_describe_all_commands_find_them() -> None:
    """click-man walks `commands`; completion and help need not load them."""
    assert list(group.cli.commands) == list(COMMANDS)
    assert all(command.get_short_help_str() for command in group.cli.commands.values())
