"""A page in another language and currency: every text in it said once more."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape, unescape
from typing import TypeVar

from advisor.report.charts import canvas
from advisor.report.page import (
    Block,
    Bullets,
    Callout,
    Cell,
    Chart,
    Code,
    Cover,
    Fold,
    Heading,
    Headline,
    KeyFigure,
    Labels,
    Page,
    Paragraph,
    Ranged,
    Section,
    Stated,
    Table,
    Tiles,
)
from advisor.report.speech import Speech

_NUMBERED = re.compile(r"(\d+\.? |· )([^\d].*)", re.DOTALL)
_WITH_AMOUNT = re.compile(r"(.+) (−?\$[\d,.]+(?: (?:k|M|bn))?)", re.DOTALL)
_WORDS = re.compile(r"(<text [^>]*>|<title>)([^<]+)(</)")
_SHORTENED = re.compile(r'(<text [^>]*data-full="([^"]*)" data-room="(\d+)">)[^<]*(</)')
_LABEL = re.compile(r'(aria-label=")([^"]+)(")')

Simple = TypeVar("Simple", Heading, Paragraph, Callout)


def localised(page: Page, speech: Speech) -> Page:
    """The page as the speech says it; the title of the brief stays as it is."""
    return replace(
        page,
        subtitle=speech.say(page.subtitle),
        cover=_cover(page.cover, speech),
        headline=_headline(page.headline, speech),
        sections=tuple(_section(section, speech) for section in page.sections),
        language=speech.look.language,
        dated=speech.say(page.as_of),
        labels=Labels(*(speech.word(word) for word in page.labels)),
    )


def _cover(cover: Cover, speech: Speech) -> Cover:
    facts = tuple((speech.word(label), _fact(label, text, speech)) for label, text in cover.facts)
    return Cover(speech.say(cover.line), facts)


def _fact(label: str, text: str, speech: Speech) -> str:
    """What people wrote themselves stays; the rate keeps its US dollar."""
    if label in ("Client", "Author"):
        return text
    if label in ("Version", "Currency"):
        return speech.word(text)
    return speech.say(text)


def _headline(head: Headline, speech: Speech) -> Headline:
    return replace(
        head,
        word=speech.word(head.word),
        link=speech.word(head.link),
        option=speech.word(head.option),
        sure=" · ".join(speech.say(part) for part in head.sure.split(" · ")),
        figures=tuple(_key_figure(figure, speech) for figure in head.figures),
    )


def _key_figure(figure: KeyFigure, speech: Speech) -> KeyFigure:
    return replace(
        figure,
        label=speech.say(figure.label),
        value=speech.say(figure.value),
        unit=speech.word(figure.unit),
        low=speech.say(figure.low),
        high=speech.say(figure.high),
        basis=speech.word(figure.basis),
        other=speech.word(figure.other),
    )


def _section(section: Section, speech: Speech) -> Section:
    blocks = tuple(_block(block, speech) for block in section.blocks)
    return Section(section.id, speech.word(section.title), blocks)


def _block(block: Block, speech: Speech) -> Block:
    if isinstance(block, Bullets):
        return replace(block, items=tuple(_text(item, speech) for item in block.items))
    if isinstance(block, Table):
        return _table(block, speech)
    if isinstance(block, Chart):
        return _chart(block, speech)
    if isinstance(block, Tiles):
        return Tiles(tuple(_key_figure(figure, speech) for figure in block.figures))
    if isinstance(block, Fold):
        return replace(block, blocks=tuple(_titles(inner, speech) for inner in block.blocks))
    return replace(block, text=speech.say(block.text))


def _titles(block: Block, speech: Speech) -> Block:
    """A trace keeps the dollars and the digits that it was computed with; only titles change."""
    if not isinstance(block, Table):
        return block
    columns = tuple(replace(c, title=speech.word(c.title)) for c in block.columns)
    return replace(block, columns=columns)


def _table(table: Table, speech: Speech) -> Table:
    columns = tuple(replace(c, title=speech.say(c.title)) for c in table.columns)
    rows = tuple(
        tuple(
            _quoted(cell, speech) if column.quoted else _cell(cell, speech)
            for cell, column in zip(row, table.columns, strict=True)
        )
        for row in table.rows
    )
    return replace(table, columns=columns, rows=rows)


def _quoted(cell: Cell, speech: Speech) -> Cell:
    return speech.word(cell) if isinstance(cell, str) and not isinstance(cell, Code) else cell


def _cell(cell: Cell, speech: Speech) -> Cell:
    if isinstance(cell, Ranged):
        span = speech.say(cell.span) if cell.amount is None else speech.span(cell.amount)
        return Ranged(speech.say(cell.value), span, cell.amount)
    return _text(cell, speech)


def _text(text: str, speech: Speech) -> str:
    if isinstance(text, Code | Stated):
        return text
    number = _NUMBERED.fullmatch(text)
    if number is not None and speech.say(text) == text:
        return number[1] + speech.say(number[2])
    amount = _WITH_AMOUNT.fullmatch(text)
    if amount is not None and speech.word(text) == text:
        return f"{speech.say(amount[1])} {speech.say(amount[2])}"
    return speech.say(text)


def _chart(chart: Chart, speech: Speech) -> Chart:
    def spoken(match: re.Match[str]) -> str:
        return f"{match[1]}{escape(_text(unescape(match[2]), speech))}{match[3]}"

    def shortened(match: re.Match[str]) -> str:
        """A name that was shortened, said whole and shortened again."""
        name = _text(unescape(match[2]), speech)
        return f"{match[1]}{escape(canvas.short(name, int(match[3])))}{match[4]}"

    svg = _SHORTENED.sub(shortened, _LABEL.sub(spoken, _WORDS.sub(spoken, chart.svg)))
    rows = tuple((_text(label, speech), speech.say(value)) for label, value in chart.rows)
    return replace(chart, title=speech.say(chart.title), svg=svg, rows=rows)
