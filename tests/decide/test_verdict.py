"""The whole verdict on two options made by hand: its word, its reasons, and what limits exclude."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from advisor.core.brief import Brief, Score
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Range
from advisor.core.verdict import Excluded, Readiness, Verdict
from advisor.decide import verdict
from advisor.decide.assembly import nothing_left
from advisor.decide.breaches import over_budget
from advisor.decide.judgement import DecisionInputs
from advisor.decide.landscape import correlation
from advisor.decide.ranking import rank
from advisor.decide.settling import Ruling
from advisor.decide.verdict import decide
from tests.options import SONNET, brief, setting

DRAWS = 200
PROMPT = Option("prompt", "few-shot", "large")
TUNE = Option("tune", "lora", "small")
Rows = float | NDArray[np.float64]
UNKNOWN = Figure(math.nan, "USD", "horizon.total")


@dataclass(frozen=True)
class Drawn:
    """Cases made by hand."""

    estimates: tuple[Estimate, ...]
    size: int = DRAWS + 1
    inputs: dict[str, Figure] = field(default_factory=dict)
    spreads: dict[str, Range] = field(default_factory=dict)


def share(of_draws: float, inside: float, outside: float) -> NDArray[np.float64]:
    """`inside` in this share of the draws and in the likely case, `outside` in the others."""
    return np.where(np.arange(-1, DRAWS) < round(of_draws * DRAWS), inside, outside)


def costing(
    option: Option, total: Rows = 1000.0, quality: Rows = 0.95, once: Rows = 0.0, weeks: Rows = 1.0
) -> Estimate:
    """An option by its cost over the horizon; no answer is wrong."""
    run = (total - once) / 12
    values = {
        "once.total": once,
        "once.training": 0.0,
        "run.total": run,
        "run.errors": 0.0,
        "run.hosting": 0.0,
        "horizon.cash": total,
        "horizon.errors": 0.0,
        "horizon.total": total,
        "time.weeks": weeks,
        "quality.score": quality,
    }
    return Estimate(option, {k: Figure(v, "USD", k) for k, v in values.items()})


def limited(case: Brief | None = None, **limits: float) -> Brief:
    """Both options scored on 600 items; the limits of the budget are hard."""
    scores = tuple(Score(o.approach, o.technique, o.model, 0.95, 600) for o in (PROMPT, TUNE))
    base = case or brief()
    budget = replace(base.budget, hard=True, **{k: Range.exact(v) for k, v in limits.items()})
    return replace(base, budget=budget, quality=replace(base.quality, measured=scores))


def decided(*estimates: Estimate, case: Brief | None = None) -> Verdict:
    inputs = DecisionInputs(
        case or limited(),
        setting(),
        Drawn(estimates),
        None,
        {},
        (),
        (),
        (),
        7,  # type: ignore[arg-type]
    )
    return decide(inputs, deep=False)


def test_the_cheaper_option_that_meets_every_limit_is_the_verdict() -> None:
    answer = decided(costing(PROMPT, 1000.0), costing(TUNE, 900.0, once=300.0))
    assert (answer.verdict, answer.arm, answer.alternative) == (
        "tune",
        "tune/lora@small",
        "prompt/few-shot@large",
    )
    assert (answer.p_best, answer.p_approach, answer.draws) == (1.0, 1.0, DRAWS)
    assert answer.expected_regret_usd == 0.0
    assert answer.advantage.total_usd == Range.exact(100.0)
    assert "$50 per month" in answer.why[0]  # (900 − 300) ÷ 12
    assert answer.next_step.action.startswith("decide now")


def test_a_verdict_at_once_works_out_no_correlation() -> None:
    draws = np.linspace(0.0, 1.0, DRAWS + 1)
    moving = costing(PROMPT, 1000.0 + draws, 0.9 + draws / 100)
    assert correlation(moving, DRAWS + 1) == 1.0
    answer = decided(moving, costing(TUNE, 5000.0))
    assert [arm.cash_quality_correlation for arm in answer.arms] == [None, None]
    assert (answer.drawn, answer.flip_points, answer.sensitivity, answer.curve) == (
        (),
        (),
        (),
        None,
    )


@pytest.mark.parametrize(
    ("likely_in", "word"), [(0.495, "undecided"), (0.5, "tune"), (0.505, "tune")]
)
def test_a_chance_of_one_half_to_reach_the_target_decides(likely_in: float, word: str) -> None:
    """The prompt never reaches 0.9; the tuned model does in a share of the draws."""
    answer = decided(
        costing(PROMPT, 100.0, quality=0.5),
        costing(TUNE, 900.0, quality=share(likely_in, 0.95, 0.5)),
    )
    assert answer.verdict == word
    if word == "undecided":
        assert answer.arm == PROMPT.id  # meanwhile nothing is trained
        assert answer.why[0].startswith("Not decidable yet: no option is likely")


@pytest.mark.parametrize(
    ("best_in", "gain", "word"),
    [
        (0.545, 200.0, "undecided"),
        (0.55, 200.0, "prompt"),
        (0.545, 100.0, "prompt"),  # a regret of 0.455 · 100 is below a twentieth of 1,000
        (0.545, 115.0, "undecided"),  # 0.455 · 115 = 52
    ],
)
def test_what_separates_is_fifty_five_draws_or_a_regret_below_a_twentieth(
    best_in: float, gain: float, word: str
) -> None:
    rival = share(best_in, 1000.0 + 2 * gain, 1000.0 - gain)
    answer = decided(costing(PROMPT, 1000.0), costing(TUNE, rival))
    assert answer.verdict == word
    assert answer.p_approach == pytest.approx(best_in)
    assert answer.expected_regret_usd == pytest.approx((1 - best_in) * gain)


@pytest.mark.parametrize(("items", "word"), [(29.0, "undecided"), (30.0, "prompt")])
def test_a_check_that_stops_leaves_it_undecided(items: float, word: str) -> None:
    """No target, but errors have a price: thirty items are the least."""
    base = brief(quality__target=0.0, quality__error_cost_usd=0.1, data__eval_examples=items)
    score = Score("prompt", "few-shot", "large", 0.95, int(items))
    base = replace(base, quality=replace(base.quality, measured=(score,)))
    answer = decided(costing(PROMPT, 100.0), costing(TUNE, 900.0), case=base)
    assert answer.verdict == word
    assert ("collect an evaluation set" in answer.why[0]) is (word == "undecided")


@pytest.mark.parametrize(
    ("tuned", "rule", "words"),
    [
        ({"quality": 0.8}, "quality.target", "quality 0.800 against the target 0.9; chance"),
        ({"once": 600.0}, "budget.hard: money", "$600 once; chance to meet it 0.0 %"),
        ({"weeks": 13.0}, "budget.hard: weeks", "chance to meet it 0.0 %"),
        ({"quality": share(0.04, 0.95, 0.8)}, "quality.target", "chance to meet it 4.0 %"),
        ({"quality": share(0.05, 0.95, 0.8)}, "", ""),
        ({"once": 500.0, "weeks": 12.0}, "", ""),
    ],
    ids=["score", "money", "weeks", "4 %", "5 %", "at the limits"],
)
def test_an_option_without_a_chance_is_excluded_by_its_tightest_limit(
    tuned: dict[str, Rows], rule: str, words: str
) -> None:
    answer = decided(
        costing(PROMPT, 1000.0),
        costing(TUNE, 1200.0, **tuned),
        case=limited(one_off_usd=500.0, weeks=12.0),
    )
    assert [(e.id, e.rule) for e in answer.excluded] == ([(TUNE.id, rule)] if rule else [])
    assert all(words in e.detail for e in answer.excluded)


@pytest.mark.parametrize(
    ("once", "is_hard", "is_told"),
    [(501.0, False, True), (500.0, False, False), (501.0, True, False)],
)
def test_a_soft_budget_that_the_pick_breaks_is_a_warning(
    once: float, is_hard: bool, is_told: bool
) -> None:
    case = limited(one_off_usd=500.0)
    case = replace(case, budget=replace(case.budget, hard=is_hard))
    pick = costing(PROMPT, 1000.0, once=once)
    lines = over_budget(case, pick)
    assert len(lines) == is_told
    assert all("$501 once, more than the budget.one_off_usd of $500" in line for line in lines)
    unlimited = replace(case, budget=replace(case.budget, one_off_usd=None))
    assert over_budget(unlimited, pick) == ()


def test_without_a_known_cost_nothing_is_named_best() -> None:
    answer = decided(costing(PROMPT, float("nan")), costing(TUNE, float("nan")))
    assert (answer.verdict, answer.p_best, answer.expected_regret_usd) == ("undecided", 0.0, None)
    assert [r.rule for r in answer.readiness if r.status == "stop"] == ["prices"]


@pytest.mark.parametrize(
    ("rules", "reason", "action"),
    [
        ((), "0 models are named", "name a model in models.prompt or models.tune"),
        (("a",), "the only one is ruled out by a.", "relax a rule (a) or name other models"),
        (("a", "b", "a"), "all 3 are ruled out by a, b.", "relax a rule (a, b) or name"),
    ],
)
def test_where_nothing_is_left_every_rule_is_named_once(
    rules: tuple[str, ...], reason: str, action: str
) -> None:
    excluded = tuple(Excluded(f"o{i}", rule, "") for i, rule in enumerate(rules))
    answer = nothing_left(brief(), setting(), excluded, (), 7)
    assert reason in answer.why[0]
    assert action in answer.next_step.action
    assert (answer.verdict, answer.arm, answer.arms) == ("undecided", "", ())
    assert [r.status for r in answer.readiness] == ["stop"]


def test_what_is_saved_against_today_is_counted_from_what_is_in_place() -> None:
    today = replace(PROMPT, as_is=True)
    moving = decided(costing(today, total=1000.0), costing(TUNE, total=400.0))
    assert moving.arm == TUNE.id
    assert moving.against_today.cash_usd.p50 == pytest.approx(600.0)
    staying = decided(costing(today, total=400.0), costing(TUNE, total=1000.0))
    assert staying.arm == today.id
    assert staying.against_today.cash_usd.p50 is None


@pytest.mark.parametrize(
    ("static", "minimums", "most"),
    [
        (1650.0, (1024, 4096, 2048), 2048.0),  # the next one from which a provider caches
        (2048.0, (1024, 4096, 2048), 4096.0),  # that provider caches today
        (1650.0, (1024, None), math.inf),  # from the first token on
        (1650.0, (), math.inf),
    ],
)
def test_no_longer_prompt_is_tried_from_which_on_another_provider_caches(
    static: float, minimums: tuple[int | None, ...], most: float
) -> None:
    rows = {f"m{i}": replace(SONNET, cache_minimum_tokens=m) for i, m in enumerate(minimums)}
    never = replace(SONNET, cached_input_usd=None, cache_minimum_tokens=1700)
    tuned = {"t": replace(SONNET, cache_minimum_tokens=200)}
    facts = setting({**rows, "never": never}, tuned)
    found = verdict._same_options(brief(traffic__static_tokens=static), facts)
    assert found["traffic.static_tokens"] == most
    assert found["tuning.static_tokens"] == 200.0  # of 120 tokens today
    assert set(found) == {"traffic.static_tokens", "tuning.static_tokens"}


def test_where_a_check_stops_or_no_cost_is_known_nothing_is_tried() -> None:
    """No evaluator is there to be asked."""
    known = (costing(PROMPT, 1000.0), costing(TUNE, 900.0))
    open_ = tuple(replace(e, figures={**e.figures, "horizon.total": UNKNOWN}) for e in known)
    for estimates, status in ((known, "stop"), (open_, "ok")):
        given = DecisionInputs(
            limited(),
            setting(),
            Drawn(estimates),
            None,  # type: ignore[arg-type]
            {},
            (),
            (),
            (),
            7,
        )
        today = Ruling("tune", rank(estimates, limited(), DRAWS + 1), "")
        assert verdict._flips(given, today, (Readiness("scores", status, ""),)) == ()
