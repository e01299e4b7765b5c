"""Texts of a report in another language and currency.

A report is built once, in English and US dollars. Then every text passes through here: sentences
are replaced by those of a catalogue, amounts are converted at the stated rate, numbers and dates
are written as the language writes them. An amount of the record is converted from its full
precision, so that it reads alike wherever it stands. What no catalogue has stays in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from advisor.core import format as fmt
from advisor.core.errors import MissingExtra
from advisor.core.quantity import Range
from advisor.core.verdict import Verdict
from advisor.report.catalogue import Catalogue
from advisor.report.look import Look
from advisor.report.terms import Terms

_AMOUNT = re.compile(r"(−?)\$(\d+(?:,\d{3})*(?:\.\d+)?)(?: (k|M|bn)\b)?")
_IN_USD = re.compile(r"(?<![\w.,])(\d+(?:,\d{3})*(?:\.\d+)?) USD\b")
_NUMBER = re.compile(
    r"(?<![\w.,#/@-])(?<!\w\+)(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w@]|[.,]\d)"
)
_DAY = re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])")
_VERSION = re.compile(
    r"\b(?:Claude \w+|GPT|Llama|Qwen|Gemini|Gemma|Mistral|Phi|DeepSeek|GLM|Command|Nova)"
    r"[ -]?\d+(?:\.\d+)+\b|\barXiv[ :]\d+\.\d+"
)
_SCALES = {"": 1.0, "k": 1e3, "M": 1e6, "bn": 1e9}
_MASK = "\ue000{}\ue001"
_MASKED = re.compile("\ue000(\\d+)\ue001")


@dataclass(slots=True)
class Speech:
    """Says texts of one record in the language and currency of a look."""

    look: Look
    catalogue: Catalogue
    amounts: dict[str, float]
    symbol: str
    decimal: str
    group: str
    _spoken: dict[str, str] = field(default_factory=dict)
    _kept: re.Pattern[str] = _VERSION

    @classmethod
    def of(cls, verdict: Verdict, look: Look, terms: Terms) -> Speech:
        """The speech of a record's report. Raises MissingExtra where Babel is not installed."""
        names = sorted({*terms.options.values()}, key=len, reverse=True)
        speech = cls._with(look, _amounts(verdict), names)
        speech.quote(fmt.clean(verdict.name), fmt.clean(verdict.client))
        return speech

    @classmethod
    def _with(cls, look: Look, amounts: dict[str, float], names: list[str]) -> Speech:
        try:
            from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol
        except ImportError:
            raise MissingExtra(
                "--locale and --currency need an extra that is not installed; "
                "run: pip install 'prompt-or-tune[report]'"
            ) from None
        return cls(
            look,
            Catalogue.of(look.language, names),
            amounts,
            get_currency_symbol(look.currency.code, look.language),
            get_decimal_symbol(look.language),
            get_group_symbol(look.language),
        )

    @classmethod
    def plain(cls, look: Look) -> Speech:
        """The speech of a page that is of no single record. Raises MissingExtra."""
        return cls._with(look, {}, [])

    def quote(self, *texts: str) -> None:
        """Texts that people wrote stay as they are, alone and inside a sentence."""
        self.catalogue.keep(texts)
        numbered = sorted((t for t in texts if re.search(r"\d", t)), key=len, reverse=True)
        self._kept = re.compile("|".join([*map(re.escape, numbered), _VERSION.pattern]))

    def say(self, text: str) -> str:
        """A whole text: a sentence, several, a title or a cell."""
        if text not in self._spoken:
            self._spoken[text] = self._numbers(self.catalogue.say(text))
        return self._spoken[text]

    def word(self, text: str) -> str:
        """Only the words of a text; what it quotes keeps its currency and its numbers."""
        return self.catalogue.say(text)

    def money(self, amount: Range) -> Range:
        """An amount in the currency of the look."""
        rate = self.look.currency.rate
        ends = (amount.p10, amount.p50, amount.p90)
        return Range(*(None if end is None else end * rate for end in ends))

    def span(self, amount: Range) -> str:
        """An 80 % interval of money for narrow columns, without its symbol."""
        return self._plain_numbers(fmt.tight_span(self.money(amount)).replace("$", ""))

    def _numbers(self, text: str) -> str:
        """Amounts, numbers and dates in a text; those in names stay as they are."""
        masked: list[str] = []

        def mask(match: re.Match[str]) -> str:
            masked.append(match[0])
            return _MASK.format(len(masked) - 1)

        text = self._kept.sub(mask, text)
        text = _IN_USD.sub(self._amount_in_usd, _AMOUNT.sub(self._amount, text))
        if self.look.currency.code != "USD":
            text = re.sub(r"\bUSD\b", self.look.currency.code, text)

        def unmask(match: re.Match[str]) -> str:
            number = int(match[1])
            return masked[number] if number < len(masked) else match[0]

        return _MASKED.sub(unmask, self._plain_numbers(text))

    def _plain_numbers(self, text: str) -> str:
        if self.look.language == "en":
            return text
        swapped = _NUMBER.sub(lambda m: self._swapped(m[0]), text)
        return _DAY.sub(self._day, swapped)

    def _swapped(self, number: str) -> str:
        whole, _, rest = number.partition(".")
        grouped = whole.replace(",", self.group)
        return f"{grouped}{self.decimal}{rest}" if rest else grouped

    def _day(self, match: re.Match[str]) -> str:
        from babel.dates import format_date

        try:
            day = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return match[0]
        return format_date(day, "medium", locale=self.look.language)

    def _amount(self, match: re.Match[str]) -> str:
        """`$12,168` in the currency and the order of the language."""
        sign = match[1]
        digits = match[2]
        scale = match[3] or ""
        usd = self.amounts.get(match[0].removeprefix("−"))
        if usd is None:
            usd = float(digits.replace(",", "")) * _SCALES[scale]
        size = abs(usd) * self.look.currency.rate
        if self.look.currency.code == "USD":
            number = f"{digits} {scale}".rstrip()
        elif scale:
            number = _short(fmt.compact(size), digits)
        else:
            number = fmt.money(size, cents="." in digits and len(digits) > 4).removeprefix("$")
        if self.look.language != "en":
            return f"{sign}{number}\u00a0{self.symbol}"
        gap = " " if self.symbol[-1:].isalpha() else ""
        return f"{sign}{self.symbol}{gap}{number}"

    def _amount_in_usd(self, match: re.Match[str]) -> str:
        """`15,000 USD`, as answers are written, with the code of the currency."""
        value = float(match[1].replace(",", "")) * self.look.currency.rate
        number = (
            match[1] if self.look.currency.code == "USD" else f"{value:,.2f}".removesuffix(".00")
        )
        return f"{number} {self.look.currency.code}"


def _short(compact: str, digits: str) -> str:
    """A number on a scale, without zeros at its end where the original has none either."""
    number, _, scale = compact.partition(" ")
    if "." in digits or "." not in number:
        return compact
    return f"{number.rstrip('0').rstrip('.')} {scale}".rstrip()


def _amounts(verdict: Verdict) -> dict[str, float]:
    """The exact amounts behind what is shown, by how they are shown; the named option's first."""
    amounts: dict[str, float] = {}
    for value in _usd_of(verdict):
        if value is not None and fmt.is_known(value):
            for show in (fmt.money, fmt.compact_money):
                amounts.setdefault(show(abs(value)), abs(value))
    return amounts


def _usd_of(verdict: Verdict) -> Iterator[float | None]:
    order = sorted(
        verdict.arms, key=lambda o: (o.id != verdict.subject, o.id != verdict.alternative)
    )
    for option in order:
        yield from _ends((option.one_off_usd, option.monthly_usd, option.horizon_usd))
    gain = verdict.advantage
    yield from _ends((gain.cash_usd, gain.errors_usd, gain.total_usd))
    for option in order:
        for figure in option.figures:
            if figure.unit.startswith("USD"):
                yield from (figure.p50, figure.value, figure.p10, figure.p90)
    for step in (verdict.next_step, *verdict.steps, *verdict.improvements):
        yield from (step.cost_usd, step.worth_usd)
    for row in verdict.sensitivity:
        yield from (row.swing_usd, row.low, row.high)
    yield verdict.expected_regret_usd


def _ends(ranges: Iterable[Range]) -> Iterator[float | None]:
    for interval in ranges:
        yield from (interval.p50, interval.p10, interval.p90)
