"""The commands and the first page of help, as plain text: `advisor --help` loads no library."""

COMMANDS = {
    "ask": "Write a brief by answering questions in a plain terminal.",
    "recommend": "Recommend prompting, tuning or both for a brief.",
    "explain": "Show formula, numbers and source of one figure.",
    "diff": "Compare two briefs, in dollars and in the verdict.",
    "probe": "Inspect this machine: GPUs, host, software.",
    "data": "Inspect data: tokens, duplicates, leakage, personal data.",
    "estimate": "Estimate one training run: memory, time, cost.",
    "calibrate": "Measure training speed, quality and prompts here.",
    "export": "Write a trainer's configuration that reproduces an estimate.",
    "runs": "Manage calibration runs: list, show, import, replay.",
    "facts": "List GPUs, models and prices, with date and source.",
    "backtest": "Test the estimators on published results.",
    "examples": "List the example briefs; print or copy one.",
    "mcp": "Serve the read-only commands to an agent (MCP).",
    "plugins": "List the plug-ins, and what is wrong with them.",
    "schema": "Print the JSON Schema of a brief.",
    "history": "List past verdicts, newest first.",
    "store": "Check, repair or copy the local database.",
    "watch": "Say what changed since the last verdict on a brief.",
    "serve": "Open the app in a browser of this machine.",
    "where": "Show the files and folders in use.",
}
"""Every command with its one-line help, in the order of `--help`; the code of `x` is
`advisor.cli.x:command`.
"""

LATER: dict[str, str] = {}
"""Commands of the contract that this release does not have yet, with what to do meanwhile."""

PAGE_WIDTH = 80
"""Columns that the page takes."""

TOP_PAGE = """\
Usage: advisor [OPTIONS] [BRIEF | COMMAND [ARGS]...]

  Prompt, fine-tune, or both?

  Without a command, opens the full-screen app, on BRIEF where one is given.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
"""
"""What click prints for the group, up to the commands; a test compares them."""


def help_page() -> str:
    """The page of `advisor --help`, `PAGE_WIDTH` columns wide."""
    indent = max(map(len, COMMANDS)) + 2
    return TOP_PAGE + "".join(f"  {name:<{indent}}{line}\n" for name, line in COMMANDS.items())
