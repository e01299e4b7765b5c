"""Two briefs, or many, as a page: what `advisor diff` and a portfolio draw in every format."""

from __future__ import annotations

from collections.abc import Iterator

from advisor import __version__
from advisor.core import format as fmt
from advisor.core.naming import input_name, option_name
from advisor.report.charts import maps
from advisor.report.difference import Difference, InputChange, JudgedBrief, remainder_usd
from advisor.report.look import PLAIN, Look
from advisor.report.page import (
    Block,
    Callout,
    Cell,
    Cover,
    Headline,
    Page,
    Paragraph,
    Section,
    Table,
    TableColumn,
)
from advisor.report.portfolio import Portfolio, PortfolioRow, errors_text, left_out


def difference_page(difference: Difference, look: Look = PLAIN) -> Page:
    """Both verdicts, the money of both, and what each input that differs changes alone."""
    names = f"{_file(difference.a)} and {_file(difference.b)}"
    answers = [_word(one) for one in (difference.a, difference.b)]
    is_same = difference.a.option == difference.b.option
    word = answers[0] if answers[0] == answers[1] else f"{answers[0]} → {answers[1]}"
    option = option_name(difference.b.option) if is_same else ""
    head = Headline(word, "", option, _sure(difference), None, ())
    sections = [
        Section("answers", "Both answers", tuple(_answers(difference))),
        Section("inputs", "Inputs that differ", tuple(_inputs(difference))),
    ]
    cover = _cover(f"Comparison of {names}", difference.as_of)
    title = f"Comparison of {names}"
    page = Page(title, "", cover, head, tuple(sections), difference.as_of, difference.b.verdict)
    return _said(page, look)


def portfolio_page(content: Portfolio, look: Look = PLAIN) -> Page:
    """A row for each brief, a picture of saving and confidence, and investments that are shared."""
    count = fmt.plural(len(content.rows), "brief")
    title = f"Portfolio of {count}"
    money = f"{fmt.money(content.one_off_usd)} once · {fmt.money_rate(content.monthly_usd)}"
    head = Headline("PORTFOLIO", "", count, money, None, ())
    sections = [Section("briefs", "Briefs", tuple(_briefs(content)))]
    if content.shared:
        sections.append(Section("shared", "Shared investments", tuple(_shared(content))))
    page = Page(title, "", _cover(title, content.as_of), head, tuple(sections), content.as_of)
    return _said(page, look)


def _said(page: Page, look: Look) -> Page:
    if look.is_plain:
        return page
    from advisor.report.localised import localised
    from advisor.report.speech import Speech

    return localised(page, Speech.plain(look))


def _cover(line: str, as_of: str) -> Cover:
    facts = (("Prices as of", as_of), ("Version", f"advisor {__version__}"))
    return Cover(f"{line}.", tuple((label, text) for label, text in facts if text))


def _file(one: JudgedBrief) -> str:
    return fmt.clean(one.name)


def _word(one: JudgedBrief) -> str:
    return fmt.VERDICT_WORDS.get(one.verdict, fmt.clean(one.verdict).upper())


def _sure(difference: Difference) -> str:
    change = difference.change.monthly_usd
    changed = "same answer" if _word(difference.a) == _word(difference.b) else "another answer"
    return f"{changed} · {fmt.signed_money(change, cents=True)} per month"


def _answers(difference: Difference) -> Iterator[Block]:
    change = difference.change
    if change.monthly_usd is not None:
        yield Callout(
            f"From A to B the option on top costs "
            f"{fmt.signed_money(change.monthly_usd, cents=True)} per month."
        )
    sides = (TableColumn("of the option on top"), TableColumn("A"), TableColumn("B"))
    rows: list[tuple[Cell, ...]] = [
        ("brief", _file(difference.a), _file(difference.b)),
        ("answer", *(_word(one).capitalize() for one in (difference.a, difference.b))),
        ("option", *(option_name(one.option) for one in (difference.a, difference.b))),
        ("best of 100", *(fmt.of_hundred(one.p_best) for one in (difference.a, difference.b))),
    ]
    yield Table("both", sides, tuple(rows))
    money = (
        ("per month", difference.a.monthly_usd, difference.b.monthly_usd, change.monthly_usd),
        ("once", difference.a.one_off_usd, difference.b.one_off_usd, change.one_off_usd),
        (
            f"{difference.horizon}, errors too",
            difference.a.horizon_usd,
            difference.b.horizon_usd,
            change.horizon_usd,
        ),
    )
    titles = ("A", "B", "change")
    columns = (TableColumn("USD"), *(TableColumn(title, right=True) for title in titles))
    yield Table("money", columns, tuple(_money(*row) for row in money))


def _money(name: str, a: float | None, b: float | None, change: float | None) -> tuple[Cell, ...]:
    before = fmt.money(a, cents=True)
    return name, before, fmt.money(b, cents=True), fmt.signed_money(change, cents=True)


def _inputs(difference: Difference) -> Iterator[Block]:
    if not difference.changed:
        yield Paragraph("No input differs.")
        return
    yield Paragraph(
        f"What each input alone changes in A, per month and over {difference.horizon} with wrong "
        "answers counted; the largest effect first."
    )
    moving = [c for c in difference.changed if not _is_idle(c, difference.a)]
    columns = (
        TableColumn("input"),
        TableColumn("A"),
        TableColumn("B"),
        TableColumn("per month", right=True),
        TableColumn(difference.horizon, right=True),
        TableColumn("answer"),
    )
    rows = tuple(_input(c, difference.a) for c in sorted(moving, key=_by_effect))
    if rows:
        yield Table("changes", columns, rows)
    idle = [input_name(c.input) for c in difference.changed if _is_idle(c, difference.a)]
    if idle:
        yield Paragraph(f"Without effect alone: {fmt.sentence_list(idle)}.")
    rest = remainder_usd(difference)
    if rest:
        yield Paragraph(f"Only together: {fmt.signed_money(rest, cents=True)} per month.")


def _is_idle(change: InputChange, a: JudgedBrief) -> bool:
    """Whether an input alone moves neither money nor the answer."""
    effect = change.effect
    if effect is None or (change.verdict, change.option) != (a.verdict, a.option):
        return False
    return not any((effect.monthly_usd, effect.one_off_usd, effect.horizon_usd)) and not any(
        usd is None for usd in (effect.monthly_usd, effect.horizon_usd)
    )


def _by_effect(change: InputChange) -> tuple[bool, float]:
    """What has no price first: it leaves no option or is refused. Then the largest effect."""
    effect = change.effect
    return effect is not None, -abs((effect.horizon_usd if effect else None) or 0.0)


def _input(change: InputChange, a: JudgedBrief) -> tuple[Cell, ...]:
    name = input_name(change.input)
    texts = (fmt.clean(change.a), fmt.clean(change.b))
    if change.effect is None:
        return (name, *texts, "", "", fmt.clean(change.reason))
    month = fmt.signed_money(change.effect.monthly_usd, cents=True)
    total = fmt.signed_money(change.effect.horizon_usd)
    return (name, *texts, month, total, _becomes(change, a))


def _becomes(change: InputChange, a: JudgedBrief) -> str:
    """The other verdict, or the other option where only that changes."""
    if change.verdict != a.verdict:
        becomes = fmt.APPROACH_WORDS.get(change.verdict, fmt.clean(change.verdict))
        return f"becomes {becomes}"
    return "the same" if change.option == a.option else option_name(change.option)


def _briefs(content: Portfolio) -> Iterator[Block]:
    titles = ("once", "per month", "errors", "saves")
    columns = (
        TableColumn("brief"),
        TableColumn("do"),
        TableColumn("option"),
        *(TableColumn(title, right=True) for title in titles),
        TableColumn("against"),
        TableColumn("best of 100", right=True),
    )
    yield Table(
        "portfolio",
        columns,
        tuple(_brief(place, row) for place, row in enumerate(content.rows, 1)),
    )
    yield Paragraph(
        "Saving is cash over each horizon, against what is in place, else against the runner-up."
    )
    if left_out(content):
        yield Paragraph(left_out(content).strip())
    yield Paragraph(
        "Decided briefs come first, then the largest saving with wrong answers counted. "
        "Errors: what wrong answers cost over the horizon."
    )
    rows = [
        (row.name, row.saving_usd, row.p_best, row.one_off_usd or 0.0)
        for row in content.rows
        if row.saving_usd is not None
    ]
    chart = maps.bubbles(rows)
    if chart is not None:
        yield chart


def _brief(place: int, row: PortfolioRow) -> tuple[Cell, ...]:
    word = fmt.VERDICT_WORDS.get(row.verdict, row.verdict).capitalize()
    spent = (fmt.money(row.one_off_usd), fmt.money(row.monthly_usd), errors_text(row))
    money = (*spent, fmt.money(row.saving_usd))
    option = row.option if row.is_counted else f"nearest: {row.option}"
    chance = fmt.of_hundred(row.p_best)
    return (f"{place}. {row.name}", word, option, *money, row.saving_against, chance)


def _shared(content: Portfolio) -> Iterator[Block]:
    yield Paragraph(
        "Briefs that use the same model on the same own or rented GPUs share its upkeep."
    )
    columns = (
        TableColumn("shared"),
        TableColumn("briefs"),
        TableColumn("counted once", right=True),
        TableColumn("saved per month", right=True),
    )
    rows = tuple(
        (s.what, ", ".join(s.briefs), fmt.money(s.monthly_usd), fmt.money(s.saved_usd))
        for s in content.shared
    )
    yield Table("shared", columns, rows)
