"""How a report looks and in which language and currency it speaks; no figure rests on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

from advisor.core import given_files
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.text import printable
from advisor.report.brand import Brand, read_brand

Paper: TypeAlias = Literal["a4", "letter"]

Depth: TypeAlias = Literal["summary", "main", "full"]

DEPTHS: dict[Depth, str] = {
    "summary": "the executive summary only",
    "main": "every section except the appendix",
    "full": "every section",
}
"""How much of the report is written."""

PAPERS_CM: dict[Paper, tuple[float, float]] = {"a4": (21.0, 29.7), "letter": (21.59, 27.94)}
"""Width and height of a page."""

LANGUAGES = ("en", "de")
"""Languages with a catalogue in `advisor/report/locale`."""

LARGEST_TEMPLATE = 20 << 20


@dataclass(frozen=True, slots=True)
class Currency:
    """Units of `code` (ISO 4217) for one US dollar, as of a day."""

    code: str = "USD"
    rate: float = 1.0
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What the command line says about the form of a report."""

    paper: Paper = "a4"
    language: str = "en"
    currency: Currency = Currency()
    brand: Brand = field(default_factory=Brand)
    template: bytes = b""  # a DOCX file whose styles, header and footer are used
    depth: Depth = "full"

    @property
    def is_plain(self) -> bool:
        """Whether texts stay as they are: English, US dollars."""
        return self.language == "en" and self.currency == Currency()


PLAIN = Look()


def look_of(
    paper: str = "",
    language: str = "",
    currency: str = "",
    rate: float | None = None,
    rate_date: str = "",
    brand: Path | None = None,
    template: Path | None = None,
    depth: str = "",
) -> Look:
    """The look that flags ask for; what is left out stays as usual. Raises UsageError."""
    look = PLAIN
    if paper:
        look = replace(look, paper=_paper(paper))
    if language:
        look = replace(look, language=_language(language))
    if brand is not None:
        look = replace(look, brand=read_brand(brand))
    if template is not None:
        look = replace(look, template=_template(template))
    if depth:
        look = replace(look, depth=_depth(depth))
    return replace(look, currency=_currency(currency, rate, rate_date))


def _paper(text: str) -> Paper:
    match text.lower():
        case "a4":
            return "a4"
        case "letter":
            return "letter"
    raise UsageError(f"--paper {printable(text)}: not a paper size; use a4 or letter")


def _depth(text: str) -> Depth:
    for depth in DEPTHS:
        if text.lower() == depth:
            return depth
    raise UsageError(f"--depth {printable(text)}: not a depth; use summary, main or full")


def _language(text: str) -> str:
    short = text.replace("-", "_").partition("_")[0].lower()
    if short not in LANGUAGES:
        hint = did_you_mean(short, LANGUAGES) or f"; use {' or '.join(LANGUAGES)}"
        raise UsageError(f"--locale {printable(text)}: has no catalogue{hint}")
    return short


def _currency(code: str, rate: float | None, day: str) -> Currency:
    """A currency with rate and date; both are needed, as no report may guess them."""
    if not code or code.upper() == "USD":
        if rate is not None or day:
            raise UsageError("--usd-rate and --rate-date need --currency, such as --currency EUR")
        return Currency()
    upper = code.upper()
    if len(upper) != 3 or not upper.isascii() or not upper.isalpha():
        raise UsageError(f"--currency {printable(code)}: not a code of three letters, such as EUR")
    if rate is None or not 0 < rate < 1e9:
        raise UsageError(
            f"--currency {upper}: needs --usd-rate, the {upper} for one US dollar, such as 0.92"
        )
    try:
        dated = date.fromisoformat(day)
    except ValueError:
        raise UsageError(
            f"--currency {upper}: needs --rate-date, the day of the rate, such as 2026-11-20"
        ) from None
    return Currency(upper, rate, dated.isoformat())


def _template(path: Path) -> bytes:
    """A Word file to take styles from. Raises UsageError."""
    name = printable(str(path))
    if path.suffix.lower() not in (".docx", ".dotx"):
        raise UsageError(f"--template {name}: not a Word file; name a .docx")
    try:
        content = given_files.read_bytes(path)
    except OSError as error:
        raise UsageError(f"--template {name}: cannot be read ({error.strerror})") from None
    if len(content) > LARGEST_TEMPLATE or not content.startswith(b"PK"):
        raise UsageError(f"--template {name}: not a Word file of at most 20 MiB; save it as .docx")
    return content
