"""`advisor mcp`, asked by a client of the official package over stdin and stdout."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from advisor import __version__
from advisor.brief.examples import example
from advisor.cli.group import cli

pytest.importorskip("mcp", reason="the extra mcp is not installed")
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the agent may read: a brief and rows; beside it, what it may not."""
    served = tmp_path / "served"
    served.mkdir()
    shutil.copy(example("customs-invoices"), served / "brief.toml")
    rows = [{"prompt": f"question number {i}", "completion": "yes"} for i in range(30)]
    (served / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "secret.jsonl").write_text('{"prompt": "secret", "completion": "secret"}\n')
    (served / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (served / "reaches-out.toml").write_text('schema = 1\n[data]\npath = "../secret.jsonl"\n')
    return served


def asked(folder: Path, *calls: tuple[str, dict[str, Any]]) -> list[CallToolResult]:
    """The answers of one server to these tool calls, in their order."""

    async def ask() -> list[CallToolResult]:
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "advisor", "mcp", str(folder)],
            env={"ADVISOR_HOME": os.environ["ADVISOR_HOME"], "PATH": os.environ["PATH"]},
        )
        async with Client(server) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(ask())


def asked_here(folder: Path, *calls: tuple[str, dict[str, Any]]) -> list[CallToolResult]:
    """The answers of a server in this process."""
    from advisor.mcp.server import server
    from advisor.mcp.workspace import Workspace

    async def ask() -> list[CallToolResult]:
        async with Client(server(Workspace.at(folder))) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(ask())


def printed(folder: Path, *words: str) -> str:
    """What the command line prints in that folder."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.stdout


def text_of(answer: CallToolResult) -> str:
    (content,) = answer.content
    return content.text


def test_every_tool_answers_with_the_json_of_the_command_line(folder: Path) -> None:
    answers = ["traffic.requests_per_month=300k"]
    calls = [
        ("recommend", {"brief": "brief.toml", "answers": answers}),
        ("explain", {"brief": "customs-invoices", "figure": "run.total"}),
        ("estimate", {"model": "llama-3.1-8b", "method": "qlora", "gpu": "L40S", "examples": 500}),
        ("facts", {"kind": "prices", "name": "claude-sonnet-5", "on": "2026-11-20"}),
        ("data", {"files": ["rows.jsonl"]}),
    ]
    run = ("--model=llama-3.1-8b", "--method=qlora", "--gpu=L40S", "--examples=500")
    commands = [
        ("recommend", "brief.toml", "--json", "--set", answers[0]),
        ("explain", "customs-invoices", "run.total", "--json"),
        ("estimate", "--json", *run),
        ("facts", "prices", "claude-sonnet-5", "--json", "--on", "2026-11-20"),
        ("data", "rows.jsonl", "--json"),
    ]
    for answer, words in zip(asked(folder, *calls), commands, strict=True):
        assert not answer.is_error, text_of(answer)
        assert text_of(answer) == printed(folder, *words)
        document = json.loads(text_of(answer))
        wrapped = document if isinstance(document, dict) else {"rows": document}
        assert answer.structured_content == wrapped


def test_the_tools_say_that_they_only_read(folder: Path) -> None:
    async def listed():
        from advisor.mcp.server import server
        from advisor.mcp.workspace import Workspace

        async with Client(server(Workspace.at(folder))) as client:
            return (await client.list_tools()).tools, client.server_info

    tools, info = asyncio.run(listed())
    assert {tool.name for tool in tools} == {"recommend", "explain", "estimate", "facts", "data"}
    assert info.version == __version__
    for tool in tools:
        assert tool.annotations.read_only_hint is True
        assert tool.description
        assert tool.input_schema["type"] == "object"


def test_nothing_outside_the_folder_is_read(folder: Path) -> None:
    calls = [
        ("data", {"files": ["../secret.jsonl"]}),
        ("data", {"files": [str(folder.parent / "secret.jsonl")]}),
        ("data", {"files": ["link.jsonl"]}),
        ("data", {"files": ["rows.jsonl"], "tests": ["link.jsonl"]}),
        ("recommend", {"brief": "reaches-out.toml"}),
        ("recommend", {"brief": "brief.toml", "answers": ["data.path=../secret.jsonl"]}),
        ("explain", {"brief": "../secret.jsonl", "figure": "run.total"}),
    ]
    for answer in asked_here(folder, *calls):
        assert answer.is_error
        assert "outside the folder" in text_of(answer)
        assert "\n" not in text_of(answer)


def test_a_mistake_is_one_line(folder: Path) -> None:
    calls = [
        ("recommend", {"brief": "missing.toml"}),
        ("recommend", {"brief": "--help"}),
        ("recommend", {"brief": "brief.toml", "answers": ["traffic.requests=1"]}),
        ("data", {"files": ["rows.jsonl"], "only": ["verdict"]}),
        ("estimate", {"model": "no-such-model"}),
        ("data", {"files": ["--help"]}),
    ]
    for answer in asked_here(folder, *calls):
        assert answer.is_error
        assert "\n" not in text_of(answer)
        assert "Traceback" not in text_of(answer)


def test_an_agent_may_ask_for_the_keys_it_needs_and_leaves_no_trace(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    only = ["verdict", "why"]
    (answer,) = asked_here(folder, ("recommend", {"brief": "brief.toml", "only": only}))
    document = json.loads(text_of(answer))
    assert list(document) == only
    assert document["verdict"] == "tune"
    assert json.loads(printed(folder, "history", "--json")) == []


def test_what_goes_to_the_client_is_announced(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "advisor", "mcp", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == ""
    assert done.stderr == (
        f"serving {folder} over stdin and stdout; answers go to your MCP client\n"
    )


def test_without_the_package_one_line_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from advisor.cli.mcp import command
    from advisor.core.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "advisor.mcp.server", None)
    done = CliRunner().invoke(command, [str(folder)], standalone_mode=False)
    assert isinstance(done.exception, MissingExtra)
    assert "pip install 'prompt-or-tune[mcp]'" in str(done.exception)
