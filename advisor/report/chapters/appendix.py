"""The appendix: every option by id, what was excluded, assumptions, sources, terms."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator
from datetime import date

from advisor import __version__
from advisor.core import format as fmt
from advisor.core.brief import questions
from advisor.core.dates import earliest_day, stale
from advisor.core.naming import input_name
from advisor.core.verdict import (
    Assumption,
    Information,
    LabelsNeeded,
    OptionRecord,
    ProviderOffer,
    SourceRecord,
    Verdict,
)
from advisor.report import json as as_json
from advisor.report.cautions import MOST_IN_SUMMARY, cautions
from advisor.report.headline import horizon, money_of
from advisor.report.page import (
    Block,
    Bullets,
    Cell,
    Code,
    Heading,
    Paragraph,
    Ranged,
    Table,
    TableColumn,
)
from advisor.report.phrases import is_near, ranked
from advisor.report.terms import Terms

GLOSSARY = (
    ("80 % interval", "the range that should hold the true value in four cases out of five"),
    ("Simulated future", "one draw of all uncertain inputs; the same in all options"),
    (
        "Expected regret",
        "what the option on top costs more than the best one over the horizon, errors counted, on "
        "average over the simulated futures",
    ),
    ("P10, P50, P90", "one in ten, half, nine in ten of the draws lie below"),
    ("Measured, quoted, published, modelled, assumed", "how a figure is known, strongest first"),
    ("Net present value", "later money counted less, by the discount rate of the brief"),
    ("ROI", "return on investment: cash saved per unit of money invested"),
    ("Flip point", "the value of an input beyond which the answer is another one"),
    ("Swing", "how far the advantage moves while one input goes from its P10 to its P90"),
    ("Prompting", "instructions and examples in each request; the model stays as it is"),
    ("Fine-tuning", "training a model on your examples"),
    ("Hybrid", "a tuned model that is also prompted with examples, documents or a fallback"),
    ("LoRA", "training a small adapter instead of all weights"),
    ("Token", "a piece of a word, the unit in which providers charge for text"),
    ("Test items", "examples kept aside to score options on"),
)


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """What a reader needs to check the report or to run it again."""
    yield from _further_warnings(verdict, terms)
    yield from _options(verdict)
    yield from _excluded(verdict)
    yield from _providers(verdict)
    yield from _labels(verdict, terms)
    yield from _criteria(verdict, terms)
    yield from _information(verdict)
    yield from _assumptions(verdict, terms)
    yield from _sources(verdict)
    yield Heading("Terms")
    yield Bullets(tuple(f"{term}: {meaning}." for term, meaning in GLOSSARY))
    yield Heading("How to reproduce this report")
    yield Paragraph(
        f"advisor {__version__}, {fmt.count(verdict.draws)} draws, seed {verdict.seed}, prices as "
        f"of {fmt.clean(verdict.as_of)}. The command prints the record; its SHA-256 stands below."
    )
    yield Bullets((Code(command(verdict)), Code(f"sha256 {record_hash(verdict)}")))


def command(verdict: Verdict) -> str:
    """The command that gives the record of this report again, with the answers set by flag."""
    sources = {a.key: a.source for a in verdict.answers}
    brief = next((_brief_of(s) for s in sources.values() if _brief_of(s)), "BRIEF")
    settings = "".join(
        f" --set {shlex.quote(f'{a.key}={a.value}')}"
        for a in verdict.answers
        if a.source.startswith("--set")
    )
    return fmt.clean(
        f"advisor recommend {shlex.quote(brief)} --seed {verdict.seed}{settings} --json | sha256sum"
    )


def _brief_of(source: str) -> str:
    """The file in `brief NAME: key`."""
    match = re.fullmatch(r"brief (.+): [^:]+", source)
    return match[1] if match is not None else ""


def record_hash(verdict: Verdict) -> str:
    """SHA-256 of the JSON record, as `advisor recommend --json` prints it."""
    return hashlib.sha256(as_json.render(verdict).encode()).hexdigest()


def _options(verdict: Verdict) -> Iterator[Block]:
    if not verdict.arms:
        return
    yield Heading("All options")
    titles = ("once", "per month", f"{horizon(verdict)}, errors too", "quality", "meets", "best")
    columns = (TableColumn("id"), *(TableColumn(title, right=True) for title in titles))
    options = ranked(verdict)
    chosen = frozenset(i for i, option in enumerate(options) if option.id == verdict.subject)
    yield Table("all-options", columns, tuple(_option(o) for o in options), chosen)


def _option(option: OptionRecord) -> tuple[Cell, ...]:
    once = money_of(option, option.one_off_usd, "once.total")
    month = money_of(option, option.monthly_usd, "run.total")
    total = money_of(option, option.horizon_usd, "horizon.total")
    return (
        Code(fmt.clean(option.id)),
        Ranged(once, fmt.tight_span(option.one_off_usd), option.one_off_usd),
        Ranged(month, fmt.tight_span(option.monthly_usd), option.monthly_usd),
        Ranged(total, fmt.tight_span(option.horizon_usd), option.horizon_usd),
        Ranged(fmt.score(option.quality.p50), fmt.short_span(option.quality, fmt.score)),
        fmt.share(option.p_meets_constraints),
        fmt.share(option.p_best),
    )


def _further_warnings(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """The warnings for which the summary has no room."""
    rest = tuple(terms.sentence(text) for text in cautions(verdict)[MOST_IN_SUMMARY:])
    if rest:
        yield Heading("Further warnings")
        yield Bullets(rest, ("!",) * len(rest))


def _excluded(verdict: Verdict) -> Iterator[Block]:
    if verdict.excluded:
        yield Heading("Excluded options")
        rows = tuple(
            (Code(fmt.clean(e.id)), fmt.clean(e.rule), fmt.clean(e.detail))
            for e in verdict.excluded
        )
        yield Table(
            "excluded", (TableColumn("id"), TableColumn("rule"), TableColumn("because")), rows
        )


def _providers(verdict: Verdict) -> Iterator[Block]:
    """Which providers of a model were compared, and what came of each."""
    if not verdict.offers:
        return
    yield Heading("Providers compared")
    yield Paragraph(
        "Where several providers sell a model, each option uses the cheapest that every rule lets "
        "through. Money is that of the cheapest option that the provider could serve, at list "
        "prices and at the likely value of every input; other tables show medians."
    )
    columns = (
        *(TableColumn(title) for title in ("model", "form", "provider", "outcome")),
        *(TableColumn(title, right=True) for title in ("per month", horizon(verdict))),
    )
    yield Table("providers", columns, tuple(_provider(offer) for offer in verdict.offers))


def _provider(offer: ProviderOffer) -> tuple[Cell, ...]:
    return (
        fmt.clean(offer.model),
        offer.form,
        fmt.clean(offer.provider),
        fmt.clean(offer.outcome),
        fmt.money(offer.monthly_usd),
        fmt.money(offer.horizon_usd),
    )


def _labels(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """How many labels a tuned option needs to reach the target, and what the missing ones cost."""
    if not verdict.labels_needed:
        return
    yield Heading("Labels to reach the target")
    columns = (
        *(TableColumn(title) for title in ("option", "labels", "80 %")),
        *(TableColumn(title, right=True) for title in ("to buy", "weeks")),
    )
    yield Table("labels", columns, tuple(_need(need, terms) for need in verdict.labels_needed))


def _need(need: LabelsNeeded, terms: Terms) -> tuple[Cell, ...]:
    name = terms.option(need.option)
    if not need.labels.is_known:
        return name, terms.sentence(need.detail), "", "", ""
    labels = fmt.number(fmt.about(need.labels.p50))
    cost = fmt.money(need.cost_usd.p50)
    return name, labels, _labels_span(need), cost, fmt.weeks(need.weeks.p50)


def _labels_span(need: LabelsNeeded) -> str:
    """The 80 % interval; where too few draws get there, its upper end is only how far the curve was
    followed.
    """
    low = fmt.number(fmt.about(need.labels.p10))
    high = fmt.number(fmt.about(need.labels.p90))
    if need.detail:
        return f"{low} – beyond {high}"
    return low if low == high else f"{low} – {high}"


def _criteria(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    if verdict.criteria:
        yield Heading("By your weights")
        yield Paragraph(
            "Value between fixed anchors at the likely figures: 1 stands for no cash, no week and "
            "a full score, 0 for the whole budget, the deadline and no right answer, and cash "
            "beyond the budget counts below 0. "
            "The recommendation does not rest on it."
        )
        rows = tuple((terms.option(c.id), fmt.score(c.value)) for c in verdict.criteria)
        yield Table("criteria", (TableColumn("option"), TableColumn("value", right=True)), rows)


def _information(verdict: Verdict) -> Iterator[Block]:
    telling = [i for i in verdict.information if i.worth_usd >= i.standard_error_usd]
    if telling:
        yield Heading("What it is worth to know")
        yield Paragraph(
            "What perfect knowledge of an input would save on average, before its price."
        )
        titles = ("worth", "standard error")
        columns = (TableColumn("input"), *(TableColumn(title, right=True) for title in titles))
        yield Table("information", columns, tuple(_worth(entry) for entry in telling))


def _worth(entry: Information) -> tuple[Cell, ...]:
    error = fmt.money(entry.standard_error_usd) if entry.standard_error_usd else ""
    return input_name(entry.input), fmt.money(entry.worth_usd), error


def _assumptions(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    if verdict.assumptions:
        yield Heading("Assumptions to confirm")
        yield Paragraph("What the brief leaves out, and what stands in for it.")
        titles = ("question", "value", "source", "effect on the answer", "confirmed")
        rows = tuple(_assumption(a, verdict, terms) for a in verdict.assumptions)
        columns = tuple(TableColumn(title, quoted=title == "source") for title in titles)
        yield Table("assumptions", columns, rows)


def _assumption(assumption: Assumption, verdict: Verdict, terms: Terms) -> tuple[Cell, ...]:
    declared = questions().get(assumption.key)
    question = declared.text if declared is not None else fmt.clean(assumption.key)
    dated = f" ({assumption.as_of})" if assumption.as_of else ""
    source = terms.sentence(f"{assumption.source}{dated}") or "—"
    value = fmt.clean(assumption.value) or "—"
    return question, value, source, _effect(assumption.key, verdict), "☐"


def _effect(key: str, verdict: Verdict) -> str:
    """How far the advantage moves while the input goes from its P10 to its P90."""
    swing = next((s for s in verdict.sensitivity if s.input == key), None)
    flips = [f for f in verdict.flip_points if f.input == key and is_near(f)]
    words = "flips the answer" if flips else ""
    if swing is None or not swing.swing_usd:
        return words or "none visible"
    moved = f"moves the advantage by {fmt.compact_money(swing.swing_usd)}"
    return f"{moved}; {words}" if words else moved


def _sources(verdict: Verdict) -> Iterator[Block]:
    used_for: dict[tuple[str, str, str], dict[str, None]] = {}
    for record in verdict.sources:
        origin = (_document(record), record.basis, _dated(record, verdict.as_of))
        used_for.setdefault(origin, {}).update(dict.fromkeys(record.used_for))
    if used_for:
        yield Heading("Sources")
        rows = tuple(
            (*(fmt.clean(text) or "—" for text in origin), fmt.clean(", ".join(keys)) or "—")
            for origin, keys in used_for.items()
        )
        titles = ("source", "basis", "as of", "used for")
        yield Table("sources", tuple(TableColumn(t, quoted=True) for t in titles), rows)


def _dated(record: SourceRecord, on: str) -> str:
    """The date of a source; a fact that is more than 90 days old on the day of the decision is
    marked.
    """
    looked_up = record.basis in ("quoted", "published") and earliest_day(record.as_of) is not None
    if on and looked_up and stale(record.as_of, date.fromisoformat(on)):
        return f"{record.as_of} (old)"
    return record.as_of


def _document(record: SourceRecord) -> str:
    """The source without the key it is read at, where that key is what it is used for: a brief
    stands once.
    """
    document, _, key = record.source.partition(": ")
    return document if key and record.used_for == (key,) else record.source
