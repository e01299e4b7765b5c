"""What the data report warns of, in plain sentences, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core.probes import DataReport

BOILERPLATE_SHARE = 0.05
UNEVEN = 0.5
"""Below this share of even labels the imbalance is worth a warning."""


def cautions(report: DataReport) -> Iterator[str]:
    """The warnings of a finished report."""
    yield from _of_rows(report)
    yield from _of_labels(report)
    if report.empty_answers:
        yield f"{rows_of(report.empty_answers)} with an empty answer"
    if report.personal_data:
        kinds = ", ".join(
            f"{kind} in {rows_of(count)}" for kind, count in report.personal_data.items()
        )
        yield f"personal data or secrets: {kinds}"
    if report.bad_row_count:
        most = (
            ": most of the file; is it what its ending says, in UTF-8?"
            if report.bad_row_count > report.rows
            else ""
        )
        yield f"{rows_of(report.bad_row_count)} could not be read{most}"
    if report.media_uncounted_rows:
        rows = rows_of(report.media_uncounted_rows)
        yield f"{rows} with pictures, sound or video that could not be counted: text only"
    if not report.answer_field:
        yield "no answer field was found: tokens are of the prompt alone"


def rows_of(count: int, kind: str = "") -> str:
    """`1 row`, `2 duplicate rows`."""
    return f"{count:,} {kind}{'row' if count == 1 else 'rows'}"


def _of_rows(report: DataReport) -> Iterator[str]:
    if report.leaked_eval_rows:
        yield (
            f"{report.leaked_eval_rows} of {report.eval_rows} test items are exact or near copies "
            "of training rows (leakage): scores on them are too optimistic"
        )
    if report.rows > report.distinct_rows:
        more = rows_of(report.rows - report.distinct_rows, "duplicate ")
        yield f"{more}: {report.distinct_rows} of {report.rows} are distinct"
    if report.near_duplicate_rows:
        near = rows_of(report.near_duplicate_rows, "near-duplicate ")
        yield f"{near}, of little use beside the rows they copy"
    if not report.labels and report.same_answer_rows > max(5, BOILERPLATE_SHARE * report.rows):
        same = rows_of(report.same_answer_rows)
        yield f"{same} share one answer: boilerplate is learned fast and adds little"
    if not report.labels and report.boilerplate_answers:
        phrases = rows_of(report.boilerplate_answers)
        yield f"{phrases} answered by a refusal or a set phrase: the model will learn it"


def _of_labels(report: DataReport) -> Iterator[str]:
    if report.conflicting_rows:
        rows = rows_of(report.conflicting_rows)
        yield f"{rows} with the same input as another row but another label"
    if report.suspect_label_rows:
        rows = rows_of(report.suspect_label_rows)
        yield f"{rows} whose label the other rows contradict: review them first"
    if report.effective_labels is not None and report.effective_labels < UNEVEN * len(
        report.labels
    ):
        alike = f"as even as {report.effective_labels:.1f} equally frequent ones"
        kinds = f"{len(report.labels)} labels, only {alike}"
        yield f"{kinds}: score them per class, not by overall accuracy"
    if report.rare_labels:
        more = "label has" if report.rare_labels == 1 else "labels have"
        yield f"{report.rare_labels} {more} fewer than 10 rows: too few to learn or to test"
