"""What a calibration changed in the verdict on a brief."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core.brief import Brief
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import OptionRecord, Verdict

if TYPE_CHECKING:
    from advisor.pipeline import Surroundings

MOST_OPTIONS = 6
"""Options that are named with what was learned of them."""

LEARNED = ("quality.score", "train.hours")
"""Figures that calibrations measure, directly or by what they rest on."""


@dataclass(frozen=True, slots=True)
class VerdictSummary:
    """A verdict in short: the chosen arm with its money (USD), weeks and score.

    No arm: no option is left.
    """

    verdict: str
    option: str
    p_best: float
    one_off_usd: Range
    monthly_usd: Range
    weeks: Range
    quality: Range


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure of an option before and after, as ranges with their basis."""

    option: str
    figure: str
    before: Range
    before_basis: str
    after: Range
    after_basis: str


@dataclass(frozen=True, slots=True)
class CalibrationEffect:
    """The verdict before and after, and what was learned of which option, the largest changes
    first.
    """

    before: VerdictSummary
    after: VerdictSummary
    learned: tuple[FigureChange, ...]

    @property
    def flips(self) -> bool:
        """Whether the word of the verdict or the chosen option is another."""
        return (self.before.verdict, self.before.option) != (self.after.verdict, self.after.option)


def effect(brief: Brief, before: Surroundings, after: Surroundings) -> CalibrationEffect:
    """The verdict on what was known before, and on what is known after. Raises UsageError."""
    return compare(verdict_on(brief, before), verdict_on(brief, after))


def effect_of_run(brief: Brief, around: Surroundings, run_id: int) -> CalibrationEffect:
    """The verdict without this run, and with it; the rest of `around` stays as it was found.

    Raises UsageError.
    """
    from advisor.pipeline import with_own_runs

    return effect(brief, with_own_runs(brief, around, without=run_id), with_own_runs(brief, around))


def verdict_on(brief: Brief, around: Surroundings) -> Verdict:
    """The verdict with every figure; where all options are ruled out, the record that says so."""
    from advisor.pipeline import NothingLeft, judge

    try:
        return judge(brief, around)
    except NothingLeft as stop:
        return stop.verdict


def compare(before: Verdict, after: Verdict) -> CalibrationEffect:
    """Two verdicts on the same brief as an effect."""
    return CalibrationEffect(
        _side(before), _side(after), tuple(_learned(before, after))[:MOST_OPTIONS]
    )


def _side(verdict: Verdict) -> VerdictSummary:
    option = verdict.chosen
    if option is None:
        return VerdictSummary(verdict.verdict, "", 0.0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    return VerdictSummary(
        verdict.verdict,
        option.id,
        verdict.p_best if verdict.p_approach is None else verdict.p_approach,
        option.one_off_usd,
        option.monthly_usd,
        option.weeks,
        option.quality,
    )


def _learned(before: Verdict, after: Verdict) -> list[FigureChange]:
    """Figures that moved or narrowed, once an option however it is served; the largest change of
    the middle first.
    """
    old = {option.id: option for option in before.arms}
    changes: dict[tuple[str, str], FigureChange] = {}
    for option in after.arms:
        if option.id in old:
            for one in _of_option(old[option.id], option):
                changes.setdefault((one.option, one.figure), one)
    return sorted(changes.values(), key=_size, reverse=True)


def _of_option(before: OptionRecord, after: OptionRecord) -> Iterator[FigureChange]:
    for name in LEARNED:
        one = before.figure(name)
        other = after.figure(name)
        if (
            one is None
            or other is None
            or (one.p10, one.p50, one.p90) == (other.p10, other.p50, other.p90)
        ):
            continue
        yield FigureChange(
            after.id.partition("+")[0],
            name,
            Range(one.p10, one.p50, one.p90),
            _basis(before, name),
            Range(other.p10, other.p50, other.p90),
            _basis(after, name),
        )


def _basis(option: OptionRecord, figure_id: str) -> str:
    """Of the figure; of hours that of the speed they rest on, which is what a calibration
    measures.
    """
    figure = option.figure(figure_id)
    if figure is None:
        return ""
    speed = next((i for i in figure.inputs if i.id.startswith("train.tokens_per_second")), None)
    return speed.basis if speed is not None else figure.basis


def _size(one: FigureChange) -> float:
    """Change of the middle in parts of the middle before; a narrower range alone counts little."""
    if not one.before.is_known or not one.after.is_known:
        return 1.0
    return (
        abs(one.after.likely / one.before.likely - 1.0)
        if one.before.likely
        else abs(one.after.likely)
    )


def effect_lines(changed: CalibrationEffect) -> list[str]:
    """The effect in few lines of plain text: verdict, option, the chosen option's figures, what was
    learned.
    """
    from advisor.core import format as fmt
    from advisor.core.naming import option_name

    one = changed.before
    other = changed.after
    rows = [
        (
            "verdict",
            fmt.VERDICT_WORDS.get(one.verdict, one.verdict),
            fmt.VERDICT_WORDS.get(other.verdict, other.verdict),
        ),
        (
            "option",
            fmt.clean(option_name(one.option)) if one.option else "none is left",
            fmt.clean(option_name(other.option)) if other.option else "none is left",
        ),
        (
            "best in",
            f"{fmt.of_hundred(one.p_best)} of 100",
            f"{fmt.of_hundred(other.p_best)} of 100",
        ),
        ("once", *_spans(one.one_off_usd, other.one_off_usd, fmt.money)),
        ("per month", *_spans(one.monthly_usd, other.monthly_usd, fmt.money)),
        ("weeks", *_spans(one.weeks, other.weeks, fmt.weeks)),
        ("quality", *_spans(one.quality, other.quality, fmt.score)),
    ]
    moved = [f"  {name:<10}{old} → {new}" for name, old, new in rows if old != new]
    unchanged = f"{rows[0][2]}, {rows[1][2]}"
    head = (
        "in the verdict, without this run → with it:"
        if moved
        else f"the verdict stays as it was: {unchanged}"
    )
    return [head, *moved, *map(_learned_line, changed.learned)]


def _spans(one: Range, other: Range, show: Callable[[float | None], str]) -> tuple[str, str]:
    return _span(one, show), _span(other, show)


def _span(interval: Range, show: Callable[[float | None], str]) -> str:
    from advisor.core import format as fmt

    return f"{show(interval.p50)} ({fmt.span(interval, show)})" if interval.is_known else "unknown"


def _learned_line(one: FigureChange) -> str:
    from advisor.core import format as fmt
    from advisor.core.naming import option_name

    show = fmt.score if one.figure == "quality.score" else fmt.number
    name = "quality" if one.figure == "quality.score" else "training, hours"
    old, new = _spans(one.before, one.after, show)
    option = fmt.clean(option_name(one.option))
    return f"  {option}: {name} {old}, {one.before_basis} → {new}, {one.after_basis}"
