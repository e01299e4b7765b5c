"""What stands behind the verdict: sensitivity, break-even, plan, segments, what was ruled out."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.verdict import OptionRecord, Sensitivity, Verdict
from advisor.report.headline import money_of
from advisor.report.phrases import break_even_sentences
from advisor.tui.model.question_text import full_label
from advisor.tui.views.verdict import flips, section

_NAME = 22
_HALF = 12


def option_lines(option: OptionRecord, chosen: bool) -> Content:
    """One option in two lines; the chosen one carries a mark."""
    figures = (
        fmt.share(option.p_best),
        f"{money_of(option, option.monthly_usd, 'run.total')}/month",
        f"{fmt.compact_money(option.one_off_usd.p50)} once",
        fmt.score(option.quality.p50),
        fmt.weeks_long(option.weeks.p50),
    )
    name = f"{'▸' if chosen else ' '} {fmt.clean(option.id)}"
    return Content.assemble((name, "bold" if chosen else ""), "\n  ", (" · ".join(figures), "dim"))


def ranked(verdict: Verdict) -> list[OptionRecord]:
    """The options as they are listed: the chosen one, then by chance to be best."""
    return sorted(verdict.arms, key=lambda option: (option.id != verdict.arm, -option.p_best))


def detail_lines(verdict: Verdict) -> Content:
    """Everything below the list of options."""
    return Content("\n").join(_lines(verdict))


def _lines(verdict: Verdict) -> Iterator[Content]:
    yield from section("Break-even with the next approach", _break_even(verdict))
    yield from section("What would change the answer", flips(verdict))
    yield from section("What moves it most", _tornado(verdict.sensitivity))
    yield from section("Plan", _plan(verdict))
    yield from section("Segments", _segments(verdict))
    yield from section(
        "Ruled out",
        [Content(fmt.clean(f"{e.id}: {e.rule} — {e.detail}")) for e in verdict.excluded],
    )
    yield from section("Assumed, because the brief leaves it out", _assumptions(verdict))


def _break_even(verdict: Verdict) -> list[Content]:
    return [
        Content(f"· {fmt.clean(sentence)}") for sentence in break_even_sentences(verdict.break_even)
    ]


def _tornado(rows: tuple[Sensitivity, ...]) -> list[Content]:
    reach = max((abs(end) for row in rows for end in (row.low, row.high)), default=0.0)
    return [_swing(row, reach) for row in rows[:10]]


def _swing(row: Sensitivity, reach: float) -> Content:
    """The advantage of the chosen option at the input's P10 and P90, as a bar on a scale from
    −reach to reach.
    """

    def column(value: float) -> int:
        return round((value / reach + 1) * _HALF) if reach else _HALF

    left, right = sorted((column(row.low), column(row.high)))
    cells = [" "] * (2 * _HALF + 1)
    cells[_HALF] = "│"
    cells[left : right + 1] = "█" * (right + 1 - left)
    bar = "".join(cells)
    name = Content(fmt.clean(full_label(row.input))).truncate(_NAME, ellipsis=True, pad=True)
    ends = f"  {fmt.compact_money(row.low)} … {fmt.compact_money(row.high)}"
    return Content.assemble(name, " ", (bar, "$text-accent"), "\n", (ends, "dim"))


def _plan(verdict: Verdict) -> list[Content]:
    return [
        Content(fmt.clean(f"{p.stage}. {p.arm}, {fmt.weeks_long(p.weeks)}; then: {p.gate}"))
        for p in verdict.plan
    ]


def _segments(verdict: Verdict) -> list[Content]:
    return [
        Content(
            fmt.clean(
                f"{s.name}: {fmt.APPROACH_WORDS.get(s.verdict, s.verdict)}, {s.arm}, best in "
            )
            + f"{fmt.of_hundred(s.p_best)} of 100, {fmt.money_rate(s.monthly_usd.p50)}"
        )
        for s in verdict.segments
    ]


def _assumptions(verdict: Verdict) -> list[Content]:
    return [Content(fmt.clean(f"{a.key} = {a.value} ({a.source})")) for a in verdict.assumptions]
