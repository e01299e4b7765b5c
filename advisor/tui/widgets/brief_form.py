"""The form: every question of the brief under its heading, the ones that matter most first."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalGroup, VerticalScroll
from textual.content import Content
from textual.widget import AwaitMount
from textual.widgets import Button, Static

from advisor.brief import QuestionGroup, groups, makes_sense
from advisor.core.brief import Brief, questions
from advisor.core.format import plural
from advisor.tui.model.draft import Draft
from advisor.tui.widgets.field import Field


class GroupBox(VerticalGroup):
    """One heading with its fields; those that matter less are made when first asked for."""

    DEFAULT_CSS = """
    GroupBox { margin-bottom: 1; }
    """

    def __init__(self, group: QuestionGroup) -> None:
        super().__init__()
        self.group = group
        self.heading = Static()
        self.fields = {key: Field(q) for key in group.keys if (q := questions()[key]).basic}
        self.display = bool(self.fields)

    def compose(self) -> ComposeResult:
        yield self.heading
        yield from self.fields.values()

    def add_rest(self) -> AwaitMount:
        """Make the remaining fields, in the order of the questions."""
        new = {key: Field(questions()[key]) for key in self.group.keys if key not in self.fields}
        self.fields = {key: self.fields.get(key) or new[key] for key in self.group.keys}
        mounted = self.mount_all(new.values())
        places = {field: place for place, field in enumerate(self.fields.values())}
        self.sort_children(key=lambda w: places[w] if isinstance(w, Field) else -1)
        self.display = True
        return mounted


class BriefForm(VerticalScroll):
    """All groups in one scroll; a button and `m` bring the rest of the questions."""

    BORDER_TITLE = "Brief"
    DEFAULT_CSS = """
    BriefForm {
        border: round $foreground 30%; border-title-color: $foreground;
        padding: 0 1; scrollbar-size-vertical: 1;
        &:focus-within { border: round $border; }
        Button { width: 100%; }
    }
    """

    def __init__(self, draft: Draft, id: str) -> None:
        super().__init__(id=id, can_focus=False)
        self.draft = draft
        self.boxes = [GroupBox(group) for group in groups()]
        self.all_shown = False

    def compose(self) -> ComposeResult:
        yield from self.boxes
        hidden = sum(len(box.group.keys) - len(box.fields) for box in self.boxes)
        yield Button(f"{hidden} more questions (m)", id="more", compact=True)

    def on_mount(self) -> None:
        self.fill(self.draft)

    def fill(self, draft: Draft) -> None:
        """Show the answers of a draft in every field."""
        for box in self.boxes:
            box.heading.update(heading(box.group, draft.brief))
            for field in box.fields.values():
                put(field, draft)
        self.relate(draft)

    def relate(self, draft: Draft) -> None:
        """Show what makes sense: all of an optional table, what is answered, and what can still
        matter.
        """
        self.draft = draft
        for box in self.boxes:
            for key, field in box.fields.items():
                visible = (
                    bool(box.group.optional)
                    or key in draft.brief.origins
                    or makes_sense(draft.brief, key)
                )
                if field.display != visible:
                    field.display = visible

    def field(self, key: str) -> Field | None:
        """The field of a question, None while it is not made."""
        return next((box.fields[key] for box in self.boxes if key in box.fields), None)

    @on(Button.Pressed, "#more")
    async def add_rest(self) -> None:
        """Make and show the questions that matter less."""
        if self.all_shown:
            return
        self.all_shown = True
        with self.app.batch_update():
            for mounted in [box.add_rest() for box in self.boxes]:
                await mounted
            self.fill(self.draft)
        self.query_one("#more").display = False

    async def reveal(self, key: str) -> None:
        """Bring the field of a question under the focus."""
        if self.field(key) is None:
            await self.add_rest()
        if field := self.field(key):
            field.control.focus()


def put(field: Field, draft: Draft) -> None:
    """Show in a field what the draft says about its question."""
    key = field.question.key
    supposed = key in draft.supposed
    field.show(draft.supposed[key] if supposed else draft.value(key), supposed=supposed)


def heading(group: QuestionGroup, brief: Brief) -> Content:
    """The title of a group, with what the file holds in lists, which only the file can change."""
    lists = {
        "Traffic": (len(brief.segments), "segment"),
        "Quality": (len(brief.quality.measured), "measured score"),
    }
    count, name = lists.get(group.title, (0, ""))
    return Content.assemble(
        (group.title, "bold $text-primary"),
        (f"  and {plural(count, name)} in the file" if count else "", "dim"),
    )
