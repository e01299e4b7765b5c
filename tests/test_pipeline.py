"""The main job from file to verdict: same seed, same bytes; unknown stays unknown; the scenarios'
own scorer.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import pipeline, shipped
from advisor.core.errors import Infeasible, UsageError
from advisor.core.verdict import Verdict
from advisor.decide.segments import segment_brief
from advisor.estimate.labels import own_examples
from advisor.estimate.sheet import Sheet
from advisor.report import json as record

BRIEFS = sorted((shipped.folder("profiles") / "briefs").glob("*.toml"))
SCENARIOS = Path(__file__).resolve().parents[2] / "shared" / "scenarios"


def judged(path: Path, *answers: str) -> Verdict:
    brief = pipeline.load(path, answers)
    return pipeline.judge(brief, pipeline.look(brief))


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((), None),
        (
            ("data.sensitive=true",),
            "the brief calls the data sensitive; policy says it may leave: ",
        ),
        (("data.sensitive=true", "policy.residency=eu"), "it may leave only in eu: "),
        (
            ("data.sensitive=true", "policy.data_may_leave=false"),
            "policy keeps it here, but a tuned model can repeat",
        ),
    ],
    ids=["not sensitive", "may leave", "eu", "stays"],
)
def test_sensitive_data_are_held_against_the_policy(
    answers: tuple[str, ...], told: str | None
) -> None:
    rows = [
        r
        for r in judged(BRIEFS[0].parent / "customs-invoices.toml", *answers).readiness
        if r.rule == "personal data"
    ]
    if told is None:
        assert not rows
    else:
        assert rows[0].status == "warn"
        assert told in rows[0].detail


@pytest.mark.parametrize("path", BRIEFS, ids=lambda p: p.stem)
def test_every_example_gets_a_verdict_whose_sums_add_up(path: Path) -> None:
    found = judged(path)
    assert found.verdict in ("prompt", "tune", "hybrid", "undecided")
    assert 1 <= len(found.why) <= 5
    for option in found.arms:
        parts = [
            option.figure(f"run.{p}") for p in ("inference", "hosting", "people", "retraining")
        ]
        total = option.figure("run.total")
        assert total is not None
        values = [p.value for p in parts if p is not None]
        if None in values:
            assert total.value is None
            assert total.missing
        else:
            assert total.value == pytest.approx(sum(v for v in values if v is not None))
    assert sum(a.p_best for a in found.arms) == pytest.approx(1, abs=1e-5)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    path = BRIEFS[0]
    one, two = record.render(judged(path)), record.render(judged(path))
    assert one == two
    brief = pipeline.load(path)
    other = record.render(pipeline.judge(brief, pipeline.look(brief), seed=1))
    assert json.loads(other)["verdict"] == json.loads(one)["verdict"]
    assert other != one


def test_the_quick_verdict_is_the_deep_one_without_its_second_look() -> None:
    brief = pipeline.load(BRIEFS[0])
    around = pipeline.look(brief)
    quick, deep = pipeline.judge(brief, around, deep=False), pipeline.judge(brief, around)
    assert (quick.verdict, quick.arm, quick.p_best) == (deep.verdict, deep.arm, deep.p_best)
    assert [a.monthly_usd for a in quick.arms] == [a.monthly_usd for a in deep.arms]


def test_a_model_nobody_knows_is_named_with_file_key_and_nearest_names(tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    file.write_text('schema = 1\n[models]\nprompt = ["claude-sonet-5"]\n', encoding="utf-8")
    with pytest.raises(UsageError) as error:
        judged(file)
    text = str(error.value)
    assert "b.toml" in text
    assert "models.prompt" in text
    assert "claude-sonnet-5" in text


def test_a_known_model_without_a_price_is_at_least_and_not_ranked(tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    text = (
        "schema = 1\nas_of = 2026-11-20\n[retrieval]\nusd_per_month = 40\n"
        '[hardware]\ngpu = "none"\n'
    )
    file.write_text(
        text + '[models]\nprompt = ["Llama-2-13b", "gpt-5-mini"]\ntune = []\n', encoding="utf-8"
    )
    found = judged(file)
    unpriced = [a for a in found.arms if a.model == "Llama-2-13b"]
    total = unpriced[0].figure("run.total")
    assert total is not None
    assert (total.value, total.at_least, total.missing) == (None, 40.0, ("run.inference",))
    assert unpriced[0].p_best == 0
    assert "Llama-2-13b" not in found.arm


def test_rules_that_leave_nothing_say_which() -> None:
    brief = pipeline.load(BRIEFS[0])
    brief = replace(
        brief, models=replace(brief.models, tune=()), hardware=replace(brief.hardware, gpu="none")
    )
    brief = replace(brief, policy=replace(brief.policy, data_may_leave=False))
    with pytest.raises(Infeasible, match=r"policy\.data_may_leave"):
        pipeline.judge(brief, pipeline.look(brief))


def test_a_file_that_the_brief_names_but_is_not_there_is_an_error_with_its_key(
    tmp_path: Path,
) -> None:
    file = tmp_path / "b.toml"
    file.write_text('schema = 1\n[data]\npath = "none.jsonl"\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"data\.path"):
        judged(file)


@pytest.mark.slow
@pytest.mark.skipif(not SCENARIOS.is_dir(), reason="the scenarios are not here")
def test_the_scenarios_score_full_marks(tmp_path: Path) -> None:
    command = [sys.executable, "score.py", ".", "--json", "--cmd", f"{sys.executable} -m advisor"]
    done = subprocess.run(
        command,
        cwd=SCENARIOS,
        capture_output=True,
        text=True,
        env={**os.environ, "ADVISOR_HOME": str(tmp_path)},
    )
    found = json.loads(done.stdout)
    failed = [(r["scenario"], c["name"], c["got"]) for r in found["results"] for c in r["failed"]]
    assert not failed
    assert found["verdicts_right"] == found["scenarios"]


def test_nothing_left_is_still_a_record_with_every_rule(tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    text = (
        "schema = 1\nas_of = 2026-11-20\n[policy]\ndata_may_leave = false\n"
        '[hardware]\ngpu = "none"\n'
    )
    file.write_text(text + '[models]\nprompt = ["gpt-5-mini"]\ntune = []\n', encoding="utf-8")
    found = pipeline.recommend(file)
    assert (found.arms, found.verdict) == ((), "undecided")
    assert {e.rule for e in found.excluded} == {"policy.data_may_leave"}
    assert "policy.data_may_leave" in found.why[0]


def test_weights_order_the_options_and_leave_the_verdict() -> None:
    path = next(p for p in BRIEFS if p.stem == "customs-invoices")
    plain, weighed = (
        pipeline.recommend(path),
        pipeline.recommend(path, weights=pipeline.weights("quality=1")),
    )
    assert (plain.arm, plain.p_best, plain.criteria) == (weighed.arm, weighed.p_best, ())
    values = [c.value for c in weighed.criteria if c.value is not None]
    assert values == sorted(values, reverse=True)
    assert {c.id for c in weighed.criteria} == {a.id for a in weighed.arms}


@pytest.mark.filterwarnings("error")
def test_where_no_price_is_known_nothing_is_best_and_prices_come_first(tmp_path: Path) -> None:
    file = tmp_path / "b.toml"
    text = 'schema = 1\nas_of = 2026-11-20\n[hardware]\ngpu = "none"\n'
    file.write_text(text + '[models]\nprompt = ["Llama-2-13b"]\ntune = []\n', encoding="utf-8")
    found = pipeline.recommend(file)
    assert (found.verdict, found.p_best, found.expected_regret_usd) == ("undecided", 0.0, None)
    assert "Llama-2-13b" in found.next_step.action
    assert all("nan" not in sentence.lower() for sentence in found.why)
    assert any("run.inference" in sentence for sentence in found.why)


def test_own_runs_on_the_gpu_correct_the_modelled_speed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow run of the same kind on the same GPU lowers the speed and narrows its range."""
    from advisor.core.training import TrainingMeasurement

    path = tmp_path / "b.toml"
    text = (
        "schema = 1\nas_of = 2026-11-20\n[data]\nexamples = 5000\ntokens_per_example = 500\n"
        '[hardware]\ngpu = "L40S"\n'
    )
    path.write_text(
        text + '[models]\nprompt = ["gpt-5-mini"]\ntune = ["Llama-3.1-8B"]\n', encoding="utf-8"
    )
    brief = pipeline.load(path)
    around = pipeline.look(brief)
    before = pipeline.evaluation(brief, around).setting.training["llama-3.1-8b", "lora"]
    speed = before.tokens_per_second.range
    slow = TrainingMeasurement(before.run, tokens_per_second=speed.likely / 2)
    after = pipeline.evaluation(brief, replace(around, measured=(slow,))).setting.training[
        "llama-3.1-8b", "lora"
    ]
    corrected = after.tokens_per_second.range
    assert corrected.likely == pytest.approx(speed.likely / 2, rel=0.1)
    assert speed.p10 is not None
    assert speed.p90 is not None
    assert corrected.p10 is not None
    assert corrected.p90 is not None
    assert corrected.p90 / corrected.p10 < speed.p90 / speed.p10


def test_labels_to_reach_the_target_come_with_money_and_weeks(tmp_path: Path) -> None:
    """A clean curve of a tuned model: 0.7 at 1,000 and 0.8 at 4,000 labels reaches 0.85 within a
    few doublings.
    """
    path = tmp_path / "b.toml"
    scores = "".join(
        f'[[quality.measured]]\napproach = "tune"\ntechnique = "lora"\nmodel = "Llama-3.1-8B"\n'
        f"score = {score}\n"
        f"items = 2000\ntrain_examples = {n}\n"
        for n, score in ((250, 0.58), (1000, 0.70), (4000, 0.80))
    )
    text = (
        'schema = 1\nas_of = 2026-11-20\n[task]\ntype = "extraction"\n[quality]\ntarget = 0.85\n'
        + scores
    )
    text += (
        "[data]\nexamples = 4000\neval_examples = 2000\nlabel_usd = 0.5\nlabels_per_week = 1000\n"
    )
    text += '[hardware]\ngpu = "L40S"\n[models]\nprompt = ["gpt-5-mini"]\ntune = ["Llama-3.1-8B"]\n'
    path.write_text(text, encoding="utf-8")
    found = {n.option: n for n in judged(path).labels_needed}["tune/lora@Llama-3.1-8B"]
    assert found.labels.p50 is not None
    assert 6000 < found.labels.p50 < 40_000
    missing = found.labels.p50 - 4000
    assert found.cost_usd.p50 == pytest.approx(missing * 0.5)
    assert found.weeks.p50 == pytest.approx(missing / 1000)
    hopeless = judged(path, "quality.target=0.999")
    out = {n.option: n for n in hopeless.labels_needed}["tune/lora@Llama-3.1-8B"]
    assert not out.labels.is_known
    assert "not within reach" in out.detail


def test_a_segment_keeps_its_own_counts_where_the_data_are_here(tmp_path: Path) -> None:
    rows = [
        json.dumps({"prompt": f"Which code has item {n * 7919}?", "completion": f"code {n}"})
        for n in range(60)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    file = tmp_path / "b.toml"
    text = (
        'schema = 1\n[data]\npath = "rows.jsonl"\n'
        '[[segments]]\nname = "new"\nshare = 0.5\nexamples = 7\n'
    )
    file.write_text(text, encoding="utf-8")
    brief = pipeline.load(file)
    around = pipeline.look(brief)
    whole = pipeline.inform(brief, around)
    part = pipeline.inform(segment_brief(whole, brief.segments[0]), around)
    assert whole.data.examples.p50 == 60
    assert part.data.examples.p50 == 7
    assert part.data.tokens_per_example == whole.data.tokens_per_example


ALIKE = """schema = 1
as_of = 2026-11-20
[task]
type = "classification"
labels = 20
output = "label"
[traffic]
requests_per_month = 60_000
[quality]
target = 0.8
[data]
label_usd = 1.0
eval_label_usd = 2.0
[models]
prompt = ["gpt-6-luna"]
tune = ["Llama-3.1-8B"]
[hardware]
gpu = "L40S"
[[segments]]
name = "brands"
count = {count}
share = {share}
examples = 300
eval_examples = 50
"""


def of_segment(tmp_path: Path, count: int, share: float = 0.5, more: str = "") -> Verdict:
    """The whole record of the one segment of a brief in which `count` brands have 300 labels and 50
    items each.
    """
    file = tmp_path / f"{count}-{share}.toml"
    file.write_text(ALIKE.format(count=count, share=share) + more, encoding="utf-8")
    whole = pipeline.load(file)
    around = pipeline.look(whole)
    part = segment_brief(pipeline.inform(whole, around), whole.segments[0])
    return pipeline.judge(part, around, draws=400)


def test_an_adapter_of_alike_segments_learns_from_one_segments_labels_and_all_are_paid_for(
    tmp_path: Path,
) -> None:
    """Six brands' adapters score as one brand's does; their tokens, test items and people are those
    of six.
    """
    one, six = (of_segment(tmp_path, count) for count in (1, 6))
    seen = 0
    for a, b in zip(one.arms, six.arms, strict=True):
        assert a.id == b.id
        assert a.quality == b.quality
        tokens = [option.figure("train.tokens") for option in (a, b)]
        graded = [option.figure("once.evaluation") for option in (a, b)]
        assert graded[1].value - graded[0].value == pytest.approx(5 * 50 * 2.0)
        if tokens[0] is not None:
            assert tokens[1].value == pytest.approx(6 * tokens[0].value)
            seen += 1
    assert seen >= 2


def test_the_whole_traffic_has_the_labels_of_all_segments_and_each_adapter_its_own(
    tmp_path: Path,
) -> None:
    more = '[[segments]]\nname = "others"\nshare = 0.25\nexamples = 1200\neval_examples = 10\n'
    file = tmp_path / "whole.toml"
    file.write_text(ALIKE.format(count=6, share=0.5) + more, encoding="utf-8")
    brief = pipeline.load(file)
    around = pipeline.look(brief)
    informed = pipeline.inform(brief, around)
    assert (informed.data.examples.p50, informed.data.eval_examples.p50) == (
        6 * 300 + 1200,
        6 * 50 + 10,
    )
    n = math.exp((2 * math.log(300) + math.log(1200)) / 3)
    assert own_examples(Sheet(informed, 1)).value == pytest.approx(n)
    told = pipeline.load(file, ["data.examples=77"])
    assert pipeline.inform(told, around).data.examples.p50 == 77


def test_a_segment_is_tested_on_the_items_of_one(tmp_path: Path) -> None:
    item = {r.rule: r for r in of_segment(tmp_path, 6).readiness}["evaluation set"]
    assert item.detail.startswith("50 test items")


def test_labels_to_reach_the_target_are_needed_for_every_segment(tmp_path: Path) -> None:
    curve = "".join(
        f"""[[quality.measured]]
approach = "tune"
technique = "lora"
model = "Llama-3.1-8B"
segment = "brands"
items = 2000
score = {score}
train_examples = {labels}
"""
        for labels, score in ((75, 0.58), (150, 0.66), (300, 0.73))
    )
    one, six = (of_segment(tmp_path, count, more=curve).labels_needed for count in (1, 6))
    known = [(a, b) for a, b in zip(one, six, strict=True) if a.labels.p50 is not None]
    assert known
    for a, b in known:
        assert b.labels.p50 == pytest.approx(6 * a.labels.p50)
        assert b.cost_usd.p90 == pytest.approx(6 * a.cost_usd.p90)


@pytest.mark.parametrize("draws", [1, 50])
def test_few_draws_still_make_a_verdict(draws: int) -> None:
    brief = pipeline.load(BRIEFS[0].parent / "customs-invoices.toml")
    around = pipeline.look(brief, own_runs=False)
    verdict = pipeline.judge(brief, around, draws=draws)
    assert verdict.draws == draws
    assert sum(a.p_best for a in verdict.approaches) == pytest.approx(1.0)
