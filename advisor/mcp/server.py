"""The server: five read-only tools, each of which runs one command of this program."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from subprocess import DEVNULL
from typing import Annotated, Literal

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from advisor import __version__
from advisor.core.errors import AdvisorError, Exit
from advisor.mcp import commands
from advisor.mcp.workspace import Workspace

ANSWERS = frozenset({Exit.DONE, Exit.UNDECIDED, Exit.INFEASIBLE})
"""Exit codes of commands that printed their JSON."""

AT_ONCE = 2
"""Commands that run at the same time; others wait."""

INSTRUCTIONS = """\
Decides whether a team should engineer the prompt, fine-tune a model, or do both, with ranges and
sources. A BRIEF is a TOML file in the served folder, or the name of an example such as
customs-invoices. `recommend` gives the verdict; its JSON is long, so name the keys you need in
`only`, such as ["verdict", "p_best", "why", "flip_points", "next_step"]. Ranges are P10,
P50 and P90; null is unknown, never zero. Quote figures with their basis and source."""

Brief = Annotated[str, Field(description="A TOML file of the served folder, or an example's name.")]
Answers = Annotated[
    list[str] | None,
    Field(description='Answers laid over the brief, such as ["traffic.requests_per_month=300k"].'),
]
Only = Annotated[
    list[str] | None, Field(description="Top-level keys of the JSON to return; all where left out.")
]


class Tools:
    """The tools, bound to a folder; their names and descriptions are what an agent reads."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._limit = anyio.CapacityLimiter(AT_ONCE)

    async def recommend(
        self, brief: Brief, answers: Answers = None, only: Only = None
    ) -> CallToolResult:
        """The verdict on a brief: prompt, tune, hybrid or undecided, with cost, time, quality,
        reasons, flip points and the next step, as `advisor recommend --json` prints it.
        """
        return await self._run(
            lambda: commands.recommend(self.workspace, brief, answers or []), only or []
        )

    async def explain(
        self,
        brief: Brief,
        figure: Annotated[str, Field(description="Such as run.total or once.training.")],
        option: Annotated[str, Field(description="An option's id; default: the verdict's.")] = "",
        answers: Answers = None,
    ) -> CallToolResult:
        """Formula, numbers and sources of one figure, as `advisor explain --json` prints them."""
        return await self._run(
            lambda: commands.explain(self.workspace, brief, figure, option, answers or [])
        )

    async def estimate(
        self,
        model: Annotated[str, Field(description="Such as llama-3.1-8b, or a size such as 8B.")],
        method: Literal["full", "lora", "qlora", "dora", "soft-prompt", "prefix", "ia3"] = "lora",
        gpu: Annotated[str, Field(description="Such as L40S; default: the cheapest.")] = "",
        gpus: int = 1,
        examples: float | None = None,
        epochs: float | None = None,
        seq_len: int | None = None,
        mean_tokens: float | None = None,
        micro_batch: int | None = None,
        grad_accum: int | None = None,
        rank: int | None = None,
        usd_per_hour: float | None = None,
    ) -> CallToolResult:
        """One training run: does it fit, how long, how much, as `advisor estimate --json`."""
        flags: dict[str, commands.Flag] = {
            "model": model,
            "method": method,
            "gpu": gpu,
            "gpus": gpus,
            "examples": examples,
            "epochs": epochs,
            "seq_len": seq_len,
            "mean_tokens": mean_tokens,
            "micro_batch": micro_batch,
            "grad_accum": grad_accum,
            "rank": rank,
            "usd_per_hour": usd_per_hour,
        }
        return await self._run(lambda: commands.estimate(flags))

    async def facts(
        self,
        kind: Literal["gpus", "models", "prices", "tuning", "constants", "evidence"],
        name: Annotated[str, Field(description="One row, such as claude-sonnet-5.")] = "",
        on: Annotated[str, Field(description="The day, YYYY-MM-DD; default: today.")] = "",
    ) -> CallToolResult:
        """Known GPUs, models and prices, each with source and date, as `advisor facts --json`."""
        return await self._run(lambda: commands.facts(kind, name, on))

    async def data(
        self,
        files: Annotated[list[str], Field(description="Data files of the served folder.")],
        tests: Annotated[
            list[str] | None, Field(description="Test sets, checked for leakage.")
        ] = None,
        prompt_field: str = "",
        answer_field: str = "",
        only: Only = None,
    ) -> CallToolResult:
        """Tokens, duplicates, leakage, labels and personal data, as `advisor data --json`."""
        flags: dict[str, commands.Flag] = {
            "prompt_field": prompt_field,
            "answer_field": answer_field,
        }
        return await self._run(
            lambda: commands.data(self.workspace, files, tests or [], flags), only or []
        )

    async def _run(
        self, words: Callable[[], list[str]], only: Sequence[str] = ()
    ) -> CallToolResult:
        """The JSON that the command prints, or its one line of error. A call that the client
        cancels ends the command.
        """
        try:
            command = [sys.executable, "-m", "advisor", *words()]
        except AdvisorError as error:
            return _refused(str(error))
        async with self._limit:
            done = await anyio.run_process(
                command, stdin=DEVNULL, cwd=self.workspace.root, check=False
            )
        if done.returncode not in ANSWERS or not done.stdout:
            return _refused(done.stderr.decode("utf-8", "replace"))
        return _answered(done.stdout.decode("utf-8"), only)


def _answered(text: str, only: Sequence[str]) -> CallToolResult:
    document = json.loads(text)
    if only and isinstance(document, dict):
        unknown = [key for key in only if key not in document]
        if unknown:
            return _refused(f"only: no key {unknown[0]!r}; there are {', '.join(document)}")
        document = {key: document[key] for key in only}
        text = json.dumps(document, ensure_ascii=False)
    structured = document if isinstance(document, dict) else {"rows": document}
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=structured
    )


def _refused(message: str) -> CallToolResult:
    line = next((part for part in reversed(message.splitlines()) if part.strip()), "failed")
    content = TextContent(type="text", text=line.removeprefix("advisor: "))
    return CallToolResult(content=[content], is_error=True)


def server(workspace: Workspace) -> MCPServer[None]:
    """The server with its tools, not yet running."""
    protocol_server = MCPServer[None](
        "advisor", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING"
    )
    tools = Tools(workspace)
    for tool in (tools.recommend, tools.explain, tools.estimate, tools.facts, tools.data):
        hints = ToolAnnotations(read_only_hint=True, open_world_hint=False)
        protocol_server.add_tool(
            tool, description=" ".join((tool.__doc__ or "").split()), annotations=hints
        )
    return protocol_server


def serve(workspace: Workspace) -> None:
    """Answer on stdin and stdout until the client goes."""
    server(workspace).run("stdio")
