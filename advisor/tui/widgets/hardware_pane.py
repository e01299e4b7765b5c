"""This machine, live: read every second in a thread while the pane is in sight, with the course of
each reading.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from advisor.core.errors import AdvisorError
from advisor.core.format import clean
from advisor.core.probes import HardwareReport
from advisor.tui.bench import unexpected
from advisor.tui.messages import Read
from advisor.tui.views.live import History
from advisor.tui.views.probes import machine_lines
from advisor.tui.widgets.panes import FittedText

EVERY_SECONDS = 1.0
"""Pause between two readings."""

GROUP = "machine"
NOT_ASKED = "The verdict does not look at this machine: the brief names its card (Brief, Hardware, GPU; auto looks here)."


class HardwarePane(VerticalScroll):
    """`machine` reads the machine once; it may take long and raise, so it is only called in a
    thread.
    """

    BORDER_TITLE = "Hardware, live: a column a second"
    DEFAULT_CSS = """
    HardwarePane {
        border: round $foreground 30%; border-title-color: $foreground; padding: 0 1;
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
        self._asked = True

    def compose(self) -> ComposeResult:
        yield FittedText("reading the machine …")

    def show(self, asked: bool) -> None:
        """Whether the brief asks for the cards of this machine; where not, the pane says so."""
        self._asked = asked

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
            self._read()

    def _read(self) -> None:
        busy = self._reading is not None and not self._reading.is_finished
        if not busy and self.screen.is_current:
            self._reading = self.run_worker(
                self._work, group=GROUP, thread=True, exclusive=True, exit_on_error=False
            )

    def _work(self) -> None:
        worker = get_current_worker()
        try:
            read = Read(self._machine())
        except AdvisorError as error:
            read = Read(None, str(error))
        except Exception as error:
            read = Read(None, unexpected(error))
        if not worker.is_cancelled:
            self.post_message(read)

    @on(Read)
    def _take(self, message: Read) -> None:
        message.stop()
        if self._timer is None:
            return
        if message.report is None:
            failure = Content.styled(f"✗ {clean(message.failure)}", "$text-error")
            self.query_one(FittedText).show(lambda width: failure)
        else:
            self._history.add(message.report)
            self.query_one(FittedText).show(partial(self._draw, message.report))

    def _draw(self, report: HardwareReport, width: int) -> Content:
        note = () if self._asked else (Content(""), Content.styled(NOT_ASKED, "dim"))
        return Content("\n").join(
            (self._history.lines(report, width), *note, Content(""), machine_lines(report, width))
        )
