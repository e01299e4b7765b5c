"""Risks of the recommended option, each with who should look after it and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from advisor.core import format as fmt
from advisor.core.verdict import OptionRecord, Risk, Verdict
from advisor.report import extract
from advisor.report.charts import maps
from advisor.report.page import Block, Cell, Paragraph, Table, TableColumn
from advisor.report.terms import Terms

LOW, MEDIUM, HIGH = range(3)
TOO_SLOW = "longer than"
OWN_MACHINES = ("+rented", "+owned", "+cpu")


@dataclass(frozen=True, slots=True)
class Care:
    """Who usually looks after a kind of risk, what to do, and its likelihood and impact, 0 to 2."""

    owner: str
    mitigation: str
    likelihood: int
    impact: int


CARE = MappingProxyType(
    {
        "lifecycle": Care(
            "product owner", "Watch the provider's notices; budget one migration.", MEDIUM, MEDIUM
        ),
        "price": Care(
            "procurement", "Watch the price; run the comparison again when it moves.", MEDIUM, LOW
        ),
        "lock-in": Care("procurement", "Keep data and test set; agree on an exit.", LOW, MEDIUM),
        "forgetting": Care(
            "engineering", "Score a general test set before each release.", MEDIUM, LOW
        ),
        "wrong answers": Care(
            "engineering",
            "Score fresh items every month; have people check unsure answers.",
            HIGH,
            MEDIUM,
        ),
        "drift": Care(
            "engineering", "Score fresh items every month; retrain on schedule.", HIGH, MEDIUM
        ),
        "privacy": Care(
            "legal", "Check the terms for retention and training on your data.", LOW, HIGH
        ),
        "residency": Care("legal", "Have the region of data confirmed by contract.", LOW, HIGH),
        "latency": Care("engineering", "Measure the slowest answers under load.", MEDIUM, MEDIUM),
        "budget": Care(
            "sponsor", "Raise the budget, or choose an option that keeps it.", HIGH, HIGH
        ),
        "fit": Care("engineering", "Calibrate memory and speed before you rent.", LOW, MEDIUM),
    }
)
"""A proposal for each kind of risk, to be confirmed."""

UNRATED = Care("to be named", "", MEDIUM, MEDIUM)


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """A table and a picture; owners and ratings are proposals."""
    risks = [*verdict.risks, *_from_the_brief(verdict)]
    if not risks:
        return
    titles = ("risk", "what may happen", "owner (proposed)", "mitigation")
    columns = tuple(TableColumn(title) for title in titles)
    rows = tuple(_row(place, risk, terms) for place, risk in enumerate(risks, 1))
    yield Table("risks", columns, rows)
    yield Paragraph("Owners, likelihood and impact are proposals; please confirm them.")
    chart = maps.risk_matrix([_rated(risk, verdict) for risk in risks])
    if chart is not None:
        yield chart


def _row(place: int, risk: Risk, terms: Terms) -> tuple[Cell, ...]:
    care = CARE.get(risk.name, UNRATED)
    detail = terms.sentence(risk.detail)
    return f"{place}. {fmt.clean(risk.name)}", detail, care.owner, care.mitigation


def _rated(risk: Risk, verdict: Verdict) -> tuple[str, int, int]:
    """Name, likelihood and impact; an announced end is certain."""
    care = CARE.get(risk.name, UNRATED)
    is_announced = risk.name == "lifecycle" and " ends " in risk.detail
    is_certain = is_announced or (risk.name == "latency" and TOO_SLOW in risk.detail)
    return fmt.clean(risk.name), HIGH if is_certain else care.likelihood, care.impact


def _from_the_brief(verdict: Verdict) -> Iterator[Risk]:
    """Risks that follow from what the brief states and where the option runs."""
    chosen = verdict.chosen
    if chosen is None:
        return
    listed = {risk.name for risk in verdict.risks}
    for risk in _of_place(verdict, chosen):
        if risk.name not in listed:
            yield risk


def _of_place(verdict: Verdict, chosen: OptionRecord) -> Iterator[Risk]:
    if _is_own(chosen):
        yield Risk("fit", "the model may need more memory or time than modelled")
    else:
        yield Risk("privacy", f"requests leave your systems for {chosen.runs_on or 'a provider'}")
        residency = extract.answer(verdict, "policy.residency")
        if residency:
            yield Risk("residency", f"data must stay in: {residency}")
    limit = extract.number(verdict, "traffic.max_latency_seconds")
    if limit:
        yield Risk("latency", _latency(chosen, limit))
    yield from _budgets(verdict, chosen)


def _latency(chosen: OptionRecord, limit: float) -> str:
    """That the likely answer comes too late, or that none may."""
    likely = extract.interval(chosen, "time.answer_seconds").p50
    if likely is not None and likely > limit:
        return (
            f"an answer is expected to take {fmt.number(likely)} seconds, {TOO_SLOW} the "
            f"{fmt.number(limit)} that are allowed"
        )
    return f"an answer may take at most {fmt.number(limit)} seconds"


def _budgets(verdict: Verdict, chosen: OptionRecord) -> Iterator[Risk]:
    """Each budget that the option exceeds at its median."""
    for key, amount, word in (
        ("budget.one_off_usd", chosen.one_off_usd.p50, "once"),
        ("budget.monthly_usd", chosen.monthly_usd.p50, "per month"),
    ):
        limit = extract.number(verdict, key)
        if limit is not None and amount is not None and amount > limit:
            yield Risk(
                "budget",
                f"it costs {fmt.money(amount)} {word}, and the budget is {fmt.money(limit)}",
            )


def _is_own(option: OptionRecord) -> bool:
    return any(option.id.endswith(place) for place in OWN_MACHINES)
