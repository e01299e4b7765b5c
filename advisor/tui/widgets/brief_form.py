"""The form: every question of the brief under its heading, the ones that matter most first."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalGroup, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from advisor.brief import Group, groups, makes_sense
from advisor.core.brief import Brief, questions
from advisor.report.words import plural
from advisor.tui.draft import Draft
from advisor.tui.widgets.field import Field


class GroupBox(VerticalGroup):
    """One heading with its fields; those that matter less are made when first asked for."""

    DEFAULT_CSS = """
    GroupBox {
        margin-bottom: 1;
    }
    """

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.group = group
        self.asked = [questions()[key] for key in group.keys]

    def compose(self) -> ComposeResult:
        yield Static(classes="heading")
        yield from (Field(q) for q in self.asked if q.basic)

    def relate(self, brief: Brief) -> None:
        """Show what makes sense: all of an optional table, what is answered, and what can still matter."""
        self.query_one(".heading", Static).update(heading(self.group, brief))
        for field in self.query(Field):
            key = field.question.key
            field.display = bool(self.group.optional) or key in brief.origins or makes_sense(brief, key)

    async def add_rest(self, draft: Draft) -> None:
        """Make the remaining fields, in the order of the questions."""
        have = {f.question.key: f for f in self.query(Field)}
        before: Field | None = None
        for question in self.asked:
            field = have.get(question.key)
            if field is None:
                field = Field(question)
                await self.mount(field, after=before or self.query_one(".heading"))
                put(field, draft)
            before = field


class BriefForm(VerticalScroll):
    """All groups in one scroll; a button and `m` bring the rest of the questions."""

    BORDER_TITLE = "Brief"
    DEFAULT_CSS = """
    BriefForm {
        border: round $foreground 30%; border-title-color: $foreground; padding: 0 1; scrollbar-size-vertical: 1;
        &:focus-within { border: round $border; }
        Button { width: 100%; }
    }
    """

    def __init__(self, draft: Draft, id: str) -> None:
        super().__init__(id=id, can_focus=False)
        self.draft = draft
        self.groups = groups()
        self.all_shown = False

    def compose(self) -> ComposeResult:
        boxes = [GroupBox(group) for group in self.groups]
        for box in boxes:
            box.display = any(q.basic for q in box.asked)
        yield from boxes
        hidden = sum(not q.basic for box in boxes for q in box.asked)
        yield Button(f"{hidden} more questions (m)", id="more", compact=True)

    def on_mount(self) -> None:
        self.fill(self.draft)

    def fill(self, draft: Draft) -> None:
        """Show the answers of a draft in every field."""
        for field in self.query(Field):
            put(field, draft)
        self.relate(draft)

    def relate(self, draft: Draft) -> None:
        """Hide the questions that cannot matter, given the answers there are."""
        self.draft = draft
        for box in self.query(GroupBox):
            box.relate(draft.brief)

    def field(self, key: str) -> Field | None:
        """The field of a question, None while it is not made."""
        return next((f for f in self.query(Field) if f.question.key == key), None)

    @on(Button.Pressed, "#more")
    async def add_rest(self) -> None:
        """Make and show the questions that matter less."""
        if self.all_shown:
            return
        self.all_shown = True
        with self.app.batch_update():
            for box in self.query(GroupBox):
                await box.add_rest(self.draft)
                box.display = True
            self.relate(self.draft)
        self.query_one("#more").display = False

    async def reveal(self, key: str) -> None:
        """Bring the field of a question under the focus."""
        if self.field(key) is None:
            await self.add_rest()
        if found := self.field(key):
            found.control.focus()


def put(field: Field, draft: Draft) -> None:
    """Show in a field what the draft says about its question."""
    key = field.question.key
    supposed = key in draft.supposed
    field.show(draft.supposed[key] if supposed else draft.value(key), supposed=supposed)


def heading(group: Group, brief: Brief) -> Content:
    """The title of a group, with what the file holds in lists, which only the file can change."""
    lists = {"Traffic": (len(brief.segments), "segment"), "Quality": (len(brief.quality.measured), "measured score")}
    count, name = lists.get(group.title, (0, ""))
    return Content.assemble(
        (group.title, "bold $text-primary"),
        (f"  and {plural(count, name)} in the file" if count else "", "dim"),
    )
