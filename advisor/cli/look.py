"""The options of every command that writes a report: paper, depth, language, currency, brand,
template.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Returned = TypeVar("Returned")

FILE = click.Path(path_type=Path)

OPTIONS = (
    click.option("--paper", default="", metavar="SIZE", help="PDF, Word: a4 (default) or letter."),
    click.option("--depth", default="", metavar="DEPTH", help="summary, main or full (default)."),
    click.option("--locale", default="", metavar="LANG", help="Language of the report: en or de."),
    click.option("--currency", default="", metavar="CODE", help="Currency to show, such as EUR."),
    click.option("--usd-rate", type=float, help="Units of the currency for one US dollar."),
    click.option("--rate-date", default="", metavar="DATE", help="Day of that rate."),
    click.option("--brand", type=FILE, help="TOML file with logo, font and colours of a firm."),
    click.option("--template", type=FILE, help="Word: a .docx whose styles and header are used."),
)


def look_options(command: Callable[..., Returned]) -> Callable[..., Returned]:
    """Adds the options; the command gets them as one argument, `look`. Raises UsageError."""

    @functools.wraps(command)
    def wrapped(
        *,
        paper: str,
        locale: str,
        currency: str,
        usd_rate: float | None,
        rate_date: str,
        brand: Path | None,
        template: Path | None,
        depth: str,
        **options: Any,
    ) -> Returned:
        from advisor.report.look import look_of

        look = look_of(paper, locale, currency, usd_rate, rate_date, brand, template, depth)
        return command(look=look, **options)

    decorated: Callable[..., Returned] = wrapped
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
