"""Steps that tell more: a test set, scores of untested options, a larger test, a calibration, an
answer to a question that is only assumed.

A step is priced with its people and with what must be built before it can be taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from advisor.core import format as fmt
from advisor.core.brief import Brief, questions
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import Basis
from advisor.core.verdict import NextStep
from advisor.decide.endings import is_ending
from advisor.decide.information import DETECTABLE, Worth, items_needed, variance_removed
from advisor.decide.ranking import HOPELESS, Ranking
from advisor.decide.readiness import SCORES
from advisor.decide.situation import DAYS_PER_WEEK, Situation

TEST_SIZES = (100, 200, 400, 800, 1600)

CALIBRATION_HOURS = 0.25
"""A short training run that measures the speed of a GPU: a few hundred steps and its start-up."""

TRIAL_SHARE = 0.25
"""Part of the work of an option that a first trial of it takes: enough to be scored, not to be
served.
"""

ANSWERED_BY = {
    "gpu.usd_per_hour": "hardware.usd_per_hour",
    "train.tokens_per_second": "hardware.train_tokens_per_second",
}
"""The question that answers an input which is looked up or modelled where it is left out."""

FIND_OUT = "find out "

HOURS_PER_WORKING_DAY = 8.0
TALK_DAYS = 1.0


def grade_usd(brief: Brief) -> float:
    """Price of one graded test item, USD."""
    grade = brief.data.eval_label_usd
    return grade.likely if grade is not None else 2.0 * brief.data.label_usd.likely


def collect_test(situation: Situation) -> NextStep:
    """A first test set: before it, nothing can be decided."""
    items = items_needed(DETECTABLE)
    brief = situation.brief
    days = DAYS_PER_WEEK * items / brief.data.labels_per_week.likely
    options = situation.ranking.options
    action = (
        f"collect and grade {items} test items: they show a difference of "
        f"{fmt.points(DETECTABLE)}; "
        f"start with {options[situation.ranking.pick].id} meanwhile"
    )
    worths = [situation.worth(f, variance_removed(f, items)) for f in situation.quality.values()]
    best = max(worths, key=lambda w: w.usd, default=Worth(0.0, 0.0))
    return _step(action, items * grade_usd(brief), days, best, "advisor data FILE")


def find_prices(situation: Situation) -> NextStep:
    """Where no option has a known cost, what is unknown comes first: answers to questions of the
    brief, else prices. What they are worth cannot be said without them.
    """
    unknown = dict.fromkeys(
        leaf.id
        for estimate in situation.estimates
        for leaf in estimate["horizon.total"].leaves()
        if not leaf.is_known
    )
    answering = dict.fromkeys(ANSWERED_BY.get(key.partition("@")[0], key) for key in unknown)
    open_questions = [key for key in answering if key in questions()]
    if open_questions:
        return NextStep(
            f"answer {', '.join(open_questions)}: no option has a known cost without",
            0.0,
            TALK_DAYS,
            0.0,
            command=f"advisor recommend BRIEF --set {open_questions[0]}=VALUE",
        )
    models = dict.fromkeys(option.model for option in situation.ranking.options)
    return NextStep(
        f"state the prices of {', '.join(models)} in a price file (prices.file)",
        0.0,
        TALK_DAYS,
        0.0,
        command="advisor facts prices MODEL",
    )


def larger_test(situation: Situation) -> Iterator[NextStep]:
    """A larger test of the measured option whose score matters most, at its best size."""
    ending = {e.option.skill for e in situation.estimates if is_ending(e)}
    measured = {
        skill: f
        for skill, f in situation.quality.items()
        if f.basis is Basis.MEASURED and skill not in ending
    }
    if not measured:
        return
    skill, figure = max(measured.items(), key=lambda kv: situation.worth(kv[1]).usd)
    grade = grade_usd(situation.brief)
    pace = situation.brief.data.labels_per_week.likely
    tests = [
        _step(
            f"grade {fmt.count(n)} more test items of {skill}: its score decides most",
            n * grade,
            DAYS_PER_WEEK * n / pace,
            situation.worth(figure, variance_removed(figure, n)),
            _score_command(skill),
        )
        for n in TEST_SIZES
        if DAYS_PER_WEEK * n / pace <= situation.longest_days
    ]
    if tests:
        yield max(tests, key=lambda s: s.worth_usd - s.cost_usd)


def scorings(situation: Situation) -> Iterator[NextStep]:
    """Score an untested option on the test items in hand; nothing where that is the search for an
    option that keeps the limits (`trials`), so that no step has two worths.
    """
    return iter(()) if is_search(situation) else (step for _, step in _by_skill(situation))


def is_search(situation: Situation) -> bool:
    """Whether options are scored to find one that keeps the limits: some were scored, and the pick
    is not likely to.
    """
    return not situation.is_likely and not situation.is_open(SCORES)


def trials(situation: Situation) -> Iterator[NextStep]:
    """The same as the search for an option that keeps the limits, of those with a real chance."""
    if not is_search(situation):
        return
    chances = _chances(situation.ranking)
    for skill, step in _by_skill(situation):
        if chances.get(skill, 0.0) >= HOPELESS:
            yield _trial(situation.ranking, skill, step, chances[skill])


def _by_skill(situation: Situation) -> Iterator[tuple[str, NextStep]]:
    """Every step of scoring an option whose model lasts, with the skill that it scores."""
    items = situation.brief.data.eval_examples.likely
    estimates = {e.option.skill: e for e in situation.estimates}
    for skill, figure in situation.quality.items():
        estimate = estimates.get(skill)
        if items < 1 or estimate is None or figure.basis is Basis.MEASURED or is_ending(estimate):
            continue
        cost, days = trial(situation, estimate, items)
        if cost == cost:
            action = f"score {skill} on the {fmt.count(items)} test items in hand"
            removed = variance_removed(figure, items)
            informed = situation.worth_of_score(skill, figure, removed)
            yield skill, _step(action, cost, days, informed, _score_command(skill))


def _by_successor(situation: Situation) -> Iterator[tuple[str, NextStep]]:
    """Every step of scoring a prompt whose model ends: its successor's score says as much about the
    choice, and asks for no more than the prompts.
    """
    items = situation.brief.data.eval_examples.likely
    for estimate in situation.estimates:
        figure = situation.quality.get(estimate.option.skill)
        is_prompted = estimate.option.approach == "prompt" and is_ending(estimate)
        if items < 1 or figure is None or not is_prompted or figure.basis is Basis.MEASURED:
            continue
        skill = estimate.option.skill
        cost, days = trial(situation, estimate, items)
        if cost == cost:
            action = f"score {skill} on the {fmt.count(items)} test items in hand"
            informed = situation.worth_of_score(skill, figure, variance_removed(figure, items))
            command = _score_command(skill.replace(estimate.option.model, "MODEL"))
            successor = f"{action}, with a successor of its model, which ends"
            yield skill, _step(successor, cost, days, informed, command)


def first_scores(situation: Situation) -> NextStep | None:
    """Where nothing is measured yet, the score of highest worth net of its price comes first, of
    the options that have a real chance to keep the limits if any has, and whose providers are
    known to keep the policy.
    """
    ranking = situation.ranking
    chances = _chances(ranking)
    steps = dict(_by_skill(situation)) | dict(_by_successor(situation))
    flags = np.ones(len(ranking.options)) if ranking.cleared is None else ranking.cleared
    cleared = {o.skill for o, is_cleared in zip(ranking.options, flags, strict=True) if is_cleared}

    def order(skill: str) -> tuple[bool, bool, float, float]:
        step = steps[skill]
        is_hopeless = chances.get(skill, 0.0) < HOPELESS
        net = step.cost_usd - step.worth_usd
        return is_hopeless, skill not in cleared, net, step.cost_usd

    first = min(steps, key=order, default=None)
    return None if first is None else steps[first]


def _trial(ranking: Ranking, skill: str, step: NextStep, chance: float) -> NextStep:
    """A step of scoring as the search for an option that keeps the limits: it is worth what would
    go to the pick, below the limits, in the draws in which this skill keeps them and no option does
    that was scored.
    """
    able = ranking.meets[1:] & ranking.rankable
    usual = np.zeros_like(ranking.rankable) if ranking.scored is None else ranking.scored.copy()
    usual[ranking.pick] = True
    own = np.array([option.skill == skill for option in ranking.options])
    only_own = able[:, own].any(axis=1) & ~able[:, usual & ~own].any(axis=1)
    worth = float(np.where(only_own, ranking.cost[1:, ranking.pick], 0.0).mean())
    return replace(
        step,
        detail=f"Its chance to keep the limits is {fmt.share(chance)}, that of the pick "
        f"{fmt.share(float(ranking.p_meets[ranking.pick]))}",
        worth_usd=max(step.worth_usd, worth),
        worth_standard_error_usd=None,
        kind="improvement",
    )


def _chances(ranking: Ranking) -> dict[str, float]:
    """The chance to keep the limits, by skill: of its best form."""
    chances: dict[str, float] = {}
    for option, chance in zip(ranking.options, ranking.p_meets, strict=True):
        chances[option.skill] = max(float(chance), chances.get(option.skill, 0.0))
    return chances


def is_question(step: NextStep) -> bool:
    """Whether a step only asks what is assumed so far."""
    return step.action.startswith(FIND_OUT)


def trial(situation: Situation, estimate: Estimate, items: float) -> tuple[float, float]:
    """Price (USD) and days of scoring an option once: a part of its work, labels still to be
    bought, a training run, and its requests.
    """
    figures = estimate.figures
    hours = TRIAL_SHARE * _value(figures.get("work.hours"))
    people = hours * situation.brief.team.hourly_usd.likely
    requests = items * estimate.option.traits.calls * _value(figures.get("run.request"))
    bought = _value(figures.get("once.labels")) + _value(figures.get("train.run_usd"))
    labels = _value(figures.get("labels.missing")) / situation.brief.data.labels_per_week.likely
    days = hours / HOURS_PER_WORKING_DAY + DAYS_PER_WEEK * labels
    return people + bought + requests, max(TALK_DAYS, days)


def _value(figure: Figure | None) -> float:
    return 0.0 if figure is None else figure.value


def _score_command(skill: str) -> str:
    model = skill.partition("@")[2]
    if skill.startswith("prompt/"):
        return f"advisor calibrate prompts --url URL --model {model} --brief BRIEF"
    return f"advisor calibrate quality --model {model} --brief BRIEF"


def calibrations(situation: Situation) -> Iterator[NextStep]:
    """Measure a training speed that is only modelled, in a short run on the GPU itself."""
    hardware = situation.brief.hardware
    cost = CALIBRATION_HOURS * _gpu_hour_usd(situation) * hardware.count
    for key, figure in situation.inputs.items():
        if key.startswith("train.tokens_per_second@"):
            name = key.partition("@")[2]
            model = name.partition("/")[0]
            yield _step(
                f"calibrate the training speed of {name} on one {hardware.gpu}",
                cost,
                0.5,
                situation.worth(figure),
                f"advisor calibrate throughput --model {model} --brief BRIEF",
            )


def _gpu_hour_usd(situation: Situation) -> float:
    """Likely rent of one GPU for an hour; an owned one costs cents of electricity."""
    hardware = situation.brief.hardware
    rent = situation.inputs.get("gpu.usd_per_hour")
    if hardware.owned:
        return 0.0
    if hardware.usd_per_hour is not None:
        return hardware.usd_per_hour.likely
    return rent.value if rent is not None else 0.0


def answers(situation: Situation) -> Iterator[NextStep]:
    """Find out the answer to a question that is only assumed: it costs a conversation, not
    money.
    """
    for key, figure in situation.inputs.items():
        if figure.basis == "assumed" and not isinstance(figure.rows, float) and key in questions():
            yield _step(
                f"{FIND_OUT}{key} (assumed so far): it could change the answer",
                0.0,
                TALK_DAYS,
                situation.worth(figure),
                f"advisor recommend BRIEF --set {key}=VALUE",
            )


def _step(action: str, cost: float, days: float, worth: Worth, command: str) -> NextStep:
    usd = 0.0 if worth.is_noise else worth.usd
    return NextStep(action, cost, days, usd, "information", worth.standard_error, command)
