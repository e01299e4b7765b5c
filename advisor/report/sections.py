"""The sections of a report, made from the record: one small function for each, in the order a
reader needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from advisor.core import format as fmt
from advisor.core.dates import earliest_day, stale
from advisor.core.quantity import Range
from advisor.core.verdict import (
    BreakEven,
    FlipPoint,
    LabelsNeeded,
    NextStep,
    OptionRecord,
    Sensitivity,
    SourceRecord,
    Verdict,
)
from advisor.report.headline import as_is, headline, horizon, money_of, subtitle
from advisor.report.page import (
    Block,
    Bullets,
    Chart,
    Code,
    Column,
    Heading,
    Page,
    Paragraph,
    Ranged,
    Table,
)
from advisor.report.trace import traces

FAR = 100.0
"""A flip point more than this many times away from today's value is counted, not listed."""


def page(verdict: Verdict, traced: Iterable[str] = ()) -> Page:
    """The report of a verdict, with the trace of every figure of the arms named in `traced`."""
    blocks = (
        *_why(verdict),
        *_flips(verdict),
        *_next_step(verdict),
        *_readiness(verdict),
        *_warnings(verdict),
        *_risks(verdict),
        *_break_even(verdict),
        *_options(verdict),
        *_criteria(verdict),
        *_segments(verdict),
        *_plan(verdict),
        *_labels(verdict),
        *_sensitivity(verdict),
        *_information(verdict),
        *_excluded(verdict),
        *_assumptions(verdict),
        *_sources(verdict),
        *traces(verdict, traced),
    )
    return Page(fmt.clean(verdict.name) or "Untitled", subtitle(verdict), headline(verdict), blocks)


def ranked(verdict: Verdict) -> list[OptionRecord]:
    """The arms in reading order: the chosen one, then by chance to be best, then by cost over the
    horizon.
    """

    def order(option: OptionRecord) -> tuple[bool, float, float, str]:
        cost = option.horizon_usd.p50
        return (
            option.id != verdict.arm,
            -(option.p_best or 0.0),
            float("inf") if cost is None else cost,
            option.id,
        )

    return sorted(verdict.arms, key=order)


def widest_first(verdict: Verdict) -> list[Sensitivity]:
    """What the answer rests on, the widest swing first."""
    return sorted(verdict.sensitivity, key=lambda s: (-abs(s.swing_usd), s.input))


def flip_sentence(flip: FlipPoint) -> str:
    """`fine-tuning above 1,140,000 requests/month (traffic.requests_per_month, now 900,000)`."""
    now = "" if flip.now is None else f", now {fmt.measure(flip.now, flip.unit)}"
    becomes = fmt.APPROACH_WORDS.get(flip.verdict_becomes, flip.verdict_becomes)
    option = f": {flip.arm}" if flip.arm else ""
    return fmt.clean(f"{becomes} {beyond(flip)} ({flip.input}{now}){option}")


def beyond(flip: FlipPoint) -> str:
    """`above 1,140,000 requests/month`: from where on the verdict is another, to three digits."""
    return f"{_side(flip)} {fmt.measure(fmt.about(flip.value), flip.unit)}"


def _side(flip: FlipPoint) -> str:
    if flip.now is None:
        return "at"
    return "below" if flip.value < flip.now else "above"


def is_near(flip: FlipPoint) -> bool:
    """Whether the flip lies within a hundredfold of today's value; from zero every value counts as
    near.
    """
    return (
        not flip.now
        or not flip.value
        or 1 / FAR <= flip.value / flip.now <= FAR
        or flip.value / flip.now < 0
    )


def break_even_sentences(even: BreakEven) -> list[str]:
    """What is known of the break-even, a sentence each; empty where the arms never cost the
    same.
    """
    months = f"{_rounded(even.months)} months{_interval(even.months_range)}"
    requests = (
        f"{_rounded(even.requests_per_month)} requests per month"
        f"{_interval(even.requests_per_month_range)}"
    )
    multiple = (
        f"{_rounded(even.price_multiple)} × today's prices{_interval(even.price_multiple_range)}"
    )
    sentences = (
        (even.months, f"the higher one-off cost is earned back in {months}"),
        (even.requests_per_month, f"equal cost at {requests}"),
        (even.price_multiple, f"equal cost at {multiple}"),
        (even.uplift, f"equal worth at a quality difference of {fmt.signed_score(even.uplift)}"),
    )
    return [sentence for value, sentence in sentences if fmt.is_known(value)]


def _interval(interval: Range) -> str:
    """The 80 % interval in brackets; an end that is not reached in the draws is said to be
    never.
    """
    if interval.p10 is None:
        return ""
    low = _rounded(interval.p10)
    high = "never" if interval.p90 is None else _rounded(interval.p90)
    return f" ({low} – {high})" if low != high else ""


def step_sentence(step: NextStep) -> str:
    """The next step with its price, duration and worth."""
    if not step.worth_usd and not step.cost_usd and not step.days:
        return fmt.clean(step.action)
    days = f", takes {fmt.days(step.days)}" if step.days else ""
    worth = f", is worth {fmt.money(step.worth_usd)}" if fmt.is_known(step.worth_usd) else ""
    return fmt.clean(f"{step.action}: costs {fmt.money(step.cost_usd)}{days}{worth}")


def _why(verdict: Verdict) -> Iterator[Block]:
    if verdict.why:
        yield Heading("Why")
        yield Bullets(tuple(fmt.clean(w) for w in verdict.why))


def _flips(verdict: Verdict) -> Iterator[Block]:
    if verdict.flip_points:
        yield Heading("What would change the answer")
        near = [f for f in verdict.flip_points if is_near(f)]
        far = len(verdict.flip_points) - len(near)
        sentences = [flip_sentence(f) for f in near]
        if far:
            sentences.append(
                f"{fmt.plural(far, 'other input')}: only more than {FAR:g} times larger or smaller "
                "than now"
            )
        yield Bullets(tuple(sentences))


def _break_even(verdict: Verdict) -> Iterator[Block]:
    even = break_even_sentences(verdict.break_even)
    if even:
        against = f" against {fmt.clean(verdict.alternative)}" if verdict.alternative else ""
        yield Heading(f"Break-even{against}")
        yield Bullets(tuple(even))
        yield Chart("break-even")


def _next_step(verdict: Verdict) -> Iterator[Block]:
    """The best step; where several are worth something, the others below it."""
    step = verdict.next_step
    if step.action:
        yield Heading("Next step")
        yield Paragraph(step_sentence(step))
        if others := tuple(step_sentence(s) for s in verdict.steps if s != step):
            yield Bullets(others)


def _readiness(verdict: Verdict) -> Iterator[Block]:
    if verdict.readiness:
        order = {"stop": 0, "warn": 1}
        checks = sorted(verdict.readiness, key=lambda r: order.get(r.status, 2))
        yield Heading("Readiness")
        yield Bullets(
            tuple(
                fmt.clean(f"{r.status}: {r.rule}{f' — {r.detail}' if r.detail else ''}")
                for r in checks
            ),
            tuple(fmt.STATUS_MARKS.get(r.status, "·") for r in checks),
        )


def _warnings(verdict: Verdict) -> Iterator[Block]:
    if verdict.warnings:
        yield Heading("Warnings")
        yield Bullets(tuple(fmt.clean(w) for w in verdict.warnings), ("!",) * len(verdict.warnings))


def _risks(verdict: Verdict) -> Iterator[Block]:
    if verdict.risks:
        yield Heading("Risks")
        yield Bullets(tuple(fmt.clean(f"{r.name}: {r.detail}") for r in verdict.risks))


def _criteria(verdict: Verdict) -> Iterator[Block]:
    if verdict.criteria:
        yield Heading("By your weights")
        yield Paragraph(
            "Value between fixed anchors, 0 to 1, at the likely figures. "
            "The verdict does not rest on it."
        )
        rows = tuple((Code(fmt.clean(c.id)), fmt.score(c.value)) for c in verdict.criteria)
        yield Table("criteria", (Column("option"), Column("value", right=True)), rows)


def _information(verdict: Verdict) -> Iterator[Block]:
    if verdict.information:
        yield Heading("What it is worth to know")
        yield Paragraph(
            "What perfect knowledge of an input would save on average, before its price."
        )
        rows = tuple(
            (Code(fmt.clean(i.input)), fmt.money(i.worth_usd)) for i in verdict.information
        )
        yield Table("information", (Column("input"), Column("worth", right=True)), rows)


def _options(verdict: Verdict) -> Iterator[Block]:
    if not verdict.arms:
        return
    options = ranked(verdict)
    yield Heading("Options compared")
    yield Paragraph(
        "Medians and 80 % intervals. Meets: chance of meeting every limit; best: share of the "
        "simulated futures in which the option wins."
    )
    yield Chart("best")
    yield Chart("costs")
    titles = ("once", "per month", horizon(verdict), "weeks", "quality", "meets", "best")
    columns = (Column("option"), *(Column(t, right=True) for t in titles))
    rows = tuple(_option(option, verdict) for option in options)
    yield Table(
        "options", columns, rows, frozenset(i for i, a in enumerate(options) if a.id == verdict.arm)
    )


def _option(option: OptionRecord, verdict: Verdict) -> tuple[str | Code | Ranged, ...]:
    today = as_is(verdict)
    return (
        Code(fmt.clean(option.id) + (" (today)" if today is option else "")),
        Ranged(
            money_of(option, option.one_off_usd, "once.total"), fmt.tight_span(option.one_off_usd)
        ),
        Ranged(
            money_of(option, option.monthly_usd, "run.total"), fmt.tight_span(option.monthly_usd)
        ),
        Ranged(
            money_of(option, option.horizon_usd, "horizon.total"),
            fmt.tight_span(option.horizon_usd),
        ),
        Ranged(fmt.weeks(option.weeks.p50), fmt.short_span(option.weeks, fmt.weeks)),
        Ranged(fmt.score(option.quality.p50), fmt.short_span(option.quality, fmt.score)),
        fmt.share(option.p_meets_constraints),
        fmt.share(option.p_best),
    )


def _segments(verdict: Verdict) -> Iterator[Block]:
    if verdict.segments:
        yield Heading("Segments")
        yield Paragraph(
            "Each is judged as if it stood alone, with all fixed costs: "
            "the rows add up to more than the whole."
        )
        columns = ("segment", "verdict", "option", "best", "once", "per month")
        yield Table(
            "segments",
            tuple(Column(c, right=i > 2) for i, c in enumerate(columns)),
            tuple(
                (
                    fmt.clean(s.name),
                    fmt.APPROACH_WORDS.get(s.verdict, fmt.clean(s.verdict)),
                    Code(fmt.clean(s.arm)),
                    fmt.share(s.p_best),
                    Ranged(fmt.money(s.one_off_usd.p50), fmt.tight_span(s.one_off_usd)),
                    Ranged(fmt.money(s.monthly_usd.p50), fmt.tight_span(s.monthly_usd)),
                )
                for s in verdict.segments
            ),
        )


def _plan(verdict: Verdict) -> Iterator[Block]:
    if verdict.plan:
        yield Heading("Plan")
        rows = tuple(
            (f"{s.stage}. {fmt.clean(s.arm)}", fmt.weeks(s.weeks), fmt.clean(s.gate))
            for s in verdict.plan
        )
        yield Table(
            "plan", (Column("stage"), Column("weeks", right=True), Column("goes on when")), rows
        )


def _labels(verdict: Verdict) -> Iterator[Block]:
    """How many labels a tuned option needs to reach the target, and what the missing ones cost."""
    if not verdict.labels_needed:
        return
    yield Heading("Labels to reach the target")
    rows = tuple(
        (
            Code(fmt.clean(need.option)),
            fmt.number(fmt.about(need.labels.p50))
            if need.labels.is_known
            else fmt.clean(need.detail),
            _labels_span(need),
            fmt.money(need.cost_usd.p50) if need.labels.is_known else "",
            fmt.weeks(need.weeks.p50) if need.labels.is_known else "",
        )
        for need in verdict.labels_needed
    )
    columns = (
        Column("option"),
        Column("labels"),
        Column("80 %"),
        Column("to buy", right=True),
        Column("weeks", right=True),
    )
    yield Table("labels", columns, rows)


def _labels_span(need: LabelsNeeded) -> str:
    """The 80 % interval; where too few draws get there, its upper end is only how far the curve was
    followed.
    """
    if not need.labels.is_known:
        return ""
    low, high = (fmt.number(fmt.about(end)) for end in (need.labels.p10, need.labels.p90))
    if need.detail:
        return f"{low} – beyond {high}"
    return low if low == high else f"{low} – {high}"


def _sensitivity(verdict: Verdict) -> Iterator[Block]:
    if not verdict.sensitivity:
        return
    yield Heading("What the answer rests on")
    yield Paragraph(
        "Advantage of the recommended option over the next approach, with each input at its P10 "
        "and at its P90, widest swing first."
    )
    yield Chart("tornado")
    rows = tuple(
        (
            Code(fmt.clean(s.input)),
            fmt.measure(s.low, s.unit),
            fmt.measure(s.high, s.unit),
            fmt.money(s.swing_usd),
            fmt.share(s.variance_share),
        )
        for s in widest_first(verdict)
    )
    titles = ("at its P10", "at its P90", "swing", "of variance")
    columns = (Column("input"), *(Column(t, right=True) for t in titles))
    yield Table("sensitivity", columns, rows)


def _excluded(verdict: Verdict) -> Iterator[Block]:
    if verdict.excluded:
        yield Heading("Ruled out")
        rows = tuple(
            (Code(fmt.clean(e.id)), fmt.clean(e.rule), fmt.clean(e.detail))
            for e in verdict.excluded
        )
        yield Table("excluded", (Column("option"), Column("rule"), Column("because")), rows)


def _assumptions(verdict: Verdict) -> Iterator[Block]:
    if verdict.assumptions:
        yield Heading("Assumption register")
        yield Paragraph("What the brief leaves out, and what stands in for it.")
        rows = tuple(
            (
                Code(fmt.clean(a.key)),
                *(fmt.clean(t) or "—" for t in (a.value, a.basis, a.source, a.as_of)),
            )
            for a in verdict.assumptions
        )
        yield Table(
            "assumptions",
            tuple(Column(c) for c in ("input", "value", "basis", "source", "as of")),
            rows,
        )


def _sources(verdict: Verdict) -> Iterator[Block]:
    used_for: dict[tuple[str, str, str], dict[str, None]] = {}
    for s in verdict.sources:
        used_for.setdefault((_document(s), s.basis, _dated(s, verdict.as_of)), {}).update(
            dict.fromkeys(s.used_for)
        )
    if used_for:
        yield Heading("Sources")
        rows = tuple(
            (*(fmt.clean(text) or "—" for text in origin), fmt.clean(", ".join(used)) or "—")
            for origin, used in used_for.items()
        )
        yield Table(
            "sources", tuple(Column(c) for c in ("source", "basis", "as of", "used for")), rows
        )


def _dated(record: SourceRecord, on: str) -> str:
    """The date of a source; a fact that is more than 90 days old on the day of the decision is
    marked.
    """
    looked_up = record.basis in ("quoted", "published") and earliest_day(record.as_of) is not None
    return (
        f"{record.as_of} (old)"
        if on and looked_up and stale(record.as_of, date.fromisoformat(on))
        else record.as_of
    )


def _document(record: SourceRecord) -> str:
    """The source without the key it is read at, where that key is what it is used for: a brief
    stands once.
    """
    document, _, key = record.source.partition(": ")
    return document if key and record.used_for == (key,) else record.source


def _rounded(value: float | None) -> str:
    """What is searched for or read off draws: three digits are enough."""
    return fmt.number(fmt.about(value))
