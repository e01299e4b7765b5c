"""`advisor data`: what data files hold, before anything is promised on them."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.cli import output
from advisor.core.errors import UsageError

_PATH = click.Path(path_type=Path)
_STDIN = Path("/dev/stdin")


@click.command("data")
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar="FILE...")
@click.option(
    "--eval",
    "tests",
    multiple=True,
    type=_PATH,
    metavar="FILE",
    help="Test set, checked for leakage.",
)
@click.option("--model", default="", help="Count with this model's tokenizer; default: o200k_base.")
@click.option(
    "--tokenizer",
    type=_PATH,
    metavar="FOLDER",
    help="A folder with a tokenizer.json and chat template.",
)
@click.option(
    "--prompt-field",
    default="",
    metavar="F",
    help="Field of the prompt; a+b joins two, a.b goes inside.",
)
@click.option("--answer-field", default="", metavar="F", help="Field of the answer.")
@click.option(
    "--answer-role", default="", metavar="R", help="Role of a chat whose turns are learned."
)
@click.option(
    "--second-labels", default="", metavar="F", help="Field with a second annotator's label."
)
@click.option(
    "--hold-out",
    type=click.IntRange(min=1),
    metavar="N",
    help="Set N rows aside: writes FILE.test and FILE.train beside it.",
)
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON, for programs.")
def command(
    files: tuple[Path, ...],
    tests: tuple[Path, ...],
    model: str,
    tokenizer: Path | None,
    prompt_field: str,
    answer_field: str,
    answer_role: str,
    second_labels: str,
    hold_out: int | None,
    as_json: bool,
) -> None:
    """Tokens, lengths, duplicates, leakage, labels and personal data of FILE...

    Reads JSONL, JSON, CSV, TSV, Parquet, Arrow and plain text, packed or not, and folders of them;
    - is the standard input.
    """
    from advisor.pipeline import read_by_model
    from advisor.probe.data import probe
    from advisor.probe.show import data_lines

    if any(file.name == "-" for file in files) and not _STDIN.exists():
        raise UsageError("-: this system has no /dev/stdin; write the rows to a file and name it")
    report = probe(
        [_STDIN if file.name == "-" else file for file in files],
        eval_paths=tests,
        model=model,
        tokenizer=tokenizer,
        prompt_field=prompt_field,
        answer_field=answer_field,
        answer_role=answer_role,
        second_labels=second_labels,
        events=output.narrate,
    )
    report = read_by_model(report, [file for file in files if file.name != "-"], output.narrate)
    if hold_out is not None:
        _set_aside(files, hold_out, report.answer_field)
    if as_json:
        from advisor.report.json import dump

        output.show(dump(report))
    else:
        output.show("\n".join(data_lines(report, output.width())).rstrip() + "\n")


def _set_aside(files: tuple[Path, ...], items: int, label_field: str) -> None:
    """Divide the one file, and say what was written."""
    from advisor.core.errors import UsageError
    from advisor.pipeline import set_aside

    if len(files) != 1:
        raise UsageError("--hold-out divides one file; name one")
    test, train, test_rows, train_rows = set_aside(files[0], items, label_field)
    output.say(f"wrote {test} ({test_rows:,} rows) and {train} ({train_rows:,} rows)")
