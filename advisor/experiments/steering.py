"""Which trial of a quality or prompts run is next, and when it is enough.

See docs/reference/formulas.md#schedule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from advisor.calibrate.limits import trial_seconds
from advisor.calibrate.scores import scores_so_far
from advisor.core import format as fmt
from advisor.core.brief import Brief, Score
from advisor.core.experiment import (
    Choice,
    ExperimentPlan,
    JsonObject,
    SteeringPolicy,
    Trial,
    TrialOutcome,
    digest,
)
from advisor.core.facts import Gpu

if TYPE_CHECKING:
    from advisor.estimate.quality import Skill, TaskProfile
    from advisor.estimate.quality.skills import Rows
    from advisor.pipeline import Surroundings

OVERTAKES = 0.10
"""An arm with a smaller chance than this to be the better one is not measured any further."""

DRAWS = 2000
SEED = 20_261_120
JUDGED_DRAWS = 1000
"""Draws of a verdict on supposed scores: enough for its word."""

PESSIMISTIC = 0.05
OPTIMISTIC = 0.95
"""Quantiles of a score not measured yet that stand for a bad and a good outcome."""

TASK_TYPES = {
    "ROUGE-L": "summarisation",
    "chrF": "translation",
    "BLEU": "translation",
    "numeric match": "reasoning",
}
TASK_TYPES |= {"JSON match": "extraction", "JSON validity": "extraction"}
"""What kind of task a metric speaks of, where no brief says it; labels speak of classification,
others of answering.
"""


@dataclass(frozen=True, slots=True)
class ByScores:
    """Goes on while the order of the arms is open: best prompt form, each tuned form at its largest
    share, hybrids.
    """

    name: str = "scores"

    def __call__(
        self, plan: ExperimentPlan, outcomes: Sequence[TrialOutcome], left: Sequence[Trial]
    ) -> Choice:
        if first := next(_openers(plan, left), None):
            return Choice(plan.trial_digest(first))
        options = _options(plan)
        final = _final_scores(plan, options, outcomes)
        best = max(options, key=lambda option: float(final[option][0]))
        chances = {
            option: float((final[option][1:] > final[best][1:]).mean())
            for option in options
            if option != best
        }
        open_trials = {option: [t for t in left if _option(t) == option] for option in options}
        contested = [
            option
            for option in chances
            if chances[option] >= OVERTAKES and (open_trials[option] or open_trials[best])
        ]
        if not contested:
            return Choice(enough=_order_is_known(best, final[best], chances, open_trials))
        rival = max(contested, key=chances.__getitem__)
        waiting = [*open_trials[rival], *open_trials[best]]
        return Choice(plan.trial_digest(min(waiting, key=lambda t: trial_seconds(plan, t, None))))


@dataclass(frozen=True, slots=True)
class ByVerdict:
    """Goes on while what is left could change the word of the verdict on a brief."""

    brief: Brief
    around: Surroundings
    gpu: Gpu | None = None

    @property
    def name(self) -> str:
        """Another brief, other prices or another date: another policy, whose judgement starts
        anew.
        """
        return digest([repr(self.brief), self.around.warnings, repr(self.around.results)])

    def __call__(
        self, plan: ExperimentPlan, outcomes: Sequence[TrialOutcome], left: Sequence[Trial]
    ) -> Choice:
        if first := next(_openers(plan, left, one_each=True), None):
            return Choice(plan.trial_digest(first))
        scores = scores_so_far(plan, outcomes)
        supposed = self._supposed(plan, left, scores)
        now, _ = self._judged(scores)
        words = {self._judged([*scores, *case])[0] for case in _extremes(left, supposed, plan)}
        moved = {name: self._moved(scores, ends) for name, ends in supposed.items()}
        if words | {word for _, both in moved.values() for word in both} == {now}:
            trials = (
                "the trial that is left shows"
                if len(left) == 1
                else f"the {len(left)} trials that are left show"
            )
            return Choice(
                enough=f"the verdict stays {now} whatever {trials} (from P5 to P95 of their scores)"
            )
        seconds = {plan.trial_digest(t): trial_seconds(plan, t, self.gpu) for t in left}
        return Choice(max(seconds, key=lambda name: (moved[name][0] + 1e-9) / seconds[name]))

    def _supposed(
        self, plan: ExperimentPlan, left: Sequence[Trial], scores: Sequence[Score]
    ) -> dict[str, tuple[Score, Score]]:
        """A bad and a good outcome of each trial by what is known now: (score at P5, score at
        P95).
        """
        import numpy as np

        task = _task_of_brief(self.brief)
        base = [*self._informed(()).quality.measured, *scores]
        supposed = {}
        for trial in left:
            name = plan.trial_digest(trial)
            score = _blank_score(plan, trial)
            rows = _predicted(task, [_skill(plan, score)], base)[0]
            ends = np.quantile(rows[1:], (PESSIMISTIC, OPTIMISTIC))
            supposed[name] = (
                replace(score, score=float(ends[0])),
                replace(score, score=float(ends[1])),
            )
        return supposed

    def _moved(
        self, scores: Sequence[Score], ends: tuple[Score, Score]
    ) -> tuple[float, tuple[str, str]]:
        """By how much the chances to be best differ between both outcomes (total variation), and
        both verdicts.
        """
        (bad, low), (good, high) = (self._judged([*scores, end]) for end in ends)
        apart = sum(abs(low.get(a, 0.0) - high.get(a, 0.0)) for a in low.keys() | high.keys()) / 2.0
        return apart + float(bad != good), (bad, good)

    def _judged(self, scores: Sequence[Score]) -> tuple[str, Mapping[str, float]]:
        """The verdict's word with these scores, and every arm's chance to be best."""
        from advisor.pipeline import NothingLeft, judge

        try:
            verdict = judge(self.brief, self._with(scores), draws=JUDGED_DRAWS, deep=False)
        except NothingLeft as stop:
            verdict = stop.verdict
        return verdict.verdict, {option.id: option.p_best for option in verdict.arms}

    def _informed(self, scores: Sequence[Score]) -> Brief:
        from advisor.pipeline import inform

        return inform(self.brief, self._with(scores))

    def _with(self, scores: Sequence[Score]) -> Surroundings:
        """Around the brief these scores stand instead of kept ones of the same option."""
        new = {_option_of_score(s) for s in scores}
        return replace(
            self.around,
            scores=(*(s for s in self.around.scores if _option_of_score(s) not in new), *scores),
        )


def policy_for(
    brief: Brief | None, around: Surroundings | None, gpu: Gpu | None = None
) -> SteeringPolicy:
    """By the verdict on a brief where there is one, else by the scores alone."""
    return ByScores() if brief is None or around is None else ByVerdict(brief, around, gpu)


Option = tuple[str, str, int]
"""(approach, technique or method, examples shown) of a trial: the shares of one tuned form are one
arm.
"""


def _option(trial: Trial) -> Option:
    return str(trial.spec["approach"]), str(trial.spec["technique"]), int(trial.spec["shown"])


def _options(plan: ExperimentPlan) -> dict[Option, Trial]:
    """Every arm with the trial of its largest share, in the order of the plan."""
    largest: dict[Option, Trial] = {}
    for trial in plan.trials:
        current = largest.setdefault(_option(trial), trial)
        if trial.spec["train_examples"] > current.spec["train_examples"]:
            largest[_option(trial)] = trial
    return largest


def _openers(
    plan: ExperimentPlan, left: Sequence[Trial], *, one_each: bool = False
) -> Iterator[Trial]:
    """What is measured before anybody judges, cheapest first: two prompt forms, then the smallest
    share of each method.

    `one_each`: one prompt form and one tuned trial are enough of a beginning.
    """
    prompts = [t for t in plan.trials if t.spec["approach"] == "prompt"][: 1 if one_each else 2]
    smallest: dict[str, Trial] = {}
    for trial in (t for t in plan.trials if t.spec["approach"] == "tune"):
        current = smallest.setdefault(str(trial.spec["technique"]), trial)
        if trial.spec["train_examples"] < current.spec["train_examples"]:
            smallest[str(trial.spec["technique"])] = trial
    tuned = list(smallest.values())[: 1 if one_each else None]
    waiting = {plan.trial_digest(t) for t in left}
    return (t for t in (*prompts, *tuned) if plan.trial_digest(t) in waiting)


def _extremes(
    left: Sequence[Trial], supposed: Mapping[str, tuple[Score, Score]], plan: ExperimentPlan
) -> Iterator[list[Score]]:
    """All trials that are left at a bad or a good outcome together, every approach either way."""
    approaches = list(dict.fromkeys(str(t.spec["approach"]) for t in left))
    for ends in product((0, 1), repeat=len(approaches)):
        end = dict(zip(approaches, ends, strict=True))
        yield [supposed[plan.trial_digest(t)][end[str(t.spec["approach"])]] for t in left]


def _blank_score(plan: ExperimentPlan, trial: Trial) -> Score:
    """What the trial will say, without its score."""
    approach, technique, shots = _option(trial)
    n = int(trial.spec["train_examples"]) or shots
    name = "tuned-few-shot" if approach == "hybrid" else technique
    return Score(
        approach,
        name,
        plan.about.get("model", "model"),
        0.0,
        len(plan.shared["items"]),
        train_examples=n,
    )


def _option_of_score(score: Score) -> tuple[str, str, str, int]:
    return score.approach, score.technique, score.model.lower(), score.train_examples


def _skill(plan: ExperimentPlan, score: Score) -> Skill:
    from advisor.estimate.quality import Skill
    from advisor.estimate.quality.prediction import size_in_name

    weights = plan.trials[0].spec.get("model")
    size = size_in_name(score.model)
    if size is None and isinstance(weights, Mapping):
        size = max(weights["bytes"] / 2.0 / 1e9, 1e-3)
    name = f"{score.approach}/{score.technique}@{score.model}"
    return Skill(
        name,
        score.approach,
        score.technique,
        score.model,
        size,
        float(score.train_examples) or None,
    )


def _final_scores(
    plan: ExperimentPlan, options: Mapping[Option, Trial], outcomes: Sequence[TrialOutcome]
) -> dict[Option, Rows]:
    """Of every arm the score it would end at, in joint draws; row 0 is the median.

    Methods are told one at a time: a hybrid has the same name whatever it was tuned by.
    """
    task = _task_of(plan.shared)
    final = dict[Option, "Rows"]()
    arm_of = {plan.trial_digest(t): _option(t) for t in plan.trials}
    methods = dict.fromkeys(option[1] for option in options if option[0] != "prompt") or {"": None}
    for method in methods:
        mine = [option for option in options if option[0] == "prompt" or option[1] == method]
        blank = {option: _blank_score(plan, options[option]) for option in mine}
        measured = scores_so_far(plan, [o for o in outcomes if arm_of.get(o.digest) in blank])
        rows = _predicted(task, [_skill(plan, s) for s in blank.values()], measured)
        for option, draws in zip(mine, rows, strict=True):
            final.setdefault(option, draws)
    return final


def _predicted(task: TaskProfile, skills: Sequence[Skill], measured: Sequence[Score]) -> list[Rows]:
    """The learning curves of the estimate, on what is measured: the same engine as the
    verdict's.
    """
    from advisor.estimate.quality import predictions
    from advisor.estimate.sheet import stream

    curves = predictions(
        task, skills, measured, normals=lambda name: stream(SEED, name, DRAWS + 1), size=DRAWS + 1
    )
    return [curve.rows for curve in curves]


def _task_of(shared: JsonObject) -> TaskProfile:
    from advisor.estimate.quality import TaskProfile

    labels = len(shared["labels"])
    return TaskProfile(
        "classification" if labels else TASK_TYPES.get(shared["metric"], "qa"), labels=labels
    )


def _task_of_brief(brief: Brief) -> TaskProfile:
    from advisor.estimate.scoring import task_of

    return task_of(brief)


def _order_is_known(
    best: Option,
    draws: Rows,
    chances: Mapping[Option, float],
    open_trials: Mapping[Option, Sequence[Trial]],
) -> str:
    import numpy as np

    low, high = np.quantile(draws[1:], (0.1, 0.9))
    lead = f"{_named(best)} leads with {float(draws[0]):.3f} ({low:.3f} – {high:.3f})"
    rivals = {
        option: chance
        for option, chance in chances.items()
        if open_trials[option] or open_trials[best]
    }
    if not rivals:
        return lead
    closest = max(rivals, key=rivals.__getitem__)
    return (
        f"{lead}; the chance that {_named(closest)} is better is {fmt.share(rivals[closest])}, "
        "that of others smaller"
    )


def _named(option: Option) -> str:
    approach, technique, shots = option
    return f"{approach}/{technique}" + (f" with {shots} shown" if shots else "")
