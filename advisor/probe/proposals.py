"""What the data says about the brief: proposals a user may accept, and those that the contract
applies by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from advisor.core.brief import Brief, Origin
from advisor.core.probes import DataReport, Proposal
from advisor.core.quantity import Basis, Range
from advisor.probe.show import smallest_difference


class _Count(NamedTuple):
    """Rows of a file and how many of these are of use, with where that is known from."""

    rows: int
    usable: int
    source: str
    why: str


def apply(report: DataReport, brief: Brief) -> Brief:
    """The brief with what its files hold: examples, test items, tokens an example, specificity,
    classes.

    Where the brief leaves out how long a request or an answer is, those of the rows stand in.

    Where `data.sample` is set, counts and token numbers of the brief stay; so do the counts of rows
    of use, once accepted. Tokens an example are those of a row plus the instructions that stay in
    the tuned model's prompt.
    """
    for key, value, origin in _found(report, brief):
        brief = brief.answered(key, value, origin)
    return brief


def proposals(report: DataReport, brief: Brief) -> tuple[Proposal, ...]:
    """Every change the data suggests, those of `apply` first; nothing that the brief already
    says.
    """
    listed = [
        Proposal(key, _shown(brief.get(key)), _shown(value), origin.source)
        for key, value, origin in _found(report, brief)
        if _shown(value) != _shown(brief.get(key))
    ]
    return (*listed, *_hints(report, brief))


def _found(report: DataReport, brief: Brief) -> Iterator[tuple[str, Any, Origin]]:
    measured = Origin(Basis.MEASURED, _counted(report, brief), report.as_of)
    if not brief.data.sample:
        for key, count in _counts(report, brief).items():
            count_now, source = (
                (count.usable, count.why)
                if _accepted(brief, key, count)
                else (count.rows, count.source)
            )
            yield key, Range.exact(float(count_now)), Origin(Basis.MEASURED, source, report.as_of)
        if report.answer_field and report.tokens_per_row.range.is_known:
            yield "data.tokens_per_example", *_tokens_per_example(report, brief)
    lengths = {
        "traffic.input_tokens": report.prompt_tokens,
        "traffic.output_tokens": report.answer_tokens,
    }
    for key, tokens in lengths.items():
        if report.answer_field and key not in brief.origins and tokens.range.is_known:
            yield key, tokens.range, Origin(tokens.basis, tokens.source, report.as_of)
    if report.specificity is not None and brief.task.domain_specificity == "auto":
        yield "task.domain_specificity", report.specificity.level, measured
    if report.labels and brief.task.type == "classification" and not brief.task.labels:
        yield "task.labels", len(report.labels), measured


def _counted(report: DataReport, brief: Brief) -> str:
    """Where the rows were counted, as the brief states it: the same from any folder."""
    return f"counted in {brief.data.path or report.files[0]}"


def _counts(report: DataReport, brief: Brief) -> Mapping[str, _Count]:
    """Rows by key: of training those without exact and without near copies, of the test set those
    not in training.
    """
    usable = report.distinct_rows if report.effective_rows is None else report.effective_rows
    source = _counted(report, brief)
    counts = {
        "data.examples": _Count(
            report.distinct_rows, usable, source, f"{source}, near copies counted once"
        )
    }
    if report.eval_rows is not None:
        left = report.eval_rows - (report.leaked_eval_rows or 0)
        source = f"counted in {brief.data.eval_path or 'the test file'}"
        why = f"{source}, less the items that are in training{_shows(left)}"
        counts["data.eval_examples"] = _Count(
            report.eval_rows, left, source + _shows(report.eval_rows), why
        )
    return counts


def _accepted(brief: Brief, key: str, count: _Count) -> bool:
    """Whether the brief already says that only rows of use count."""
    return key in brief.origins and brief.get(key) == Range.exact(float(count.usable))


def _shows(items: int) -> str:
    return (
        f"; they show differences of {100 * smallest_difference(items):.1f} points or more"
        if items
        else ""
    )


def _tokens_per_example(report: DataReport, brief: Brief) -> tuple[Range, Origin]:
    row = report.tokens_per_row
    static = brief.tuning.static_tokens
    source = f"{row.source} + tuning.static_tokens"
    return _sum(row.range, static), Origin(row.basis, source, report.as_of)


def _sum(first: Range, second: Range) -> Range:
    """The sum of two independent ranges: distances from the median join in quadrature."""
    likely = first.likely + second.likely
    low, high = (
        (r.likely - (r.p10 or 0.0), (r.p90 or r.likely) - r.likely) for r in (first, second)
    )
    down = (low[0] ** 2 + high[0] ** 2) ** 0.5
    up = (low[1] ** 2 + high[1] ** 2) ** 0.5
    return Range(max(likely - down, 1.0), likely, likely + up)


def _hints(report: DataReport, brief: Brief) -> Iterator[Proposal]:
    """Suggestions that a person has to decide on."""
    if report.personal_data and not brief.data.sensitive:
        kinds = ", ".join(report.personal_data)
        yield Proposal(
            "data.sensitive", "no", "yes", f"rows hold personal data or secrets: {kinds}"
        )
    if report.human_ceiling is not None and brief.quality.human_ceiling is None:
        yield Proposal(
            "quality.human_ceiling",
            "not measured",
            f"{report.human_ceiling:.3g}",
            "two columns of labels",
        )
    for key, count in {} if brief.data.sample else _counts(report, brief).items():
        if count.usable != count.rows and not _accepted(brief, key, count):
            yield Proposal(key, f"{count.rows:,}", f"{count.usable:,}", count.why)


def _shown(value: Any) -> str:
    if isinstance(value, Range):
        if not value.is_known:
            return "unknown"
        ends = f" ({value.p10:,.6g} to {value.p90:,.6g})" if not value.is_exact else ""
        return f"{value.likely:,.6g}{ends}"
    return "left out" if value is None else str(value)
