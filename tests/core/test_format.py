from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core import format as fmt
from advisor.core.quantity import UNKNOWN, Range

FINITE = st.floats(-1e12, 1e12)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12168, "$12,168"),
        (43.16, "$43.16"),
        (43.0, "$43"),
        (99.999, "$100"),
        (0, "$0"),
        (0.00024, "$0.00024"),
        (-1200, "−$1,200"),
        (-0.4, "−$0.40"),
        (2.84e-14, "$0"),
        (None, "unknown"),
        (math.nan, "unknown"),
        (math.inf, "unknown"),
    ],
)
def test_money(value: float | None, shown: str) -> None:
    assert fmt.money(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1231.44, "+$1,231.44"),
        (0.0, "+$0.00"),
        (-5.0, "−$5.00"),
        (None, "unknown"),
        (1_000_000.5, "+$1,000,000.50"),
    ],
)
def test_a_change_in_money_has_its_sign_and_cents(value: float | None, shown: str) -> None:
    assert fmt.signed_money(value, cents=True) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5_032, "$5,032"),
        (99_999, "$99,999"),
        (100_000, "$100 k"),
        (121_680, "$122 k"),
        (1_250_000, "$1.25 M"),
        (999_600, "$1.00 M"),
        (3.2e9, "$3.20 bn"),
        (43.16, "$43.16"),
        (7, "$7"),
        (-121_680, "−$122 k"),
        (None, "unknown"),
        (math.nan, "unknown"),
    ],
)
def test_money_where_space_is_scarce(value: float | None, shown: str) -> None:
    assert fmt.compact_money(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12_168, "12.2 k"), (250, "250"), (2.5, "2.50"), (-0.004, "−0.004"), (math.inf, "unknown")],
)
def test_ticks(value: float, shown: str) -> None:
    assert fmt.compact(value) == shown


@given(FINITE)
def test_one_rule_writes_money_alike_below_a_hundred_thousand(value: float) -> None:
    if abs(value) < fmt.IN_FULL:
        assert fmt.compact_money(value) == fmt.money(value)


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (fmt.money_rate, 3317.28, "$3,317 per month"),
        (fmt.points, 0.03, "3.0 points"),
        (fmt.points, -0.0123, "−1.2 points"),
        (fmt.count, 1499.6, "1,500"),
        (fmt.times, 0.27, "0.27 ×"),
        (fmt.times, 14.2, "14 ×"),
        (fmt.times, 3.0, "3 ×"),
        (fmt.decimal, 1234.56, "1,234.6"),
        (fmt.decimal, -0.04, "0.0"),
        (fmt.significant, 1_144_797.0, "1,140,000"),
        (fmt.significant, 0.021349, "0.0213"),
        (fmt.significant, -15.26, "−15.3"),
        (fmt.gib, 12.38, "12.4 GiB"),
        (fmt.duration, 0.4, "0.4 s"),
        (fmt.duration, 45.2, "45 s"),
        (fmt.duration, 720, "12 min"),
        (fmt.duration, 14_000, "3.9 h"),
        (fmt.duration, 345_600, "4 days"),
        (fmt.months, 1.99, "2.0 months"),
        (fmt.months, 12, "12 months"),
        (fmt.months, 1, "1 month"),
        (fmt.months, 213.4, "213 months"),
        (fmt.weeks_long, 1.1, "1 week"),
        (fmt.weeks_long, 6.6, "6.5 weeks"),
        (fmt.days, 0.2, "less than a day"),
        (fmt.days, 5.2, "5 days"),
    ],
)
def test_every_kind_of_number_has_one_form(show: fmt.Show, value: float, text: str) -> None:
    assert show(value) == text
    assert show(None) == show(math.nan) == fmt.UNKNOWN_WORD


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.91, 0, "91 %"),
        (0.2174, 1, "21.7 %"),
        (0.0, 0, "0 %"),
        (1.0, 0, "100 %"),
        (0.004, 0, "<1 %"),
        (0.997, 0, ">99 %"),
        (0.9996, 1, ">99.9 %"),
        (-0.02, 0, "−2 %"),
        (None, 0, "unknown"),
    ],
)
def test_share(value: float | None, digits: int, shown: str) -> None:
    assert fmt.share(value, digits) == shown


@given(st.floats(0, 1))
def test_only_certainty_is_shown_as_certain(chance: float) -> None:
    shown = fmt.of_hundred(chance)
    assert (shown == "100") == (chance == 1.0)
    assert (shown == "0") == (chance == 0.0)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (3317.28, "USD/month", "$3,317 per month"),
        (1.861, "USD/h", "$1.861/h"),
        (0.075, "USD/1M tokens", "$0.075/1M tokens"),
        (18363.27, "USD", "$18,363"),
        (0.2174, "share", "21.7 %"),
        (0.9121, "score", "0.912"),
        (-0.2043, "share/month", "−20.4 % per month"),
        (1650, "tokens/request", "1,650 tokens/request"),
        (0.27, "", "0.27"),
        (1, "weeks", "1 week"),
        (None, "USD", "unknown"),
    ],
)
def test_measure(value: float | None, unit: str, shown: str) -> None:
    assert fmt.measure(value, unit) == shown


@given(FINITE)
def test_money_reads_back_within_half_a_step(value: float) -> None:
    shown = fmt.money(value)
    read = float(shown.replace("$", "").replace(",", "").replace("−", "-"))
    assert abs(read - value) <= max(0.5 if abs(value) >= 99.9 else 0.00501, 0.01 * abs(value))


@given(st.floats(1.0, 1e11), st.floats(1.0, 50.0))
def test_a_tight_span_reads_back_on_the_scale_of_its_upper_end(low: float, factor: float) -> None:
    high = low * factor
    shown = fmt.tight_span(Range(low, high, high))
    if shown == "":
        assert low == pytest.approx(high, rel=0.051)
        return
    left, right, letter = re.fullmatch(r"([\d.]+)–([\d.]+)(?: (k|M|bn))?", shown).groups()
    scale = {None: 1, "k": 1e3, "M": 1e6, "bn": 1e9}[letter]
    assert float(right) * scale == pytest.approx(high, rel=0.051)
    assert float(left) * scale == pytest.approx(low, abs=0.051 * high)


def test_a_tight_span_of_cents_keeps_them() -> None:
    assert fmt.tight_span(Range(0.031, 0.04, 0.047)) == "$0.03–$0.05"
    assert fmt.tight_span(UNKNOWN) == ""


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (Range(2900, 3317, 4100), "$2,900 – $4,100"),
        (Range(5, 5, 5), "$5"),
        (UNKNOWN, "unknown"),
    ],
)
def test_span(held: Range, shown: str) -> None:
    assert fmt.span(held, fmt.money) == shown


def test_range_bar_places_its_marks_on_the_scale() -> None:
    assert fmt.range_bar(2, 5, 8, 0, 10, 11) == "  ├──●──┤  "
    assert fmt.range_bar(1, 1, 1, 0, 2, 3) == " ● "
    assert fmt.range_bar(None, None, None, 0, 1, 5) == "     "


@given(st.lists(FINITE, min_size=5, max_size=5), st.integers(1, 60))
def test_range_bar_is_always_as_wide_as_asked_and_ordered(values: list[float], width: int) -> None:
    low, p10, p50, p90, high = sorted(values)
    bar = fmt.range_bar(p10, p50, p90, low, high, width)
    assert len(bar) == width
    assert bar.count("●") == 1
    assert bar.strip() == bar.strip(" ")
    assert set(bar) <= set("├─●┤ ")
    if "├" in bar:
        assert bar.index("├") < bar.index("●")
    if "┤" in bar:
        assert bar.index("●") < bar.index("┤")


@given(st.text())
def test_clean_text_cannot_steer_a_terminal(text: str) -> None:
    assert fmt.clean(text).isprintable()


def test_a_joiner_stays_between_pictures_only() -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
    assert fmt.clean(family) == family
    assert fmt.clean("pay\u200dpal \U0001f469\u200dx") == "pay\\u200dpal \U0001f469\\u200dx"


def test_what_is_searched_for_has_three_digits() -> None:
    assert [fmt.about(v) for v in (1_144_797.0, 347.694, -0.20431, None)] == [
        1_140_000,
        348,
        -0.204,
        None,
    ]


def test_lists_and_plurals() -> None:
    assert fmt.sentence_list(["a"]) == "a"
    assert fmt.sentence_list("abc") == "a, b and c"
    assert fmt.plural(1, "option") == "1 option"
    assert fmt.plural(1200, "option") == "1,200 options"
    assert fmt.at_least(400, 1) == "≥ $400, 1 unknown"
    assert fmt.signed_score(0.02) == "+0.020"
    assert fmt.signed_score(-0.02) == fmt.score(-0.02)
    assert fmt.signed_score(None) == fmt.signed_score(math.nan) == fmt.score(None)
    assert [fmt.weeks(v) for v in (None, 6.3, 6.8, 12.4)] == ["unknown", "6.5", "7", "12"]


def test_half_a_draw_in_a_hundred_is_not_none() -> None:
    assert fmt.of_hundred(0.005) == "<1"
    assert fmt.of_hundred(0.995) == ">99"


@pytest.mark.parametrize("held", [Range(None, 2.0, 3.0), Range(1.0, 2.0, None), UNKNOWN])
def test_a_span_without_one_of_its_ends_is_left_out(held: Range) -> None:
    assert fmt.tight_span(held) == ""


@pytest.mark.parametrize(
    ("value", "filled"),
    [(0.0, 0), (0.24, 2), (0.25, 2), (0.26, 3), (1.0, 10), (1.7, 10), (-0.3, 0)],
)
def test_a_bar_is_filled_to_its_share(value: float, filled: int) -> None:
    assert fmt.share_bar(value, 10) == "━" * filled + "╌" * (10 - filled)


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_bar_of_nothing_known_is_blank(value: float | None) -> None:
    assert fmt.share_bar(value, 10) == " " * 10


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (fmt.money, 0.01, "$0.01"),
        (fmt.money, 0.009999, "$0.01"),
        (fmt.money, 0.00999, "$0.00999"),
        (fmt.money, 0.0012345, "$0.00123"),
        (fmt.money, 99.994, "$99.99"),
        (fmt.money, 99.996, "$100"),
        (fmt.money, 100.4, "$100"),
        (fmt.money, 7.004, "$7"),
        (fmt.money, 7.006, "$7.01"),
        (fmt.money, 1e-9, "$0.000000001"),
        (fmt.money, 9.9e-10, "$0"),
        (fmt.money, -9.9e-10, "$0"),
        (fmt.money, 2.5e-9, "$0.0000000025"),
        (fmt.compact, 999.4, "999"),
        (fmt.compact, 999.5, "1.00 k"),
        (fmt.compact, 999_499, "999 k"),
        (fmt.compact, 999_500, "1.00 M"),
        (fmt.compact, 999_500_000, "1.00 bn"),
        (fmt.compact, 9.994, "9.99"),
        (fmt.compact, 9.996, "10.0"),
        (fmt.compact, 99.94, "99.9"),
        (fmt.compact, 99.96, "100"),
        (fmt.compact, 0.01, "0.01"),
        (fmt.compact, 0.015, "0.01"),
        (fmt.compact, 0.00912, "0.00912"),
        (fmt.compact, 0, "0"),
        (fmt.compact, -3.0, "−3"),
        (fmt.number, 0, "0"),
        (fmt.number, 12.0, "12"),
        (fmt.number, 999.94, "999.9"),
        (fmt.number, 999.96, "1,000"),
        (fmt.number, 1000.4, "1,000"),
        (fmt.number, 12.34567, "12.35"),
        (fmt.number, 0.001, "0.001"),
        (fmt.number, 0.0012345, "0.001234"),
        (fmt.number, 0.00098765, "0.000988"),
        (fmt.number, 2.5e-11, "2.50e-11"),
        (fmt.number, 1e-9, "0.000000001"),
        (fmt.number, -1234.5, "−1,234"),
        (fmt.score, -0.0351, "−0.035"),
        (fmt.score, math.inf, "unknown"),
        (fmt.count, 0.5, "0"),
        (fmt.times, 9.99, "9.99 ×"),
        (fmt.times, 10.4, "10 ×"),
        (fmt.times, -0.27, "−0.27 ×"),
        (fmt.times, -14.2, "−14 ×"),
        (fmt.points, 0.0, "0.0 points"),
        (fmt.decimal, -1.26, "−1.3"),
        (fmt.significant, 100.4, "100"),
        (fmt.significant, 99.96, "100"),
        (fmt.significant, 99.94, "99.9"),
        (fmt.significant, -114_479.0, "−114,000"),
        (fmt.duration, 9.96, "10 s"),
        (fmt.duration, 10, "10 s"),
        (fmt.duration, 1.26, "1.3 s"),
        (fmt.duration, 89.4, "89 s"),
        (fmt.duration, 90, "2 min"),
        (fmt.duration, 5399, "90 min"),
        (fmt.duration, 5400, "1.5 h"),
        (fmt.duration, 172_799, "48.0 h"),
        (fmt.duration, 172_800, "2 days"),
        (fmt.months, 0.0, "0 months"),
        (fmt.months, 99.94, "99.9 months"),
        (fmt.months, 100.3, "100 months"),
        (fmt.weeks_long, 0.4, "0.5 weeks"),
        (fmt.weeks, 9.8, "10"),
        (fmt.weeks, 10.3, "10"),
        (fmt.weeks, 10.6, "11"),
        (fmt.days, 0.5, "less than a day"),
        (fmt.days, 0.51, "1 day"),
        (fmt.days, 1.2, "1 day"),
        (fmt.weeks_long, None, "unknown"),
        (fmt.money_rate, -20.5, "−$20.50 per month"),
    ],
)
def test_each_side_of_a_limit_is_written_in_its_own_way(
    show: fmt.Show, value: float, text: str
) -> None:
    assert show(value) == text


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.005, 0, "<1 %"),
        (0.0051, 0, "1 %"),
        (0.995, 0, ">99 %"),
        (0.9949, 0, "99 %"),
        (0.0005, 1, "<0.1 %"),
        (0.00051, 1, "0.1 %"),
        (0.9995, 1, ">99.9 %"),
        (-0.001, 0, "<1 %"),
        (1.2, 0, "120 %"),
        (math.nan, 0, "unknown"),
    ],
)
def test_a_share_close_to_nothing_or_all_says_so(value: float, digits: int, shown: str) -> None:
    assert fmt.share(value, digits) == shown


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (Range(0.2, 0.5, 0.9), "$0.20–$0.90"),
        (Range(-5.0, 0.0, 3.0), "−5.00–3.00"),
        (Range(0.5, 0.7, 1.0), "0.50–1.00"),
        (Range(2900, 3000, 4100), "2.90–4.10 k"),
        (Range(-4100, 0, 100), "−4.10–0.10 k"),
        (Range(900, 950, 999.4), "900–999"),
        (Range(900, 950, 999.6), "0.90–1.00 k"),
        (Range(12.0, 15.0, 15.0), "12.0–15.0"),
        (Range(1e6, 1e6, 1e6), ""),
    ],
)
def test_both_ends_of_a_tight_span_share_the_scale_of_the_larger(held: Range, shown: str) -> None:
    assert fmt.tight_span(held) == shown


@pytest.mark.parametrize(
    ("held", "shown"), [(Range(0.888, 0.9, 0.93), "0.888–0.930"), (Range(0.9, 0.9, 0.9), "")]
)
def test_a_short_span_is_empty_where_its_ends_read_alike(held: Range, shown: str) -> None:
    assert fmt.short_span(held, fmt.score) == shown


@pytest.mark.parametrize(
    ("marks", "ends", "width", "bar"),
    [
        ((2.0, 5.0, 8.0), (5.0, 5.0), 5, "  ●  "),  # no scale: the middle
        ((-9.0, 0.0, 99.0), (0.0, 10.0), 5, "●───┤"),
        ((0.0, 10.0, 10.0), (0.0, 10.0), 5, "├───●"),
        ((2.0, 5.0, 8.0), (0.0, 10.0), 1, "●"),
        ((2.0, 5.0, 8.0), (0.0, 10.0), 0, ""),
        ((2.0, 5.0, 8.0), (0.0, 10.0), -3, ""),
        ((2.0, 5.0, math.inf), (0.0, 10.0), 3, "   "),
        ((None, 5.0, 8.0), (0.0, 10.0), 3, "   "),
        ((2.0, None, 8.0), (0.0, 10.0), 3, "   "),
        ((2.0, 5.0, None), (0.0, 10.0), 3, "   "),
    ],
)
def test_a_range_bar_at_its_limits(
    marks: tuple[float | None, float | None, float | None],
    ends: tuple[float, float],
    width: int,
    bar: str,
) -> None:
    assert fmt.range_bar(*marks, *ends, width) == bar


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (-1.861, "USD/h", "−$1.861"),
        (0.00000123, "USD/request", "$1.23e-06"),
        (0.5, "share/month", "50.0 %"),
        (3.0, "score", "3.000"),
        (3.0, "scores", "3"),
        (math.inf, "USD", "unknown"),
    ],
)
def test_a_number_without_its_unit(value: float, unit: str, shown: str) -> None:
    assert fmt.bare(value, unit) == shown
