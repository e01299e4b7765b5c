"""The ledger of an option: its figures by id, in the order they were computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core.brief import Brief
from advisor.core.constants import HOURS_PER_MONTH
from advisor.core.facts import TokenPrice
from advisor.core.figure import Figure
from advisor.core.option import Option
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.setting import Setting
from advisor.estimate import algebra
from advisor.estimate.sheet import Sheet

PER_MILLION = 1e6
UNIT = "USD/1M tokens"


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the horizon with prices of its own, from `begin` (months after the decision); `day`
    is its first.
    """

    begin: float
    day: str
    parts: Mapping[str, Figure]  # by id, such as run.inference


class Ledger(dict[str, Figure]):
    """Figures of one option, with the sheet and the setting they are computed from.

    `tariff` is whose token prices apply, `tiers` the same for longer requests too, by length
    ascending; `later` holds what a month costs after each known change of price inside the horizon.
    """

    def __init__(self, option: Option, sheet: Sheet, setting: Setting) -> None:
        super().__init__()
        self.option = option
        self.sheet = sheet
        self.setting = setting
        self.tariff: TokenPrice | None = None
        self.tiers: tuple[TokenPrice, ...] = ()
        self.later: tuple[Period, ...] = ()

    @property
    def brief(self) -> Brief:
        """The brief behind the sheet."""
        return self.sheet.brief

    def charge_by(self, tiers: tuple[TokenPrice, ...]) -> None:
        """Take token prices from these rows of one provider and day; none: nobody quotes a
        price.
        """
        self.tiers = tiers
        self.tariff = tiers[0] if tiers else None

    def put(self, id: str, unit: str, figure: Figure | float, anchor: str, why: str = "") -> Figure:
        """Name a figure and keep it. A bare number is a definition; `why` states it."""
        if not isinstance(figure, Figure):
            self[id] = Figure(float(figure), unit, id, source=why, anchor=anchor)
        else:
            self[id] = figure.named(id, unit, anchor)
        return self[id]

    def quoted(self, id: str, value: float | None, unit: str = UNIT) -> Figure:
        """A figure of the tariff as an input; unknown where nobody quotes it."""
        return self._of_row(id, value, unit, self.tariff)

    def token_price(self, id: str, column: str) -> Figure:
        """A price per million tokens, case by case of the tier that the length of the whole prompt
        falls in.
        """
        if len(self.tiers) <= 1:
            return self.quoted(
                id, getattr(self.tariff, column) if self.tariff is not None else None
            )
        tokens = self["tokens.static"] + self["tokens.fresh"]
        limits = [tier.above_tokens for tier in self.tiers]
        prices = [
            self._of_row(
                f"{id}_above_{t.above_tokens}" if t.above_tokens else id,
                getattr(t, column),
                UNIT,
                t,
            )
            for t in self.tiers
        ]
        price = algebra.by_length(tokens, limits, prices)
        return price if not price.operands else price.named(f"{id}_by_length", UNIT, "tiers")

    def _of_row(self, id: str, value: float | None, unit: str, row: TokenPrice | None) -> Figure:
        if row is None or value is None:
            return self.sheet.exact(
                id, None, unit, Basis.ASSUMED, f"no {id} known for {self.option.model}", ""
            )
        return self.sheet.exact(
            id, value, unit, Basis.QUOTED, f"{row.provider}: {row.cited.source}", row.cited.as_of
        )

    def assumed(
        self, id: str, low: float, likely: float, high: float, unit: str, source: str
    ) -> Figure:
        """An uncertain constant of the model, with the source of its range (P10, P50, P90)."""
        return self.sheet.figure(
            id, Quantity(Range(low, likely, high), unit, Basis.ASSUMED, source, ""), low=0.0
        )

    def month_hours(self) -> Figure:
        """The hours of a month as a figure."""
        source = "a month has 730 hours"
        return self.sheet.exact(
            "hours_per_month", HOURS_PER_MONTH, "h/month", Basis.QUOTED, source, ""
        )
