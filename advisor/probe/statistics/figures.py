"""Figures of a set from what was kept of its rows: means with their range, lengths, and what stands
around the texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from advisor.core.probes import LengthFit
from advisor.core.quantity import Basis, Quantity, Range
from advisor.probe.forms.media import AS_OF as MEDIA_AS_OF
from advisor.probe.statistics.census import Mean
from advisor.probe.statistics.kept import CHAT, TEXT, Kept
from advisor.probe.statistics.lengths import histogram, length_fits, percentiles
from advisor.probe.tokens import Counter

NO_ANSWER = Quantity.unknown("tokens/row", "no answer field was found")
Z80 = 1.2816
"""Standard errors from the median to P10 or P90 of a normal distribution."""


@dataclass(frozen=True, slots=True)
class RowLengths:
    """Lengths of rows in tokens, with the chat template where it is known."""

    longest: int
    percentiles: Mapping[int, float]
    histogram: tuple[tuple[int, int, int], ...]  # (from tokens, below tokens, rows)
    fits: tuple[LengthFit, ...]


def row_lengths(train: Kept) -> RowLengths:
    """From the sampled rows; counts of rows are scaled up to all of them."""
    lengths = train.tokens.sample(TEXT) * train.counter.band.likely
    if train.chat.is_known:
        lengths += train.tokens.sample(CHAT)
    rows_per_sample = len(train) / len(lengths)
    return RowLengths(
        round(float(lengths.max())),
        percentiles(lengths),
        tuple((low, high, round(n * rows_per_sample)) for low, high, n in histogram(lengths)),
        tuple(
            replace(fit, rows_cut=round(fit.rows_cut * rows_per_sample))
            for fit in length_fits(lengths)
        ),
    )


def around(train: Kept, as_of: str) -> Quantity:
    """What the chat template adds to a row on average; a row that it refuses adds nothing to the
    mean.
    """
    chat = train.chat
    each = train.messages / len(train)
    if chat.renderer is None:
        low, likely, high = (
            None if e is None else e * each + chat.once
            for e in (chat.each.p10, chat.each.p50, chat.each.p90)
        )
        return Quantity(Range(low, likely, high), "tokens/row", chat.basis, chat.note, as_of)
    taken = len(train) - train.refused
    if not taken:
        return Quantity.unknown(
            "tokens/row", f"the chat template refuses the rows: {train.refusal}"
        )
    mean = train.tokens.mean(CHAT) * len(train) / taken
    return Quantity(Range.exact(mean), "tokens/row", chat.basis, chat.note, as_of)


def mean(train: Kept, column: int, source: str, as_of: str) -> Quantity:
    """The mean of a column over all rows."""
    tokens = train.tokens
    return _spread(
        train.counter, tokens.mean(column), tokens.deviation(column), tokens.rows, source, as_of
    )


def mean_of(train: Kept, mean: Mean, source: str, as_of: str) -> Quantity:
    """The mean over the rows that have the thing."""
    if not mean.rows:
        return Quantity.unknown("tokens/row", "no preference data")
    return _spread(train.counter, mean.mean(), mean.deviation(), mean.rows, source, as_of)


def answers(train: Kept, source: str, as_of: str) -> Quantity:
    """The mean of what is learned, over the rows whose answer is not marked as a bad one."""
    if not train.wanted.rows:
        return Quantity.unknown("tokens/row", "all answers are marked as unwanted")
    return mean_of(train, train.wanted, source, as_of)


def media(train: Kept, as_of: str) -> Quantity:
    """Tokens of pictures and sound, over the rows in which all could be counted."""
    if not train.media_rows:
        return Quantity.unknown("tokens/row", "no pictures or sound")
    if not train.media.rows:
        return Quantity.unknown(
            "tokens/row", "no published rule for this model, or no known size; not counted"
        )
    rule = "the provider's published rule (advisor/probe/forms/media.py)"
    return Quantity(
        Range.exact(train.media.mean()), "tokens/row", Basis.PUBLISHED, rule, MEDIA_AS_OF
    )


def _spread(
    counter: Counter, mean: float, deviation: float, rows: int, source: str, as_of: str
) -> Quantity:
    """A mean with its sampling error and the tokenizer's band, joined in quadrature."""
    band = counter.band
    likely = mean * band.likely
    if not likely:
        return Quantity(Range.exact(0.0), "tokens/row", counter.basis, source, as_of)
    error = Z80 * deviation / rows**0.5 / mean
    low, high = ((end or 0.0) / band.likely - 1 for end in (band.p10, band.p90))
    spread = Range(
        max(0.0, likely * (1 - (low**2 + error**2) ** 0.5)),
        likely,
        likely * (1 + (high**2 + error**2) ** 0.5),
    )
    return Quantity(spread, "tokens/row", counter.basis, source, as_of)
