"""What stands in a folded group of the Calibrate tab, in a few words. No Textual here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from advisor.core import format as fmt
from advisor.tui.model.run_questions import LIMITS, MODEL
from advisor.tui.model.run_request import CalibrationRequest


def group_note(heading: str, request: CalibrationRequest) -> str:
    """The answers of a group, such as `100 to test on · 50 to choose on`."""
    notes = _NOTES.get(heading)
    return " · ".join(notes(request)) if notes is not None else ""


def _model(request: CalibrationRequest) -> Iterator[str]:
    if request.asks_endpoint:
        yield request.served_model or "no model named"
        yield request.url or "no endpoint named"
    else:
        yield request.folder or "no folder named"


def _prompts(request: CalibrationRequest) -> Iterator[str]:
    prompt = request.prompt
    yield ", ".join(prompt.techniques) or "by the number of examples"
    yield f"{prompt.shots} examples"
    if prompt.prompts:
        yield fmt.plural(len(prompt.prompts), "file")


def _items(request: CalibrationRequest) -> Iterator[str]:
    yield f"{fmt.count(request.items)} to test on"
    yield f"{fmt.count(request.development)} to choose on"
    if request.group_field:
        yield f"grouped by {request.group_field}"
    if request.prompt.repeats:
        yield f"repeats {request.prompt.repeats}"
    if request.prompt.paraphrases:
        yield f"paraphrases {request.prompt.paraphrases}"


def _search(request: CalibrationRequest) -> Iterator[str]:
    prompt = request.prompt
    if not prompt.searches:
        yield "off"
        return
    yield prompt.optimiser or "successive halving"
    yield f"at most {fmt.count(prompt.search_calls)} answers"


def _judge(request: CalibrationRequest) -> Iterator[str]:
    yield request.prompt.judge_model or "none: scored by the metric of the brief"


def _limits(request: CalibrationRequest) -> Iterator[str]:
    if request.max_usd is not None:
        yield f"at most {fmt.money(request.max_usd, cents=True)}"
    if request.minutes is not None:
        yield f"at most {fmt.number(request.minutes)} minutes"
    if request.max_usd is None and request.minutes is None:
        yield "none"


Notes = Callable[[CalibrationRequest], Iterator[str]]

_NOTES: Mapping[str, Notes] = MappingProxyType(
    {
        MODEL: _model,
        "Prompts": _prompts,
        "Items": _items,
        "Search": _search,
        "Judge": _judge,
        LIMITS: _limits,
    }
)
