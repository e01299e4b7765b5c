"""The answer at other volumes and other prices of a wrong answer, as a map of words."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.verdict import MapCell, Verdict

_WORDS = {"prompt": "prompt", "tune": "tune", "hybrid": "hybrid", "undecided": "·"}
_STYLES = {"prompt": "$text-primary", "tune": "$text-success", "hybrid": "$text-accent"}
_LABEL = 12
_CELL = 10


def map_lines(verdict: Verdict) -> Iterator[Content]:
    """A row per price of an error, the highest on top; a column per volume."""
    cells = verdict.cost_map
    if not cells:
        return
    volumes = sorted({cell.requests_per_month for cell in cells})
    prices = sorted({cell.error_cost_usd for cell in cells}, reverse=True)
    at = {(cell.requests_per_month, cell.error_cost_usd): cell for cell in cells}
    yield Content.styled("error costs", "dim")
    for price in prices:
        row = [_cell(at.get((volume, price))) for volume in volumes]
        yield Content.assemble((f"{fmt.money(price):>{_LABEL}} ", "dim"), *row)
    heads = "".join(f"{fmt.compact(volume):<{_CELL}}" for volume in volumes)
    yield Content.styled(" " * (_LABEL + 1) + heads + "requests per month", "dim")
    yield Content.styled("all else as it is; · not decidable", "dim")


def _cell(cell: MapCell | None) -> tuple[str, str]:
    word = _WORDS.get(cell.verdict, cell.verdict) if cell is not None else ""
    return f"{fmt.clean(word):<{_CELL}}", _STYLES.get(cell.verdict, "dim") if cell else ""
