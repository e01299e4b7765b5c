"""How long sequences and batches of a run are: on the mean for its speed, at most for its memory.

Formulas: docs/reference/formulas-training.md, sections Memory and Throughput. Lengths of examples
are taken to be lognormal where nobody looked at the data.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from statistics import NormalDist

from advisor.core.constants import Z80
from advisor.core.training import TrainingRun
from advisor.estimate.training.params import VIRTUAL_TOKENS
from advisor.estimate.training.shape import Shape

SPREAD_OF_LENGTHS = 0.65
"""Log standard deviation of the lengths in a set of examples: four at random are padded to 1.7
times their mean.
"""

USUAL_MEAN = 350.0
MEAN_LOG_SD = 0.85
"""Mean tokens of the examples in a set, where nobody counted: the middle and the log standard
deviation of sets in common use, from Alpaca's 110 over MetaMathQA's 210, FineTome's 470 and
UltraChat's 1,150 to traces of reasoning with thousands.
"""

LONGEST_OVER_MEAN = 3.0
"""A limit on the length is usually set to pass nearly all examples."""

USUAL_EXAMPLES = 1000.0
"""Examples that a run passes where nobody says how many."""

MOST_VIRTUAL = 512
"""Virtual tokens of a soft prompt that are believed; more trained parameters belong to the network
that makes them.
"""


def mean_length(run: TrainingRun) -> float:
    """Mean real tokens of a sequence, or the length it is packed to."""
    return run.seq_len if run.packed else (run.mean_tokens or run.seq_len)


def usual_mean(limit: float) -> float:
    """Mean tokens of examples of which only the limit is known."""
    return min(USUAL_MEAN, limit / LONGEST_OVER_MEAN)


def mean_doubt(run: TrainingRun) -> tuple[float, float]:
    """What the mean length may be at P10 and at P90, over what the run takes it for: (1, 1) where
    it is stated, or sequences are packed.

    A run that takes its limit for the mean can only have taken too much.
    """
    if run.packed or "mean_tokens" not in run.assumed:
        return 1.0, 1.0
    middle = usual_mean(run.seq_len)
    factor = math.exp(Z80 * MEAN_LOG_SD)
    most = min(middle * factor, float(run.seq_len))
    mean = mean_length(run)
    return min(middle / factor / mean, 1.0), max(most / mean, 1.0)


def vary(run: TrainingRun) -> bool:
    """Whether batches differ in length: examples shorter than their limit that are not packed."""
    return not run.packed and run.mean_tokens is not None and run.mean_tokens < run.seq_len


def computed_length(run: TrainingRun, shape: Shape) -> float:
    """Positions of a sequence that are computed: a batch of unlike examples is padded to its
    longest.

    Without padding where sequences are packed, batches are padding-free or sorted by length, or
    positions are counted; halfway (in logarithms) where nobody said. A soft prompt stands before
    every sequence.
    """
    mean = mean_length(run)
    padded = _padded_length(run)
    return _virtual_tokens(run, shape) + (
        math.sqrt(mean * padded) if run.padding_free is None else padded
    )


def padding_doubt(run: TrainingRun) -> float:
    """Log standard deviation of the time where nobody said whether batches are sorted: one way or
    the other.
    """
    return (
        0.5 * math.log(_padded_length(run) / mean_length(run)) if run.padding_free is None else 0.0
    )


def _padded_length(run: TrainingRun) -> float:
    """Mean length that batches are padded to, unless they are known to hold no padding."""
    mean = mean_length(run)
    if run.packed or run.padding_free or run.tokens_basis == "padded":
        return mean
    return max(mean, min(run.longest_tokens or run.seq_len, mean * longest_of(run.micro_batch)))


def _virtual_tokens(run: TrainingRun, shape: Shape) -> float:
    if run.method != "soft-prompt":
        return 0.0
    stated = (run.trainable_params or 0.0) / shape.hidden
    return stated if 1.0 <= stated <= MOST_VIRTUAL else VIRTUAL_TOKENS


@cache
def longest_of(count: int) -> float:
    """Expected longest of so many examples over their mean, for lognormal lengths: n E[Φ(z +
    σ)ⁿ⁻¹], z normal.
    """
    normal = NormalDist()
    steps = 400
    drawn = (normal.inv_cdf((i + 0.5) / steps) for i in range(steps))
    return (
        count * math.fsum(normal.cdf(z + SPREAD_OF_LENGTHS) ** (count - 1) for z in drawn) / steps
    )


def longest_batch(run: TrainingRun) -> float:
    """Tokens of the longest batch of a run over its sequences: what the peak of memory depends on.

    Padded batches, and those sorted by length, hold nothing but examples as long as the longest. A
    batch without padding holds one of these beside usual ones, or several long ones. Halfway (in
    logarithms) where batches hold no padding and nobody said why.
    """
    if not vary(run):
        return run.seq_len
    mean = mean_length(run)
    examples = run.examples or USUAL_EXAMPLES
    longest = run.longest_tokens or longest_example(mean, examples)
    longest = min(longest, float(run.seq_len))
    if not run.padding_free or run.sorted_by_length:
        return longest
    apart = _longest_unpadded(mean, longest, examples, run.micro_batch)
    return apart if run.sorted_by_length is False else math.sqrt(apart * longest)


def _longest_unpadded(mean: float, longest: float, examples: float, count: int) -> float:
    """Tokens of the longest batch without padding over its `count` sequences: the longest example
    beside usual ones, or the largest sum. A sum of lengths is nearly lognormal with the same mean
    and variance (Fenton 1960).
    """
    beside = (longest + (count - 1) * mean) / count
    of_cut, variation = _cut(mean, longest)
    spread = math.sqrt(math.log1p(variation / count))
    return min(max(beside, _longest(of_cut, examples / count, spread)), longest)


@lru_cache(maxsize=4096)
def _cut(mean: float, longest: float) -> tuple[float, float]:
    """(mean, squared coefficient of variation) of lognormal lengths cut off at the longest."""
    below = NormalDist().cdf
    middle = math.log(mean) - 0.5 * SPREAD_OF_LENGTHS**2
    limit = (math.log(longest) - middle) / SPREAD_OF_LENGTHS
    moments = []
    for power in (1, 2):
        shift = power * SPREAD_OF_LENGTHS
        below_limit = math.exp(power * middle + 0.5 * shift**2) * below(limit - shift)
        moments.append(below_limit + longest**power * (1.0 - below(limit)))
    first, second = moments
    return first, max(second / first**2 - 1.0, 0.0)


def longest_example(mean: float, examples: float) -> float:
    """Median length of the longest of so many lognormal examples with this mean, in tokens."""
    return _longest(mean, examples, SPREAD_OF_LENGTHS)


def _longest(mean: float, count: float, spread: float) -> float:
    """Median of the largest of so many lognormal values with this mean: the largest of standard
    normal values has the median Φ⁻¹(2^(−1/n)).
    """
    return mean * math.exp(spread * _highest(count) - 0.5 * spread**2)


@cache
def _highest(count: float) -> float:
    return NormalDist().inv_cdf(0.5 ** (1.0 / max(count, 1.0)))
