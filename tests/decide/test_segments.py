"""Parts of the traffic: whose labels, items and scores count for each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.brief import Brief, Score, Segment
from advisor.core.quantity import Range
from advisor.decide.assembly import nothing_left
from advisor.decide.segments import scaled, segment_brief, segment_verdict, with_counts
from tests.options import brief, setting

BRANDS = Segment("brands", 3, Range.exact(0.6), Range(80, 100, 140), Range.exact(20.0))
SITES = Segment("sites", 1, Range.exact(0.4), Range.exact(2000.0), Range.exact(500.0))


def split(*scores: Score) -> Brief:
    case = replace(brief(), segments=(BRANDS, SITES))
    return replace(case, quality=replace(case.quality, measured=scores))


@pytest.mark.parametrize(
    ("segment", "requests", "prefixes", "examples", "items"),
    [
        (BRANDS, 1_800_000, 3, Range(240, 300, 420), 60),
        (SITES, 1_200_000, 1, Range.exact(2000.0), 500),
    ],
    ids=["three alike", "one alone"],
)
def test_alike_parts_count_together(
    segment: Segment, requests: float, prefixes: float, examples: Range, items: float
) -> None:
    part = segment_brief(split(), segment)
    assert part.traffic.requests_per_month.likely == pytest.approx(requests)
    assert part.traffic.distinct_prefixes.likely == prefixes
    assert part.data.examples == examples
    assert part.data.eval_examples.likely == items
    assert part.segments == (replace(segment, share=Range.exact(1.0)),)
    assert part.name == f"Parcel labels: {segment.name}"


@pytest.mark.parametrize(
    ("segment", "expected"), [(BRANDS, (0.7,)), (SITES, (0.9,))], ids=["own score", "none"]
)
def test_a_part_is_scored_by_its_own_scores_else_by_those_of_the_whole(
    segment: Segment, expected: tuple[float, ...]
) -> None:
    own = Score("prompt", "few-shot", "m", 0.7, 50, segment="brands")
    whole = Score("prompt", "few-shot", "m", 0.9, 50)
    part = segment_brief(split(own, whole), segment)
    assert tuple(score.score for score in part.quality.measured) == expected
    assert all(score.segment == "" for score in part.quality.measured)


def test_counts_that_the_brief_leaves_out_are_those_of_all_parts_together() -> None:
    """3 · (80, 100, 140) + 2,000 labels and 3 · 20 + 500 items."""
    case = split()
    silent = replace(case, origins={})
    together = with_counts(silent)
    assert together.data.examples == Range(2240, 2300, 2420)
    assert together.data.eval_examples == Range.exact(560.0)
    assert together.traffic.distinct_prefixes == Range.exact(4.0)  # one each: 3 brands, 1 site
    without_sites = with_counts(replace(silent, segments=(BRANDS,)))
    assert without_sites.traffic.distinct_prefixes == Range.exact(4.0)  # and one for the rest
    bare = replace(BRANDS, examples=Range(0.0, 100.0, 140.0))
    few = with_counts(replace(silent, segments=(bare, SITES)))
    assert few.data.examples == Range(2000, 2300, 2420)
    assert with_counts(case).data.examples == case.data.examples  # the brief states its own
    whole = replace(silent, segments=())
    assert with_counts(whole) == whole


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 3.0])
def test_every_end_is_multiplied_and_the_unknown_stays_unknown(factor: float) -> None:
    assert scaled(Range(1.0, 2.0, 4.0), factor) == Range(factor, 2 * factor, 4 * factor)
    assert scaled(Range(None, None, None), factor) == Range(None, None, None)


def test_a_part_without_an_option_has_no_cost() -> None:
    short = segment_verdict(BRANDS, nothing_left(brief(), setting(), (), (), 7))
    assert (short.name, short.verdict, short.arm) == ("brands", "undecided", "")
    assert short.one_off_usd == Range(None, None, None)
