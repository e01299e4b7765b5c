"""The scores of a run on one axis: how each option chose its prompt, what it spent, and how many
answers could not be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from advisor.calibrate.quality_records import QualityResult
from advisor.core import format as fmt
from advisor.core.experiment import RunRecord
from advisor.core.quantity import Range
from advisor.tui.views.axis import Axis
from advisor.tui.views.ranges import name_width

_SCORE = 7
_CHOICE = 13
_SPENT = 9
_UNREAD = 7
CHOICE = "development: the score there, and of how many prompts it is the best"
_FULL = 70
"""Narrower panes show score and interval alone."""


def score_lines(record: RunRecord, width: int) -> Iterator[Content]:
    """A line per option, and which prompt counts; nothing where fewer than two have a score."""
    scored = [QualityResult.from_json(line) for line in record.result.get("trials", ())]
    scored = [one for one in scored if one.score is not None and one.interval]
    if len(scored) < 2:
        return
    best = _best(scored)
    table = _ScoreTable(scored, width)
    yield table.head()
    for one in scored:
        yield table.row(one, is_best=one.label == best)
    yield table.ticks()
    if best:
        yield Content.styled(_counts(scored, best), "dim")
    if table.is_full and any(one.choice is not None for one in scored):
        yield Content.styled(CHOICE, "dim")


def _best(scored: Sequence[QualityResult]) -> str:
    """The label of the best prompt; empty where no prompt was scored."""
    from advisor.calibrate.intervals import best_prompt

    prompts = {one.label or "": one for one in scored if one.approach == "prompt"}
    return best_prompt(prompts)[0] if prompts else ""


def _counts(scored: Sequence[QualityResult], best: str) -> str:
    chosen = next(one for one in scored if one.label == best).choice is not None
    on = "development items" if chosen else "these test items"
    return f"★ the best prompt on {on}: the others are compared with it"


class _ScoreTable:
    """Columns that fit into `width`, on the axis of all intervals."""

    def __init__(self, scored: Sequence[QualityResult], width: int) -> None:
        self._metric = scored[0].metric
        self._names = name_width(width)
        self.is_full = width >= _FULL
        extra = _CHOICE + _SPENT + _UNREAD if self.is_full else 0
        room = max(width - self._names - 3 - _SCORE - extra - 1, 10)
        self._axis = Axis.over([_range(one) for one in scored], room, from_zero=False)

    def head(self) -> Content:
        """The names of the columns."""
        columns = ("development", _CHOICE), ("spent", _SPENT), ("unread", _UNREAD)
        extra = "".join(f"{text:>{wide}}" for text, wide in columns) if self.is_full else ""
        plot = f"{'80 %':<{self._axis.width}}"
        name = f"{self._metric:>{_SCORE + self._names + 2}}"
        return Content.styled(f"{name} {plot}{extra}", "dim")

    def row(self, one: QualityResult, *, is_best: bool) -> Content:
        """One option."""
        label = fmt.clean((one.label or "").removeprefix("prompt/").partition(", best of")[0])
        name = Content(label).truncate(self._names, ellipsis=True, pad=True)
        extra = f"{_choice(one):>{_CHOICE}}{_spent(one):>{_SPENT}}" if self.is_full else ""
        unread = sum((one.artefacts or {}).values())
        style = "$text-success" if is_best else "$text-accent"
        return Content.assemble(
            ("★ " if is_best else "  ", "$text-success"),
            name.stylize("bold") if is_best else name,
            (f"{one.score:{_SCORE}.3f} ", "bold"),
            (f"{self._axis.bar(_range(one)):<{self._axis.width}}", style),
            (extra, "dim"),
            (f"{unread:>{_UNREAD}}", "$text-warning" if unread else "dim") if self.is_full else "",
        )

    def ticks(self) -> Content:
        """The ends of the axis."""
        ticks = self._axis.ticks(fmt.score)
        return Content.styled(" " * (self._names + 3 + _SCORE) + ticks, "dim")


def _range(one: QualityResult) -> Range:
    low, high = one.interval or (0.0, 1.0)
    return Range(low, one.score, high)


def _choice(one: QualityResult) -> str:
    """The score on development items, and of how many prompts it is the best."""
    if one.choice is None:
        return "–"
    return f"{one.choice.score:.3f} ({len(one.choice.candidates)})"


def _spent(one: QualityResult) -> str:
    """USD of test, choice, embeddings and judge; – where no price is known."""
    parts = [one.usd, one.choice.usd if one.choice is not None else 0.0]
    parts += [(one.embedding or {}).get("usd", 0.0), (one.judge or {}).get("usd", 0.0)]
    priced = [part for part in parts if part is not None]
    return f"${sum(priced):.4f}" if len(priced) == len(parts) else "–"
