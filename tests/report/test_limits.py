"""The table of limits: a tick per stated limit, and a question mark where a policy is not known."""

from __future__ import annotations

from dataclasses import replace

from advisor.core.constants import NOT_KNOWN_AT
from advisor.core.verdict import Answer, Risk, Verdict
from advisor.report.chapters import options, summary
from advisor.report.page import Block, Bullets, Paragraph, Table
from advisor.report.terms import Terms


def _table(verdict: Verdict) -> tuple[Table, list[str]]:
    blocks: list[Block] = list(options.blocks(verdict, Terms.of(verdict)))
    place = next(i for i, b in enumerate(blocks) if isinstance(b, Table) and b.name == "limits")
    table, legend = blocks[place : place + 2]
    assert isinstance(table, Table)
    assert isinstance(legend, Paragraph)
    return table, [column.title for column in table.columns] + [legend.text]


def test_a_stated_latency_has_its_column_with_the_likely_wait(verdict: Verdict) -> None:
    assert "latency" not in _table(verdict)[1]
    limit = Answer("traffic.max_latency_seconds", "How long?", "2 s", 2.0, "s", "brief")
    chosen = verdict.chosen
    assert chosen is not None
    seconds = replace(chosen.figures[0], id="time.answer_seconds", p10=1.0, p50=3.0, p90=5.0)
    slow = replace(chosen, figures=(*chosen.figures, seconds))
    arms = tuple(slow if o.id == chosen.id else o for o in verdict.arms)
    late = replace(verdict, arms=arms, answers=(*verdict.answers, limit))
    table, titles = _table(late)
    place = titles.index("latency")
    marks = {row[place] for row in table.rows}
    assert marks == {"✗", "?"}


def test_a_policy_that_no_table_knows_is_a_question(verdict: Verdict) -> None:
    chosen = verdict.chosen
    assert chosen is not None
    assert all("?" not in row for row in _table(verdict)[0].rows)
    warning = f"Residency in eu {NOT_KNOWN_AT} elsewhere and {chosen.runs_on}: ask before"
    table, titles = _table(replace(verdict, warnings=(warning,)))
    place = titles.index("policy")
    assert [row[place] for row in table.rows].count("?") >= 1
    assert "? not known: ask the provider" in titles[-1]


def test_an_end_that_nobody_has_announced_is_not_the_biggest_risk(verdict: Verdict) -> None:
    nothing = Risk("lifecycle", "no end of gpt is announced; over 12 months expect one migration")
    errors = Risk("wrong answers", "5 % of answers are expected to be wrong, and cost $1 per month")

    def biggest(*risks: Risk) -> list[str]:
        blocks = summary.blocks(replace(verdict, risks=risks), Terms.of(verdict))
        items = [i for b in blocks if isinstance(b, Bullets) for i in b.items]
        return [i for i in items if i.startswith("Biggest risk")]

    assert biggest(nothing) == []
    assert "wrong answers" in biggest(nothing, errors)[0]
