"""The questions of the Calibrate tab; those of a prompt run in groups that fold."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalGroup

from advisor.core.format import clean
from advisor.core.question import Question
from advisor.tui.model.run_notes import group_note
from advisor.tui.model.run_questions import GROUPS, LIMITS, MODEL, RARE, questions_for
from advisor.tui.model.run_request import PREFIX, PROMPTS, CalibrationRequest
from advisor.tui.widgets.field import Field
from advisor.tui.widgets.group_heading import GroupHeading, heading_line
from advisor.tui.widgets.technique_list import TechniqueList

OPEN_FIRST = (MODEL, "Prompts")
TECHNIQUES = "techniques"
_INDENT = 2


class RunGroup(VerticalGroup):
    """A heading with its questions. Of other runs than prompts the heading is left out."""

    DEFAULT_CSS = """
    RunGroup .fields { height: auto; }
    """

    def __init__(self, title: str, questions: Sequence[Question]) -> None:
        super().__init__()
        self.title = title
        self.fields = {_name(question): _row(question) for question in questions}
        self.heading = GroupHeading(self)
        self.is_open = title in OPEN_FIRST
        self._request = CalibrationRequest()
        self._drawn: tuple[str, bool] | None = None
        self._body = VerticalGroup(*self.fields.values(), classes="fields")

    def compose(self) -> ComposeResult:
        yield self.heading
        yield self._body

    async def unfold(self, is_open: bool) -> None:
        """Show or hide the questions."""
        if not is_open and self._body.has_focus_within:
            self.heading.focus()
        self.is_open = is_open
        self._draw()

    def relate(self, request: CalibrationRequest, wanted: Collection[str]) -> None:
        """Show those of `wanted` that are asked here."""
        self._request = request
        for name, field in self.fields.items():
            if field.display != (name in wanted):
                field.display = name in wanted
        self.display = any(name in wanted for name in self.fields)
        self._draw()

    def _draw(self) -> None:
        is_titled = bool(self.title) and self._request.what == PROMPTS
        # Not by classes: they would look up the style of every field again, which takes long.
        self.heading.display = is_titled
        self._body.display = self.is_open or not is_titled
        self._body.styles.padding = (0, 0, 0, _INDENT if is_titled else 0)
        note = "" if self.is_open else clean(group_note(self.title, self._request))
        if (note, self.is_open) != self._drawn:
            self._drawn = (note, self.is_open)
            self.heading.update(heading_line(self.title, note, is_open=self.is_open))


class RunForm(VerticalGroup):
    """Every question of a run; what matters for the request is shown."""

    def __init__(self) -> None:
        super().__init__()
        self._groups = {title: RunGroup(title, group) for title, group in GROUPS.items()}

    def compose(self) -> ComposeResult:
        yield from self._groups.values()

    @property
    def fields(self) -> dict[str, Field]:
        """The fields by the names of their questions."""
        rows = {name: row for group in self._groups.values() for name, row in group.fields.items()}
        return {name: row for name, row in rows.items() if isinstance(row, Field)}

    @property
    def techniques(self) -> TechniqueList:
        """The list of techniques."""
        row = self._groups["Prompts"].fields[TECHNIQUES]
        assert isinstance(row, TechniqueList)
        return row

    def fill(self, request: CalibrationRequest) -> None:
        """Show the answers of a request."""
        for field in self.fields.values():
            field.show(request.value(field.question.key))
        self.relate(request)

    def relate(self, request: CalibrationRequest, relevant: Sequence[str] = ()) -> None:
        """Show the questions that matter for this request; those of `RARE` where answered or in
        `relevant`.
        """
        rare = {name for name in RARE if name not in relevant and request.value(name) is None}
        wanted = set(questions_for(request)) - rare
        self.techniques.show(request.shown_techniques)
        for group in self._groups.values():
            if relevant and group.title == LIMITS:
                group.is_open = True
            group.relate(request, wanted)


def _name(question: Question) -> str:
    return question.key.removeprefix(PREFIX)


def _row(question: Question) -> Field | TechniqueList:
    return TechniqueList(question) if _name(question) == TECHNIQUES else Field(question)
