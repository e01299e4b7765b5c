from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.figure import Figure
from advisor.core.quantity import Basis
from advisor.report import formula
from advisor.report.formula import Unreadable

VALUES = {"a.b": 3.0, "price@Qwen3-8B/lora": 4.0, "growth": 0.02, "rate": 0.08, "a": 5.0}


def compute(text: str) -> float:
    return formula.value(formula.parse(text, list(VALUES)), VALUES)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a.b + a × 2", 13.0),
        ("(a.b + a) × 2", 16.0),
        ("a - a.b - 1", 1.0),
        ("a ÷ 2 ÷ 5", 0.5),
        ("1,000,000 × a", 5_000_000.0),
        ("price@Qwen3-8B/lora × 0.5", 2.0),
        ("max(ceil(a ÷ 2), 1)", 3.0),
        ("min(a, a.b)", 3.0),
        ("1 - exp(0 - a)", 1 - math.exp(-5)),
        ("sqrt(a × a)", 5.0),
        ("reaches(a, 1,024)", 0.0),
        ("if(reaches(a, 5), a.b, a)", 3.0),
        ("discount(12, rate)", 1 / 1.08),
        ("annuity(2, growth, rate)", 1.08 ** (-1 / 12) + 1.02 * 1.08 ** (-2 / 12)),
        ("annuity(0.5, 1.5, growth, rate)", 0.5 * 1.08 ** (-1 / 12) + 0.51 * 1.08 ** (-2 / 12)),
        ("replica months(3, 2.9, growth, growth)", sum(
            math.ceil(2.9 * 1.02**t) / 1.02 ** ((t + 1) / 12) for t in range(3))),
        ("2.5e-05 × a", 0.000125),
    ],
)  # fmt: skip
def test_formulas_are_read_back(text: str, result: float) -> None:
    assert compute(text) == pytest.approx(result, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown.id + 1",
        "a +",
        "(a",
        "a b",
        "=cmd()",
        'HYPERLINK("x")',
        "a; b",
        "max(a",
        "a.b.c",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        formula.parse(text, list(VALUES))


@given(st.text(max_size=30))
def test_no_text_becomes_a_formula_of_its_own_words(text: str) -> None:
    """Whatever is read is made of cells, numbers, operators and our own functions."""
    try:
        expression = formula.parse(text, list(VALUES))
        written = formula.excel(expression, dict.fromkeys(VALUES, "B1"))
    except Unreadable:
        return
    words = set("".join(c if c.isalpha() else " " for c in written).split())
    assert words <= {"B", "IF", "MIN", "MAX", "EXP", "SQRT", "INT", "ABS", "SUMPRODUCT", "e", "E",
                     "inf", "nan"}  # fmt: skip


LEAVES = st.sampled_from(["a.b", "a", "growth"])
OPERATORS = st.sampled_from(["+", "-", "*", "/"])


@st.composite
def figures(draw: st.DrawFn, depth: int = 3) -> Figure:
    """A figure computed by random steps, as an estimate would."""
    if depth == 0 or draw(st.booleans()):
        name = draw(LEAVES)
        return Figure(VALUES[name], "", name, basis=Basis.QUOTED)
    left = draw(figures(depth - 1))
    right = draw(figures(depth - 1))
    operator = draw(OPERATORS)
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    return left / right if right.value else left


@given(figures())
def test_what_a_figure_writes_reads_back_to_its_value(figure: Figure) -> None:
    assert compute(figure.formula() if figure.operands else figure.id) == pytest.approx(
        figure.value, rel=1e-9
    )


def test_a_spreadsheet_gets_plain_functions() -> None:
    cells = {key: f"C{place}" for place, key in enumerate(VALUES, 1)}

    def excel(text: str) -> str:
        return formula.excel(formula.parse(text, list(VALUES)), cells)

    assert excel("a.b × (a + 1) ÷ 2") == "((C1*(C5+1))/2)"
    assert excel("max(ceil(a), 1)") == "MAX((-INT(-C5)),1)"
    assert excel("discount(6, rate)") == "((1+C4)^(-6/12))"
    assert excel("replica months(2, a, growth, rate)").startswith("SUMPRODUCT(")
