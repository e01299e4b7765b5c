"""The command that gives in a plain terminal what a place of the app shows. No Textual here."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.brief import questions
from advisor.tui.model.calibration_twin import calibration_words, from_here
from advisor.tui.model.question_text import as_typed
from advisor.tui.model.run_request import CalibrationRequest

if TYPE_CHECKING:
    from advisor.tui.model.draft import Draft

NEW = "brief.toml"


def twin(
    place: str,
    draft: Draft,
    option_id: str = "",
    figure_id: str = "",
    request: CalibrationRequest | None = None,
) -> str:
    """The command for a place, by the id of its tab, or `explain` for a figure of an option;
    `request` is that of the Calibrate tab.
    """
    brief = from_here(draft.path) if draft.path is not None else NEW
    planned = request or CalibrationRequest()
    data = draft.brief.data.path or "FILE"
    commands = {
        "brief": ["recommend", brief, *_what_ifs(draft)],
        "verdict": ["recommend", brief, *_what_ifs(draft)],
        "data": ["data", data],
        "hardware": ["probe"],
        "calibrate": ["calibrate", *calibration_words(planned, brief, Path(draft.brief.folder))],
        "decision": ["recommend", brief, *_what_ifs(draft)],
        "compare": ["diff", brief, "OTHER.toml"],
        "report": ["recommend", brief, "-o", "report.html"],
        "explain": ["explain", brief, f"{option_id}:{figure_id}", *_what_ifs(draft)],
    }
    return shlex.join(["advisor", *commands[place]])


def _what_ifs(draft: Draft) -> list[str]:
    return [
        word
        for key, value in draft.supposed.items()
        for word in ("--set", f"{key}={as_typed(questions()[key], value).replace(' ', '')}")
    ]
