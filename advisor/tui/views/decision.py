"""What stands behind the verdict: ranges, sensitivity, break-even, plan, what was ruled out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.quantity import Range
from advisor.core.verdict import OptionRecord, Sensitivity, Verdict
from advisor.report.extract import approach_chances
from advisor.report.phrases import break_even_sentences
from advisor.report.terms import Terms
from advisor.tui.model.question_text import full_label
from advisor.tui.views.axis import Axis
from advisor.tui.views.options import option_rows
from advisor.tui.views.verdict import flips, section

_NAME = 30
_MOST_ROWS = 8


def detail_lines(verdict: Verdict, width: int) -> Content:
    """Everything below the table of options, for a width in cells."""
    return Content("\n").join(_lines(verdict, width))


def _lines(verdict: Verdict, width: int) -> Iterator[Content]:
    terms = Terms.of(verdict)
    yield from section("Why", [_sentence(terms, w) for w in verdict.why])
    yield from section("Best in 100 draws, by approach", _by_approach(verdict, width))
    for title, lines in _ranges(verdict, width):
        yield from section(title, lines)
    yield from section("Break-even with the next approach", _break_even(verdict))
    yield from section("What would change the answer", flips(verdict))
    yield from section(
        "What moves it most: advantage at an input's P10 and P90", _tornado(verdict, width)
    )
    yield from section("Plan", _plan(verdict, terms))
    yield from section("Segments", _segments(verdict, terms))
    yield from section(
        "Risks", [_sentence(terms, f"{risk.name}: {risk.detail}") for risk in verdict.risks]
    )
    yield from section(
        "Ruled out", [_sentence(terms, f"{e.id}: {e.detail} ({e.rule})") for e in verdict.excluded]
    )
    yield from section("Warnings", [Content(f"! {fmt.clean(w)}") for w in verdict.warnings])
    yield from section("Assumed, because the brief leaves it out", _assumptions(verdict))


def _sentence(terms: Terms, text: str) -> Content:
    return Content(f"· {fmt.clean(terms.sentence(text))}")


def _by_approach(verdict: Verdict, width: int) -> list[Content]:
    room = max(min(width - _NAME - 8, 40), 8)
    return [
        Content.assemble(
            f"{name:<{_NAME}} ",
            (fmt.share_bar(chance, room), "$text-success"),
            f"{fmt.of_hundred(chance):>4}",
        )
        for name, chance in approach_chances(verdict)
    ]


def _ranges(verdict: Verdict, width: int) -> Iterator[tuple[str, list[Content]]]:
    """Cost, quality and time of the leading options, each on one axis."""
    options = [option for option, _ in option_rows(verdict)][:_MOST_ROWS]
    rows = (
        ("Cost per month (80 % range)", [o.monthly_usd for o in options], fmt.compact_money, True),
        ("Cost once", [o.one_off_usd for o in options], fmt.compact_money, True),
        ("Quality", [o.quality for o in options], fmt.score, False),
        ("Weeks to production", [o.weeks for o in options], fmt.weeks, True),
    )
    for title, ranges, show, from_zero in rows:
        yield title, _on_axis(options, ranges, show, width, from_zero=from_zero)


def _on_axis(
    options: Sequence[OptionRecord],
    ranges: Sequence[Range],
    show: fmt.Show,
    width: int,
    *,
    from_zero: bool,
) -> list[Content]:
    room = max(min(width - _NAME - 12, 60), 10)
    axis = Axis.over(ranges, room, from_zero=from_zero)
    lines = [
        Content.assemble(
            _name(option_name(option.id)),
            " ",
            (axis.bar(interval), "$text-accent"),
            (f" {show(interval.p50):>9}", "bold"),
        )
        for option, interval in zip(options, ranges, strict=True)
    ]
    return [*lines, Content.styled(" " * (_NAME + 1) + axis.ticks(show), "dim")] if lines else []


def _name(text: str) -> Content:
    return Content(fmt.clean(text)).truncate(_NAME, ellipsis=True, pad=True)


def _break_even(verdict: Verdict) -> list[Content]:
    return [
        Content(f"· {fmt.clean(sentence)}") for sentence in break_even_sentences(verdict.break_even)
    ]


def _tornado(verdict: Verdict, width: int) -> list[Content]:
    """A bar per input from the advantage at its P10 to that at its P90; │ is no advantage."""
    rows = verdict.sensitivity[:10]
    if not rows:
        return []
    room = max(min(width - _NAME - 22, 50), 11)
    ends = [end for row in rows for end in (row.low, row.high)]
    axis = Axis(min(0.0, *ends), max(0.0, *ends) or 1.0, room)
    show = fmt.score if rows[0].unit == "score" else fmt.compact_money
    lines = [_swing(row, axis, show) for row in rows]
    return [*lines, Content.styled(" " * (_NAME + 1) + axis.ticks(show), "dim")]


def _swing(row: Sensitivity, axis: Axis, show: fmt.Show) -> Content:
    left, right = sorted((axis.column(row.low), axis.column(row.high)))
    cells = [" "] * axis.width
    cells[axis.column(0.0)] = "│"
    cells[left : right + 1] = "█" * (right + 1 - left)
    ends = f" {show(row.low)} … {show(row.high)}"
    return Content.assemble(
        _name(full_label(row.input)), " ", ("".join(cells), "$text-accent"), (ends, "dim")
    )


def _plan(verdict: Verdict, terms: Terms) -> list[Content]:
    return [
        Content(
            fmt.clean(
                f"{p.stage}. {terms.sentence(p.arm)}, {fmt.weeks_long(p.weeks)}; "
                f"then: {terms.sentence(p.gate)}"
            )
        )
        for p in verdict.plan
    ]


def _segments(verdict: Verdict, terms: Terms) -> list[Content]:
    return [
        Content(
            fmt.clean(
                f"{s.name}: {fmt.APPROACH_WORDS.get(s.verdict, s.verdict)}, "
                f"{terms.sentence(s.arm)}, best in {fmt.of_hundred(s.p_best)} of 100, "
                f"{fmt.money_rate(s.monthly_usd.p50)}"
            )
        )
        for s in verdict.segments
    ]


def _assumptions(verdict: Verdict) -> list[Content]:
    return [Content(fmt.clean(f"{a.key} = {a.value} ({a.source})")) for a in verdict.assumptions]
