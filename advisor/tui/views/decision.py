"""What stands behind the verdict, in sections of which one is in sight at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.quantity import Range
from advisor.core.verdict import Advantage, Verdict
from advisor.report.extract import approach_chances
from advisor.report.phrases import is_near
from advisor.report.terms import Terms
from advisor.tui.views.cost_map import map_lines
from advisor.tui.views.learning_chart import learning_lines
from advisor.tui.views.money_chart import money_lines
from advisor.tui.views.quality_chart import quality_lines
from advisor.tui.views.ranges import name_width, range_lines, tornado_lines
from advisor.tui.views.verdict import section

Draw = Callable[[Verdict, int, int], Iterator[Content]]

_NOTHING: MappingProxyType[str, str] = MappingProxyType(
    {
        "why": "no reasons: no option is left to compare",
        "ranges": "no ranges: no option is left to compare",
        "plan": "no plan: this verdict asks for no work and no measurement",
        "rules": "nothing is ruled out, assumed or warned of",
    }
)
"""What a section says where it has nothing to show."""


def section_lines(name: str, verdict: Verdict, width: int, height: int) -> Content:
    """One section for a width in cells; charts are `height` lines high."""
    lines = list(_SECTIONS[name](verdict, width, height))
    while lines and not lines[0].plain:
        lines.pop(0)
    if not lines and name in _NOTHING:
        return Content.styled(_NOTHING[name], "dim")
    return Content("\n").join(lines)


def _why(verdict: Verdict, width: int, height: int) -> Iterator[Content]:
    terms = Terms.of(verdict)
    yield from section("Best in 100 draws, by approach", _by_approach(verdict, width))
    yield from section("Why", [_sentence(terms, w) for w in verdict.why])
    yield from section("Advantage over the next approach", _advantage(verdict.advantage, verdict))
    yield from section("Advantage over today", _advantage(verdict.against_today, verdict))
    yield from section("Segments", _segments(verdict, terms))


def _flips(verdict: Verdict, width: int, height: int) -> Iterator[Content]:
    chart = [*map_lines(verdict)]
    yield from section("The answer at other volumes and prices of an error", chart)
    if not chart and not any(is_near(flip) for flip in verdict.flip_points):
        yield Content.styled("no single answer, within its usual range, changes the verdict", "dim")


def _next(verdict: Verdict, width: int, height: int) -> Iterator[Content]:
    terms = Terms.of(verdict)
    yield from section("Plan", _plan(verdict, terms))
    yield from section(
        "Questions that teams ask",
        [_sentence(terms, f"{c.question} {c.answer}") for c in verdict.considerations],
    )
    yield from section(
        "Risks", [_sentence(terms, f"{risk.name}: {risk.detail}") for risk in verdict.risks]
    )
    yield from section("What tells more, and is worth its price", _steps(verdict, terms))


def _rules(verdict: Verdict, width: int, height: int) -> Iterator[Content]:
    terms = Terms.of(verdict)
    yield from section(
        f"Ruled out: {len(verdict.excluded)}",
        [
            Content.assemble(
                ("· ", "dim"),
                (fmt.clean(option_name(e.id)), "bold"),
                f"  {fmt.clean(terms.sentence(e.detail))}",
                (f"  rule: {fmt.clean(e.rule)}", "dim"),
            )
            for e in verdict.excluded
        ],
    )
    yield from section("Warnings", [Content(f"! {fmt.clean(w)}") for w in verdict.warnings])
    yield from section("Assumed, because the brief leaves it out", _assumptions(verdict))


def _sentence(terms: Terms, text: str) -> Content:
    return Content(f"· {fmt.clean(terms.sentence(text))}")


def _advantage(advantage: Advantage, verdict: Verdict) -> list[Content]:
    """In cash and in wrong answers; nothing where it is not known."""
    months = verdict.horizon_months
    over = f" over {months:g} months" if months else ""
    rows = (("in cash", advantage.cash_usd), ("in wrong answers", advantage.errors_usd))
    return [
        Content.assemble(
            (f"{name:<17}", "dim"),
            (f"{fmt.money(amount.p50):>12}", "bold"),
            f"{over}  ",
            _span(amount),
        )
        for name, amount in rows
        if amount.is_known and (amount.p10 or amount.p50 or amount.p90)
    ]


def _span(amount: Range) -> tuple[str, str]:
    return fmt.span(amount, fmt.money), "dim"


def _by_approach(verdict: Verdict, width: int) -> list[Content]:
    names = name_width(width)
    room = max(min(width - names - 8, 40), 8)
    return [
        Content.assemble(
            f"{name:<{names}} ",
            (fmt.share_bar(chance, room), "$text-success"),
            f"{fmt.of_hundred(chance):>4}",
        )
        for name, chance in approach_chances(verdict)
    ]


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


def _steps(verdict: Verdict, terms: Terms) -> list[Content]:
    """Each with what it costs and what it is worth, and its command."""
    lines = []
    for step in (*verdict.steps, *verdict.improvements):
        price = f"costs {fmt.money(step.cost_usd)}, worth {fmt.money(step.worth_usd)}"
        lines.append(Content(f"· {fmt.clean(terms.sentence(step.action))}: {price}"))
        if step.command:
            lines.append(Content.styled(f"  {fmt.clean(step.command)}", "dim"))
    return lines


_SECTIONS: MappingProxyType[str, Draw] = MappingProxyType(
    {
        "why": _why,
        "ranges": lambda verdict, width, height: range_lines(verdict, width),
        "money": money_lines,
        "quality": quality_lines,
        "learning": learning_lines,
        "flips": _flips,
        "inputs": lambda verdict, width, height: tornado_lines(verdict, width),
        "plan": _next,
        "rules": _rules,
    }
)
SECTIONS = tuple(_SECTIONS)
