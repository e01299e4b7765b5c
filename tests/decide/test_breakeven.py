"""Where two options cost the same: signs of every difference, and roots with a closed form."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import BreakEven
from advisor.decide import breakeven
from advisor.decide.breakeven import break_even, spread
from advisor.decide.crossing import VOLUME, equal_volume

Rows = float | NDArray[np.float64]
TUNE = Option("tune", "lora", "m")
PROMPT = Option("prompt", "few-shot", "n")
MONTHS = 12.0
NOW = 1000.0


@dataclass(frozen=True)
class Drawn:
    """Estimates and inputs made by hand."""

    estimates: Sequence[Estimate]
    size: int = 1
    inputs: dict[str, Figure] = field(default_factory=dict)
    spreads: dict[str, Range] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """Costs of a horizon by the volume: `fixed` + `each` · requests to a power, 1: straight."""

    option: Option
    fixed: Rows
    each: Rows
    power: float = 1.0

    def at(self, volume: Rows) -> Estimate:
        costs = np.asarray(self.fixed + self.each * volume**self.power)
        total = Figure(costs, "USD", "horizon.total")
        return Estimate(self.option, {total.id: total})


@dataclass(frozen=True)
class Lines:
    """An evaluator of such options."""

    lines: Sequence[Line]

    def what_if(self, changes: Sequence[tuple[str, float]]) -> Drawn:
        volumes = np.array([NOW, *(value for _, value in changes)])
        return Drawn([line.at(volumes) for line in self.lines], len(volumes))

    def at(
        self, cases: Drawn, which: Sequence[int], key: str, rows: NDArray[np.float64]
    ) -> list[Estimate]:
        assert key == VOLUME
        return [self.lines[i].at(rows) for i in which]


def priced(
    option: Option, once: Rows, run: Rows, errors: Rows = 0.0, inference: Rows = 0.0
) -> Estimate:
    """An option by its one-off and monthly costs over the horizon."""
    total = once + MONTHS * (run + errors)
    values = {
        "once.total": once,
        "run.total": run,
        "run.errors": errors,
        "run.inference": inference,
        "horizon.total": total,
        "horizon.months_growing": MONTHS,
    }
    return Estimate(option, {k: Figure(v, "USD", k) for k, v in values.items()})


def even(a: Estimate, b: Estimate, size: int = 1, **inputs: float) -> BreakEven:
    given = {k.replace("__", "."): Figure(v, "", k) for k, v in inputs.items()}
    return break_even(Lines(()), Drawn((a, b), size, given), 0, 1, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("once", "run", "months"),
    [
        (6000.0, 500.0, 10.0),  # 5,000 more once, 500 less a month
        (6000.0, 1500.0, None),  # dearer in both
        (500.0, 500.0, None),  # cheaper in both: nothing to wait for
        (500.0, 1250.0, 2.0),  # saves 500 once, which 250 a month eat up
        (6000.0, 1000.0, None),  # the same month
        (1000.0, 500.0, None),  # the same one-off cost
    ],
)
def test_months_are_earned_back_only_where_one_saves_what_the_other_spends(
    once: float, run: float, months: float | None
) -> None:
    """The rival costs 1,000 once and 1,000 a month."""
    answer = even(priced(TUNE, once, run), priced(PROMPT, 1000.0, 1000.0), 3)
    assert answer.months == months
    assert answer.months_range == (UNKNOWN if months is None else Range.exact(months))


def test_the_months_are_the_same_whichever_of_the_two_is_named() -> None:
    dear = priced(TUNE, 6000.0, 500.0)
    cheap = priced(PROMPT, 1000.0, 1000.0)
    assert even(dear, cheap).months == even(cheap, dear).months == 10.0


@pytest.mark.parametrize(("errors", "months"), [(0.0, 10.0), (250.0, 20.0), (500.0, None)])
def test_wrong_answers_are_a_part_of_the_month(errors: float, months: float | None) -> None:
    answer = even(priced(TUNE, 6000.0, 500.0, errors), priced(PROMPT, 1000.0, 1000.0))
    assert answer.months == months


def test_months_of_every_draw_have_their_spread() -> None:
    """5,000 more once ÷ a saving of 100, 200 … 1,000 a month: 50 down to 5 months."""
    saving = np.concatenate([[500.0], np.arange(1, 11) * 100.0])
    pick = priced(TUNE, np.full(11, 6000.0), 1000.0 - saving)
    months = even(pick, priced(PROMPT, 1000.0, 1000.0), 11).months_range
    expected = np.quantile(5000.0 / saving[1:], [0.1, 0.5, 0.9])
    assert [months.p10, months.p50, months.p90] == pytest.approx(expected.tolist())


@pytest.mark.parametrize(
    ("total", "inference", "multiple"),
    [
        (2200.0, 100.0, 1.0),  # both cost 1,000 + 12 · 100
        (2800.0, 100.0, 1.5),  # 600 more, half of 12 · 100
        (1600.0, 100.0, 0.5),
        (400.0, 100.0, None),  # cheaper even than free tokens: −0.5
        (2800.0, 0.0, None),  # no tokens are charged
    ],
)
def test_a_multiple_of_prices_by_hand(
    total: float, inference: float, multiple: float | None
) -> None:
    tuned = priced(TUNE, total, 0.0)
    prompted = priced(PROMPT, 1000.0, 100.0, 0.0, inference)
    for pair in ((tuned, prompted), (prompted, tuned)):
        assert even(*pair).price_multiple == multiple


def test_a_multiple_over_the_draws_is_never_below_zero() -> None:
    """1,000 once and 100 a month in tokens, against 2,800 … −8,000 over twelve months."""
    totals = np.array([2800.0, *np.linspace(2800.0, -8000.0, 11)])
    answer = even(priced(TUNE, totals, 0.0), priced(PROMPT, 1000.0, 100.0, 0.0, 100.0), 12)
    by_hand = np.maximum(1 + (totals[1:] - 2200) / 1200, 0.0)
    assert answer.price_multiple == 1.5
    found = answer.price_multiple_range
    assert (found.p10, found.p50, found.p90) == pytest.approx(
        np.quantile(by_hand, [0.1, 0.5, 0.9]).tolist()
    )
    assert found.p10 == 0.0
    likely = np.array([400.0, *totals[1:]])  # no price today, whatever some draws say
    none = even(priced(TUNE, likely, 0.0), priced(PROMPT, 1000.0, 100.0, 0.0, 100.0), 12)
    assert (none.price_multiple, none.price_multiple_range) == (None, UNKNOWN)


@pytest.mark.parametrize(
    ("column", "step"),
    [
        ([-1.0, -1.0, 1.0, 1.0, 1.0], 1),
        ([-1.0, -1.0, 0.0, 1.0, 1.0], 2),  # a zero is not yet positive
        ([-1.0, 1.0, -1.0, 1.0, 1.0], 2),  # the one nearer to the middle
        ([1.0, -1.0, -1.0, -1.0, 1.0], 3),
        ([1.0, 1.0, 1.0, 1.0, 1.0], None),
        ([1.0, 1.0, 1.0, -1.0, -1.0], None),  # it turns the other way
    ],
)
def test_a_bracket_is_the_step_in_which_the_gap_turns_positive(
    column: list[float], step: int | None
) -> None:
    grid = np.array([1.0, 10.0, 100.0, 1e3, 1e4])
    table = np.array([column, [-1.0] * 4 + [1.0]]).T
    (low, below), (high, above), turns = breakeven._brackets(grid, table)
    assert turns.tolist() == [step is not None, True]
    assert (low[1], high[1], below[1], above[1]) == (1e3, 1e4, -1.0, 1.0)
    if step is not None:
        assert (low[0], high[0]) == (grid[step], grid[step + 1])
        assert (below[0], above[0]) == (column[step], column[step + 1])
    else:
        assert below[0] < 0 < above[0]  # no division by zero beside a real bracket


def test_two_tuned_models_have_no_prices_in_common() -> None:
    pair = (priced(TUNE, 1.0, 2.0, 0.0, 3.0), priced(TUNE, 2.0, 1.0, 0.0, 3.0))
    assert even(*pair).price_multiple is None


@pytest.mark.parametrize(
    ("price", "requests", "uplift"), [(0.5, 1000.0, 0.2), (0.0, 1000.0, None), (0.5, 0.0, None)]
)
def test_an_uplift_needs_a_price_of_errors_and_requests(
    price: float, requests: float, uplift: float | None
) -> None:
    """1,200 more without errors ÷ (1,000 · 12 · 0.5)."""
    pair = (priced(TUNE, 1200.0, 0.0, 7.0), priced(PROMPT, 0.0, 0.0, 9.0))
    answer = even(*pair, quality__error_cost_usd=price, traffic__requests_per_month=requests)
    assert answer.uplift == uplift
    assert even(*pair).uplift is None  # neither is an input


def test_without_a_rival_there_is_no_break_even() -> None:
    alone = Drawn((priced(TUNE, 1.0, 1.0),))
    assert break_even(Lines(()), alone, 0, None, 5.0) == BreakEven()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([1.0, 2.0, 3.0], Range(1.2, 2.0, 2.8)),
        ([1.0, 2.0, math.inf], Range(1.2, 2.0, None)),
        ([1.0, math.inf, math.inf], Range(None, None, None)),
        ([], UNKNOWN),
    ],
)
def test_an_end_that_is_never_reached_is_unknown(rows: list[float], expected: Range) -> None:
    """Interpolated between neighbours, as numpy does: 1 + 0.2 · (2 − 1)."""
    answer = spread(np.array(rows))
    for end in ("p10", "p50", "p90"):
        by_hand = getattr(expected, end)
        assert getattr(answer, end) == (None if by_hand is None else pytest.approx(by_hand))


def lines_of(fixed: Rows, each: Rows) -> Lines:
    """A tuned model that costs `fixed`, and a prompt that costs `each` for a request."""
    return Lines((Line(TUNE, fixed, 0.0), Line(PROMPT, 0.0, each)))


def root(world: Lines, pick: int = 0) -> float | None:
    cases = Drawn(world.what_if([]).estimates, 1, {VOLUME: Figure(NOW, "", VOLUME)})
    return equal_volume(world, cases, pick, 1 - pick)  # type: ignore[arg-type]


@example(1.0, 0)  # the same cost at exactly today's volume
@example(1.0, 1)
@example(990.0, 0)
@example(0.00101, 1)
@given(st.floats(0.002, 500.0), st.sampled_from([0, 1]))
def test_two_straight_lines_cross_at_their_ratio(times: float, pick: int) -> None:
    """`fixed` ÷ `each` requests, wherever it lies within a thousandfold of today's."""
    answer = root(lines_of(times * NOW * 0.3, 0.3), pick)
    assert answer == pytest.approx(times * NOW, rel=1e-6)


@pytest.mark.parametrize(
    ("fixed", "each"),
    [(NOW * 1001, 1.0), (NOW / 1001, 1.0), (-5.0, 1.0), (5.0, 0.0)],
    ids=["too far above", "too far below", "always cheaper", "never charged"],
)
def test_beyond_a_thousandfold_or_without_a_crossing_there_is_no_volume(
    fixed: float, each: float
) -> None:
    assert root(lines_of(fixed, each)) is None


@pytest.mark.parametrize(
    ("roots", "nearest"),
    [
        ((500.0, 5000.0), 500.0),
        ((100.0, 3000.0), 3000.0),
        ((2e3, 9e3), 2e3),
        ((50.0, 400.0), 400.0),
    ],
)
def test_of_two_volumes_the_one_nearer_in_proportion_to_today(
    roots: tuple[float, float], nearest: float
) -> None:
    """A cost that grows with the square of the volume crosses a straight one twice."""
    low, high = roots
    world = Lines((Line(TUNE, low * high, 1.0, 2.0), Line(PROMPT, 0.0, low + high)))
    for pick in (0, 1):
        assert root(world, pick) == pytest.approx(nearest, rel=1e-4)


def test_no_volume_without_a_rival_or_without_traffic() -> None:
    world = lines_of(300.0, 0.3)
    cases = Drawn(world.what_if([]).estimates, 1, {VOLUME: Figure(0.0, "", VOLUME)})
    assert equal_volume(world, cases, 0, 1) is None  # type: ignore[arg-type]
    assert equal_volume(world, cases, 0, None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["tuned first", "prompt first"])
@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        (lambda u: 300.0 + 300.0 * u, (1100.0, 1500.0, 1900.0)),  # 300 to 600 at 0.3 each
        (lambda u: np.where(u < 0.6, -1.0, 300.0), (0.0, 0.0, 1000.0)),  # often always cheaper
        (lambda u: np.where(u < 0.6, 300.0, 1e9), (1000.0, 1000.0, None)),  # often never cheaper
        (lambda u: np.where(u < 0.6, 300.0, -300.0), (1000.0, 1000.0, None)),  # cheaper below it
    ],
    ids=["spread", "at any volume", "at no volume", "at small volumes"],
)
def test_the_volume_of_every_draw_is_the_ratio_of_its_lines(
    fixed: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    expected: tuple[float | None, ...],
    order: tuple[int, int],
) -> None:
    """The sign of the gap must not depend on which of the two is the pick."""
    share = np.linspace(0.0, 1.0, 1001)
    costs = np.concatenate([[300.0], fixed(share)[1:]])
    world = lines_of(costs, np.where(costs == -300.0, -0.3, 0.3))
    estimates = [priced(TUNE, costs, 0.0), priced(PROMPT, 0.0, 300.0)]
    volume = Figure(np.full(1001, NOW), "", VOLUME)
    cases = Drawn(estimates, 1001, {VOLUME: volume})
    answer = break_even(world, cases, *order, NOW)  # type: ignore[arg-type]
    ends = answer.requests_per_month_range
    assert [ends.p10, ends.p50, ends.p90] == [
        None if end is None else pytest.approx(end, rel=0.005, abs=1e-6) for end in expected
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["tuned first", "prompt first"])
@pytest.mark.parametrize("power", [0.9, 1.2])
def test_a_bent_cost_has_its_root_too(power: float, order: tuple[int, int]) -> None:
    """(`fixed` ÷ `each`) ^ (1 ÷ `power`), `fixed` from 0.5 to 1.5 times today's."""
    fixed = np.concatenate([[NOW**power], np.linspace(0.5, 1.5, 1000) * NOW**power])
    world = Lines((Line(TUNE, fixed, 0.0), Line(PROMPT, 0.0, 1.0, power)))
    estimates = [priced(TUNE, fixed, 0.0), priced(PROMPT, NOW**power, 0.0)]
    cases = Drawn(estimates, 1001, {VOLUME: Figure(np.full(1001, NOW), "", VOLUME)})
    ends = break_even(world, cases, *order, NOW).requests_per_month_range  # type: ignore[arg-type]
    expected = [NOW * multiple ** (1 / power) for multiple in (0.6, 1.0, 1.4)]
    assert [ends.p10, ends.p50, ends.p90] == pytest.approx(expected, rel=0.01)
