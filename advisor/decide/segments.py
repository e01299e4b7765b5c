"""Segments: parts of the traffic that may get a verdict of their own."""

from __future__ import annotations

from dataclasses import replace

from advisor.core.brief import Brief, Origin, Segment
from advisor.core.quantity import Basis, Range
from advisor.core.verdict import SegmentVerdict, Verdict


def segment_brief(brief: Brief, segment: Segment) -> Brief:
    """The brief of one segment: all its alike parts together, each with its own prefix, adapter, labels and test.

    Its counts are the segment's own: `data.sample` keeps those of the whole file from standing in for them.
    """
    share, alike = segment.share.likely, segment.count
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
    told = Origin(Basis.QUOTED, f"brief: segment {segment.name}", "")
    narrowed = replace(
        brief,
        name=f"{brief.name}: {segment.name}",
        traffic=traffic,
        data=data,
        task=replace(brief.task, tasks_sharing_model=alike),
        quality=replace(brief.quality, measured=own or whole, results=""),
        segments=(),
    )
    return replace(narrowed, origins={**brief.origins, "data.examples": told, "data.eval_examples": told})


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
