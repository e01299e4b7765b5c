"""The data probe: one pass over training and test files, flat in memory, into one report."""

from __future__ import annotations

import math
import os
from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from advisor.core.dates import today
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken, EventSink, StageEvent, ignore
from advisor.core.probes import DataReport, SuspectLabel, UnusualRow
from advisor.probe.cautions import cautions
from advisor.probe.forms.compare import Compared
from advisor.probe.reading import RowReader
from advisor.probe.statistics import figures
from advisor.probe.statistics.kept import PROMPT, TEXT, Kept
from advisor.probe.statistics.sketch import copies, copies_across
from advisor.probe.statistics.specificity import MEDIUM
from advisor.probe.templates.added import Chat, chat_for
from advisor.probe.tokens import Counter, byte_counter, counter_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from advisor.probe.statistics.sketch import Roots

SUSPECTS_LISTED = 50
MOST_WORKERS = 8  # threads that count tokens; more of them wait for the one that reads
FEW_ROWS = 10
"""A label with fewer rows can neither be learned nor tested."""


def probe(
    paths: Sequence[Path | str],
    *,
    eval_paths: Sequence[Path | str] = (),
    model: str = "",
    prompt_field: str = "",
    answer_field: str = "",
    second_labels: str = "",
    answer_role: str = "",
    count_tokens: bool = True,
    tokenizer: Path | str | None = None,
    as_of: str = "",
    events: EventSink = ignore,
    cancel: CancelToken | None = None,
) -> DataReport:
    """Read training files (and test files) once and report on them.

    `model` chooses the tokenizer (`tokenizer` may name a folder that holds it and its chat
    template); without `count_tokens`, tokens are estimated from bytes. `second_labels` names a
    field with another annotator's answer, `answer_role` the role of a chat that is learned.

    Raises UsageError for files that cannot be read,
    Cancelled once `cancel` is set.
    """
    files = [Path(p) for p in paths]
    tests = [Path(p) for p in eval_paths]
    counter = (
        counter_for(model, tokenizer) if count_tokens else byte_counter("tokens were not asked for")
    )
    chat = chat_for(model, tokenizer)
    try:
        return _probed(
            files,
            tests,
            RowReader(
                prompt_field,
                answer_field,
                second_labels,
                events,
                cancel,
                wants_chat=chat.renderer is not None,
                answer_role=answer_role,
            ),
            counter,
            chat,
            model,
            as_of or today().isoformat(),
        )
    finally:
        if chat.renderer is not None:
            chat.renderer.close()


def _probed(
    files: list[Path],
    tests: list[Path],
    reader: RowReader,
    counter: Counter,
    chat: Chat,
    model: str,
    as_of: str,
) -> DataReport:
    """Test items first, then the training rows beside them."""
    workers = min(max((os.cpu_count() or 1) - 1, 1), MOST_WORKERS)
    with ThreadPoolExecutor(workers, "count-tokens") as counting:
        test: _Test | None = None
        if tests:
            reader.peek(files)
            test = _Test(reader, tests, Kept(byte_counter(), chat_for(""), counting, noise=False))
        train = Kept(counter, chat, counting, noise=True, workers=workers, model=model)
        for file, batch in reader.batches(files):
            inputs = train.add(file, batch, reader.by or Compared())
            if test:
                test.hold_against(inputs)
    reader.events(StageEvent("probe", "looking for near copies", len(train), len(train)))
    return _report(files, reader, train, test, as_of)


class _Test:
    """The test items, read before the training rows, so that each of these can be held against them
    in passing.
    """

    def __init__(self, reader: RowReader, files: list[Path], items: Kept) -> None:
        import numpy as np

        self.kept = items
        self._inputs: list[NDArray[np.int64]] = []
        for file, batch in reader.batches(files):
            self._inputs.append(
                np.array(items.add(file, batch, reader.by or Compared()), dtype=np.int64)
            )
        self.inputs = np.concatenate(self._inputs)
        self._sorted = np.unique(self.inputs)
        self._met = np.zeros(len(self._sorted), np.bool_)

    def hold_against(self, inputs: list[int]) -> None:
        """Mark the items whose input is one of these."""
        import numpy as np

        wanted = np.array(inputs, dtype=np.int64)
        at = np.searchsorted(self._sorted, wanted)
        at[at == len(self._sorted)] = 0
        self._met[at[self._sorted[at] == wanted]] = True

    def copied(self, train: Kept) -> tuple[int, int]:
        """Items whose input is in training word for word, and those that are near or exact
        copies.
        """
        import numpy as np

        same = self._met[np.searchsorted(self._sorted, self.inputs)]
        near = copies_across(train.sketches.texts(), self.kept.sketches.texts())
        near = np.concatenate((near, np.zeros(len(same) - len(near), np.bool_)))
        return int(same.sum()), int((same | near).sum())


def _report(
    files: list[Path], reader: RowReader, train: Kept, test: _Test | None, as_of: str
) -> DataReport:
    fields = reader.fields
    if fields is None:
        raise UsageError(f"{files[0]}: no usable row; give one example a row")
    distinct, conflicting = _counted(train)
    names = ", ".join(Path(f).name for f in reader.files[:3])
    source = f"{len(train):,} rows of {names}; {train.counter.source}"
    lengths = figures.row_lengths(train)
    report = DataReport(
        files=tuple(reader.files),
        rows=len(train),
        distinct_rows=distinct,
        near_duplicate_rows=0,
        bad_rows=tuple(reader.bad),
        bad_row_count=reader.bad_count,
        prompt_field=fields.prompt,
        answer_field=fields.answer,
        tokenizer=train.counter.name,
        tokens_per_row=figures.mean(train, TEXT, source, as_of),
        prompt_tokens=figures.mean(train, PROMPT, source, as_of),
        answer_tokens=(
            figures.answers(train, source, as_of) if fields.answer else figures.NO_ANSWER
        ),
        max_tokens=lengths.longest,
        percentiles=lengths.percentiles,
        histogram=lengths.histogram,
        lengths=lengths.fits,
        chat_tokens=figures.around(train, as_of),
        chat_template=train.chat.note,
        assumed="; ".join(reader.assumed),
        human_ceiling=reader.agreement(),
        as_of=as_of,
    )
    report = _with_kinds(report, train, source)
    report = _with_quality(report, train, test)
    if report.labels:
        report = _with_suspects(replace(report, conflicting_rows=conflicting), train)
    return replace(report, warnings=(*cautions(report), *_limits(train)))


def _with_kinds(report: DataReport, train: Kept, source: str) -> DataReport:
    """Worse and unwanted answers, pictures and sound, each counted apart."""
    return replace(
        report,
        rejected_tokens=figures.mean_of(train, train.rejected, source, report.as_of),
        rejected_rows=train.rejected.rows,
        unwanted_tokens=figures.mean_of(train, train.unwanted, source, report.as_of),
        unwanted_rows=train.unwanted.rows,
        media_rows=MappingProxyType(dict(train.media_rows.most_common())),
        media_tokens=figures.media(train, report.as_of),
        media_uncounted_rows=train.media_uncounted,
    )


def _with_quality(report: DataReport, train: Kept, test: _Test | None) -> DataReport:
    """Copies, labels, leakage, personal data and language."""
    labels = _labels(train)
    copies = _copies(train)
    personal = train.personal + (test.kept.personal if test else Tally())
    exact, leaked = test.copied(train) if test else (None, None)
    has_answers = bool(report.answer_field)
    return replace(
        report,
        labels=MappingProxyType(labels),
        effective_labels=_evenness(labels),
        rare_labels=sum(count < FEW_ROWS for count in labels.values()),
        near_duplicate_rows=copies.near_duplicates,
        effective_rows=report.distinct_rows - copies.near_duplicates,
        near_conflicting_rows=copies.conflicting if labels else None,
        same_answer_rows=copies.sharing_an_answer if has_answers else 0,
        empty_answers=train.empty_answers if has_answers else 0,
        boilerplate_answers=train.set_phrases if has_answers else 0,
        eval_rows=None if test is None else len(test.kept),
        leaked_eval_rows=leaked,
        leaked_exact_rows=exact,
        personal_data=MappingProxyType(dict(personal.most_common())),
        specificity=train.vocabulary.specificity(counted=train.counter.name != "bytes"),
        row_specificity=train.scores.percentiles(),
        unusual_rows=tuple(
            UnusualRow(*train.place(row), score) for row, score in train.scores.unusual(MEDIUM)
        ),
        languages=train.vocabulary.languages(),
    )


def _counted(train: Kept) -> tuple[int, int]:
    """Different rows, and rows with the input of another and another answer.

    What they are counted from is let go, as it would stand beside the comparison of sketches.
    """
    counts = train.rows.kinds(), train.inputs.rows_of_mixed_keys()
    train.rows.close()
    train.inputs.close()
    return counts


class _Copies(NamedTuple):
    """Rows that repeat others: near duplicates, rows whose group has several answers, and rows
    with the commonest answer.
    """

    near_duplicates: int
    conflicting: int
    sharing_an_answer: int


def _copies(train: Kept) -> _Copies:
    import numpy as np

    answers = np.asarray(train.answers)
    first = np.sort(np.unique(np.asarray(train.pairs), return_index=True)[1])
    groups, repeated = _groups(train, first)
    commonest = int(np.unique(answers, return_counts=True)[1].max())
    return _Copies(
        len(first) - len(np.unique(repeated)),
        _conflicts(groups, answers[first]),
        round(commonest * len(train) / len(answers)),
    )


def _groups(train: Kept, first: NDArray[np.int64]) -> tuple[Roots, Roots]:
    """For each distinct row of the sketched ones (`first` says where it stands) the number of its
    group of near inputs, and of those with the same answer or one that adds the same words.

    The sketches of repeated rows are let go: they say nothing new.
    """
    import numpy as np

    marks = [np.asarray(mark) for mark in (train.answers, train.added)]
    if len(first) < len(train.sketches):
        train.sketches.keep(first)
        marks = [mark[first] for mark in marks]
    return copies(train.sketches.texts(), marks)


def _labels(train: Kept) -> dict[str, int]:
    """Answers by count where they are labels: few, short and repeated."""
    tally = train.labels or Tally()
    named = {label: count for label, count in tally.most_common() if label}
    return named if named and 2 * len(named) <= len(train) else {}


def _evenness(labels: Mapping[str, int]) -> float | None:
    """As many equally frequent labels would be as even: the exponential of the entropy; None where
    there are none.
    """
    total = sum(labels.values())
    shares = [count / total for count in labels.values()]
    return math.exp(-sum(s * math.log(s) for s in shares)) if shares else None


def _with_suspects(report: DataReport, train: Kept) -> DataReport:
    """With the rows whose label the other rows contradict; not looked for where one of the first
    rows has no label.
    """
    if train.first_labels is None:
        return report
    names = list(report.labels)
    numbers = train.groups_of(names)
    if (numbers < 0).any():
        return report
    suspects = train.words.suspects(numbers, len(names))
    if suspects is None:
        return report
    listed = [
        SuspectLabel(
            *train.place(s.row), names[numbers[s.row]], names[s.likelier], round(s.margin, 1)
        )
        for s in suspects[:SUSPECTS_LISTED]
    ]
    return replace(report, suspect_labels=tuple(listed), suspect_label_rows=len(suspects))


def _conflicts(groups: Roots, answers: NDArray[np.int64]) -> int:
    """Rows whose group holds several answers; both are one number a row."""
    import numpy as np

    names, group = np.unique(groups, return_inverse=True)
    pairs = np.unique(np.stack((group, answers), axis=1), axis=0)
    kinds = np.bincount(pairs[:, 0], minlength=len(names))
    return int((kinds[group] > 1).sum())


def _limits(train: Kept) -> Iterator[str]:
    """Where the report looks at a part of the rows only."""
    if train.refused:
        yield f"{train.refused} rows are refused by the chat template: {train.refusal}"
    if train.thinned:
        first = f"the first {len(train.pairs):,} rows only"
        yield f"near duplicates and near conflicts were looked for in {first}"
    if train.rows.bits or train.inputs.bits:
        bits = max(train.rows.bits, train.inputs.bits)
        yield f"distinct and conflicting rows are estimated from one in {2**bits} kinds of row"
    if train.first_labels is not None and len(train) > len(train.words):
        yield f"labels were compared with others in the first {len(train.words):,} rows only"
