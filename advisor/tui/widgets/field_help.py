"""Help that follows the focus: one line always, everything on F1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from advisor.tui.model.question_text import long_help, short_help
from advisor.tui.model.stepping import can_step

if TYPE_CHECKING:
    from advisor.core.probes import DataReport
    from advisor.core.question import Question
    from advisor.core.verdict import Verdict
    from advisor.tui.model.draft import Draft

GENERAL = (
    (
        "Fields",
        "type, then enter; an empty field uses its stated default; if unsure: 2.4M..3.6M",
    ),
    (
        "What if",
        "+ and − on a number try another value; enter keeps it, escape drops it; it is never saved",
    ),
    ("Leave", "escape leaves a field; then the letters and numbers in the footer work"),
    ("Explain", "e or F2 shows formula, numbers and source of every figure"),
    ("Commands", "ctrl+p finds every command and every question"),
)


class FieldHelp(Widget):
    """Explains the question under the focus, and what is wrong with its answer; without one, how
    the app is used.
    """

    DEFAULT_CSS = """
    FieldHelp {
        height: auto; max-height: 4; padding: 0 1; background: $panel; color: $foreground;
        &.-open { max-height: 12; border-top: solid $primary; }
    }
    """

    question: reactive[Question | None] = reactive(None, layout=True)
    about: reactive[str] = reactive("", layout=True)
    refusal: reactive[str] = reactive("", layout=True)
    opened: reactive[bool] = reactive(False, layout=True, toggle_class="-open")

    verdict: reactive[Verdict | None] = reactive(None, layout=True)
    draft: reactive[Draft | None] = reactive(None, layout=True)
    report: reactive[DataReport | None] = reactive(None, layout=True)

    def _slider(self) -> Content:
        """The number in focus on a slider, with the value at which the verdict flips."""
        if self.question is None or self.draft is None or not can_step(self.question):
            return Content("")
        key = self.question.key
        if not key.startswith("calibrate."):
            from advisor.tui.model.proposed_answers import value_in_use
            from advisor.tui.views.slider import slider_line

            value = value_in_use(self.report, self.draft, key)
            stated = None
            if key in self.draft.supposed:
                stated = value_in_use(self.report, self.draft.drop(key), key)
            width = self.content_size.width or 80
            return slider_line(self.question, value, self.verdict, width, stated)
        return Content("")

    def _effect(self) -> Content:
        """How much the answer in focus moves the verdict."""
        if self.question is None or self.refusal:
            return Content("")
        from advisor.tui.model.effects import effects

        effect = effects(self.verdict).get(self.question.key)
        return Content.assemble(("effect   ", "bold"), effect.text) if effect else Content("")

    def render(self) -> Content:
        if self.question is None:
            rows = list(GENERAL)
            lead = self.about or "tab goes to the form · F1 explains · ctrl+p: every command"
        else:
            rows = long_help(self.question)
            lead = short_help(self.question)
        if self.refusal:
            lead = f"✗ {self.refusal}"
        above = [line for line in (self._slider(), self._effect()) if line.plain]
        if not self.opened:
            return Content("\n").join([*above, Content(lead)])
        lines = [Content.assemble((f"{name:<9} ", "bold"), text) for name, text in rows]
        return Content("\n").join([Content.styled(lead, "bold"), *lines])
