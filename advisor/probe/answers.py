"""Which field is the answer where its name alone does not settle it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from advisor.probe.columns import Column, Content, is_missing
from advisor.probe.names import plain
from advisor.probe.records import JsonObject

_SQL = re.compile(r"\s*(?:WITH\b.*\bAS\b|SELECT\b|INSERT\b|UPDATE\b|DELETE\b)", re.I | re.DOTALL)
_RATINGS = ("stars", "rating", "ratings", "score", "polarity", "is_spam", "spam", "toxicity")
MOST_RATINGS = 11  # 0 to 10


def varies(rows: Sequence[JsonObject], name: str) -> bool:
    """Whether a field holds more than one value."""
    return len({str(row[name]) for row in rows if not is_missing(row.get(name))}) > 1


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
    solution = by_name.get("solution")
    if plain(answer.name) != "answer" or solution is None or answer.words >= solution.words / 2:
        return answer
    return solution if solution.kind is Content.TEXT else answer
