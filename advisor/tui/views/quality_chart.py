"""Quality against cost, with the score that is good enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_uppercase

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.verdict import OptionRecord, Verdict
from advisor.tui.views.options import option_rows
from advisor.tui.views.plot import Axes, Level, Mark, Plot

MOST = 12
"""Options with a letter in the picture; more cannot be told apart."""

TARGET = "quality.target"


def quality_lines(verdict: Verdict, width: int, height: int) -> Iterator[Content]:
    """The picture, and below it what each letter is."""
    options = [
        option
        for option, _ in option_rows(verdict, folded=True)
        if option.quality.is_known and (option.monthly_usd.p50 or 0.0) > 0
    ][:MOST]
    if not options:
        yield Content.styled("no option has both a score and a cost", "dim")
        return
    yield from _plot(options, verdict).rows(width, height)
    yield from _names(options, verdict, width)


def target(verdict: Verdict) -> float | None:
    """The score that is good enough, where the brief says one."""
    answer = next((answer for answer in verdict.answers if answer.key == TARGET), None)
    return answer.number or None if answer is not None else None


def _plot(options: Sequence[OptionRecord], verdict: Verdict) -> Plot:
    marks = [
        Mark(
            (option.monthly_usd.p50 or 0.0, option.quality.p50 or 0.0),
            letter,
            _style(option, verdict),
        )
        for option, letter in zip(options, ascii_uppercase, strict=False)
    ]
    wanted = target(verdict)
    levels = [Level(wanted, f" target {fmt.score(wanted)}", "$text-warning")] if wanted else []
    axes = Axes(fmt.compact_money, fmt.score, "per month", log_x=True)
    return Plot(axes, marks=marks, levels=levels)


def _style(option: OptionRecord, verdict: Verdict) -> str:
    return "bold reverse $text-success" if option.id == verdict.subject else "bold $text-accent"


def _names(options: Sequence[OptionRecord], verdict: Verdict, width: int) -> Iterator[Content]:
    for option, letter in zip(options, ascii_uppercase, strict=False):
        tail = f" {fmt.score(option.quality.p50):>6} {fmt.compact_money(option.monthly_usd.p50):>9}"
        room = width - len(tail) - 3
        name = Content(fmt.clean(option_name(option.id))).truncate(room, ellipsis=True, pad=True)
        yield Content.assemble((letter, _style(option, verdict)), "  ", name, (tail, "dim"))
