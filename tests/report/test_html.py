from __future__ import annotations

import itertools
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


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_stands_out_from_its_ground_in_light_dark_and_print() -> None:
    """WCAG AA: at least 4.5 to 1 for every colour that text has."""
    style = (html._TEMPLATES / "report.css").read_text(encoding="utf-8")
    schemes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(schemes) == 3
    for scheme in schemes:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        for ink in ("ink", "soft", "mark", "halt"):
            for ground in ("paper", "card"):
                pair = sorted((luminance(colours[ink]), luminance(colours[ground])))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (ink, ground, colours)


def test_the_page_can_be_walked_by_its_headings_and_landmarks(verdict: Verdict) -> None:
    source = html.render(verdict)
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", source)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert '<html lang="en">' in source
    assert source.count("<main>") == source.count("<header>") == 1
    assert 'aria-label="Contents"' in source
    ids = re.findall(r' id="([^"]+)"', source)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', source)) <= set(ids)
    assert source.count("<th ") == source.count('scope="col"')
    assert source.count("<svg ") == source.count('role="img"') == source.count("<title>") - 1
