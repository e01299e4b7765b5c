"""The document that every format is drawn from, built from the one record of a verdict."""

from __future__ import annotations

from collections.abc import Iterable

from advisor import __version__
from advisor.core import format as fmt
from advisor.core.verdict import Verdict
from advisor.report import extract
from advisor.report.chapters import CHAPTERS, Chapter
from advisor.report.headline import headline, subtitle
from advisor.report.look import PLAIN, Depth, Look
from advisor.report.page import Cover, Page, Section
from advisor.report.terms import Terms
from advisor.report.trace import traces


def document(verdict: Verdict, traced: Iterable[str] = (), look: Look = PLAIN) -> Page:
    """The report of a verdict; the appendix traces every figure of the options named in
    `traced`. Raises MissingExtra where another language or currency needs Babel.
    """
    terms = Terms.of(verdict)
    sections = []
    for section_id, title, blocks in chapters(look.depth):
        content = tuple(blocks(verdict, terms))
        if section_id == "appendix":
            content += tuple(traces(verdict, traced))
        if content:
            sections.append(Section(section_id, title, content))
    title = fmt.clean(verdict.name) or "Untitled"
    front = cover(verdict, look)
    head = headline(verdict, terms)
    tone = verdict.verdict if verdict.arms else "undecided"
    as_of = fmt.clean(verdict.as_of)
    page = Page(title, subtitle(verdict), front, head, tuple(sections), as_of, tone)
    if look.is_plain:
        return page
    from advisor.report.localised import localised
    from advisor.report.speech import Speech

    return localised(page, Speech.of(verdict, look, terms))


def chapters(depth: Depth) -> Iterable[tuple[str, str, Chapter]]:
    """The chapters of a report of this depth, in reading order."""
    match depth:
        case "summary":
            return CHAPTERS[:1]
        case "main":
            return CHAPTERS[:-1]
    return CHAPTERS


def cover(verdict: Verdict, look: Look = PLAIN) -> Cover:
    """What the first page of a printed report says."""
    task = fmt.clean(verdict.name) or "this task"
    client = f" for {fmt.clean(verdict.client)}" if verdict.client else ""
    date = fmt.clean(verdict.as_of)
    is_confidential = extract.answer(verdict, "confidential") == "yes"
    facts = (
        ("Client", fmt.clean(verdict.client)),
        ("Author", extract.answer(verdict, "author")),
        ("Confidential", "for the client's use only" if is_confidential else ""),
        ("Prices as of", date),
        ("Currency", _currency(look)),
        ("Simulation", f"{fmt.count(verdict.draws)} futures, seed {verdict.seed}"),
        ("Version", f"advisor {__version__}"),
    )
    line = f"Recommendation on {task}{client}, prices as of {date}."
    return Cover(line, tuple((label, text) for label, text in facts if text))


def _currency(look: Look) -> str:
    """The currency, with rate and date where it is another one than the record's."""
    currency = look.currency
    if currency.code == "USD":
        return "US dollars"
    return f"{currency.code}, 1 USD = {currency.rate:g} {currency.code}, {currency.as_of}"
