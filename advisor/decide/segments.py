"""Segments: parts of the traffic that may get a verdict of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.core.brief import Brief, Origin, Segment
from advisor.core.quantity import Basis, Range
from advisor.core.verdict import SegmentVerdict, Verdict

ROUNDING = 1e-6
"""Shares that add up to 1 but for this leave no traffic outside the segments."""


def segment_brief(brief: Brief, segment: Segment) -> Brief:
    """The brief of one segment: all its alike parts together, each with its own prefix, adapter,
    labels and test.

    Counts of labels and items are those of all alike parts, so that money is; the segment stays in
    the brief with all of the traffic, so that a score is forecast from one part's own labels and
    tested on its own items. `data.sample` keeps the counts of the whole file from standing in for
    them.
    """
    share = segment.share.likely
    alike = segment.count
    traffic = replace(
        brief.traffic,
        requests_per_month=scaled(brief.traffic.requests_per_month, share),
        distinct_prefixes=Range.exact(float(alike)),
    )
    data = replace(
        brief.data,
        path="",
        eval_path="",
        sample=True,
        examples=scaled(segment.examples, float(alike)),
        eval_examples=scaled(segment.eval_examples, float(alike)),
    )
    own = tuple(replace(s, segment="") for s in brief.quality.measured if s.segment == segment.name)
    whole = tuple(s for s in brief.quality.measured if not s.segment)
    origin = Origin(Basis.QUOTED, f"brief: segment {segment.name}", "")
    narrowed = replace(
        brief,
        name=f"{brief.name}: {segment.name}",
        traffic=traffic,
        data=data,
        quality=replace(brief.quality, measured=own or whole, results=""),
        segments=(replace(segment, share=Range.exact(1.0)),),
    )
    return replace(
        narrowed, origins={**brief.origins, "data.examples": origin, "data.eval_examples": origin}
    )


def with_counts(brief: Brief) -> Brief:
    """The whole brief with the labels, items and prompts of its segments together, where it leaves
    its own counts out.

    Each segment has its own prefix; traffic in none of them has one more.
    """
    if not brief.segments:
        return brief
    origin = Origin(Basis.QUOTED, "brief: all segments together", "")
    together = {
        "data.examples": _together(brief.segments, "examples"),
        "data.eval_examples": _together(brief.segments, "eval_examples"),
        "traffic.distinct_prefixes": Range.exact(_prefixes(brief.segments)),
    }
    for key, counts in together.items():
        if key not in brief.origins:
            brief = brief.answered(key, counts, origin)
    return brief


def _prefixes(segments: Sequence[Segment]) -> float:
    rest = 1.0 - sum(s.share.likely for s in segments)
    return float(sum(s.count for s in segments) + (1 if rest > ROUNDING else 0))


def _together(segments: Sequence[Segment], name: str) -> Range:
    """Σ count × what each has, end by end."""
    counts = [scaled(getattr(s, name), float(s.count)) for s in segments]
    return Range(*(sum(getattr(c, end) or 0.0 for c in counts) for end in ("p10", "p50", "p90")))


def scaled(spread: Range, factor: float) -> Range:
    """A range times a number."""
    if spread.p10 is None or spread.p50 is None or spread.p90 is None:
        return spread
    return Range(spread.p10 * factor, spread.p50 * factor, spread.p90 * factor)


def segment_verdict(segment: Segment, verdict: Verdict) -> SegmentVerdict:
    """The short form of a segment's verdict."""
    chosen = verdict.chosen
    none = Range(None, None, None)
    return SegmentVerdict(
        segment.name,
        verdict.verdict,
        verdict.arm,
        verdict.p_best,
        chosen.one_off_usd if chosen else none,
        chosen.monthly_usd if chosen else none,
    )
