from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from advisor.core.verdict import Verdict
from advisor.report import html

VOID = {"meta", "br", "hr", "img", "input", "link", "line", "rect", "circle", "ellipse"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that every tag is closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data


@pytest.fixture
def sources(verdict: Verdict, nothing_left: Verdict, hostile: Verdict) -> list[str]:
    return [html.render(v) for v in (verdict, nothing_left, hostile)]


def test_the_whole_report(verdict: Verdict, golden) -> None:
    golden("verdict.html", html.render(verdict))


def test_every_tag_is_closed(sources: list[str]) -> None:
    for source in sources:
        assert Reader(source).open == []


def test_the_file_needs_nothing_else(sources: list[str]) -> None:
    for source in sources:
        read = Reader(source)
        assert not {"script", "link", "iframe", "img", "object"} & set(read.tags)
        loads = [a for a in read.attributes if a[0] in ("src", "href", "srcset", "data", "action")]
        assert all(name == "href" and link.startswith("#") for name, link in loads)
        assert not [a for a in read.attributes if a[0].startswith("on")]
        assert not re.search(r"@import|url\(", source)


def test_text_from_data_is_shown_and_does_not_run(hostile: Verdict) -> None:
    source = html.render(hostile)
    assert "<script" not in source
    assert "<script>alert(1)</script>" in Reader(source).text
    assert "\x1b" not in source
    assert "\u202e" not in source


def test_every_figure_of_every_option_is_traced(verdict: Verdict) -> None:
    text = Reader(html.render(verdict)).text
    for option in verdict.arms:
        for figure in option.figures:
            assert figure.id in text
            assert figure.formula in text
            assert figure.filled in text
            assert all(
                i.id in text and i.source in text for i in figure.inputs if not option.figure(i.id)
            )


def test_light_dark_and_print(verdict: Verdict) -> None:
    source = html.render(verdict)
    for rule in (
        "prefers-color-scheme: dark",
        "@media print",
        "max-width: 760px",
        'name="viewport"',
    ):
        assert rule in source
