"""The data probe: one pass over training and test files, flat in memory, into one report."""

from __future__ import annotations

import itertools
from array import array
from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from advisor.core.errors import UsageError
from advisor.core.events import CancelToken, EventSink, StageEvent, ignore
from advisor.core.probes import BadRow, DataReport
from advisor.core.quantity import Quantity, Range
from advisor.probe.compare import Compared, what_to_compare
from advisor.probe.fields import Fields, recognise
from advisor.probe.lengths import histogram, length_fits, percentiles
from advisor.probe.privacy import kinds_by_row
from advisor.probe.rows import Row, expand, read
from advisor.probe.sketch import Sketches, clusters, copies_across
from advisor.probe.specificity import Vocabulary
from advisor.probe.tokens import Counter, byte_counter, counter_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 512
BATCH_CHARACTERS = 4_000_000
HEAD_ROWS = 200
BAD_ROWS_LISTED = 50
MAX_SKETCHED = 1_000_000
MAX_LABELS = 1000
BOILERPLATE_SHARE = 0.05
EVENT_ROWS = 20_000
MAX_LABEL_CHARACTERS = 80
Z80 = 1.2816
"""Standard errors from the median to P10 or P90 of a normal distribution."""


@dataclass(slots=True)
class _Set:
    """What is kept of the rows of one set: hashes, lengths and sketches, no text. About 170 bytes a row."""

    counter: Counter
    counting: Executor  # a thread that counts tokens while this one does the rest
    rows_seen: array[int] = field(default_factory=lambda: array("q"))  # hash of prompt and answer as they stand
    inputs: array[int] = field(default_factory=lambda: array("q"))  # hash of the compared text, case and spaces apart
    answers: array[int] = field(default_factory=lambda: array("q"))
    prompt_tokens: array[int] = field(default_factory=lambda: array("I"))
    answer_tokens: array[int] = field(default_factory=lambda: array("I"))
    sketches: Sketches = field(default_factory=Sketches)
    labels: Tally[str] | None = field(default_factory=Tally)
    personal: Tally[str] = field(default_factory=Tally)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    empty_answers: int = 0

    def add(self, pairs: list[tuple[str, str]], by: Compared) -> None:
        """Take a batch of (prompt, answer); `by` says what of them is compared."""
        prompts, answers = [p for p, _ in pairs], [a for _, a in pairs]
        compared = [by.text(*pair) for pair in pairs]
        counting = self.counting.submit(self.counter.counts, prompts + answers)
        self.rows_seen.extend(map(hash, pairs))
        self.inputs.extend(hash(" ".join(text.casefold().split())) for text in compared)
        self.answers.extend(hash(a.strip()) for a in answers)
        if len(self.sketches) < MAX_SKETCHED:
            self.sketches.add(compared)
        self.empty_answers += sum(not a.strip() for a in answers)
        rows = len(pairs)
        self.personal.update(kind for _, kind in {(at % rows, k) for at, k in kinds_by_row(prompts + answers)})
        self._label(answers)
        tokens = counting.result()
        self.prompt_tokens.extend(tokens[:rows])
        self.answer_tokens.extend(tokens[rows:])
        self.vocabulary.add(prompts, tokens)

    def _label(self, answers: list[str]) -> None:
        if self.labels is None:
            return
        self.labels.update(a.strip() for a in answers)
        if len(self.labels) > MAX_LABELS or any(len(a) > MAX_LABEL_CHARACTERS or "\n" in a.strip() for a in answers):
            self.labels = None

    def __len__(self) -> int:
        return len(self.rows_seen)


@dataclass(slots=True)
class _Reader:
    """Turns files into batches of (prompt, answer); keeps the first bad rows and counts all."""

    prompt_field: str
    answer_field: str
    second_labels: str
    events: EventSink
    cancel: CancelToken | None
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0
    fields: Fields | None = None
    assumed: list[str] = field(default_factory=list)
    by: Compared | None = None
    agreed: list[bool] = field(default_factory=list)

    def into(self, kept: _Set, files: list[Path]) -> None:
        """Read all files into `kept`. Raises UsageError where none of them holds a usable row."""
        for file in files:
            self.events(StageEvent("probe", f"reading {file.name}", len(kept)))
            for batch in _batched(self._pairs(file)):
                if self.cancel:
                    self.cancel.check()
                kept.add(batch, self.by or Compared())
                if len(kept) // EVENT_ROWS > (len(kept) - len(batch)) // EVENT_ROWS:
                    self.events(StageEvent("probe", f"reading {file.name}: {len(kept):,} rows", len(kept)))
        if not len(kept):
            first = f"; line {self.bad[0].line}: {self.bad[0].reason}" if self.bad else ""
            raise UsageError(f"{files[0]}: no usable row{first}; give one example a row")

    def _pairs(self, file: Path) -> Iterator[tuple[str, str]]:
        rows = read(file)
        head, taken = list[Row](), 0
        for row in rows:
            head.append(row)
            taken += row.value is not None
            if taken >= HEAD_ROWS or len(head) >= 50 * HEAD_ROWS:
                break
        known = [row.value for row in head if row.value is not None]
        if known:
            self._recognise(file, known)
        for row in itertools.chain(head, rows):
            pair = self._pair(file, row)
            if pair:
                yield pair

    def _recognise(self, file: Path, known: Sequence[Mapping[str, Any]]) -> None:
        found = recognise(list(known), self.prompt_field, self.answer_field, str(file))
        self.fields, said = found, found.assumed
        if said not in self.assumed:
            self.assumed.append(said)
        if self.by is None:
            self.by = what_to_compare([pair for row in known if (pair := _taken(found, row))])

    def _pair(self, file: Path, row: Row) -> tuple[str, str] | None:
        """Prompt and answer of a row, or None and a line among the bad ones."""
        reason, pair = row.reason, ("", "")
        if row.value is not None and self.fields is not None:
            try:
                pair = self.fields.take(row.value)
                self._compare_labels(pair[1], row.value)
                reason = "" if pair[0].strip() else "the prompt is empty"
            except KeyError as error:
                reason = f"no field {error.args[0]!r}"
            except RecursionError:
                reason = "nested too deeply"
        if not reason:
            return pair
        self.bad_count += 1
        if len(self.bad) < BAD_ROWS_LISTED:
            self.bad.append(BadRow(str(file), row.line, reason))
        return None

    def _compare_labels(self, answer: str, row: Mapping[str, Any]) -> None:
        """Whether the second annotator says the same; rows that only one has labelled say nothing."""
        if self.second_labels:
            second = str(row.get(self.second_labels) or "").strip()
            if second and answer.strip():
                self.agreed.append(second.casefold() == answer.strip().casefold())

    def agreement(self) -> float | None:
        """Share of doubly labelled rows on which both annotators agree; None where there are none."""
        return sum(self.agreed) / len(self.agreed) if self.agreed else None


def _batched(pairs: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Batches of `BATCH` rows, smaller where the rows are long, so that memory stays flat."""
    batch, held = list[tuple[str, str]](), 0
    for pair in pairs:
        batch.append(pair)
        held += len(pair[0]) + len(pair[1])
        if len(batch) >= BATCH or held >= BATCH_CHARACTERS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _taken(fields: Fields, row: Mapping[str, Any]) -> tuple[str, str] | None:
    try:
        return fields.take(row)
    except (KeyError, RecursionError):
        return None


def probe(
    paths: Sequence[Path | str],
    *,
    eval_paths: Sequence[Path | str] = (),
    model: str = "",
    prompt_field: str = "",
    answer_field: str = "",
    second_labels: str = "",
    count_tokens: bool = True,
    tokenizer: Path | str | None = None,
    as_of: str = "",
    events: EventSink = ignore,
    cancel: CancelToken | None = None,
) -> DataReport:
    """Read training files (and test files) once and report on them.

    `model` chooses the tokenizer (`tokenizer` may name a folder that holds it); without `count_tokens`, tokens are
    estimated from bytes. `second_labels` names a field with another annotator's answer. Raises UsageError for files
    that cannot be read, Cancelled once `cancel` is set.
    """
    files = expand([Path(p) for p in paths])
    counter = counter_for(model, tokenizer) if count_tokens else byte_counter("tokens were not asked for")
    reader = _Reader(prompt_field, answer_field, second_labels, events, cancel)
    test: _Set | None = None
    with ThreadPoolExecutor(1, "count-tokens") as counting:
        train = _Set(counter, counting)
        reader.into(train, files)
        fields = reader.fields
        if eval_paths:
            test = _Set(byte_counter(), counting)
            reader.into(test, expand([Path(p) for p in eval_paths]))
    events(StageEvent("probe", "looking for near copies", len(train), len(train)))
    if fields is None:
        raise UsageError(f"{files[0]}: no usable row; give one example a row")
    return _report(files, reader, fields, train, test, as_of or date.today().isoformat())


def _report(
    files: list[Path], reader: _Reader, fields: Fields, train: _Set, test: _Set | None, as_of: str
) -> DataReport:
    import numpy as np

    first = np.sort(np.unique(np.asarray(train.rows_seen), return_index=True)[1])
    groups = _groups(train, first)
    effective = len(np.unique(groups))
    prompt, answer = np.asarray(train.prompt_tokens), np.asarray(train.answer_tokens)
    total, scale = (prompt + answer).astype(np.float64), train.counter.band.likely
    answers = np.asarray(train.answers)
    exact, leaked = _leaks(train, test)
    labels = _labels(train)
    source = f"{len(train)} rows of {', '.join(f.name for f in files[:3])}; {train.counter.source}"
    per_row = [_mean(x, train.counter, source, as_of) for x in (total, prompt, answer)]
    report = DataReport(
        files=tuple(map(str, files)),
        rows=len(train),
        distinct_rows=len(first),
        near_duplicate_rows=len(first) - effective,
        bad_rows=tuple(reader.bad),
        bad_row_count=reader.bad_count,
        prompt_field=fields.prompt,
        answer_field=fields.answer,
        tokenizer=train.counter.name,
        tokens_per_row=per_row[0],
        prompt_tokens=per_row[1],
        answer_tokens=per_row[2] if fields.answer else Quantity.unknown("tokens/row", "no answer field was found"),
        max_tokens=round(float(total.max()) * scale),
        percentiles=percentiles(total * scale),
        histogram=histogram(total * scale),
        labels=MappingProxyType(labels),
        eval_rows=None if test is None else len(test),
        leaked_eval_rows=leaked,
        leaked_exact_rows=exact,
        personal_data=MappingProxyType(dict((train.personal + (test.personal if test else Tally())).most_common())),
        assumed="; ".join(reader.assumed),
        empty_answers=train.empty_answers if fields.answer else 0,
        effective_rows=effective,
        conflicting_rows=_conflicts(np.asarray(train.inputs), answers) if labels else None,
        near_conflicting_rows=_conflicts(groups, answers[first]) if labels else None,
        same_answer_rows=int(np.unique(answers, return_counts=True)[1].max()) if fields.answer else 0,
        lengths=length_fits(total * scale),
        specificity=train.vocabulary.specificity(counted=train.counter.name != "bytes"),
        languages=train.vocabulary.languages(),
        human_ceiling=reader.agreement(),
        as_of=as_of,
    )
    return replace(report, warnings=tuple(_warnings(report)))


def _mean(tokens: NDArray[Any], counter: Counter, source: str, as_of: str) -> Quantity:
    """The mean of a row with its sampling error and the tokenizer's band, joined in quadrature."""
    mean, band = float(tokens.mean()), counter.band
    likely = mean * band.likely
    if not likely:
        return Quantity(Range.exact(0.0), "tokens/row", counter.basis, source, as_of)
    error = Z80 * float(tokens.std(ddof=1)) / len(tokens) ** 0.5 / mean if len(tokens) > 1 else 0.0
    low, high = ((end or 0.0) / band.likely - 1 for end in (band.p10, band.p90))
    spread = Range(
        max(0.0, likely * (1 - (low**2 + error**2) ** 0.5)), likely, likely * (1 + (high**2 + error**2) ** 0.5)
    )
    return Quantity(spread, "tokens/row", counter.basis, source, as_of)


def _groups(train: _Set, first: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each distinct row (`first` says where it stands) the number of its group of near copies.

    Rows beyond the sketched ones are groups of their own. The sketches of repeated rows are let go: they say nothing
    new.
    """
    import numpy as np

    sketched = first[first < len(train.sketches)]
    if len(sketched) < len(train.sketches):
        train.sketches.keep(sketched)
    return np.concatenate((clusters(train.sketches.texts()), np.arange(len(sketched), len(first))))


def _leaks(train: _Set, test: _Set | None) -> tuple[int | None, int | None]:
    """Test items whose input is in training word for word, and those that are near or exact copies."""
    import numpy as np

    if test is None:
        return None, None
    same = np.isin(np.asarray(test.inputs), np.asarray(train.inputs))
    near = copies_across(train.sketches.texts(), test.sketches.texts())
    near = np.concatenate((near, np.zeros(len(same) - len(near), np.bool_)))
    return int(same.sum()), int((same | near).sum())


def _labels(train: _Set) -> dict[str, int]:
    """Answers by count where they are labels: few, short and repeated."""
    held = train.labels or Tally()
    named = {label: count for label, count in held.most_common() if label}
    return named if named and 2 * len(named) <= len(train) else {}


def _conflicts(groups: NDArray[np.int64], answers: NDArray[np.int64]) -> int:
    """Rows whose group holds several answers; both are one number a row."""
    import numpy as np

    names, group = np.unique(groups, return_inverse=True)
    pairs = np.unique(np.stack((group, answers), axis=1), axis=0)
    kinds = np.bincount(pairs[:, 0], minlength=len(names))
    return int((kinds[group] > 1).sum())


def _warnings(report: DataReport) -> Iterator[str]:
    if report.leaked_eval_rows:
        yield (
            f"{report.leaked_eval_rows} of {report.eval_rows} test items are exact or near-copies of training rows "
            "(leakage): scores on them promise too much"
        )
    if report.rows > report.distinct_rows:
        more = _rows(report.rows - report.distinct_rows, "duplicate ")
        yield f"{more}: {report.distinct_rows} of {report.rows} are distinct"
    if report.near_duplicate_rows:
        yield f"{_rows(report.near_duplicate_rows, 'near-duplicate ')}, of little use beside the rows they copy"
    if report.conflicting_rows:
        yield f"{_rows(report.conflicting_rows)} with the same input as another row and another label"
    if not report.labels and report.same_answer_rows > max(5, BOILERPLATE_SHARE * report.rows):
        yield f"{_rows(report.same_answer_rows)} share one answer: boilerplate is learned fast and says little"
    if report.empty_answers:
        yield f"{_rows(report.empty_answers)} with an empty answer"
    if report.personal_data:
        kinds = ", ".join(f"{kind} in {_rows(count)}" for kind, count in report.personal_data.items())
        yield f"personal data or secrets: {kinds}"
    if report.bad_row_count:
        yield f"{_rows(report.bad_row_count)} could not be read"
    if not report.answer_field:
        yield "no answer field was found: tokens are of the prompt alone"
    if report.rows > MAX_SKETCHED:
        yield f"near-duplicates were looked for in the first {MAX_SKETCHED:,} rows only"


def _rows(count: int, kind: str = "") -> str:
    return f"{count} {kind}{'row' if count == 1 else 'rows'}"
