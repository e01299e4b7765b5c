"""Answers that are each possible but contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.brief.values import number_text, quoted
from advisor.core.brief import Brief
from advisor.core.errors import did_you_mean
from advisor.core.sections import Approach
from advisor.core.techniques import names_of

_PROMPT = frozenset(names_of("prompt"))
_TUNE = frozenset(names_of("tune"))
_CLASH = {Approach.PROMPT: _TUNE, Approach.TUNE: _PROMPT}
_ROUNDING = 1e-9
_SHARE_ROUNDING = 0.005


def contradictions(brief: Brief) -> Iterator[tuple[str, str]]:
    """Key and message of each contradiction between answers; defaults never count."""
    yield from _prefixes(brief)
    yield from _segments(brief)
    yield from _ceiling(brief)
    yield from _techniques(brief)
    yield from _test_set(brief)
    yield from _roles(brief)


def _prefixes(brief: Brief) -> Iterator[tuple[str, str]]:
    shared = brief.traffic.shared_tokens
    static = brief.traffic.static_tokens
    if shared is None or "traffic.static_tokens" not in brief.origins:
        return
    if any(a > b for a, b in zip(_points(shared), _points(static), strict=True)):
        yield (
            "traffic.shared_tokens",
            f"{number_text(shared.likely)} is more than traffic.static_tokens = "
            f"{number_text(static.likely)}, of which it is a part; lower it or raise static_tokens",
        )


def _points(range_: object) -> tuple[float, ...]:
    return tuple(getattr(range_, p) for p in ("p10", "p50", "p90"))


def _segments(brief: Brief) -> Iterator[tuple[str, str]]:
    names = [s.name for s in brief.segments]
    first: dict[str, int] = {}
    for i, name in enumerate(names):
        if first.setdefault(name, i) != i:
            yield (
                f"segments[{i}].name",
                f"{quoted(name)} is named twice; give each segment its own name",
            )
    total = sum(s.share.likely for s in brief.segments)
    if total > 1 + _ROUNDING:
        yield (
            "segments",
            f"the shares add up to {total:g}, more than the whole traffic; lower them to 1 in all",
        )
    for i, score in enumerate(brief.quality.measured):
        if score.segment and score.segment not in names:
            hint = (
                did_you_mean(score.segment, names) or "; name one of [[segments]] or leave it out"
            )
            yield (
                f"quality.measured[{i}].segment",
                f"no segment is named {quoted(score.segment)}{hint}",
            )


def _ceiling(brief: Brief) -> Iterator[tuple[str, str]]:
    target = brief.quality.target
    ceiling = brief.quality.human_ceiling
    if ceiling is not None and target > ceiling:
        yield (
            "quality.target",
            f"{target:g} is above quality.human_ceiling = {ceiling:g}, so nothing can reach it; "
            "lower the target or measure the ceiling again",
        )


def _test_set(brief: Brief) -> Iterator[tuple[str, str]]:
    if brief.data.eval_path and not brief.data.path:
        yield (
            "data.eval_path",
            "is compared with data.path, which is not set; name the training examples too, "
            "or leave it out",
        )


def _techniques(brief: Brief) -> Iterator[tuple[str, str]]:
    used = [
        (f"quality.measured[{i}].technique", s.approach, s.technique)
        for i, s in enumerate(brief.quality.measured)
    ]
    if brief.current is not None:
        used.append(("current.technique", brief.current.approach, brief.current.technique))
    for key, approach, technique in used:
        if technique in _CLASH.get(Approach(approach), ()):
            right = "tune" if technique in _TUNE else "prompt"
            yield (
                key,
                f"{technique!r} is a technique of {right}, not of {approach}; "
                "change one of the two",
            )


def _roles(brief: Brief) -> Iterator[tuple[str, str]]:
    total = sum(role.share for role in brief.team.roles)
    if brief.team.roles and abs(total - 1) > _SHARE_ROUNDING:
        yield (
            "team.roles",
            f"the shares add up to {total:g}; change them to 1 in all",
        )
