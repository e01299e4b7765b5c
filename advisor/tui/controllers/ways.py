"""The ways from an open verdict to a decided one: a test set, a known score, a measured prompt."""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.errors import UsageError
from advisor.core.format import clean
from advisor.tui.model.known_enough import most_important_gap
from advisor.tui.model.known_scores import scorables, with_score
from advisor.tui.model.run_request import CalibrationRequest
from advisor.tui.model.ways_forward import WayForward, items_to_set_aside, prompt_to_measure
from advisor.tui.model.ways_forward import ways_forward as ways_from

if TYPE_CHECKING:
    from advisor.core.probes import DataReport
    from advisor.tui.screens.desk import Desk


class WaysController:
    """Each way ends in answers of the brief, so that undo takes it back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def _data(self) -> DataReport | None:
        observations = self._desk.judging.observations
        return observations.data if observations is not None else None

    def ways(self) -> tuple[WayForward, ...]:
        """What leads on from the verdict on the desk."""
        verdict = self._desk.verdict
        return ways_from(verdict, self._desk.draft.judged, self._data) if verdict else ()

    async def set_aside(self) -> None:
        """Divide the data file into test items and the rest, and name both in the brief."""
        brief = self._desk.draft.brief
        items = items_to_set_aside(brief, self._data)
        if not items or self._data is None:
            self._desk.complain("no rows to set aside: there is a test set, or too few rows")
            return
        from advisor import pipeline

        path = Path(brief.folder) / brief.data.path
        try:
            test, train, test_rows, train_rows = await to_thread(
                pipeline.set_aside, path, items, self._data.answer_field
            )
        except UsageError as error:
            self._desk.complain(str(error))
            return
        folder = Path(brief.data.path).parent
        answers = {"data.path": folder / train.name, "data.eval_path": folder / test.name}
        self._desk.judging.put({key: str(value) for key, value in answers.items()})
        self._desk.notify(
            clean(f"wrote {test.name} ({test_rows:,}) and {train.name} ({train_rows:,})"),
            markup=False,
        )

    async def note_score(self) -> None:
        """Ask for a score that the user knows, and put it into the brief."""
        from advisor.tui.screens.score import AskScore

        options = scorables(self._desk.draft.brief, self._desk.verdict)
        if not options:
            self._desk.complain("name the model in place today first (Brief, Today, model)")
            return
        typed = await self._desk.app.push_screen_wait(AskScore(options))
        if typed is not None:
            draft = self._desk.draft
            changed = with_score(draft, typed.of, typed.score, typed.items)
            self._desk.judging.change(changed, frozenset(("quality.measured",)))

    async def measure_prompt(self) -> bool:
        """Fill the Calibrate tab with what the next step measures; whether there was anything."""
        verdict = self._desk.verdict
        model = prompt_to_measure(verdict) if verdict is not None else ""
        if not model or self._desk.current_tab == "calibrate":
            return False
        await self._desk.action_tab("calibrate")
        await self._desk.panes.bring("calibrate")
        self._desk.calibration.request(CalibrationRequest.of_prompt(model))
        return True

    async def answer_gap(self) -> None:
        """Go to the answer that would help most."""
        brief = self._desk.draft.brief
        gap = most_important_gap(brief, self._desk.verdict)
        if not (brief.quality.target or brief.quality.error_cost_usd.p90) and not (
            gap is not None and gap.needed
        ):
            await self._desk.go_to("quality.target")
        elif gap is None:
            self._desk.notify("every question that matters most is answered", markup=False)
        else:
            await self._desk.go_to(gap.key)
