"""Flip points: the value of an input beyond which the answer is another one.

They come from the decision rule itself, on the draws of the verdict: an input is put to a value in
every draw, and the rule is asked again. A coarse sweep on a part of the draws finds where the
answer changes, two finer ones narrow it down, and every point is tried on all draws 5 % beyond its
value before it is listed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor.core.brief import Brief, questions
from advisor.core.question import Kind, Question
from advisor.core.verdict import FlipPoint
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.ranking import Matrix, Ranking, rank
from advisor.decide.settling import UNDECIDED, Ruling

REACH = 100.0
"""A positive input is tried up to a hundredfold each way: what is farther off is not news."""

COARSE_POINTS = 17
COARSE_DRAWS = 80
FINE_POINTS = 8
FINE_DRAWS = 400
ROUNDS = 2
"""Each round narrows a bracket ninefold: from the 78 % of a coarse step to some 0.7 %."""

BEYOND = 1.05
TRIES = 3
"""How often a point is moved outwards by 5 % where all draws do not confirm it."""

TIE = 0.02
"""Inputs that flip the answer this close to their present value say one thing: it is a tie."""

HORIZON = "budget.horizon_months"
HORIZONS = (3, 6, 12, 24, 60)

LISTED = 8
"""No more flip points than a reader takes in: the nearest."""

LABELS = "data.examples"
"""The input that moves scores: evaluated apart, since every score is then predicted case by case.
"""

BLOCK_ROWS = 60_000
"""Rows evaluated at once: enough to be quick, few enough for a small machine."""


Judge = Callable[[Ranking], Ruling]


@dataclass(frozen=True, slots=True)
class Bracket:
    """Two values of an input, the one nearer to today's first, between which the answer becomes
    `answer`.
    """

    key: str
    near: float
    far: float
    answer: Ruling


@dataclass(frozen=True, slots=True)
class Prober:
    """Asks the decision rule at other values of single inputs.

    `most` is the largest value of an input for which the same options exist: from a provider's
    shortest cached prefix on, there are others.
    """

    evaluator: Evaluator
    brief: Brief
    judge: Judge
    seed: int
    today: Ruling
    most: Mapping[str, float] = field(default_factory=dict)

    def ask(self, values: Sequence[tuple[str, float]], draws: int) -> list[Ruling]:
        """The answer at each value of an input, on the first `draws` draws."""
        answers: dict[tuple[str, float], Ruling] = {}
        for apart in (True, False):
            group = [v for v in dict.fromkeys(values) if (v[0] == LABELS) is apart]
            per_call = max(1, BLOCK_ROWS // (draws + 1))
            for start in range(0, len(group), per_call):
                answers |= self._ask(group[start : start + per_call], draws)
        return [answers[value] for value in values]

    def _ask(
        self, values: Sequence[tuple[str, float]], draws: int
    ) -> dict[tuple[str, float], Ruling]:
        cases = self.evaluator.drawn_what_if(values, draws, self.seed)
        whole = rank(cases.estimates, self.brief, cases.size)
        size = draws + 1
        return {
            value: self.judge(whole.rows(slice(i * size, (i + 1) * size)))
            for i, value in enumerate(values)
        }

    def over(self, months: int, draws: int) -> Ruling:
        """The answer for another horizon."""
        cases = self.evaluator.over(months, draws, self.seed)
        return self.judge(rank(cases.estimates, self.brief, cases.size))


def flip_points(prober: Prober, cases: Cases) -> tuple[FlipPoint, ...]:
    """Every confirmed flip point, the nearest to its present value first."""
    now = _numbers(prober, cases)
    grids = {key: grid(questions()[key], value) for key, value in now.items()}
    _keep_valid(grids, prober.brief)
    for key, most in prober.most.items():
        if key in grids:
            grids[key] = grids[key][grids[key] * BEYOND < most]
    brackets = _brackets(prober, grids, now)
    for _ in range(ROUNDS):
        brackets = _narrowed(prober, brackets)
    points = [
        *_confirmed(prober, brackets, now, cases.size - 1),
        *_horizons(prober, cases.size - 1),
    ]
    return tuple(sorted(points, key=_nearness))


def tied(points: Sequence[FlipPoint]) -> list[FlipPoint]:
    """Flip points so near to the present value that they only say: nothing separates the two."""
    return [p for p in points if abs(_distance(p.value, p.now or 0.0)) < TIE]


def _numbers(prober: Prober, cases: Cases) -> dict[str, float]:
    """The numeric answers that move any figure of any option."""
    values = {
        key: cases.inputs[key].value
        for key in questions()
        if key in cases.inputs and cases.inputs[key].is_known
    }
    ends = [(key, end) for key, value in values.items() for end in _ends(questions()[key], value)]
    probe = prober.evaluator.what_if(ends)
    moves = np.zeros(probe.size, dtype=bool)
    ranking = rank(probe.estimates, prober.brief, probe.size)
    for columns in (ranking.cost, ranking.once, ranking.quality, ranking.meets):
        moves |= ~np.isclose(columns, columns[0], rtol=1e-9, equal_nan=True).all(axis=1)
    return {
        key: value
        for i, (key, value) in enumerate(values.items())
        if moves[1 + 2 * i] or moves[2 + 2 * i]
    }


def _ends(question: Question, now: float) -> tuple[float, float]:
    values = grid(question, now, 2)
    return float(values[0]), float(values[-1])


def grid(question: Question, now: float, points: int = COARSE_POINTS) -> Matrix:
    """Values to try for an input: between its bounds where it has both, else a hundredfold each
    way.
    """
    if question.low is not None and question.high is not None and question.high <= 1:
        return np.linspace(question.low, question.high, points)
    if now > 0:
        values = now * np.geomspace(1 / REACH, REACH, points)
    else:
        values = np.concatenate([[0.0], np.geomspace(1e-3, 1e4, points - 1)])
    values = np.clip(values, question.low, question.high)
    return np.unique(np.rint(values)) if question.kind == Kind.WHOLE and points > 2 else values


def _keep_valid(grids: dict[str, Matrix], brief: Brief) -> None:
    """Leave out values that the brief would refuse: a shared part longer than the whole prompt."""
    static = "traffic.static_tokens"
    shared = "traffic.shared_tokens"
    if shared in brief.origins and brief.traffic.shared_tokens is not None:
        least = brief.traffic.shared_tokens.p90 or 0.0
        if static in grids:
            grids[static] = grids[static][grids[static] >= least]
        if shared in grids:
            most = brief.traffic.static_tokens.p10 or 0.0
            grids[shared] = grids[shared][grids[shared] <= most]


def _brackets(
    prober: Prober, grids: Mapping[str, Matrix], now: Mapping[str, float]
) -> list[Bracket]:
    values = [(key, float(v)) for key, points in grids.items() for v in points]
    answers = iter(prober.ask(values, COARSE_DRAWS))
    brackets: list[Bracket] = []
    for key, points in grids.items():
        own = [(float(v), next(answers)) for v in points]
        above = [pair for pair in own if pair[0] > now[key]]
        below = [pair for pair in reversed(own) if pair[0] < now[key]]
        brackets += _changes(key, now[key], above, prober.today)
        brackets += _changes(key, now[key], below, prober.today)
    return brackets


def _changes(
    key: str, now: float, outward: Sequence[tuple[float, Ruling]], today: Ruling
) -> list[Bracket]:
    """The first change of the answer on the way outwards, and where that is only doubt, the first
    other verdict behind it.
    """
    brackets: list[Bracket] = []
    near = now
    for value, answer in outward:
        listed = {b.answer.word for b in brackets}
        if answer.word not in (today.word, *listed):
            brackets.append(Bracket(key, near, value, answer))
            if answer.word != UNDECIDED:
                return brackets
        near = value
    return brackets


def _steps(bracket: Bracket) -> Matrix:
    """Values between the two ends of a bracket, both left out."""
    near = bracket.near
    far = bracket.far
    between = np.geomspace if near > 0 and far > 0 else np.linspace
    return np.asarray(between(near, far, FINE_POINTS + 2))[1:-1]


def _narrowed(prober: Prober, brackets: Sequence[Bracket]) -> list[Bracket]:
    """Each bracket cut down to the step in which its answer comes first."""
    steps = [_steps(b) for b in brackets]
    values = [(b.key, float(v)) for b, own in zip(brackets, steps, strict=True) for v in own]
    answers = iter(prober.ask(values, FINE_DRAWS))
    narrowed = []
    for bracket, own in zip(brackets, steps, strict=True):
        near = bracket.near
        far = bracket.far
        for value, answer in [(float(v), next(answers)) for v in own]:
            if far == bracket.far and answer.word == bracket.answer.word:
                far = value
            elif far == bracket.far:
                near = value
        narrowed.append(Bracket(bracket.key, near, far, bracket.answer))
    return narrowed


def _confirmed(
    prober: Prober, brackets: Sequence[Bracket], now: Mapping[str, float], draws: int
) -> list[FlipPoint]:
    """The brackets whose answer all draws give 5 % beyond; one that they do not is moved out."""
    points: list[FlipPoint] = []
    waiting = sorted(brackets, key=lambda b: abs(_distance(b.far, now[b.key])))[:LISTED]
    for _ in range(TRIES):
        trials = [(b.key, _beyond(b.key, b.far, now[b.key])) for b in waiting]
        answers = prober.ask(trials, draws)
        pairs = list(zip(waiting, answers, trials, strict=True))
        points += [
            _point(b, answer, now[b.key]) for b, answer, _ in pairs if answer.word == b.answer.word
        ]
        waiting = [
            Bracket(b.key, b.far, value, b.answer)
            for b, answer, (_, value) in pairs
            if answer.word != b.answer.word and value != b.far
        ]
        if not waiting:
            break
    return points


def _beyond(key: str, value: float, now: float) -> float:
    """5 % farther from today's value, within the bounds of the question."""
    question = questions()[key]
    out = value * BEYOND if value > now else value / BEYOND
    if question.kind == Kind.WHOLE:
        out = math.ceil(out) if value > now else math.floor(out)
    return float(np.clip(out, question.low, question.high))


def _point(bracket: Bracket, answer: Ruling, now: float) -> FlipPoint:
    unit = questions()[bracket.key].unit
    return FlipPoint(bracket.key, bracket.far, answer.word, now, unit, answer.option)


def _horizons(prober: Prober, draws: int) -> list[FlipPoint]:
    """The shortest longer horizon, and the longest shorter one, with another answer, in months."""
    now = prober.brief.budget.horizon_months
    longer = [m for m in HORIZONS if m > now]
    shorter = [m for m in reversed(HORIZONS) if m < now]
    points = []
    for months in (longer, shorter):
        flip = _first_horizon(prober, now, months, draws)
        if flip is not None:
            points.append(flip)
    return points


def _first_horizon(
    prober: Prober, now: int, candidates: Sequence[int], draws: int
) -> FlipPoint | None:
    near = now
    for far in candidates:
        answer = prober.over(far, FINE_DRAWS)
        if answer.word != prober.today.word:
            return _nearest_horizon(prober, now, near, far, draws)
        near = far
    return None


def _nearest_horizon(prober: Prober, now: int, near: int, far: int, draws: int) -> FlipPoint | None:
    """Bisection on whole months between two horizons; confirmed on all draws 5 % beyond."""
    while abs(far - near) > 1:
        middle = (near + far) // 2
        if prober.over(middle, FINE_DRAWS).word != prober.today.word:
            far = middle
        else:
            near = middle
    question = questions()[HORIZON]
    beyond = math.ceil(far * BEYOND) if far > now else math.floor(far / BEYOND)
    answer = prober.over(int(np.clip(beyond, question.low, question.high)), draws)
    if answer.word == prober.today.word:
        return None
    return FlipPoint(HORIZON, float(far), answer.word, float(now), question.unit, answer.option)


def _distance(value: float, now: float) -> float:
    return math.log(value / now) if value > 0 and now > 0 else 10.0 + abs(value - now)


def _nearness(point: FlipPoint) -> tuple[float, str, float]:
    return abs(_distance(point.value, point.now or 0.0)), point.input, point.value
