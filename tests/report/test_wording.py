"""The sentences of a report: short, free of ids, in the shipped briefs as a client gets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from advisor import pipeline
from advisor.core.verdict import Verdict
from advisor.report.document import document
from advisor.report.page import Bullets, Callout, Heading, Paragraph, Section, Table

BRIEFS = sorted((Path(__file__).parents[2] / "profiles" / "briefs").glob("*.toml"))
MOST_WORDS = 25
ID = re.compile(
    r"\b(?:prompt|tune|hybrid|as-is)/[\w-]+@|\b(?:traffic|team|budget|quality)\.\w+_\w+"
)


@pytest.fixture(scope="module", params=BRIEFS, ids=lambda path: path.stem)
def verdict(request: pytest.FixtureRequest) -> Verdict:
    brief = pipeline.load(request.param)
    return pipeline.judge(brief, pipeline.look(brief, own_runs=False), draws=500)


def texts(section: Section) -> list[str]:
    found = []
    for block in section.blocks:
        if isinstance(block, Paragraph | Callout | Heading):
            found.append(block.text)
        elif isinstance(block, Bullets):
            found += block.items
        elif isinstance(block, Table):
            found += [str(cell) for row in block.rows for cell in row if isinstance(cell, str)]
    return found


def test_no_sentence_is_longer_than_a_reader_can_hold(verdict: Verdict) -> None:
    long = []
    for section in document(verdict).sections:
        if section.id == "appendix":
            continue
        for text in texts(section):
            for sentence in re.split(r"(?<=[.;:])\s", text):
                if len(sentence.split()) > MOST_WORDS:
                    long.append(f"{section.id}: {sentence}")
    assert long == []


def test_ids_stay_in_the_appendix(verdict: Verdict) -> None:
    for section in document(verdict).sections:
        if section.id != "appendix":
            assert not [text for text in texts(section) if ID.search(text)], section.id
