"""`advisor facts`: GPUs, models and prices, each row with its date and source."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from advisor.cli import output
from advisor.cli.facts_update import update
from advisor.core import format as fmt
from advisor.core.dates import today
from advisor.core.text import printable

if TYPE_CHECKING:
    from advisor.core.facts import Cited
    from advisor.facts import Facts, TuningOffer

NARROW = 80
"""Columns of a terminal that does not say how wide it is."""
CELL_ROOM = 24
"""Characters a column may take where room is short."""
SOURCE_ROOM = 12
"""Characters the source keeps at least before another column is dropped."""

Line = dict[str, str]
Record = tuple[dict[str, Any], Line]
"""One row: as it goes to JSON, and as text by column title."""


@click.group()
def command() -> None:
    """List what the program knows, with date and source.

    Rows that may be older than 90 days are marked with *.
    """


def _options(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--wide", is_flag=True, help="Show all columns, however wide."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs."),
        click.option(
            "--on",
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="YYYY-MM-DD",
            help="The day to look up; default: today.",
        ),
        click.argument("name", required=False),
    ):
        function = option(function)
    return function


@command.command()
@_options
@click.option("--prices", is_flag=True, help="List rental prices by provider instead.")
def gpus(name: str | None, on: datetime | None, as_json: bool, wide: bool, prices: bool) -> None:
    """GPUs: memory, bandwidth, dense tensor rate, power."""
    facts = _facts()
    day = _day(on)
    chosen = [facts.gpu(name)] if name else facts.gpus
    if prices:
        offers = [offer for gpu in chosen for offer in facts.gpu_offers(gpu.name, billing="")]
        _print([(asdict(o), _offer(o)) for o in offers], day, as_json, wide)
        return
    achieved = {gpu.name: facts.achieved_tflops(gpu.name) for gpu in chosen}
    rows = [
        (
            asdict(gpu) | {"achieved_tflops": achieved[gpu.name].range.p50},
            {
                "gpu": gpu.name,
                "GB": _n(gpu.memory_gb),
                "GB/s": _n(gpu.bandwidth_gb_per_second),
                "bf16 TFLOPS": _n(gpu.bf16_tflops),
                "measured": _n(achieved[gpu.name].range.p50),
                "W": _n(gpu.power_watts),
                "arch": gpu.arch,
                "fp16 TFLOPS": _n(gpu.fp16_tflops),
                **_cited(gpu.cited),
            },
        )
        for gpu in chosen
    ]
    _print(rows, day, as_json, wide)


@command.command()
@_options
def models(name: str | None, on: datetime | None, as_json: bool, wide: bool) -> None:
    """Models whose architecture is known: sizes, shape, licence."""
    facts = _facts()
    rows = [
        (
            asdict(m),
            {
                "model": m.name,
                "params": fmt.count(m.params),
                "kind": m.kind,
                "active": fmt.count(m.active_params),
                "layers": _n(m.layers),
                "hidden": _n(m.hidden),
                "context": _n(m.context_tokens),
                "licence": m.licence,
                **_cited(m.cited),
            },
        )
        for m in ([facts.model(name)] if name else facts.models)
    ]
    _print(rows, _day(on), as_json, wide)


@command.command()
@_options
def prices(name: str | None, on: datetime | None, as_json: bool, wide: bool) -> None:
    """Prices per million tokens on a day, by provider.

    Without NAME, lists the models in our tables.
    """
    facts = _facts()
    day = _day(on)
    if name and not facts.is_known_model(name):
        raise facts.unknown_model(name)
    quotes = [
        price
        for model in ([name] if name else facts.listed_models())
        for price in facts.token_prices(model, day)
    ]
    rows = [
        (
            asdict(p),
            {
                "model": p.model,
                "provider": p.provider,
                "in": _usd(p.input_usd),
                "cached": _usd(p.cached_input_usd),
                "write": _usd(p.cache_write_usd),
                "out": _usd(p.output_usd),
                "batch": _n(p.batch_factor),
                "ends": str(p.ends or ""),
                "since": str(p.start or ""),
                "cache from": _n(p.cache_minimum_tokens),
                "minutes": " ".join(map(str, p.cache_minutes)),
                **_cited(p.cited),
            },
        )
        for p in quotes
    ]
    _print(
        rows,
        day,
        as_json,
        wide,
        empty="no price is quoted for it on that day; add one with [prices] file in a brief",
    )


@command.command(short_help="Hosted fine-tuning: prices, minimum charge, end date.")
@_options
def tuning(name: str | None, on: datetime | None, as_json: bool, wide: bool) -> None:
    """Hosted fine-tuning: prices, minimum charge, hosting and end date.

    With NAME, lists the offers that cover this model.
    """
    facts = _facts()
    day = _day(on)
    if name and not facts.is_known_model(name):
        raise facts.unknown_model(name)
    offers = [
        o for o in facts.tuning_offers if not name or o.holds_for(name, facts.architecture(name))
    ]
    rows = [
        (
            asdict(o),
            {
                "model": o.model,
                "provider": o.price.provider,
                "training": _training(o),
                "method": o.method,
                "state": o.state,
                "minimum": _usd(o.price.training_minimum_usd or None),
                "ends": str(o.price.ends or ""),
                "hosting/h": _usd(o.price.hosting_usd_per_hour or None),
                "closed": str(o.price.closed or ""),
                "in": _usd(o.price.input_usd),
                "out": _usd(o.price.output_usd),
                "availability": o.price.availability,
                **_cited(o.price.cited),
            },
        )
        for o in offers
    ]
    _print(rows, day, as_json, wide, empty="no hosted tuning offer in our tables")


@command.command()
@_options
def constants(name: str | None, on: datetime | None, as_json: bool, wide: bool) -> None:
    """Single figures: electricity, wages, labels."""
    facts = _facts()
    chosen = [facts.constant(name)] if name else facts.constants.values()
    rows = [
        (asdict(c), {"key": c.key, "value": c.value, "unit": c.unit, **_cited(c.cited)})
        for c in chosen
    ]
    _print(rows, _day(on), as_json, wide)


@command.command(short_help="Published studies of prompting and tuning.")
@_options
def evidence(name: str | None, on: datetime | None, as_json: bool, wide: bool) -> None:
    """Published studies of prompting and tuning; NAME keeps rows with it in any column."""
    import csv

    from advisor import shipped

    file = shipped.folder("profiles") / "evidence.csv"
    table: list[dict[str, str]] = []
    if file.is_file():
        with file.open(encoding="utf-8", newline="") as lines:
            table = [dict(row) for row in csv.DictReader(lines)]
    wanted = (name or "").lower()
    studies = [
        row for row in table if wanted in (text.lower() for text in row.values()) or not wanted
    ]
    _print(
        [(dict(row), _study(row)) for row in studies],
        _day(on),
        as_json,
        wide,
        empty="no such study in our tables",
    )


def _facts() -> Facts:
    from advisor import facts
    from advisor.store.folders import folders

    return facts.load(folders().config)


def _day(on: datetime | None) -> date:
    return on.date() if on else today()


def _n(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:g}" if value < 1e6 else fmt.count(value)


def _usd(value: float | None) -> str:
    """A price as it is quoted: not rounded, two decimals at least; empty where unknown."""
    if value is None:
        return ""
    return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"


def _training(offer: TuningOffer) -> str:
    """USD per million tokens, or the span where the source gives no single price, or USD an
    hour.
    """
    if offer.price.training_usd_per_hour is not None:
        return f"{offer.price.training_usd_per_hour:g}/h"
    low, high = offer.training_range_usd
    return _usd(offer.price.training_usd) if low is None or high is None else f"{low:g}-{high:g}"


def _cited(cited: Cited) -> Line:
    return {
        "as of": cited.as_of,
        "source": cited.source,
        "confidence": cited.confidence,
        "note": cited.note,
    }


def _offer(offer: Any) -> Line:
    return {
        "gpu": offer.gpu,
        "provider": offer.provider,
        "USD/h": _usd(offer.usd_per_hour),
        "spot": _usd(offer.spot_usd_per_hour),
        "billing": offer.billing,
        "GPUs": _n(offer.gpus),
        "region": offer.region,
        "offer": offer.offer,
        **_cited(offer.cited),
    }


def _study(row: dict[str, str]) -> Line:
    """What tells the rows of one study apart first, then every other column."""
    first = {
        title: row.get(title, "")
        for title in ("task", "approach", "value", "base_model", "n_train_examples", "n_shots")
    }
    rest = {title: text for title, text in row.items() if title not in (*first, "arxiv_or_url")}
    return {**first, **rest, "source": row.get("arxiv_or_url", "")}


def _print(
    rows: Sequence[Record], day: date, as_json: bool, wide: bool, empty: str = "no such row"
) -> None:
    """The rows as JSON, or as an aligned table with stale dates marked."""
    from advisor.facts import stale

    old = [bool(line.get("as of")) and stale(line["as of"], day) for _, line in rows]
    if as_json:
        entries = [
            {**record, "stale": is_old} for (record, _), is_old in zip(rows, old, strict=True)
        ]
        output.show(json.dumps(entries, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    if not rows:
        click.echo(empty, err=True)
        return
    lines = [_printable(line, is_old, wide) for (_, line), is_old in zip(rows, old, strict=True)]
    columns = None if wide else shutil.get_terminal_size((NARROW, 24)).columns
    output.show("".join(f"{text}\n" for text in table(lines, columns)))
    if any(old):
        click.echo(f"* may be older than 90 days on {day}", err=True)


def _printable(line: Line, is_old: bool, wide: bool) -> Line:
    """A line safe to print; the date in short unless `wide`, marked where the row is old."""
    cells = {title: printable(text or "") for title, text in line.items()}
    if "as of" in cells:
        date_text = (
            cells["as of"] if wide else re.split(r"[;( ]", cells["as of"].rpartition("..")[2])[0]
        )
        cells["as of"] = f"{date_text} *" if is_old else date_text
    return cells


def table(lines: Sequence[Mapping[str, str]], room: int | None) -> Iterable[str]:
    """The lines as aligned text, titles first.

    Where `room` (characters) is short, columns are dropped from the right, but not the first, `as
    of` and `source`; the source is cut where it does not fit.
    """
    titles = [title for title in lines[0] if any(line.get(title) for line in lines)]
    widths = {
        title: max(len(title), *(len(line.get(title, "")) for line in lines)) for title in titles
    }
    if room is not None:
        titles, widths = _fit(titles, widths, room)
    yield "  ".join(title.ljust(widths[title]) for title in titles).rstrip()
    for line in lines:
        yield "  ".join(_cut(line.get(title, ""), widths[title]) for title in titles).rstrip()


def _fit(titles: list[str], widths: dict[str, int], room: int) -> tuple[list[str], dict[str, int]]:
    columns = list(titles)
    widths = {
        title: min(width, CELL_ROOM) if title != "source" else width
        for title, width in widths.items()
    }
    loose = "source" if "source" in columns else columns[-1]

    def taken() -> int:
        return sum(widths[title] for title in columns if title != loose) + 2 * (len(columns) - 1)

    while taken() + SOURCE_ROOM > room:
        droppable = [title for title in columns[1:] if title not in ("as of", loose)]
        if not droppable:
            break
        columns.remove(droppable[-1])
    widths[loose] = max(min(widths[loose], room - taken()), 1)
    return columns, widths


def _cut(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


command.add_command(update)
