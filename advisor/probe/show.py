"""The reports as text for a terminal: aligned, at most as wide as asked, with the meaning in plain
words.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from advisor.core import format as fmt
from advisor.core.format import decimal
from advisor.core.probes import (
    BaseModelReading,
    DataReport,
    LengthFit,
)
from advisor.core.quantity import Basis, Quantity
from advisor.core.text import printable

LABEL = 18
LISTED = 8
BAR = "█"
NOTICEABLE = 2.8
"""Standard errors that a difference must have to be shown four times of five at a 5 % level: 1.96 +
0.84.
"""
DISAGREEMENT = 0.2
"""Share of test items on which two options differ, where no test was run: a middle value of paired
comparisons.
"""


def data_lines(
    report: DataReport,
    width: int = 80,
    *,
    name_test: str = "--eval FILE",
    list_all: str = "--json lists all",
) -> Iterator[str]:
    """The data report, line by line; `name_test` and `list_all` say how this front end does
    these.
    """
    for section in (_what(report), _tokens(report), _lengths(report), _quality(report, name_test)):
        yield from (line for label, text in section for line in lines_of(label, text, width))
        yield ""
    if report.labels:
        yield from _labels(report, width, list_all)
        yield ""
    if report.bad_row_count:
        yield from _bad_rows(report, width)
        yield ""
    for warning in report.warnings:
        yield from wrapped("! ", warning, width)


def base_model_text(read: BaseModelReading) -> str:
    """A base model's bits a byte on the rows, beside those on general text, with what that
    means.
    """
    beside = (
        f"{decimal(read.general_bits, 2)} on general text"
        if read.general_bits is not None
        else f"general text not measured: {read.general_why}"
    )
    when = f"calibration run {read.run}, {read.as_of}"
    bits = f"{decimal(read.data_bits, 2)} bits per byte"
    return f"{read.model}: {bits}, {beside}: {read.meaning} ({when})"


def smallest_difference(items: int) -> float:
    """The least difference of scores that a paired test on `items` shows: √(8 × 0.2 ÷ items).

    8 ≈ (1.96 + 0.84)²: 5 % level, power 80 %; 0.2: share of items on which two options disagree.
    """
    return float((NOTICEABLE**2 * DISAGREEMENT / items) ** 0.5)


def _what(report: DataReport) -> Iterator[tuple[str, str]]:
    more = f" and {len(report.files) - 3} more" if len(report.files) > 3 else ""
    yield "Files", ", ".join(report.files[:3]) + more
    yield "Read as", report.assumed
    yield "Rows", f"{fmt.count(report.rows)}, of these {fmt.count(report.distinct_rows)} distinct"
    if report.effective_rows is not None:
        yield (
            "Worth as much as",
            f"{fmt.count(report.effective_rows)} rows, near-duplicates counted once",
        )


def _tokens(report: DataReport) -> Iterator[tuple[str, str]]:
    yield "Tokens per row", quantity_text(report.tokens_per_row)
    yield "  prompt", quantity_text(report.prompt_tokens)
    is_pair = report.rejected_rows > 0
    yield "  chosen" if is_pair else "  answer", quantity_text(report.answer_tokens)
    if is_pair:
        rejected = f"in {fmt.count(report.rejected_rows)} rows, not in the sums"
        yield "  rejected", f"{quantity_text(report.rejected_tokens)} {rejected}"
    if report.unwanted_rows:
        unwanted = f"in {fmt.count(report.unwanted_rows)} of the rows"
        yield "  unwanted", f"{quantity_text(report.unwanted_tokens)} {unwanted}"
    if report.media_rows:
        yield "  " + "pictures, sound", _media(report)
    total = report.tokens_per_row.range
    if total.is_known:
        yield "Total tokens", f"{decimal(total.likely * report.rows, 0)} per epoch"
    if report.chat_tokens.basis is Basis.ASSUMED:
        yield "Chat template", report.chat_tokens.reason or report.chat_template
    else:
        yield (
            "Chat template",
            f"+ {decimal(report.chat_tokens.likely)} per row: {report.chat_template}",
        )
    yield "Counted by", f"{report.tokenizer} ({report.tokens_per_row.basis})"
    points = [
        f"{p} %: {decimal(v, 0)}" for p, v in report.percentiles.items() if p in (10, 50, 90, 99)
    ]
    yield "Lengths up to", ", ".join((*points, f"longest: {fmt.count(report.max_tokens)}"))


def _in_rows(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} in {fmt.count(rows)} rows" for kind, rows in kinds.items())


def _media(report: DataReport) -> str:
    kinds = _in_rows(report.media_rows)
    if not report.media_uncounted_rows:
        return f"{kinds}: {decimal(report.media_tokens.likely, 0)} tokens per row, in the prompt"
    uncounted = f"{fmt.count(report.media_uncounted_rows)} rows unsupported, not counted"
    return f"{kinds}: {uncounted}; text only"


def _lengths(report: DataReport) -> Iterator[tuple[str, str]]:
    most = max((n for _, _, n in report.histogram), default=1)
    for low, high, rows in report.histogram:
        bar = BAR * max(1 if rows else 0, round(30 * rows / most))
        yield f"{low:>8,}–{fmt.count(high - 1)}", f"{bar} {fmt.count(rows)}"
    for fit in report.lengths[-3:]:
        yield f"At length {fmt.count(fit.tokens)}", _fit(fit)


def _fit(fit: LengthFit) -> str:
    cut = (
        f"{fmt.count(fit.rows_cut)} rows cut ({fmt.share(fit.tokens_lost, 1)} of tokens)"
        if fit.rows_cut
        else "no row cut"
    )
    return f"{cut}; padding {fmt.share(fit.padding)}, packed {fmt.share(fit.packed_padding)}"


def _quality(report: DataReport, name_test: str) -> Iterator[tuple[str, str]]:
    yield from _label_quality(report)
    yield from _test_set(report, name_test)
    yield "Personal data", _in_rows(report.personal_data) or "none found"
    if report.human_ceiling is not None:
        yield "Human agreement", f"{decimal(report.human_ceiling, 3)}"
    yield from _language(report)


def _label_quality(report: DataReport) -> Iterator[tuple[str, str]]:
    yield (
        "Duplicates",
        f"{fmt.count(report.rows - report.distinct_rows)} exact, "
        f"{fmt.count(report.near_duplicate_rows)} near",
    )
    if report.conflicting_rows is not None:
        near = f"{fmt.count(report.near_conflicting_rows)} with nearly the same"
        yield (
            "Label conflicts",
            f"{fmt.count(report.conflicting_rows)} rows with the same input and another label, "
            f"{near}",
        )
    if report.suspect_label_rows is not None:
        places = ", ".join(
            f"line {s.line} ({s.label} or {s.likelier}?)" for s in report.suspect_labels[:3]
        )
        yield (
            "Suspect labels",
            f"{fmt.count(report.suspect_label_rows)} rows"
            f"{f', the plainest: {places}' if places else ''}",
        )
    if report.boilerplate_answers:
        yield (
            "Set phrases",
            f"{fmt.count(report.boilerplate_answers)} answers are refusals or fillers",
        )
    yield (
        "Empty answers",
        f"{fmt.count(report.empty_answers)}"
        if report.answer_field
        else "unknown: no answer field was found",
    )


def _test_set(report: DataReport, name_test: str) -> Iterator[tuple[str, str]]:
    if report.eval_rows is None:
        yield "Test set", f"none given: leakage is unknown ({name_test})"
        return
    points = decimal(100 * smallest_difference(report.eval_rows))
    shows = f"it can show a difference of {points} points"
    yield "Test set", f"{fmt.count(report.eval_rows)} items; {shows}"
    copied = f"{fmt.count(report.leaked_eval_rows)} items copied from training"
    yield "Leakage", f"{copied} ({fmt.count(report.leaked_exact_rows)} exactly)"


def _language(report: DataReport) -> Iterator[tuple[str, str]]:
    if report.languages:
        yield (
            "Languages",
            ", ".join(f"{name} {fmt.share(share)}" for name, share in report.languages.items()),
        )
    if report.specificity is not None:
        yield "Domain", f"{report.specificity.level} specificity: {report.specificity.meaning}"
    if report.base_model is not None:
        yield "  read by", base_model_text(report.base_model)
    if report.row_specificity:
        yield (
            "  by row",
            ", ".join(f"{p} %: {decimal(v, 2)}" for p, v in report.row_specificity.items()),
        )
    if report.unusual_rows:
        yield (
            "  most unusual",
            ", ".join(f"line {r.line} ({decimal(r.score, 2)})" for r in report.unusual_rows[:5]),
        )


def _labels(report: DataReport, width: int, list_all: str) -> Iterator[str]:
    labels = report.labels
    counts = list(report.labels.values())
    yield from lines_of(
        "Labels",
        f"{len(counts)}; most frequent {fmt.count(counts[0])} rows, rarest {fmt.count(counts[-1])}",
        width,
    )
    if report.effective_labels is not None:
        rare = f", {report.rare_labels} with fewer than 10 rows" if report.rare_labels else ""
        yield from lines_of(
            "",
            f"as even as {decimal(report.effective_labels)} equally frequent labels{rare}",
            width,
        )
    room = width - LABEL - 12
    for label, count in list(labels.items())[:LISTED]:
        yield f"{count:>{LABEL},} {cut_to(label, room)}"
    if len(counts) > LISTED:
        yield from lines_of("", f"and {len(counts) - LISTED} more ({list_all})", width)


def _bad_rows(report: DataReport, width: int) -> Iterator[str]:
    yield f"Rows that could not be read ({fmt.count(report.bad_row_count)}):"
    for row in report.bad_rows[:LISTED]:
        yield from wrapped("  ", f"{row.file}: line {row.line}: {row.reason}", width)
    if report.bad_row_count > LISTED:
        yield f"  and {fmt.count(report.bad_row_count - LISTED)} more"


def quantity_text(quantity: Quantity) -> str:
    """A figure with the ends of its range, where it has them."""
    span = quantity.range
    if span.p10 is None or span.p90 is None:
        return f"unknown: {quantity.reason}"
    return f"{decimal(span.likely)} (mean; 80 %: {decimal(span.p10)} to {decimal(span.p90)})"


def cut_to(text: str, room: int) -> str:
    """A text in at most `room` columns."""
    line = printable(text)
    return line if len(line) <= room else line[: room - 1] + "…"


def lines_of(label: str, text: str, width: int) -> Iterator[str]:
    """`label  text`, wrapped under the text; what data brought along is made safe."""
    yield from wrapped(f"{printable(label):<{LABEL}} ", text, width)


def wrapped(begin: str, text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` columns, those after the first set in by as much as `begin`."""
    room = max(width - len(begin), 20)
    for turn, line in enumerate(
        textwrap.wrap(printable(text), room, break_on_hyphens=False) or [""]
    ):
        yield (begin if turn == 0 else " " * len(begin)) + line
