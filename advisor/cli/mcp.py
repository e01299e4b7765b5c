"""`advisor mcp`: the read-only commands as tools for agents."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.cli import output
from advisor.core.errors import MissingExtra


@click.command("mcp")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def command(folder: Path) -> None:
    """Serve recommend, estimate, explain, facts and data to an agent, over stdin and stdout.

    The agent may name files in FOLDER (default: the current one) and nowhere else; nothing is
    written and no network is used. What the tools answer goes to your MCP client, and from there
    to the model it uses.
    """
    from advisor.mcp.workspace import Workspace

    workspace = Workspace.at(folder)
    try:
        from advisor.mcp.server import serve
    except ModuleNotFoundError as error:
        raise MissingExtra(f"agents need {error.name}: pip install 'prompt-or-tune[mcp]'") from None
    output.say(f"serving {workspace.root} over stdin and stdout; answers go to your MCP client")
    serve(workspace)
