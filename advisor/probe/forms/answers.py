"""Which field is the answer where its name alone does not settle it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from advisor.probe.forms.columns import Column, Content, is_missing
from advisor.probe.forms.names import is_label_name, plain
from advisor.probe.forms.records import JsonObject

_SQL = re.compile(r"\s*(?:WITH\b.*\bAS\b|SELECT\b|INSERT\b|UPDATE\b|DELETE\b)", re.I | re.DOTALL)
_RATINGS = ("stars", "rating", "ratings", "score", "polarity", "is_spam", "spam", "toxicity")
RESULTS = ("answer", "expected_answer", "final_answer")
MOST_RATINGS = 11  # 0 to 10
_VOTES = re.compile(r"(?:lf|labell?ing_?function|weak)(?![a-z])", re.I)


def varies(rows: Sequence[JsonObject], name: str) -> bool:
    """Whether a field holds more than one value."""
    return len({str(row[name]) for row in rows if not is_missing(row.get(name))}) > 1


def the_label(rows: Sequence[JsonObject], columns: dict[str, Column], notes: list[str]) -> str:
    """The one field that holds few repeated values; empty where none does, or several: `notes` then
    names them. Votes of labelling functions (Snorkel's `LF_…`, -1 where they abstain) do not count.
    """
    votes = [name for name in columns if is_vote(rows, name)]
    if len(votes) > 1:
        listed = ", ".join(votes[:4]) + (" …" if len(votes) > 4 else "")
        notes.append(
            f"{listed} are votes of labelling functions: combine them into one label per row first"
        )
        return ""
    labels = [c.name for c in columns.values() if c.kind is Content.LABEL and varies(rows, c.name)]
    named = [name for name in labels if is_label_name(name)]
    if len(named) == 1 or len(labels) == 1:
        return named[0] if len(named) == 1 else labels[0]
    if labels:
        notes.append(f"{', '.join(labels[:4])} hold labels: name one with --answer-field")
    return ""


def is_vote(rows: Sequence[JsonObject], name: str) -> bool:
    """Whether a field holds the votes of a labelling function."""
    values = {str(row[name]) for row in rows if not is_missing(row.get(name))}
    is_whole = all(re.fullmatch(r"-1(?:\.0)?|\d{1,3}(?:\.0)?", value) for value in values)
    return bool(values) and is_whole and (bool(_VOTES.match(name)) or "-1" in values)


def answer_by_content(rows: Sequence[JsonObject], columns: dict[str, Column]) -> str:
    """An answer that no usual name tells: SQL under `query`, the truth of a reward, a rating."""
    by_name = {plain(name): name for name in columns}
    query = by_name.get("query", "")
    if query and all(_SQL.match(str(row[query])) for row in rows if not is_missing(row.get(query))):
        return query
    reward = by_name.get("reward_model", "")
    if reward and all(
        isinstance(row.get(reward), dict) and "ground_truth" in row[reward] for row in rows
    ):
        return f"{reward}.ground_truth"
    rated = [by_name[r] for r in _RATINGS if r in by_name and _is_rating(rows, by_name[r])]
    return rated[0] if rated else ""


def _is_rating(rows: Sequence[JsonObject], name: str) -> bool:
    values = {str(row[name]) for row in rows if not is_missing(row.get(name))}
    return 1 < len(values) <= MOST_RATINGS and len(values) <= max(2, len(rows) // 2)


def worked_out(answer: Column, by_name: dict[str, Column]) -> Column:
    """The worked solution beside a bare result, as sets of mathematics have both: it ends in it."""
    solution = by_name.get("solution") or by_name.get("generated_solution")
    if plain(answer.name) not in RESULTS or solution is None or answer.words >= solution.words / 2:
        return answer
    return solution if solution.kind is Content.TEXT else answer
