from __future__ import annotations

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from advisor.core.quantity import Range
from advisor.core.verdict import SourceRecord, Verdict
from advisor.report import text


def test_the_whole_report(verdict: Verdict, golden) -> None:
    golden("verdict.txt", text.render(verdict))


def test_the_report_of_no_option(nothing_left: Verdict, golden) -> None:
    golden("nothing_left.txt", text.render(nothing_left))


def test_the_first_screen_holds_the_answer(verdict: Verdict) -> None:
    screen = "\n".join(text.render(verdict).splitlines()[:24])
    for part in (
        "FINE-TUNE",
        "Tuned Llama 3.1 8B (LoRA), in batches, on rented GPUs",
        "91 of 100",
        "$18,363",
        "$3,317",
        "0.912",
        "7 weeks",
        "We recommend Tuned Llama 3.1 8B (LoRA)",
    ):
        assert part in screen


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(verdict: Verdict, hostile: Verdict, width: int) -> None:
    for held in (verdict, hostile):
        wide = [line for line in text.render(held, width).splitlines() if cell_len(line) > width]
        assert wide == []


def test_colour_only_adds_to_what_is_there(verdict: Verdict) -> None:
    plain, coloured = text.render(verdict), text.render(verdict, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain


def test_an_interval_too_narrow_to_draw_is_written(verdict: Verdict) -> None:
    chosen = replace(
        verdict.chosen, one_off_usd=Range(18_363.0, 18_364.0, 18_365.0), weeks=Range(4.0, 4.0, 4.0)
    )
    lines = text.render(replace(verdict, arms=(chosen, *verdict.arms[2:]))).splitlines()
    once, ready = (
        next(line for line in lines if line.startswith(word)) for word in ("once", "ready")
    )
    assert once.split()[1:] == ["$18,364", "$18,363", "–", "$18,365,", "modelled"]
    assert ready.split()[2:] == ["4", "weeks", "exact,", "modelled"]


def test_what_is_not_decided_is_not_sold_as_a_choice(verdict: Verdict) -> None:
    shown = text.render(replace(verdict, verdict="undecided"))
    assert "NOT DECIDABLE YET meanwhile Tuned Llama 3.1 8B (LoRA)" in shown


def test_text_from_data_cannot_steer_the_terminal(hostile: Verdict) -> None:
    shown = text.render(hostile)
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert "\\x1b[31m" in shown


def test_an_unknown_cost_is_shown_as_a_lower_bound(verdict: Verdict) -> None:
    assert "≥ $400, 1 unknown" in text.render(verdict)


def test_a_document_read_at_many_keys_is_named_once(verdict: Verdict) -> None:
    keys = ("traffic.input_tokens", "traffic.output_tokens")
    sources = tuple(SourceRecord(f"brief b.toml: {k}", "quoted", "2026-11-20", (k,)) for k in keys)
    shown = text.render(replace(verdict, sources=(*sources, *verdict.sources)), 120)
    assert shown.count("brief b.toml") == 1
    (line,) = [line for line in shown.splitlines() if "brief b.toml" in line]
    assert line.split("  ")[-1] == "traffic.input_tokens, traffic.output_tokens"
    assert "genai-prices: claude-sonnet-5" in shown


def test_the_summary_lists_the_warnings_about_the_option_on_top_first(verdict: Verdict) -> None:
    others = tuple(f"{verdict.alternative}: {word} is not known" for word in "abcdefgh")
    warned = replace(verdict, warnings=(*others, "prices are old", f"{verdict.arm} is slow"))
    shown = " ".join(text.render(warned, 200).split())
    summary, _, appendix = shown.partition("APPENDIX")
    assert summary.index("is slow") < summary.index("prices are old") < summary.index("a is not")
    assert "4 further warnings in the appendix" in summary
    assert "h is not known" in appendix
    assert "h is not known" not in summary
