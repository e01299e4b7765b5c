"""The report as one HTML file that needs nothing else: styles and charts are inside, no script, no
link to load.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core import format as fmt
from advisor.core.verdict import Verdict
from advisor.report.brand import Brand, logo_address
from advisor.report.document import document
from advisor.report.look import PLAIN, Look
from advisor.report.page import (
    Block,
    Bullets,
    Callout,
    Chart,
    Code,
    Fold,
    Heading,
    KeyFigure,
    Page,
    Paragraph,
    Ranged,
    Table,
    Tiles,
)
from advisor.report.phrases import ranked

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_TEMPLATES = Path(__file__).parent / "templates"
_KINDS = {
    Heading: "heading",
    Paragraph: "paragraph",
    Bullets: "bullets",
    Table: "table",
    Chart: "chart",
    Fold: "fold",
    Callout: "callout",
    Tiles: "tiles",
}


def render(verdict: Verdict, look: Look = PLAIN) -> str:
    """The whole report, with the trace of every figure of every option. All text is escaped."""
    traced = (verdict.subject, verdict.alternative, *(a.id for a in ranked(verdict)))
    return draw(document(verdict, traced, look), look)


def draw(page: Page, look: Look = PLAIN) -> str:
    """A page as one HTML file."""
    from markupsafe import Markup

    return _template().render(
        page=page,
        style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        picture=lambda chart: Markup(chart.svg),
        brand=Markup(_brand_style(look.brand)),
        logo=logo_address(look.brand),
        firm=look.brand.name,
    )


def _brand_style(brand: Brand) -> str:
    """Colours and font of a brand over those of the style sheet; checked when they were read."""
    if brand.is_plain:
        return ""
    font = f'body {{ font-family: "{brand.font}", system-ui, sans-serif; }}' if brand.font else ""
    light = f"--mark: {brand.mark}; --part0: {brand.mark}; --part2: {brand.accent};"
    dark = f"--mark: {brand.bright}; --part0: {brand.bright};"
    return (
        f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) "
        f"{{ :root {{ {dark} }} }}\n{font}\n"
    )


def lean(figure: KeyFigure) -> float:
    """Where the median stands between the ends of the interval: 0 at P10, 100 at P90."""
    interval = figure.range
    if (
        interval.p10 is None
        or interval.p50 is None
        or interval.p90 is None
        or interval.p90 <= interval.p10
    ):
        return 50.0
    return round(100 * (interval.p50 - interval.p10) / (interval.p90 - interval.p10), 1)


def kind(block: Block) -> str:
    """Which macro of the template draws a block."""
    return _KINDS[type(block)]


def _is_code(cell: object) -> bool:
    return isinstance(cell, Code)


def _is_ranged(cell: object) -> bool:
    return isinstance(cell, Ranged)


@cache
def _template() -> Template:
    return _environment().get_template("report.html.j2")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"kind": kind, "lean": lean, "share": fmt.share}
    environment.tests |= {"code": _is_code, "ranged": _is_ranged}
    return environment
