"""This machine, live: read every second in a thread while the pane is in sight, with the course of
each reading; and the GPUs of other machines, from runs that were imported.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from advisor.core.errors import AdvisorError
from advisor.core.format import clean
from advisor.core.probes import HardwareReport
from advisor.tui.messages import MachineRead
from advisor.tui.views.gauges import History
from advisor.tui.views.probes import machine_lines
from advisor.tui.views.runs_elsewhere import elsewhere_lines
from advisor.tui.widgets.fitted_text import FittedText
from advisor.tui.work.judge_jobs import unexpected

if TYPE_CHECKING:
    from advisor.tui.model.runs_elsewhere import RunElsewhere

EVERY_SECONDS = 1.0
"""Pause between two readings."""

GROUP = "machine"
UNUSED = (
    "The verdict does not use this machine: the brief names its GPU "
    "(Brief, Hardware, GPU; auto looks here)."
)


class HardwarePane(VerticalScroll):
    """`machine` reads the machine once; it may take long and raise, so it is only called in a
    thread.
    """

    BORDER_TITLE = "Hardware, live: a column a second"
    DEFAULT_CSS = """
    HardwarePane {
        border: round $foreground 30%; border-title-color: $foreground;
        border-subtitle-color: $foreground 75%; padding: 0 1;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        &:focus { border: round $border; }
    }
    """

    def __init__(self, machine: Callable[[], HardwareReport], id: str) -> None:
        super().__init__(id=id)
        self._machine = machine
        self._history = History()
        self._timer: Timer | None = None
        self._reading: Worker[None] | None = None
        self._uses_this_machine = True
        self._elsewhere: tuple[RunElsewhere, ...] = ()

    def compose(self) -> ComposeResult:
        yield FittedText("reading the machine …")

    def show(self, uses_this_machine: bool) -> None:
        """Whether the brief asks for the GPUs of this machine; where not, the pane says so."""
        self._uses_this_machine = uses_this_machine

    def follow(self, on: bool) -> None:
        """Begin to read again and again, or stop; a reading under way then counts no more."""
        if on == (self._timer is not None):
            return
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self.workers.cancel_group(self, GROUP)
            self._history.gap()
        else:
            self._timer = self.set_interval(EVERY_SECONDS, self._read)
            self.run_worker(self._find_elsewhere, group="elsewhere", thread=True, exclusive=True)
            self._read()

    def _find_elsewhere(self) -> None:
        """Runs of other machines; a store that cannot be read is named on other tabs."""
        from advisor.tui.model.runs_elsewhere import runs_elsewhere

        with suppress(AdvisorError):
            runs = runs_elsewhere()
            self.app.call_from_thread(self._take_elsewhere, runs)

    def _take_elsewhere(self, runs: tuple[RunElsewhere, ...]) -> None:
        self._elsewhere = runs
        if self._history.newest is not None:
            self._show_report(self._history.newest)

    def _show_report(self, report: HardwareReport) -> None:
        self.query_one(FittedText).show(partial(self._draw, report))

    def _read(self) -> None:
        busy = self._reading is not None and not self._reading.is_finished
        if not busy and self.screen.is_current:
            self._reading = self.run_worker(
                self._work, group=GROUP, thread=True, exclusive=True, exit_on_error=False
            )

    def _work(self) -> None:
        worker = get_current_worker()
        try:
            read = MachineRead(self._machine())
        except AdvisorError as error:
            read = MachineRead(None, str(error))
        except Exception as error:
            read = MachineRead(None, unexpected(error))
        if not worker.is_cancelled:
            self.post_message(read)

    @on(MachineRead)
    def _take(self, message: MachineRead) -> None:
        message.stop()
        if self._timer is None:
            return
        if message.report is None:
            failure = Content.styled(f"✗ {clean(message.failure)}", "$text-error")
            self.query_one(FittedText).show(lambda width: failure)
        else:
            self._history.add(message.report)
            self._show_report(message.report)

    def _draw(self, report: HardwareReport, width: int) -> Content:
        note = () if self._uses_this_machine else (Content(""), Content.styled(UNUSED, "dim"))
        return Content("\n").join(
            (
                self._history.lines(report, width),
                elsewhere_lines(self._elsewhere, width),
                *note,
                Content(""),
                machine_lines(report, width),
            )
        )
