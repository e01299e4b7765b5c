"""Flip points: the value of an input beyond which the answer is another one.

They come from the decision rule itself, on the draws of the verdict: an input is put to a value in
every draw, the options that it moves are evaluated again, and the rule is asked. A coarse sweep on
a part of the draws finds where the answer changes, finer ones narrow it down, and every point is
tried on all draws 5 % beyond its value before it is listed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from advisor.core.brief import Brief, questions
from advisor.core.question import Kind, Question
from advisor.core.verdict import FlipPoint
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.ranking import Flags, Matrix, Ranking, full, rank
from advisor.decide.settling import UNDECIDED, Ruling
from advisor.decide.target import target_flips

REACH = 100.0
"""A positive input is tried up to a hundredfold each way: what is farther off is not news."""

COARSE_POINTS = 13
COARSE_DRAWS = 80
FINE_POINTS = 3
FINE_DRAWS = 400
ROUNDS = 3
"""Each round narrows a bracket fourfold: from the factor 2.2 of a coarse step to some 1 %."""

BEYOND = 1.05
TRIES = 3
"""How often a point is moved outwards by 5 % where all draws do not confirm it."""

HORIZON = "budget.horizon_months"
HORIZONS = (60, 3)
"""The longest and the shortest horizon that is tried, in months."""

LISTED = 8
"""No more flip points than a reader takes in: the nearest."""

LABELS = "data.examples"
"""The input that moves scores: evaluated apart, since every score is then predicted case by case.
"""

BLOCK_ROWS = 8_000
"""Rows evaluated at once: enough to be quick, few enough for a small machine."""

BLOCK_CELLS = 200_000
"""Likewise of all options together."""

FORMULA_ROWS = 5_000
"""What it takes to go through the formulas of an option at all, in rows of arithmetic."""

PROBES = 5
"""Values of an input that are tried to see which options it moves at all."""


Judge = Callable[[Ranking], Ruling]
Group = tuple[frozenset[int], list[tuple[str, float]]]
"""Options by their index, with values of inputs that move no others."""


@dataclass(frozen=True, slots=True)
class ShortRuling:
    """What the decision rule says at a value, and the id of the option that it names: the ranking
    behind it is not kept.
    """

    word: str
    option: str

    @classmethod
    def of(cls, ruling: Ruling) -> ShortRuling:
        return cls(ruling.word, ruling.option)


@dataclass(frozen=True, slots=True)
class Bracket:
    """Two values of an input, the one nearer to today's first, between which the answer becomes
    `answer`.
    """

    key: str
    near: float
    far: float
    answer: ShortRuling


@dataclass(frozen=True, slots=True)
class Prober:
    """Asks the decision rule at other values of single inputs.

    `most` is the largest value of an input for which the same options exist: from a provider's
    shortest cached prefix on, there are others. `moves` are the indices of the options that an
    input moves, by its key; the others keep the figures of `cases`.
    """

    evaluator: Evaluator
    brief: Brief
    judge: Judge
    seed: int
    today: Ruling
    cases: Cases
    most: Mapping[str, float] = field(default_factory=dict)
    moves: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def ask(self, values: Sequence[tuple[str, float]], draws: int) -> list[ShortRuling]:
        """The answer at each value of an input, on the first `draws` draws."""
        answers: dict[tuple[str, float], ShortRuling] = {}
        base = self.today.ranking.rows(slice(draws + 1))
        for which, group in self._groups(values, draws):
            rows = min(BLOCK_ROWS, BLOCK_CELLS // max(len(which), 1))
            per_call = max(1, rows // (draws + 1))
            for start in range(0, len(group), per_call):
                answers |= self._ask(group[start : start + per_call], sorted(which), base)
        return [answers[value] for value in values]

    def _groups(self, values: Sequence[tuple[str, float]], draws: int) -> list[Group]:
        """The values that are evaluated together, each group with the options that it moves."""
        by_options: dict[frozenset[int], list[tuple[str, float]]] = {}
        for value in dict.fromkeys(v for v in values if v[0] != LABELS):
            by_options.setdefault(self._moved(value[0]), []).append(value)
        groups = _merged([(w, by_options[w]) for w in sorted(by_options, key=len)], draws)
        labels = list(dict.fromkeys(v for v in values if v[0] == LABELS))
        return [*groups, (self._moved(LABELS), labels)]

    def _moved(self, key: str) -> frozenset[int]:
        return self.moves.get(key, frozenset(range(len(self.today.ranking.options))))

    def _ask(
        self, values: Sequence[tuple[str, float]], which: Sequence[int], base: Ranking
    ) -> dict[tuple[str, float], ShortRuling]:
        size = len(base.cost)
        moved = rank(
            self.evaluator.drawn_what_if(values, size - 1, self.seed, which, self.cases),
            self.brief,
            size * len(values),
        )
        answers = {}
        for i, (key, value) in enumerate(values):
            part = moved.rows(slice(i * size, (i + 1) * size))
            if key == LABELS:
                part = replace(part, scored=self._scored_at(value, which))
            answers[key, value] = ShortRuling.of(self.judge(base.replaced(which, part)))
        return answers

    def _scored_at(self, labels: float, which: Sequence[int]) -> Flags | None:
        """Which of these options count as scored with so many labels: a prompt as today."""
        ranking = self.today.ranking
        if ranking.scored is None:
            return None
        tuned = [i for i in which if ranking.options[i].approach != "prompt"]
        scored = ranking.scored.copy()
        scored[tuned] = self.evaluator.scored_at(labels, tuned)
        return scored[list(which)]

    def over(self, months: int, draws: int) -> ShortRuling:
        """The answer for another horizon, on the first `draws` draws."""
        first = min(draws, self.cases.size - 1)
        cases = self.evaluator.over(months, first, self.seed, self.cases)
        return ShortRuling.of(self.judge(rank(cases.estimates, self.brief, cases.size)))


def _merged(groups: Sequence[Group], draws: int) -> list[Group]:
    """Fewer, larger groups where a further evaluation would take longer than rows that change
    nothing.
    """
    merged: list[Group] = []
    for which, values in groups:
        for i, (others, more) in enumerate(merged):
            apart = _effort(which, values, draws) + _effort(others, more, draws)
            if _effort(which | others, [*values, *more], draws) < apart:
                merged[i] = (which | others, [*more, *values])
                break
        else:
            merged.append((which, values))
    return merged


def _effort(which: frozenset[int], values: Sequence[tuple[str, float]], draws: int) -> int:
    return len(which) * (FORMULA_ROWS + len(values) * (draws + 1))


def flip_points(prober: Prober) -> tuple[FlipPoint, ...]:
    """Every confirmed flip point, the nearest to its present value first."""
    cases = prober.cases
    now = known_numbers(cases)
    prober = replace(prober, moves=moved_options(prober, now))
    now = {key: value for key, value in now.items() if prober.moves[key]}
    grids = {key: grid(questions()[key], value) for key, value in now.items()}
    _keep_valid(grids, prober.brief)
    if LABELS in grids:
        grids[LABELS] = _in_order([*grids[LABELS].tolist(), *_measured_labels(prober.brief)])
    for key, most in prober.most.items():
        if key in grids:
            grids[key] = grids[key][grids[key] * BEYOND < most]
    brackets = _brackets(prober, grids, now)
    for _ in range(ROUNDS):
        brackets = _narrowed(prober, brackets)
    points = [
        *_confirmed(prober, brackets, now, cases.size - 1),
        *_horizons(prober, cases.size - 1),
        *target_flips(prober.brief, prober.today, prober.judge),
    ]
    chances = (replace(point, p_beyond=_chance(cases, point)) for point in points)
    return tuple(sorted(chances, key=_nearness))


def _measured_labels(brief: Brief) -> list[float]:
    """Numbers of labels at which a tuned model was scored: there its score is surest."""
    tuned = (s for s in brief.quality.measured if s.approach != "prompt")
    return [float(s.train_examples) for s in tuned if s.train_examples]


def _chance(cases: Cases, point: FlipPoint) -> float | None:
    """The share of the draws in which the input lies beyond the point; None where it is exact."""
    spread = cases.spreads.get(point.input)
    if spread is None or not spread.is_known or spread.is_exact or point.now is None:
        return None
    rows = full(cases.inputs[point.input], cases.size)[1:]
    beyond = rows > point.value if point.value > point.now else rows < point.value
    return round(float(beyond.mean()), 6)


def known_numbers(cases: Cases) -> dict[str, float]:
    """The present value of every numeric answer that some figure was computed from."""
    return {
        key: cases.inputs[key].value
        for key in questions()
        if key in cases.inputs and cases.inputs[key].is_known
    }


def moved_options(prober: Prober, now: Mapping[str, float]) -> dict[str, frozenset[int]]:
    """By key, the indices of the options of which the input moves any figure that is ranked."""
    values = [(key, float(v)) for key in now for v in _probes(questions()[key], now[key])]
    probe = prober.evaluator.what_if(values)
    ranking = rank(probe.estimates, prober.brief, probe.size)
    moves = np.zeros(ranking.cost.shape, dtype=bool)
    for columns in (ranking.cost, ranking.once, ranking.quality, ranking.meets):
        moves |= ~np.isclose(columns, columns[0], rtol=1e-9, equal_nan=True)
    keys = np.array(["", *(key for key, _ in values)])
    return {key: frozenset(np.flatnonzero(moves[keys == key].any(axis=0)).tolist()) for key in now}


def _probes(question: Question, now: float) -> Matrix:
    return grid(question, now, PROBES)


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
    return _in_order(np.rint(values).tolist()) if question.kind == Kind.WHOLE else values


def _in_order(values: Sequence[float]) -> Matrix:
    """Each value once, ascending. (numpy's own loads masked arrays for this.)"""
    return np.array(sorted(set(values)))


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
    key: str, now: float, outward: Sequence[tuple[float, ShortRuling]], today: Ruling
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


def _point(bracket: Bracket, answer: ShortRuling, now: float) -> FlipPoint:
    unit = questions()[bracket.key].unit
    return FlipPoint(bracket.key, bracket.far, answer.word, now, unit, answer.option)


def _horizons(prober: Prober, draws: int) -> list[FlipPoint]:
    """A longer and a shorter horizon with another answer, in months: the nearest of each where the
    answer changes once on the way.
    """
    flips = (_nearest_horizon(prober, end, draws) for end in HORIZONS)
    return [flip for flip in flips if flip is not None]


def _nearest_horizon(prober: Prober, far: int, draws: int) -> FlipPoint | None:
    """Bisection on whole months; confirmed on all draws 5 % beyond."""
    now = prober.brief.budget.horizon_months
    if far == now or prober.over(far, FINE_DRAWS).word == prober.today.word:
        return None
    near = now
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
