"""No format for readers shows an amount that is below its own standard error."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from advisor.core.verdict import Information, NextStep, Verdict
from advisor.report import formats
from tests.report.test_inert import READERS

READABLE = [form for form in formats.FORMATS if form.name not in ("json", "csv")]
"""JSON and CSV are the record itself; they carry the standard error beside the amount."""


def marked(verdict: Verdict, error: float) -> Verdict:
    """The record, each amount that has a standard error with digits of its own, and that error."""
    key = verdict.sensitivity[0].input
    step = NextStep("grade items", 10.0, 1.0, 40_101.0, "information", error)
    return replace(
        verdict,
        next_step=step,
        steps=(replace(step, worth_usd=40_203.0),),
        improvements=(replace(step, worth_usd=40_307.0, kind="improvement"),),
        information=(Information(key, 40_409.0, error),),
    )


def text_of(form: formats.ReportFormat, verdict: Verdict) -> str:
    content = form.render(verdict)
    if form.name in READERS:
        return " ".join(READERS[form.name](content))
    return io.BytesIO(content).read().decode("utf-8")


@pytest.mark.parametrize("form", READABLE, ids=lambda form: form.name)
def test_what_is_below_its_standard_error_is_not_shown(
    verdict: Verdict, form: formats.ReportFormat
) -> None:
    noisy = text_of(form, marked(verdict, error=50_000.0))
    assert not [n for n in ("40,101", "40,203", "40,307", "40,409") if n in noisy]


@pytest.mark.parametrize("name", ["html", "pdf", "docx"])
def test_what_is_above_its_standard_error_is_shown(verdict: Verdict, name: str) -> None:
    clear = text_of(formats.by_name(name), marked(verdict, error=900.0))
    assert [n for n in ("40,101", "40,203", "40,307", "40,409") if n not in clear] == []
