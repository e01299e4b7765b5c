"""What the data says about the brief: proposals a user may accept, and those that the contract applies by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from advisor.core.brief import Brief, Origin
from advisor.core.probes import DataReport, Proposal
from advisor.core.quantity import Basis, Range


def apply(report: DataReport, brief: Brief) -> Brief:
    """The brief with what its files hold: examples, test items, tokens an example, specificity, classes.

    Where the brief leaves out how long a request or an answer is, those of the rows stand in.

    Where `data.sample` is set, counts and token numbers of the brief stay. Tokens an example are those of a row plus
    the instructions that stay in the tuned model's prompt.
    """
    for key, value, origin in _found(report, brief):
        brief = brief.answered(key, value, origin)
    return brief


def proposals(report: DataReport, brief: Brief) -> tuple[Proposal, ...]:
    """Every change the data suggests, those of `apply` first; nothing that the brief already says."""
    listed = [
        Proposal(key, _shown(brief.get(key)), _shown(value), origin.source)
        for key, value, origin in _found(report, brief)
        if _shown(value) != _shown(brief.get(key))
    ]
    return (*listed, *_hints(report, brief))


def _found(report: DataReport, brief: Brief) -> Iterator[tuple[str, Any, Origin]]:
    measured = Origin(Basis.MEASURED, f"counted in {report.files[0]}", report.as_of)
    if not brief.data.sample:
        yield "data.examples", Range.exact(float(report.distinct_rows)), measured
        if report.eval_rows is not None:
            test = Origin(Basis.MEASURED, f"counted in {brief.data.eval_path or 'the test file'}", report.as_of)
            yield "data.eval_examples", Range.exact(float(report.eval_rows)), test
        if report.answer_field and report.tokens_per_row.range.is_known:
            yield "data.tokens_per_example", *_tokens_per_example(report, brief)
    lengths = {"traffic.input_tokens": report.prompt_tokens, "traffic.output_tokens": report.answer_tokens}
    for key, tokens in lengths.items():
        if report.answer_field and key not in brief.origins and tokens.range.is_known:
            yield key, tokens.range, Origin(tokens.basis, tokens.source, report.as_of)
    if report.specificity is not None and brief.task.domain_specificity == "auto":
        yield "task.domain_specificity", report.specificity.level, measured
    if report.labels and brief.task.type == "classification" and not brief.task.labels:
        yield "task.labels", len(report.labels), measured


def _tokens_per_example(report: DataReport, brief: Brief) -> tuple[Range, Origin]:
    row, static = report.tokens_per_row, brief.tuning.static_tokens
    source = f"{row.source} + tuning.static_tokens"
    return _sum(row.range, static), Origin(row.basis, source, report.as_of)


def _sum(first: Range, second: Range) -> Range:
    """The sum of two independent ranges: distances from the median join in quadrature."""
    likely = first.likely + second.likely
    low, high = ((r.likely - (r.p10 or 0.0), (r.p90 or r.likely) - r.likely) for r in (first, second))
    down, up = (low[0] ** 2 + high[0] ** 2) ** 0.5, (low[1] ** 2 + high[1] ** 2) ** 0.5
    return Range(max(likely - down, 1.0), likely, likely + up)


def _hints(report: DataReport, brief: Brief) -> Iterator[Proposal]:
    """Suggestions that a person has to decide on."""
    if report.personal_data and not brief.data.sensitive:
        kinds = ", ".join(report.personal_data)
        yield Proposal("data.sensitive", "no", "yes", f"rows hold personal data or secrets: {kinds}")
    if report.human_ceiling is not None and brief.quality.human_ceiling is None:
        yield Proposal("quality.human_ceiling", "not measured", f"{report.human_ceiling:.3g}", "two columns of labels")
    if report.leaked_eval_rows and report.eval_rows:
        left = report.eval_rows - report.leaked_eval_rows
        yield Proposal("data.eval_examples", str(report.eval_rows), str(left), "test items that are not in training")


def _shown(value: Any) -> str:
    if isinstance(value, Range):
        if not value.is_known:
            return "unknown"
        ends = f" ({value.p10:,.6g} to {value.p90:,.6g})" if not value.is_exact else ""
        return f"{value.likely:,.6g}{ends}"
    return "left out" if value is None else str(value)
