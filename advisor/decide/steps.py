"""The next steps: what could be measured or asked next, what it costs, how long it takes and what
it is worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import Basis
from advisor.core.verdict import FlipPoint, Information, NextStep, Readiness
from advisor.decide.information import (
    DETECTABLE,
    conditional_means,
    items_needed,
    rows_of,
    variance_removed,
    worth,
)
from advisor.decide.ranking import LIKELY, Matrix, Ranking

TEST_SIZES = (100, 200, 400, 800, 1600)

SEARCH_CALLS = 3200.0
"""Requests of a usual prompt search: optimisers report 1,000 to 10,000."""

PLAIN = ("zero-shot", "few-shot")
"""Techniques whose prompt a search can still improve."""

CALIBRATION_HOURS = 0.25
"""A short training run that measures the speed of a card: a few hundred steps and its start-up."""

LISTED = 8
"""No more steps and inputs than a reader takes in."""

DECIDE_NOW = NextStep("decide now: no measurement is worth its price", 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the next step is chosen from: the ranking, the drawn inputs, the flip points and the
    readiness rules.
    """

    brief: Brief
    ranking: Ranking
    inputs: Mapping[str, Figure]
    quality: Mapping[str, Figure]  # by skill
    flips: tuple[FlipPoint, ...]
    readiness: tuple[Readiness, ...]
    estimates: Sequence[Estimate] = ()
    searched: Mapping[str, Figure] = field(
        default_factory=dict
    )  # score of a searched prompt, by model
    means: dict[int, tuple[Figure, Matrix | None]] = field(
        default_factory=dict
    )  # conditional costs, once computed

    def worth(self, figure: Figure, variance_share: float = 1.0) -> float:
        """USD that knowing this share of a figure's variance is worth: EVPPI for all of it, else
        EVSI.
        """
        if id(figure) not in self.means:
            self.means[id(figure)] = (figure, conditional_means(self.ranking, rows_of(figure)))
        return worth(self.means[id(figure)][1], variance_share)


def next_steps(situation: Situation) -> tuple[NextStep, ...]:
    """Every step that is worth its price, by worth net of cost; a test set first where there is
    none.

    Empty: decide now. Of several sizes of one test only the best is listed.
    """
    if not situation.ranking.rankable.any():
        return (_find_prices(situation),)
    first = any(r.rule == "evaluation set" and r.status == "stop" for r in situation.readiness)
    steps = [
        *_labels(situation),
        *_best_test(situation),
        *_scorings(situation),
        *_searches(situation),
        *_calibrations(situation),
        *_answers(situation),
    ]
    paying = [s for s in steps if s.worth_usd - s.cost_usd > _negligible(situation)]
    ranked = sorted(paying, key=lambda s: s.cost_usd - s.worth_usd)[:LISTED]
    return (_collect_test(situation), *ranked) if first else tuple(ranked)


def without_measurement(brief: Brief, ranking: Ranking) -> NextStep:
    """What is left to do where the verdict is open and no measurement is worth its price."""
    pick = ranking.pick
    option = ranking.options[ranking.pick]
    if float(ranking.p_meets[pick]) >= LIKELY:
        return NextStep(
            f"start with {option.id}: no measurement that could separate the options pays",
            0.0,
            0.0,
            0.0,
        )
    chances = {
        f"quality.target = {brief.quality.target:g} ({option.id} is expected at "
        f"{fmt.score(ranking.quality[0, pick])})": (ranking.meets_quality[1:, pick]),
        "the hard limits on money": ranking.meets_money[1:, pick],
        "budget.weeks": ranking.meets_weeks[1:, pick],
    }
    tightest = min(chances, key=lambda name: float(chances[name].mean()))
    return NextStep(
        f"relax {tightest} or name other models: no measurement changes what stops here",
        0.0,
        0.0,
        0.0,
    )


def information(situation: Situation) -> tuple[Information, ...]:
    """EVPPI of every uncertain input and every option's score, those worth a dollar or more, the
    largest first.
    """
    inputs = {
        key: figure
        for key, figure in situation.inputs.items()
        if not isinstance(figure.rows, float)
    }
    scores = {f"quality.score of {skill}": figure for skill, figure in situation.quality.items()}
    worths = [Information(name, situation.worth(f)) for name, f in {**inputs, **scores}.items()]
    return tuple(
        sorted((i for i in worths if i.worth_usd >= 1.0), key=lambda i: -i.worth_usd)[:LISTED]
    )


def _negligible(situation: Situation) -> float:
    """A step that saves less than a thousandth of the money at stake is not worth its trouble."""
    cost = situation.ranking.cost[0, situation.ranking.pick]
    return 0.001 * float(cost) if cost == cost else 0.0


def _grade_usd(brief: Brief) -> float:
    grade = brief.data.eval_label_usd
    return grade.likely if grade is not None else 2.0 * brief.data.label_usd.likely


def _collect_test(situation: Situation) -> NextStep:
    items = items_needed(DETECTABLE)
    brief = situation.brief
    pick = situation.ranking.pick
    days = 7.0 * items / brief.data.labels_per_week.likely
    action = (
        f"collect and grade {items} test items: they show a difference of "
        f"{fmt.points(DETECTABLE)}; "
        f"start with {situation.ranking.options[pick].id} meanwhile"
    )
    return NextStep(action, items * _grade_usd(brief), days, _test_worth(situation, items))


def _find_prices(situation: Situation) -> NextStep:
    """Where no option has a known cost, prices come first; what they are worth cannot be said
    without them.
    """
    models = dict.fromkeys(option.model for option in situation.ranking.options)
    return NextStep(
        f"state the prices of {', '.join(models)} in a price file (prices.file)", 0.0, 1.0, 0.0
    )


def _test_worth(situation: Situation, items: int) -> float:
    return max(
        (situation.worth(f, variance_removed(f, items)) for f in situation.quality.values()),
        default=0.0,
    )


def _labels(situation: Situation) -> list[NextStep]:
    """Labels up to the point at which a tuned option becomes the best."""
    brief = situation.brief
    ranking = situation.ranking
    pick = situation.ranking.pick
    flip = next(
        (f for f in situation.flips if f.input == "data.examples" and f.value > (f.now or 0)), None
    )
    if flip is None or flip.verdict_becomes == ranking.options[pick].approach:
        return []
    missing = flip.value - (flip.now or 0.0)
    cost = missing * brief.data.label_usd.likely + brief.data.label_setup_usd.likely
    at_stake = float(ranking.cost[0, pick]) * max(0.0, 1.0 - float(ranking.p_meets[pick]))
    days = 7.0 * missing / brief.data.labels_per_week.likely
    action = (
        f"label {fmt.count(round(missing, -1))} more examples: from {fmt.count(flip.value)} "
        f"on {flip.arm} is the better choice"
    )
    return [NextStep(action, cost, days, at_stake)]


def _best_test(situation: Situation) -> list[NextStep]:
    """A larger test of the measured option whose score matters most, at its best size."""
    measured = {skill: f for skill, f in situation.quality.items() if f.basis is Basis.MEASURED}
    if not measured:
        return []
    skill, figure = max(measured.items(), key=lambda kv: situation.worth(kv[1]))
    grade = _grade_usd(situation.brief)
    pace = situation.brief.data.labels_per_week.likely
    tests = [
        NextStep(
            f"grade {n} more test items of {skill}: its score decides most",
            n * grade,
            7.0 * n / pace,
            situation.worth(figure, variance_removed(figure, n)),
        )
        for n in TEST_SIZES
    ]
    return [max(tests, key=lambda s: s.worth_usd - s.cost_usd)]


def _scorings(situation: Situation) -> Iterator[NextStep]:
    """Score an untested option on the test items in hand: a prompt costs its requests, a tuned
    model a training run.
    """
    items = int(situation.brief.data.eval_examples.likely)
    estimates = {e.option.skill: e for e in situation.estimates}
    for skill, figure in situation.quality.items():
        estimate = estimates.get(skill)
        if items and estimate is not None and figure.basis is not Basis.MEASURED:
            once = estimate.figures.get("train.run_usd")
            request = estimate.figures.get("run.request")
            cost = (once.value if once else 0.0) + items * (request.value if request else 0.0)
            saved = situation.worth(figure, variance_removed(figure, items))
            if cost == cost:
                yield NextStep(
                    f"score {skill} on the {items:,} test items in hand", cost, 2.0, saved
                )


def _searches(situation: Situation) -> Iterator[NextStep]:
    """Search the prompt of a model (instructions × examples) and score what is found on the test
    items in hand.
    """
    ranking = situation.ranking
    for model, score in situation.searched.items():
        plain = [
            i
            for i, option in enumerate(ranking.options)
            if option.technique in PLAIN and option.model == model
        ]
        rankable = [i for i in plain if ranking.rankable[i]]
        if rankable:
            base = min(rankable, key=lambda i: float(ranking.cost[0, i]))
            request = situation.estimates[base].figures.get("run.request")
            cost = SEARCH_CALLS * request.value if request is not None else 0.0
            saved = search_worth(ranking, base, rows_of(score), situation.brief.quality.target)
            yield NextStep(
                f"search the prompt of {model} for better instructions and examples",
                cost,
                2.0,
                saved,
            )


def search_worth(ranking: Ranking, base: int, score: Matrix, target: float) -> float:
    """USD that an option is worth which costs as much as option `base` and scores `score` (a row
    per draw, row 0 likely).

    In draws in which some option meets every limit: what the new option saves by taking its place
    there. In the others, where the new one reaches the target: the pick's whole cost, which would
    go to an option below it.
    """
    meets = (score >= target) & ranking.meets_money[:, base] & ranking.meets_weeks[:, base]
    meets, opened = meets[1:], ranking.open[1:]
    cost = ranking.cost[1:, base]
    saved = 0.0
    if opened.any():
        without = ranking.effective[:, ranking.pick]
        saved = float(np.where(meets[opened], np.maximum(0.0, without - cost[opened]), 0.0).sum())
    newly = meets & ~opened
    return (saved + float(ranking.cost[1:, ranking.pick][newly].sum())) / len(opened)


def _calibrations(situation: Situation) -> Iterator[NextStep]:
    """Measure a training speed that is only modelled, in a short run on the card itself."""
    hardware = situation.brief.hardware
    hour_usd = _card_hour_usd(situation)
    for key, figure in situation.inputs.items():
        if key.startswith("train.tokens_per_second@"):
            name = key.partition("@")[2]
            cost = CALIBRATION_HOURS * hour_usd * hardware.count
            action = f"calibrate the training speed of {name} on one {hardware.gpu}"
            yield NextStep(action, cost, 0.5, situation.worth(figure))


def _card_hour_usd(situation: Situation) -> float:
    """Likely rent of one card for an hour; an owned card costs cents of electricity."""
    hardware = situation.brief.hardware
    rent = situation.inputs.get("gpu.usd_per_hour")
    if hardware.owned:
        return 0.0
    if hardware.usd_per_hour is not None:
        return hardware.usd_per_hour.likely
    return rent.value if rent is not None else 0.0


def _answers(situation: Situation) -> list[NextStep]:
    """Find out an input that is only assumed: it costs a conversation, not money."""
    steps = []
    for key, figure in situation.inputs.items():
        if figure.basis == "assumed" and not isinstance(figure.rows, float) and "." in key:
            action = f"find out {key} (assumed so far): it could change the answer"
            steps.append(NextStep(action, 0.0, 1.0, situation.worth(figure)))
    return steps
