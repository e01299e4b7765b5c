"""The verdict panel: word, option, how sure, ranges, why, what overturns it, next step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.naming import input_name, option_name, sentence_start
from advisor.core.quantity import Range
from advisor.core.verdict import OptionRecord, Readiness, Verdict
from advisor.report.headline import approach_chance, headline
from advisor.report.page import KeyFigure
from advisor.report.phrases import beyond, is_near
from advisor.report.terms import Terms
from advisor.tui.model.known_enough import gaps, most_important_gap, shows_winner
from advisor.tui.model.ways_forward import WayForward
from advisor.tui.views.axis import OTHER, Axis

_STYLES = {"ok": "$text-success", "warn": "$text-warning", "stop": "$text-error"}
_RULED_OUT = "Every option is ruled out; Decision (5) names the rules."
_NOT_ENOUGH = "NOT ENOUGH KNOWN YET"
_OPTION_ID = re.compile(r"\b(?:prompt|tune|hybrid|as-is)/[\w-]+@[\w.+-]*\w")
_WITH_BASIS = 66
_WITH_BAR = 44
_BAR = 13
_FLIPS = 3
_WARNINGS = 2
_STRIP = ("running", "once", "quality", "ready in")


def word(verdict: Verdict) -> Content:
    """The verdict's word on its own ground, so that it stands out without colour too."""
    calm = verdict.verdict != "undecided" and verdict.arms
    style = "bold reverse $text-success" if calm else "bold reverse $text-warning"
    text = fmt.VERDICT_WORDS.get(verdict.verdict, fmt.clean(verdict.verdict).upper())
    return Content.styled(f" {text if verdict.arms else 'NO OPTION LEFT'} ", style)


def verdict_lines(
    verdict: Verdict, brief: Brief, change: str, ways: Sequence[WayForward], width: int
) -> Content:
    """The whole panel for `width` cells; without a winner where the brief says too little."""
    if not shows_winner(brief):
        return Content("\n").join(_open_lines(verdict, brief, width))
    return Content("\n").join(_lines(verdict, change, ways, width))


def _lines(
    verdict: Verdict, change: str, ways: Sequence[WayForward], width: int
) -> Iterator[Content]:
    terms = Terms.of(verdict)
    top = headline(verdict, terms)
    yield word(verdict)
    if not top.option:
        yield Content(_RULED_OUT)
        yield from section(
            "Ruled out", [Content(fmt.clean(f"· {e.detail}")) for e in verdict.excluded[:4]]
        )
        return
    meanwhile = "if you must choose today: " if verdict.verdict == "undecided" else ""
    yield Content.assemble((meanwhile, "dim"), (top.option, "bold"))
    yield from confidence(top.sure, verdict, width)
    if change:
        yield Content.assemble(("changed: ", "bold $text-accent"), fmt.clean(change))
    yield Content("")
    yield from _estimates(verdict, top.figures, width)
    yield from section("Why", _sentences(terms, verdict.why, 1))
    yield from section("Next", [_next(verdict, terms), *map(way_line, ways)])
    yield from section("What would change it", _few(flips(verdict)))
    yield from section("Ready to decide?", [_ready(r, terms) for r in verdict.readiness])
    yield from section("Warnings", _warnings(verdict))


def _open_lines(verdict: Verdict, brief: Brief, width: int) -> Iterator[Content]:
    """What is missing, which answer matters most, and how wide the range still is."""
    yield Content.styled(f" {_NOT_ENOUGH} ", "bold reverse $text-warning")
    yield Content("Answers that a verdict needs (✗) or that improve it (·):")
    for gap in gaps(brief):
        mark = "✗" if gap.needed else "·"
        yield Content.assemble((f"{mark} ", "bold"), fmt.clean(gap.text))
    if best := most_important_gap(brief, verdict):
        yield Content("")
        yield Content.assemble(
            ("Answer first: ", "bold $text-accent"), fmt.clean(best.text), ("  [g]", "bold")
        )
    if verdict.arms:
        yield from section("So far, over all options", _spreads(verdict))


def _spreads(verdict: Verdict) -> list[Content]:
    rows = (
        ("running", [o.monthly_usd for o in verdict.arms], fmt.money, "per month"),
        ("once", [o.one_off_usd for o in verdict.arms], fmt.money, ""),
        ("quality", [o.quality for o in verdict.arms], fmt.score, ""),
        ("ready in", [o.weeks for o in verdict.arms], fmt.weeks, "weeks"),
    )
    return [
        Content.assemble(
            (f"{label:<10} ", "dim"), (_spread(ranges, show), "bold"), (f" {unit}", "dim")
        )
        for label, ranges, show, unit in rows
    ]


def _spread(ranges: Sequence[Range], show: fmt.Show) -> str:
    low = min((r.p10 for r in ranges if r.p10 is not None), default=None)
    high = max((r.p90 for r in ranges if r.p90 is not None), default=None)
    return f"{show(low)} – {show(high)}"


def confidence(sure: str, verdict: Verdict, width: int) -> Iterator[Content]:
    """How often the named approach is best, with a bar of it; the option alone and the regret."""
    first, *more = sure.split(" · ")
    room = min(width - len(first) - 1, 40)
    chance = max([approach_chance(verdict), *(a.p_best for a in verdict.approaches)])
    bar = fmt.share_bar(chance, room) if room >= 4 else ""
    yield Content.assemble(f"{first} ", (bar, "$text-success"))
    if more:
        yield Content.styled(" · ".join(more), "dim")


def way_line(way: WayForward) -> Content:
    """A key, and where it leads."""
    return Content.assemble(
        (f" {way.key} ", "bold reverse $text-accent"), f" {fmt.clean(way.text)}"
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """A figure of the panel with the same figure of the option it is compared with."""

    figure: KeyFigure
    other: float | None
    axis: Axis


def _estimates(verdict: Verdict, figures: Sequence[KeyFigure], width: int) -> Iterator[Content]:
    option = verdict.chosen
    assert option is not None
    other = _compared_option(verdict)
    for figure in figures:
        yield estimate_row(_row(figure, option, other), width)
    if other is not None and width >= _WITH_BAR:
        name = fmt.clean(option_name(other.id))
        yield Content.styled(f"● this option   {OTHER} {name}", "dim").truncate(
            width, ellipsis=True
        )


def _compared_option(verdict: Verdict) -> OptionRecord | None:
    """What is in place today, else the best option of another approach."""
    today = next((o for o in verdict.arms if o.id.startswith("as-is/")), None)
    other = today or next((o for o in verdict.arms if o.id == verdict.alternative), None)
    return other if other is not None and other.id != verdict.subject else None


def _row(figure: KeyFigure, option: OptionRecord, other: OptionRecord | None) -> _Row:
    """The axis of a figure contains both options; scores do not start at zero."""
    if figure.label in ("today", "instead of"):
        return _Row(figure, None, Axis.over([figure.range, option.monthly_usd], _BAR))
    same = _same_figure(figure.label, other) if other is not None else None
    ranges = [figure.range] if same is None else [figure.range, same]
    axis = Axis.over(ranges, _BAR, from_zero=figure.label != "quality")
    return _Row(figure, same.p50 if same is not None else None, axis)


def _same_figure(label: str, other: OptionRecord) -> Range | None:
    by_label = {
        "once": other.one_off_usd,
        "running": other.monthly_usd,
        "quality": other.quality,
        "ready in": other.weeks,
    }
    return by_label.get(label)


def estimate_row(row: _Row, width: int) -> Content:
    """Name, likely value, unit, the 80 % range as a bar between its ends, basis, as room allows;
    ends that do not fit stand below.
    """
    figure = row.figure
    label = f"{figure.label:<10} "
    head = Content.assemble(
        (label, "dim"),
        (f"{figure.value:>8} ", "bold"),
        (f"{figure.unit:<9} ", "dim"),
    )
    if not figure.range.is_known:
        return head
    span = "" if figure.low == figure.high else f"{figure.low} – {figure.high}"
    if width < _WITH_BAR and head.cell_length + len(span) > width:
        return head + Content.styled(f"\n{'':<{len(label)}}{span}", "dim")
    if width < _WITH_BAR:
        return head + Content(span)
    bar = Content.styled(row.axis.bar(figure.range, row.other), "$text-accent")
    if width < _WITH_BASIS:
        return head + bar
    room = max(width - 29 - _BAR - len(figure.basis) - 3, 0)
    return head + bar + Content(f" {span[:room]:<{room}} ") + Content.styled(figure.basis, "dim")


def section(title: str, lines: Sequence[Content]) -> Iterator[Content]:
    """A heading with its lines, or nothing where there are none."""
    if lines:
        yield Content("")
        yield Content.styled(title, "bold $text-primary")
        yield from lines


def _sentences(terms: Terms, texts: Sequence[str], most: int) -> list[Content]:
    lines = [Content(fmt.clean(terms.sentence(text))) for text in texts[:most]]
    if len(texts) > most:
        lines.append(Content.styled(f"{len(texts) - most} more reasons under Decision (5)", "dim"))
    return lines


def flips(verdict: Verdict) -> list[Content]:
    """From which value of which input on the verdict is another; values far from today's are left
    to the report.
    """
    return [
        Content(
            fmt.clean(
                f"· {fmt.APPROACH_WORDS.get(f.verdict_becomes, f.verdict_becomes)} "
                f"with {input_name(f.input)} {beyond(f)}{_now(f.now, f.unit)}"
            )
        )
        for f in verdict.flip_points
        if is_near(f)
    ]


def _few(lines: list[Content]) -> list[Content]:
    more = len(lines) - _FLIPS
    if more <= 0:
        return lines
    return [*lines[:_FLIPS], Content.styled(f"and {more} more under Decision (5)", "dim")]


def _warnings(verdict: Verdict) -> list[Content]:
    lines = [Content(f"! {fmt.clean(w)}") for w in verdict.warnings]
    more = len(lines) - _WARNINGS
    if more <= 0:
        return lines
    return [*lines[:_WARNINGS], Content.styled(f"and {more} more under Decision (5)", "dim")]


def _now(value: float | None, unit: str) -> str:
    return "" if value is None else f" (now {fmt.bare(value, unit)})"


def _next(verdict: Verdict, terms: Terms) -> Content:
    step = verdict.next_step
    price = ""
    if step.worth_usd:
        price = f": costs {fmt.money(step.cost_usd)}, worth {fmt.money(step.worth_usd)}"
    text = _OPTION_ID.sub(
        lambda match: option_name(match[0]), fmt.clean(terms.sentence(step.action))
    )
    return Content(f"{sentence_start(text)}{price}")


def _ready(check: Readiness, terms: Terms) -> Content:
    mark = fmt.STATUS_MARKS.get(check.status, "?")
    detail = f": {terms.sentence(check.detail)}" if check.detail and check.status != "ok" else ""
    status = (f"{mark} {fmt.clean(check.status):<5}", _STYLES.get(check.status, ""))
    return Content.assemble(status, fmt.clean(check.rule + detail))


def strip_lines(
    verdict: Verdict, brief: Brief, change: str, ways: Sequence[WayForward], width: int
) -> Content:
    """The verdict in three short lines, for screens too narrow for the panel."""
    if not shows_winner(brief):
        return _open_strip(verdict, brief)
    terms = Terms.of(verdict)
    top = headline(verdict, terms)
    if not top.option:
        return Content("\n").join([word(verdict), Content(_RULED_OUT)])
    sure = f" {top.sure.partition(' draws')[0]}"
    if verdict.verdict != "undecided":
        sure = f" best in {fmt.of_hundred(approach_chance(verdict))} of 100"
    head = word(verdict)
    room = max(width - head.cell_length - len(sure), 0)
    first = head + Content(f" {top.option}").truncate(room, ellipsis=True, pad=True) + Content(sure)
    stop = next((_ready(r, terms) for r in verdict.readiness if r.status == "stop"), None)
    last = stop or Content.assemble(("next ", "bold $text-primary"), _next(verdict, terms))
    if ways:
        last = Content("  ").join(map(way_line, ways))
    if change:
        last = Content.assemble(("changed: ", "bold $text-accent"), fmt.clean(change))
    return Content("\n").join([first, Content(_figures_line(top.figures, width)), last])


def _open_strip(verdict: Verdict, brief: Brief) -> Content:
    every = gaps(brief)
    needed = sum(gap.needed for gap in every)
    best = most_important_gap(brief, verdict)
    first = Content.styled(f" {_NOT_ENOUGH} ", "bold reverse $text-warning")
    first += Content(f" {fmt.plural(needed, 'answer')} missing")
    second = Content.assemble(
        ("answer first: ", "bold $text-accent"),
        fmt.clean(best.text if best else ""),
        ("  [g]", "bold"),
    )
    third = Content(
        f"so far {_spread([o.monthly_usd for o in verdict.arms], fmt.money)} per month"
        if verdict.arms
        else ""
    )
    return Content("\n").join([first, second, third])


def _figures_line(figures: Sequence[KeyFigure], width: int) -> str:
    """As many of the estimates as one line holds, whole ones only, the ones that decide first."""
    ranked = sorted(
        figures, key=lambda f: _STRIP.index(f.label) if f.label in _STRIP else len(_STRIP)
    )
    line = ""
    for figure in ranked:
        part = f"{figure.label} {figure.value} {figure.unit}".rstrip()
        if len(line) + len(part) + 3 <= width:
            line = f"{line} · {part}" if line else part
    return line
