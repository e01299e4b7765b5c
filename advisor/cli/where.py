"""`advisor where`: the files and folders in use, and whether they are there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from advisor import shipped
from advisor.cli import output
from advisor.core import format as fmt
from advisor.core.text import printable
from advisor.store.folders import folders


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """A file or folder that the program uses; `state` says whether it exists."""

    what: str
    path: str
    state: str


def places() -> Iterator[StoredPlace]:
    """Every place in use, our own files last.

    Raises FileNotFoundError where the installation is broken.
    """
    used = folders()
    yield StoredPlace("config", str(used.config), _folder_state(used.config))
    yield from (
        StoredPlace("override", str(path), _file_state(path)) for path in _overrides(used.config)
    )
    if used.updates.is_dir():
        from advisor.facts.bundle import made_of_bundle_in_use

        made_on = made_of_bundle_in_use(used.config)
        yield StoredPlace("facts", str(used.updates), f"bundle of {made_on or 'an unknown day'}")
    yield StoredPlace("data", str(used.data), _folder_state(used.data))
    yield StoredPlace("database", str(used.database), _file_state(used.database))
    yield StoredPlace("state", str(used.state), _folder_state(used.state))
    for name in ("profiles", "calibration"):
        folder = shipped.folder(name)
        yield StoredPlace(
            name, str(folder), f"{sum(1 for path in folder.rglob('*') if path.is_file())} files"
        )


def _overrides(config: Path) -> list[Path]:
    """The user's own files that stand before the shipped ones of the same name."""
    ours = {path.name for path in shipped.folder("profiles").iterdir() if path.is_file()}
    try:
        return sorted(path for path in config.iterdir() if path.name in ours)
    except OSError:
        return []


def _folder_state(path: Path) -> str:
    if path.is_dir():
        return "folder"
    return "not a folder" if path.exists() else "does not exist yet"


def _file_state(path: Path) -> str:
    try:
        return fmt.plural(path.stat().st_size, "byte")
    except FileNotFoundError:
        return "does not exist yet"
    except OSError as error:
        return error.strerror or "not readable"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def command(as_json: bool) -> None:
    """Show the files and folders in use.

    A file in the config folder with the name of a shipped table (gpu_prices.csv, ...)
    overrides that table. Set ADVISOR_HOME to put config, data and state into one folder.
    """
    in_use = list(places())
    if as_json:
        output.show(json.dumps([asdict(place) for place in in_use], indent=2) + "\n")
        return
    for place in in_use:
        click.echo(f"{place.what:<12} {printable(place.path)}  ({place.state})")
