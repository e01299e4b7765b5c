from __future__ import annotations

from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.core.verdict import Verdict
from advisor.report import formats


@pytest.mark.parametrize("form", formats.FORMATS, ids=lambda form: form.name)
def test_a_format_is_had_by_its_name_and_by_every_ending(form: formats.ReportFormat) -> None:
    assert formats.by_name(form.name) is form
    assert formats.by_name(form.name.upper()) is form
    for ending in form.endings:
        assert formats.by_path(Path(f"a.b{ending}")) is form
        assert formats.by_path(Path(f"a.b{ending.upper()}")) is form
        assert formats.by_name(ending) is form


def test_names_and_endings_are_unique() -> None:
    names = [form.name for form in formats.FORMATS]
    endings = [ending for form in formats.FORMATS for ending in form.endings]
    assert len(set(names)) == len(names)
    assert len(set(endings)) == len(endings)


@pytest.mark.parametrize("name", ["x.doc", "x.report", "x.html5"])
def test_an_unknown_ending_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match="is not a report format; end it in") as caught:
        formats.by_path(Path(name))
    for form in formats.FORMATS:
        assert form.endings[0] in str(caught.value)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'html'\?; use text"):
        formats.by_name("htlm")


def test_without_an_ending_it_is_text(verdict: Verdict) -> None:
    assert formats.by_path(Path("report")).name == "text"


@pytest.mark.parametrize("form", formats.FORMATS, ids=lambda form: form.name)
def test_every_format_renders_the_same_bytes_twice(
    verdict: Verdict, form: formats.ReportFormat
) -> None:
    first = form.render(verdict)
    assert len(first) > 500
    assert form.render(verdict) == first
