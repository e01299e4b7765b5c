"""The verdict panel: the word, how sure, the estimates as ranges, why, flips, next step, readiness,
warnings.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.verdict import Readiness, Verdict
from advisor.report.headline import headline
from advisor.report.page import KeyFigure
from advisor.report.phrases import beyond, is_near
from advisor.tui.model.question_text import full_label

_STYLES = {"ok": "$text-success", "warn": "$text-warning", "stop": "$text-error"}
_RULED_OUT = "Every option is ruled out; the Decision tab names the rules."
_WITH_BASIS = 66
_WITH_BAR = 56
_BAR = 7
_FLIPS = 4
_STRIP = ("running", "once", "quality", "ready in")


def word(verdict: Verdict) -> Content:
    """The verdict's word on its own ground, so that it stands out without colour too."""
    calm = verdict.verdict != "undecided" and verdict.arms
    style = "bold reverse $text-success" if calm else "bold reverse $text-warning"
    return Content.styled(f" {headline(verdict).word} ", style)


def verdict_lines(verdict: Verdict, width: int) -> Content:
    """The whole panel, for `width` cells."""
    return Content("\n").join(_lines(verdict, width))


def _lines(verdict: Verdict, width: int) -> Iterator[Content]:
    top = headline(verdict)
    yield word(verdict)
    if not top.option:
        yield Content(_RULED_OUT)
    else:
        meanwhile = "meanwhile " if verdict.verdict == "undecided" else ""
        yield Content.assemble((meanwhile, "dim"), (top.option, "bold"))
        yield confidence(verdict, width)
        yield Content("")
        yield from (estimate_row(figure, width) for figure in top.figures)
    yield from section("Why", [Content(f"· {fmt.clean(w)}") for w in verdict.why])
    yield from section("Flips", _few(flips(verdict)))
    yield from section("Next", [_next(verdict)])
    yield from section("Ready to decide?", [_ready(r) for r in verdict.readiness])
    yield from section("Warnings", [Content(f"! {fmt.clean(w)}") for w in verdict.warnings])


def confidence(verdict: Verdict, width: int) -> Content:
    """`best in 91 of 100 draws`, a bar of it, and the regret to expect."""
    text = f"best in {fmt.of_hundred(verdict.p_best)} of 100 draws "
    regret = verdict.expected_regret_usd
    tail = f" regret {fmt.compact_money(regret)}" if fmt.is_known(regret) else ""
    room = min(width - len(text) - len(tail), 40)
    bar = fmt.share_bar(verdict.p_best, room) if room >= 4 else ""
    return Content.assemble(text, (bar, "$text-success"), tail)


def estimate_row(figure: KeyFigure, width: int) -> Content:
    """Name, likely value and unit, the 80 % range as a bar between its ends, basis; as much as the
    width allows.
    """
    head = Content.assemble(
        (f"{figure.label:<10} ", "dim"),
        (f"{figure.value:>9} ", "bold"),
        (f"{figure.unit:<9} ", "dim"),
    )
    if not figure.range.is_known:
        return head
    if figure.low == figure.high:
        ends = Content(" " * (18 + _BAR) if width >= _WITH_BASIS else "")
    elif width >= _WITH_BAR:
        interval = figure.range
        bar = fmt.range_bar(
            interval.p10, interval.p50, interval.p90, interval.p10 or 0, interval.p90 or 0, _BAR
        )
        ends = Content.assemble(f"{figure.low:>8} ", (bar, "$text-accent"), f" {figure.high:<8}")
    else:
        ends = Content(f"{figure.low} – {figure.high}")
    return head + ends + Content.styled(f" {figure.basis}" if width >= _WITH_BASIS else "", "dim")


def section(title: str, lines: list[Content]) -> Iterator[Content]:
    """A heading with its lines, or nothing where there are none."""
    if lines:
        yield Content("")
        yield Content.styled(title, "bold $text-primary")
        yield from lines


def flips(verdict: Verdict) -> list[Content]:
    """From which value of which input on the verdict is another; values far from today's are left
    to the report.
    """
    return [
        Content(
            "· "
            + fmt.clean(
                f"to {fmt.APPROACH_WORDS.get(f.verdict_becomes, f.verdict_becomes)} "
                f"with {full_label(f.input)} {beyond(f)}{_now(f.now, f.unit)}"
            )
        )
        for f in verdict.flip_points
        if is_near(f)
    ]


def _few(lines: list[Content]) -> list[Content]:
    more = len(lines) - _FLIPS
    return [
        *lines[:_FLIPS],
        *([Content.styled(f"and {more} more under Decision", "dim")] if more > 0 else []),
    ]


def _now(value: float | None, unit: str) -> str:
    return "" if value is None else f" (now {fmt.measure(value, unit)})"


def _next(verdict: Verdict) -> Content:
    step = verdict.next_step
    price = (
        f" — costs {fmt.money(step.cost_usd)}, worth {fmt.money(step.worth_usd)}"
        if step.worth_usd
        else ""
    )
    return Content(fmt.clean(step.action + price))


def _ready(check: Readiness) -> Content:
    mark = fmt.STATUS_MARKS.get(check.status, "?")
    detail = f": {check.detail}" if check.detail else ""
    status = (f"{mark} {fmt.clean(check.status):<5}", _STYLES.get(check.status, ""))
    return Content.assemble(status, fmt.clean(check.rule + detail))


def strip_lines(verdict: Verdict, width: int) -> Content:
    """The verdict in three short lines, for screens too narrow for the panel."""
    top = headline(verdict)
    if not top.option:
        return Content("\n").join([word(verdict), Content(_RULED_OUT)])
    sure = f" best in {fmt.of_hundred(verdict.p_best)} of 100"
    head = word(verdict)
    room = max(width - head.cell_length - len(sure), 0)
    first = head + Content(f" {top.option}").truncate(room, ellipsis=True, pad=True) + Content(sure)
    return Content("\n").join(
        [first, Content(_estimates(top.figures, width)), _stop(verdict) or _next_line(verdict)]
    )


def _estimates(figures: tuple[KeyFigure, ...], width: int) -> str:
    """As many of the estimates as one line holds, whole ones only, the ones that decide first."""
    line = ""
    for figure in sorted(
        figures, key=lambda f: _STRIP.index(f.label) if f.label in _STRIP else len(_STRIP)
    ):
        part = f"{figure.label} {figure.value} {figure.unit}".rstrip()
        if len(line) + len(part) + 3 <= width:
            line = f"{line} · {part}" if line else part
    return line


def _next_line(verdict: Verdict) -> Content:
    return Content.assemble(("next ", "bold $text-primary"), _next(verdict))


def _stop(verdict: Verdict) -> Content | None:
    return next((_ready(r) for r in verdict.readiness if r.status == "stop"), None)
