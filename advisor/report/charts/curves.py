"""The learning curve: what more labels are expected to bring."""

from __future__ import annotations

from itertools import pairwise

from advisor.core import format as fmt
from advisor.core.verdict import LearningCurve
from advisor.report.charts import canvas
from advisor.report.charts.canvas import RIGHT, LogScale, Scale
from advisor.report.page import Chart

BOTTOM = 212.0


def learning_curve(curve: LearningCurve | None, name: str, target: float | None) -> Chart | None:
    """Score (upwards) by labelled examples (to the right, on a scale of powers), with the 80 %
    interval, the labels in hand and the target.
    """
    if curve is None or len(curve.points) < 2:
        return None
    points = [p for p in curve.points if p.score.is_known and p.examples > 0]
    if len(points) < 2:
        return None
    across = LogScale(points[0].examples, points[-1].examples, 46.0, RIGHT)
    ends = [p.score.p10 or 0.0 for p in points] + [p.score.p90 or 0.0 for p in points]
    ends += [target] if target else []
    margin = 0.06 * (max(ends) - min(ends)) or 0.01
    up = Scale(max(0.0, min(ends) - margin), min(1.0, max(ends) + margin), BOTTOM, 22.0)
    top = [(across(p.examples), up(p.score.p90 or 0.0)) for p in points]
    below = [(across(p.examples), up(p.score.p10 or 0.0)) for p in points]
    middle = [(across(p.examples), up(p.score.p50 or 0.0)) for p in points]
    drawn = [canvas.polygon("haze", [*top, *reversed(below)])]
    drawn += [canvas.text("note", canvas.LEFT, up(t) + 4, fmt.score(t)) for t in up.ticks()]
    drawn += [canvas.line("mark path", *a, *b) for a, b in pairwise(middle)]
    drawn += [canvas.circle("mark", x, y, 3.5) for x, y in middle]
    for point in points:
        x = across(point.examples)
        label = fmt.compact(fmt.about(point.examples))
        drawn.append(canvas.text("note", x, BOTTOM + 16, label, canvas.anchor_at(x)))
    if points[0].examples <= curve.now <= points[-1].examples:
        drawn += _now(across(curve.now))
    if target:
        drawn.append(canvas.line("mark dash", 46.0, up(target), RIGHT, up(target)))
        drawn.append(canvas.text("note", RIGHT, up(target) - 5, f"target {target:g}", "end"))
    drawn.append(canvas.text("note", RIGHT, BOTTOM + 34, "labelled examples", "end"))
    twin = tuple(
        (
            f"{fmt.number(fmt.about(p.examples))} labelled examples",
            f"{fmt.score(p.score.p50)} ({fmt.span(p.score, fmt.score)})",
        )
        for p in points
    )
    title = f"Expected score by labelled examples, with 80 % band: {name}"
    return Chart("learning", title, canvas.svg(title, BOTTOM + 42, drawn), twin)


def _now(x: float) -> list[str]:
    anchor = canvas.anchor_at(x)
    line = canvas.line("grid dash", x, 22.0, x, BOTTOM)
    return [line, canvas.text("note", x, 16.0, "in hand", anchor)]
