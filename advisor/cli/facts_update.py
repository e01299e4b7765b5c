"""`advisor facts update`: newer facts from a signed bundle, shown before they are used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.core import given_files
from advisor.core.dates import today
from advisor.core.errors import UsageError
from advisor.core.text import printable

if TYPE_CHECKING:
    from advisor.facts.bundle import FactsBundle
    from advisor.facts.bundle_difference import RowChange
    from advisor.watch.changes import VerdictChange

MOST_ROWS = 20
"""Rows of a table that are listed; of more, the number."""

SIGNATURE = ".minisig"

MOST_AHEAD = timedelta(days=1)
"""That the clock of a bundle's maker may be ahead."""


@click.command("update", short_help="Take newer facts from a signed bundle.")
@click.argument("source", default="", metavar="FILE|URL")
@click.option(
    "--public-key",
    "keys",
    multiple=True,
    metavar="KEY|FILE",
    help="Whose bundles to take; default: facts.pub in the config folder.",
)
@click.option("--dry-run", is_flag=True, help="Show the difference and change nothing.")
@click.option("--older", is_flag=True, help="Take it also where a newer one is in use.")
@click.option("--remove", is_flag=True, help="Go back to the facts that came with the program.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def update(
    source: str, keys: tuple[str, ...], dry_run: bool, older: bool, remove: bool, as_json: bool
) -> None:
    """Take newer facts from a bundle, show the difference, and judge kept briefs again.

    The bundle's signature (FILE.minisig beside it) must be of a key you trust. Its rows stand
    before ours and behind your own. Past verdicts keep the prices they used. Only a URL that you
    name is fetched, and nothing is sent but the request for it and for its signature.
    """
    from advisor.store.folders import folders

    config = folders().config
    if remove:
        _remove(config)
        return
    if not source:
        raise UsageError("name the bundle: a file or a URL (or use --remove)")
    bundle, signer = _verified(source, keys, config)
    _refuse_later(bundle)
    _refuse_older(bundle, config, older)
    from advisor.facts.bundle_difference import difference

    rows = difference(bundle, config, source)
    changes = () if dry_run else _rejudged(bundle, config, signer)
    _print(bundle, rows, changes, as_json)
    output.say("nothing is changed (--dry-run)" if dry_run else "these facts are now in use")


def _remove(config: Path) -> None:
    from advisor.facts.bundle import remove_from_use

    was_used = remove_from_use(config)
    output.say("back to the facts of the program" if was_used else "no bundle was in use")


def _verified(source: str, keys: Sequence[str], config: Path) -> tuple[FactsBundle, str]:
    """The bundle and its signer. Raises UsageError, ServerError, MissingExtra."""
    from advisor.facts.bundle import read_bundle
    from advisor.facts.signature import trusted_keys, verify

    trusted = trusted_keys(keys, config)
    content = _read(source)
    signer = verify(content, _read(source + SIGNATURE), trusted, source)
    output.say(f"signed by {signer.public_key}: {signer.comment}")
    return read_bundle(content, source), signer.public_key


def _read(source: str) -> bytes:
    """A file, or what an address leads to, said before it is fetched. Raises UsageError."""
    from advisor.endpoint.download import download, is_url

    if is_url(source):
        output.say(f"fetching {source}, by a request without a body")
        return download(source)
    from advisor.facts.bundle import LARGEST_BYTES

    try:
        with given_files.open_bytes(Path(source)) as file:
            return file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{source}: cannot be read ({reason})") from None


def _refuse_later(bundle: FactsBundle) -> None:
    """A bundle of a day to come would have every later one refused as older."""
    day = today()
    if bundle.made_on > day + MOST_AHEAD:
        raise UsageError(
            f"the bundle is of {bundle.made_on}, and today is {day}; if this machine's clock is "
            "right, ask its maker for one with the right day"
        )


def _refuse_older(bundle: FactsBundle, config: Path, older: bool) -> None:
    from advisor.facts.bundle import made_of_bundle_in_use

    used = made_of_bundle_in_use(config)
    if used is not None and bundle.made_on < used and not older:
        raise UsageError(
            f"the bundle is of {bundle.made_on}, older than the one in use ({used}); "
            "add --older to go back"
        )


def _rejudged(bundle: FactsBundle, config: Path, signer: str) -> tuple[VerdictChange, ...]:
    """Put the bundle in use, and say what it changes in the verdicts on kept briefs."""
    from advisor.facts.bundle import put_in_use
    from advisor.watch.judging import around

    def use() -> None:
        put_in_use(bundle, config, signer)

    return around(use, today(), output.narrate)


def _print(
    bundle: FactsBundle,
    rows: Sequence[RowChange],
    changes: Sequence[VerdictChange],
    as_json: bool,
) -> None:
    if as_json:
        from advisor.report.json import dump

        day = bundle.made_on.isoformat()
        document = {"schema": 1, "made": day, "note": bundle.note, "rows": rows, "briefs": changes}
        output.show(dump(document))
        return
    from advisor.watch.show import lines

    output.show(f"Facts of {bundle.made_on}{': ' if bundle.note else ''}{printable(bundle.note)}\n")
    for table in bundle.tables:
        output.show(_table(table, [row for row in rows if row.table == table]))
    output.show("".join(f"{line}\n" for change in changes for line in lines(change)))


def _table(table: str, rows: Sequence[RowChange]) -> str:
    fresh = sum(row.is_new for row in rows)
    text = f"{table}: {fresh} new, {len(rows) - fresh} changed\n"
    text += "".join(f"  {printable(_row(row))}\n" for row in rows[:MOST_ROWS])
    return text + (f"  and {len(rows) - MOST_ROWS} more\n" if len(rows) > MOST_ROWS else "")


def _row(row: RowChange) -> str:
    cells = "; ".join(f"{c.column} {c.before or '-'} → {c.after or '-'}" for c in row.cells)
    own = " (your own row stands before it)" if row.own else ""
    return f"{' · '.join(filter(None, row.key))}: {'new' if row.is_new else cells}{own}"
