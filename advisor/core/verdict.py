"""The verdict: the one record that screen, command line, JSON and every report are made from.

Field names and their nesting are the JSON contract of `advisor recommend --json`: the JSON report
is this record.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from advisor.core.quantity import UNKNOWN, Range


@dataclass(frozen=True, slots=True)
class FigureInput:
    """One input of a figure, as it stood when the figure was computed."""

    id: str
    value: float | None
    unit: str
    basis: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class FigureRecord:
    """A figure of an option.

    `value` at the likely inputs; `filled` is the formula with the numbers in place.

    Where parts of a sum are unknown, `value` is None, `at_least` the known part and `missing` the
    ids of the others.
    """

    id: str
    value: float | None
    p10: float | None
    p50: float | None
    p90: float | None
    unit: str
    basis: str
    formula: str
    filled: str
    inputs: tuple[FigureInput, ...]
    source: str
    as_of: str
    anchor: str
    at_least: float | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionRecord:
    """An option that meets the hard rules, with its estimates."""

    id: str
    approach: str
    technique: str
    model: str
    runs_on: str
    one_off_usd: Range
    monthly_usd: Range
    horizon_usd: Range
    weeks: Range
    quality: Range
    p_meets_constraints: float
    p_best: float
    figures: tuple[FigureRecord, ...]
    best_form: str = ""  # the cheapest id of the same option; forms differ in how they are served
    cash_quality_correlation: float | None = None  # over the draws, of horizon.cash and the score

    def figure(self, id: str) -> FigureRecord | None:
        return next((f for f in self.figures if f.id == id), None)


@dataclass(frozen=True, slots=True)
class Excluded:
    """An option that a rule took out."""

    id: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Where the chosen option and the cheapest of another approach cost the same; None: never."""

    months: float | None = None
    requests_per_month: float | None = None
    price_multiple: float | None = None
    uplift: float | None = None
    months_range: Range = (
        UNKNOWN  # over the draws; an end is None where so many of them never get there
    )
    price_multiple_range: Range = UNKNOWN
    requests_per_month_range: Range = UNKNOWN


@dataclass(frozen=True, slots=True)
class FlipPoint:
    """The value of an input at which the verdict becomes another; `p_beyond` is the share of the
    draws in which the input lies there, None where it is not drawn.
    """

    input: str
    value: float
    verdict_becomes: str
    now: float | None = None
    unit: str = ""
    arm: str = ""
    p_beyond: float | None = None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The advantage of the chosen option over the next approach (USD over the horizon), at P10 and
    at P90 of one input.
    """

    input: str
    low: float
    high: float
    swing_usd: float
    unit: str = "USD"
    variance_share: float = (
        0.0  # of the advantage's variance over the draws, whatever the order of inputs
    )


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something to do next. `worth_usd` is gross of its cost.

    `kind` is "information" (its worth is bounded by the expected regret and carries a standard
    error) or "improvement"; `command` is how to do it, empty where no command does. `detail` is a
    sentence on where its worth comes from.
    """

    action: str
    cost_usd: float
    days: float
    worth_usd: float
    kind: str = ""
    worth_standard_error_usd: float | None = None
    command: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Information:
    """What perfect knowledge of an input, or of an option's score, would save on average
    (EVPPI).
    """

    input: str
    worth_usd: float
    standard_error_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class LabelsNeeded:
    """What a tuned option needs to reach the target: labels in all, and money and weeks for those
    still missing.

    Unknown ranges where the target is not within reach of data; `detail` says so, or how many draws
    never get there.
    """

    option: str
    labels: Range
    cost_usd: Range
    weeks: Range
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CriterionValue:
    """An option's value by the user's own weights, 0 (worst anchors) to 1 (best); None where a
    figure is unknown.
    """

    id: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Risk:
    """What may go wrong with the chosen option after the decision: lifecycle, lock-in, price,
    forgetting, drift.
    """

    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Consideration:
    """A question that people bring to the choice, its answer in words, and the number in it."""

    question: str
    answer: str
    value: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class ProviderOffer:
    """How one of several providers of a model compares.

    `form` is prompted or tuned; `outcome` is "chosen", "chosen where it serves in another way" (as
    in batches, which the other does not offer), "same price", "costs more", "price not known", or
    the rule that stops it, with its `detail`. The money is that of the cheapest option that it
    could serve, at the likely values and without the move to another model: per month, and over the
    horizon with what is paid once; None where it is unknown.
    """

    model: str
    form: str
    provider: str
    outcome: str
    monthly_usd: float | None
    horizon_usd: float | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """A check before deciding: `status` is ok, warn or stop."""

    rule: str
    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SegmentVerdict:
    """A segment's own verdict; money is for all alike segments together."""

    name: str
    verdict: str
    arm: str
    p_best: float
    one_off_usd: Range
    monthly_usd: Range


@dataclass(frozen=True, slots=True)
class PlanStage:
    """A stage of the plan; `gate` says what must hold before the next."""

    stage: int
    arm: str
    gate: str
    weeks: float


@dataclass(frozen=True, slots=True)
class Assumption:
    """An entry of the assumption register: what was left out of the brief, and what stands in for
    it.
    """

    key: str
    value: str
    basis: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the brief states: the question in words, the value as text, and its number if it has
    one.
    """

    key: str
    question: str
    value: str
    number: float | None
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source that a figure of this verdict rests on."""

    source: str
    basis: str
    as_of: str
    used_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApproachRecord:
    """How often an approach is best, and its best option: variants that only differ in how they are
    served count together.
    """

    approach: str
    p_best: float
    option: str
    option_p_best: float


@dataclass(frozen=True, slots=True)
class Advantage:
    """What the alternative costs more than the named option over the horizon, USD: in money, in
    wrong answers, and both. P10, median and P90 of the difference in each draw.
    """

    cash_usd: Range = UNKNOWN
    errors_usd: Range = UNKNOWN
    total_usd: Range = UNKNOWN


@dataclass(frozen=True, slots=True)
class BaselineErrors:
    """What wrong answers of the process without a model cost over the horizon, USD, and what the
    named option saves of that, draw by draw; unknown where either the score of the process or the
    price of an error is not stated.
    """

    cost_usd: Range = UNKNOWN
    saved_usd: Range = UNKNOWN


@dataclass(frozen=True, slots=True)
class MapCell:
    """The verdict at another volume and another cost of a wrong answer, all else drawn as it is."""

    requests_per_month: float
    error_cost_usd: float
    verdict: str
    arm: str


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """The score that is expected with so many labelled examples."""

    examples: float
    score: Range


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How the score of a tuned option grows with labelled examples; `now` is how many there are."""

    option: str
    now: float
    points: tuple[LearningPoint, ...]


@dataclass(frozen=True, slots=True)
class DrawnOption:
    """An option in the first draws, one number per draw: USD once, per month, over the horizon in
    cash and in wrong answers, and the score; empty where unknown.
    """

    option: str
    once_usd: tuple[float, ...]
    monthly_usd: tuple[float, ...]
    cash_usd: tuple[float, ...]
    errors_usd: tuple[float, ...]
    quality: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to start with, how sure, why, and what would change it."""

    schema: int
    name: str
    client: str
    as_of: str
    seed: int
    draws: int
    verdict: str
    arm: str
    p_best: float
    expected_regret_usd: float | None
    why: tuple[str, ...]
    arms: tuple[OptionRecord, ...]
    excluded: tuple[Excluded, ...]
    break_even: BreakEven
    flip_points: tuple[FlipPoint, ...]
    sensitivity: tuple[Sensitivity, ...]
    next_step: NextStep
    readiness: tuple[Readiness, ...]
    segments: tuple[SegmentVerdict, ...] = ()
    plan: tuple[PlanStage, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    warnings: tuple[str, ...] = ()
    sources: tuple[SourceRecord, ...] = ()
    alternative: str = field(default="")  # the option that break-even and flips compare with
    unexplained_variance_share: float | None = None  # of the advantage: what inputs do together
    p_approach: float | None = None  # share of the draws in which the named approach is best
    approaches: tuple[ApproachRecord, ...] = ()  # the longest bar first
    advantage: Advantage = Advantage()  # the one number for "saves", wherever it stands
    horizon_months: float | None = None  # what horizon_usd and expected_regret_usd cover
    steps: tuple[NextStep, ...] = ()  # what tells more and is worth its price, the best first
    improvements: tuple[NextStep, ...] = ()  # what makes an option better, the best first
    information: tuple[
        Information, ...
    ] = ()  # inputs by what it is worth to know them, the most valuable first
    risks: tuple[Risk, ...] = ()
    considerations: tuple[Consideration, ...] = ()  # the usual questions, each with a number
    answers: tuple[Answer, ...] = ()  # what the brief states, in the order of the questions
    labels_needed: tuple[LabelsNeeded, ...] = ()  # where there is a target, for every tuned option
    criteria: tuple[
        CriterionValue, ...
    ] = ()  # the options by the user's weights, where there are any
    cost_map: tuple[MapCell, ...] = ()  # by volume, then by cost of a wrong answer, ascending
    curve: LearningCurve | None = None
    drawn: tuple[DrawnOption, ...] = ()  # the named option, its alternative and today's
    against_today: Advantage = Advantage()  # the named option over what is in place
    baseline_errors: BaselineErrors = BaselineErrors()
    offers: tuple[ProviderOffer, ...] = ()  # of models that several providers sell
    meanwhile: str = ""  # where it is undecided: what to do until it is, in a sentence
    nearest: str = ""  # id of the option that comes nearest, where `arm` is not to be used yet

    @property
    def subject(self) -> str:
        """The id of the option that a report is about: `arm`, or `nearest` where there is one. What
        is compared with another option, or may go wrong, is that of this option.
        """
        return self.nearest or self.arm

    @property
    def option(self) -> str:
        """The id of the option to start with: `arm`, in the words of the reports."""
        return self.arm

    @property
    def options(self) -> tuple[OptionRecord, ...]:
        """The options that no rule excludes: `arms`, in the words of the reports."""
        return self.arms

    @property
    def chosen(self) -> OptionRecord | None:
        """The record of the option that a report is about."""
        return next((a for a in self.arms if a.id == self.subject), None)
