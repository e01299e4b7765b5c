"""No record of the past breaks the reports: it is drawn again, or refused in one line."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from advisor import pipeline
from advisor.brief import parse
from advisor.core.errors import AdvisorError
from advisor.core.verdict import Verdict
from advisor.facts import load
from advisor.report import formats, past
from advisor.report import json as record_json
from tests.fuzz.data_files import values
from tests.fuzz.invariants import answer_or_refusal, check_json, runs

BRIEF = Path(__file__).parents[2] / "profiles/briefs/customs-invoices.toml"


@cache
def record() -> dict[str, Any]:
    """A real record as the store keeps it."""
    brief = parse(BRIEF.read_text(), name=BRIEF.name)
    surroundings = pipeline.Surroundings(load(), None, None, None, None, (), (), ())
    verdict = pipeline.judge(brief, surroundings, draws=500)
    document: dict[str, Any] = json.loads(record_json.render(verdict))
    return document


class Change(NamedTuple):
    """What is done to one part: `way` chooses a key on each level, 0 to 1, until `depth`."""

    way: tuple[float, ...]
    action: str
    value: Any


def changes() -> st.SearchStrategy[Change]:
    """Parts changed, left out or doubled."""
    way = st.lists(st.floats(0, 1, exclude_max=True, width=16), min_size=1, max_size=6)
    action = st.sampled_from(["change", "change", "drop", "double"])
    return st.builds(Change, way.map(tuple), action, values())


def apply(change: Change, document: dict[str, Any]) -> None:
    holder: Any = document
    for share in change.way:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = keys[int(share * len(keys))]
        if not isinstance(holder[key], dict | list) or share is change.way[-1]:
            break
        holder = holder[key]
    if change.action == "drop":
        del holder[key]
    elif change.action == "double" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[key] = change.value


@runs(40, share=0.02)
@given(edits=st.lists(changes(), min_size=1, max_size=3))
def test_a_record_is_drawn_again_or_refused_in_one_line(edits: list[Change]) -> None:
    document = copy.deepcopy(record())
    for edit in edits:
        apply(edit, document)
    text = json.dumps(document)
    outcome = answer_or_refusal("stored records", lambda: redrawn(text))
    if isinstance(outcome, AdvisorError):
        assert "judge the brief again" in str(outcome)
    else:
        check_json(outcome["json"])


def redrawn(text: str) -> dict[str, str]:
    """The record in the formats that need no library."""
    verdict: Verdict = past.read(text)
    return {n: formats.by_name(n).render(verdict).decode() for n in ("json", "text", "md", "html")}
