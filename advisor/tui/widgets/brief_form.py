"""The form: every question of the brief in groups that fold, the important ones open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import VerticalGroup, VerticalScroll
from textual.content import Content

from advisor.brief import QuestionGroup, groups, makes_sense
from advisor.core.brief import Brief, questions
from advisor.core.format import plural
from advisor.tui.model.completion import Names
from advisor.tui.model.draft import Draft
from advisor.tui.model.effects import Effect
from advisor.tui.widgets.field import Field
from advisor.tui.widgets.focus_border import FocusBorder
from advisor.tui.widgets.group_heading import GroupHeading, heading_line

OPEN_FIRST = ("Task", "Traffic", "Quality", "Data", "Today")
"""Groups that are open in a new form: they decide most verdicts."""

OPEN_WHERE_TALL = ("Budget", "Team", "Hardware", "Policy")
BETWEEN_GROUPS_SECONDS = 0.05
"""Pause before the next group opens, in which a key is answered."""
TALL = 55
"""Lines from which on more groups are open."""

ALSO_FIRST = frozenset(
    ("current.model", "current.monthly_usd", "traffic.max_latency_seconds", "data.eval_path")
)
"""Questions beside the basic ones that most teams can answer at once."""


MORE = "m opens every question"


class GroupBox(VerticalGroup):
    """One heading with its fields, which are made when the group is first opened.

    `all_questions`: also those that matter less.
    """

    DEFAULT_CSS = """
    GroupBox {
        .fields { height: auto; display: none; padding-left: 2; }
        &.-open .fields { display: block; }
        &.-open { margin-bottom: 1; }
    }
    """

    def __init__(self, group: QuestionGroup, form: BriefForm, *, is_open: bool) -> None:
        super().__init__(classes="-open" if is_open else "")
        self.group = group
        self._form = form
        self.heading = GroupHeading(self, MORE)
        self.is_open = is_open
        self.all_questions = False
        self.fields = {key: Field(questions()[key]) for key in self.first_keys if is_open}
        self._body = VerticalGroup(*self.fields.values(), classes="fields")

    def compose(self) -> ComposeResult:
        yield self.heading
        yield self._body

    @property
    def first_keys(self) -> tuple[str, ...]:
        """The questions that are asked when the group is opened."""
        return tuple(key for key in self.group.keys if questions()[key].basic or key in ALSO_FIRST)

    async def unfold(self, is_open: bool, *, all_questions: bool = False) -> None:
        """Show or hide the fields."""
        self.all_questions = self.all_questions or all_questions or not self.first_keys
        self.is_open = is_open
        if not is_open and self.has_focus_within:
            self.heading.focus()
        # Before the fields are there: the styles of each would be looked up once more.
        self.set_class(is_open, "-open")
        if is_open:
            await self._make_fields()
        self._form.fill_box(self)

    async def _make_fields(self) -> None:
        wanted = self.group.keys if self.all_questions else self.first_keys
        new = {key: Field(questions()[key]) for key in wanted if key not in self.fields}
        self.fields = {
            key: self.fields.get(key) or new[key]
            for key in self.group.keys
            if key in self.fields or key in new
        }
        if not new:
            return
        await self._body.mount_all(new.values())
        places = {field: place for place, field in enumerate(self.fields.values())}
        self._body.sort_children(key=lambda child: places.get(child, 0))  # type: ignore[call-overload]


class BriefForm(FocusBorder, VerticalScroll):
    """All groups in one scroll; `m` shows every question."""

    BORDER_TITLE = "Brief"
    DEFAULT_CSS = """
    BriefForm {
        overflow-y: auto; scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, draft: Draft, id: str) -> None:
        super().__init__(id=id, can_focus=False)
        self.draft = draft
        first = OPEN_FIRST[0]
        self.boxes = [GroupBox(group, self, is_open=group.title == first) for group in groups()]
        self._names = Names()
        self._to_open: list[GroupBox] = []
        self._findings: Mapping[str, str] = {}
        self._stand_ins: Mapping[str, str] = {}
        self._effects: Mapping[str, Effect] = {}

    def compose(self) -> ComposeResult:
        yield from self.boxes

    def on_mount(self) -> None:
        self.fill(self.draft)
        tall = self.app.size.height >= TALL
        wanted = OPEN_FIRST + OPEN_WHERE_TALL if tall else OPEN_FIRST
        self._to_open = [box for box in self.boxes if box.group.title in wanted and not box.is_open]
        self.call_after_refresh(self.set_timer, BETWEEN_GROUPS_SECONDS, self._open_next)

    def on_resize(self) -> None:
        """The field in focus stays in sight where help grows or the window shrinks."""
        if self.has_focus_within and self.screen.focused is not None:
            self.screen.focused.scroll_visible(animate=False)

    async def _open_next(self) -> None:
        """One group at a time: to lay out and paint all of them at once would hold up keys."""
        if self._to_open:
            await self._to_open.pop(0).unfold(True)
            self.set_timer(BETWEEN_GROUPS_SECONDS, self._open_next)

    @property
    def fields(self) -> Iterable[Field]:
        """Every field that is made, in order."""
        return (field for box in self.boxes for field in box.fields.values())

    def fill(self, draft: Draft) -> None:
        """Show the answers of a draft in every field."""
        self.draft = draft
        for box in self.boxes:
            self.fill_box(box)

    def fill_box(self, box: GroupBox) -> None:
        """Show the answers of the draft in one group."""
        folder = Path(self.draft.brief.folder)
        for key, field in box.fields.items():
            field.complete_with(self._names, folder)
            put(field, self.draft)
            field.note_finding(self._findings.get(key, ""))
            field.stand_in(self._stand_ins.get(key, ""))
            field.note_effect(_sign(self._effects, key))
        self._relate(box)

    def relate(self, draft: Draft) -> None:
        """Show which questions make sense with these answers, and how many are answered."""
        self.draft = draft
        for box in self.boxes:
            self._relate(box)

    def _relate(self, box: GroupBox) -> None:
        brief = self.draft.brief
        box.heading.update(heading(box, brief))
        for key, field in box.fields.items():
            visible = bool(box.group.optional) or key in brief.origins or makes_sense(brief, key)
            if field.display != visible:
                field.display = visible

    def complete_with(self, names: Names) -> None:
        """Names of models and GPUs for completion in every field."""
        self._names = names
        for field in self.fields:
            field.complete_with(names, Path(self.draft.brief.folder))

    def show_findings(self, findings: Mapping[str, str], stand_ins: Mapping[str, str]) -> None:
        """What the data say by key: where it differs from the answers, and where it stands in for
        a missing one.
        """
        self._findings = findings
        self._stand_ins = stand_ins
        for field in self.fields:
            field.note_finding(findings.get(field.question.key, ""))
            field.stand_in(stand_ins.get(field.question.key, ""))

    def show_effects(self, effects: Mapping[str, Effect]) -> None:
        """How much each answer moves the verdict, by key."""
        self._effects = effects
        for field in self.fields:
            field.note_effect(_sign(effects, field.question.key))

    def field(self, key: str) -> Field | None:
        """The field of a question, None while it is not made."""
        return next((box.fields[key] for box in self.boxes if key in box.fields), None)

    def mark(self, key: str, line: str) -> None:
        """Mark the field of `key` as refused, and no other; an empty key removes every mark."""
        for field in self.fields:
            if field.question.key == key:
                field.refuse(line)
            elif not key and field.refusal:
                field.refuse("")
                field.check()

    def put_back(self) -> bool:
        """Show the answer again where the text of a field is not one; False where every text is."""
        field = next((one for one in self.fields if one.refusal and one.check()), None)
        if field is not None:
            put(field, self.draft)
        return field is not None

    async def show_all(self) -> None:
        """Open every group with all its questions."""
        with self.app.batch_update():
            for box in self.boxes:
                await box.unfold(True, all_questions=True)

    async def reveal(self, key: str) -> None:
        """Bring the field of a question under the focus."""
        box = next((box for box in self.boxes if key in box.group.keys), None)
        if box is None:
            return
        await box.unfold(True, all_questions=key not in box.first_keys)
        if field := self.field(key):
            self.screen.set_focus(field.control)  # at once: the next key is for it
            # What was folded has its place only after the next layout.
            self.call_after_refresh(field.scroll_visible, animate=False)


def _sign(effects: Mapping[str, Effect], key: str) -> str:
    return effects[key].sign if key in effects else ""


def put(field: Field, draft: Draft) -> None:
    """Show in a field what the draft says about its question."""
    key = field.question.key
    supposed = key in draft.supposed
    field.show(draft.supposed[key] if supposed else draft.value(key), supposed=supposed)


def heading(box: GroupBox, brief: Brief) -> Content:
    """The fold mark and title of a group, and how many of its questions are answered."""
    group = box.group
    answered = sum(key in brief.origins for key in group.keys)
    notes = [f"{answered} of {len(group.keys)} answered"]
    if group.title == "Traffic" and brief.segments:
        notes.append(plural(len(brief.segments), "segment"))
    if group.title == "Quality" and brief.quality.measured:
        notes.append(plural(len(brief.quality.measured), "measured score"))
    return heading_line(group.title, " · ".join(notes), is_open=box.is_open)
