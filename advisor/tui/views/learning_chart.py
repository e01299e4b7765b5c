"""How the score of a tuned option grows with labels, against the score that is good enough."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.naming import option_name
from advisor.core.verdict import LearningCurve, Verdict
from advisor.tui.views.plot import Axes, Level, Mark, Plot, PlottedLine, ShadedBand
from advisor.tui.views.quality_chart import target

NONE = "no tuned option learns from labels here: no curve"


def learning_lines(verdict: Verdict, width: int, height: int) -> Iterator[Content]:
    """The curve with its band, where it stands now, and what is still needed."""
    curve = verdict.curve
    if curve is None or len(curve.points) < 2:
        yield Content.styled(NONE, "dim")
    else:
        yield Content.assemble(("━━ ", "$text-success"), fmt.clean(option_name(curve.option)))
        yield from _plot(curve, target(verdict)).rows(width, height)
        yield Content.styled(
            f"● {fmt.count(curve.now)} labels in hand; dotted: 80 % of draws", "dim"
        )
    for needed in verdict.labels_needed[:3]:
        name = fmt.clean(option_name(needed.option))
        amount = f"{fmt.span(needed.labels, fmt.count)} labels" if needed.labels.is_known else ""
        text = " ".join(part for part in (amount, fmt.clean(needed.detail)) if part)
        yield Content(f"· {name}: {text}")


def _plot(curve: LearningCurve, wanted: float | None) -> Plot:
    points = [point for point in curve.points if point.score.is_known and point.examples > 0]
    low = [(p.examples, p.score.p10 or 0.0) for p in points]
    middle = [(p.examples, p.score.p50 or 0.0) for p in points]
    high = [(p.examples, p.score.p90 or 0.0) for p in points]
    nearest = min(middle, key=lambda spot: abs(spot[0] - curve.now))
    levels = [Level(wanted, f" target {fmt.score(wanted)}", "$text-warning")] if wanted else []
    return Plot(
        Axes(fmt.count, fmt.score, "labels", log_x=True),
        [PlottedLine(middle, "$text-success")],
        [ShadedBand(low, high, "$text-success")],
        [Mark(nearest, "●", "bold $text-success")],
        levels,
    )
