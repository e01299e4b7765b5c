"""The real thing: every figure of every option of an example brief is explained, and reports agree
with the record.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from advisor import pipeline, shipped
from advisor.core.verdict import Verdict
from advisor.report import difference, figure, html, json, markdown, side_by_side, text
from advisor.report.headline import headline

BRIEFS = sorted(shipped.folder("profiles").glob("briefs/*.toml"))


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    brief = pipeline.load(next(path for path in BRIEFS if path.stem == "claims-triage"))
    return pipeline.judge(brief, pipeline.look(brief))


def test_every_figure_of_every_option_is_explained(verdict: Verdict) -> None:
    for option in verdict.arms:
        for held in option.figures:
            owner, found = figure.find(verdict, f"{option.id}:{held.id}")
            shown = figure.render(owner, found)
            assert (owner.id, found) == (option.id, held)
            assert held.basis in shown
            assert held.formula, held.id
            assert all(i.source or option.figure(i.id) for i in held.inputs), held.id


def test_the_contract_of_totals(verdict: Verdict) -> None:
    for option in verdict.arms:
        for total, prefix, left_out in (
            ("run.total", "run.", {"run.errors", "run.request"}),
            ("once.total", "once.", set()),
        ):
            held = option.figure(total)
            parts = [
                i.value for i in held.inputs if i.id.startswith(prefix) and i.id not in left_out
            ]
            if held.value is not None and None not in parts:
                assert sum(parts) == pytest.approx(held.value, rel=0.005, abs=0.011)


def test_all_media_show_the_headline(verdict: Verdict) -> None:
    head = headline(verdict)
    for shown in (text.render(verdict), markdown.render(verdict), html.render(verdict)):
        flat = re.sub(r"[\s*\\]+", " ", re.sub(r"<[^>]+>", " ", shown))
        assert head.word in flat
        for key in head.figures:
            assert key.value in flat


def test_a_second_judgement_gives_the_same_bytes(verdict: Verdict) -> None:
    brief = pipeline.load(next(path for path in BRIEFS if path.stem == "claims-triage"))
    assert json.render(pipeline.judge(brief, pipeline.look(brief))) == json.render(verdict)


def test_a_proposal_against_a_baseline_in_exact_cents() -> None:
    """Hosting for 730 hours at $1.70, and cheaper tokens: 33.60 + 1,241 − 43.16 = 1,231.44;
    retraining on top.
    """
    folder = Path(__file__).parents[3] / "shared" / "scenarios" / "s5-hr-letters"
    if not folder.is_dir():
        pytest.skip("the scenarios are not here")
    a, b = pipeline.load(folder / "baseline.toml"), pipeline.load(folder / "proposal.toml")
    held = difference.difference(
        a, b, ("a", "b"), lambda brief: pipeline.judge(brief, pipeline.look(brief), deep=False)
    )
    retraining = pipeline.judge(b, pipeline.look(b)).chosen.figure("run.retraining").value
    assert held.change.monthly_usd == pytest.approx(1231.44 + retraining, abs=0.01)
    assert f"+${held.change.monthly_usd:,.2f} per month" in side_by_side.render(held)
