from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from advisor.core import format as fmt
from advisor.core.verdict import Verdict
from advisor.report import markdown

READER = MarkdownIt("gfm-like", {"html": True})


def tokens(source: str) -> Iterator[Token]:
    for token in READER.parse(source):
        yield token
        yield from token.children or []


def shown(source: str) -> str:
    return "".join(
        t.content for t in tokens(source) if t.type in ("text", "text_special", "code_inline")
    )


def test_the_whole_report(verdict: Verdict, golden) -> None:
    golden("verdict.md", markdown.render(verdict))


def test_the_report_of_no_option(nothing_left: Verdict) -> None:
    assert "## NO OPTION LEFT" in markdown.render(nothing_left)


def test_every_row_of_a_table_has_the_cells_of_its_head(verdict: Verdict, hostile: Verdict) -> None:
    for held in (verdict, hostile):
        source = markdown.render(held)
        assert sum(t.type == "table_open" for t in tokens(source)) == source.count("\n|:")
        rows = [line for line in source.splitlines() if line.startswith("|")]
        assert not [row for row in rows if not row.endswith("|")]


def test_text_from_data_neither_formats_nor_links_nor_runs(
    verdict: Verdict, hostile: Verdict
) -> None:
    kinds = {t.type for t in tokens(markdown.render(hostile))}
    assert not {k for k in kinds if k.startswith(("html", "link", "em_", "image"))}
    assert kinds == {t.type for t in tokens(markdown.render(verdict))}
    assert "<script>alert(1)</script>" in shown(markdown.render(hostile))


@given(st.text(min_size=1).map(fmt.clean).filter(bool))
def test_escaped_text_reads_back_letter_by_letter(text: str) -> None:
    assert shown(markdown.escaped(text)) == text


@given(st.text(min_size=1).map(fmt.clean).filter(bool))
def test_code_reads_back_letter_by_letter(text: str) -> None:
    spans = [
        t.content for t in tokens(markdown.code(text.replace("|", "/"))) if t.type == "code_inline"
    ]
    assert spans == [text.replace("|", "/")]
