"""The ledger of an arm: its figures by id, in the order they were computed."""

from __future__ import annotations

from advisor.core.arm import Arm
from advisor.core.brief import Brief
from advisor.core.facts import TokenPrice
from advisor.core.figure import Figure
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.setting import Setting
from advisor.estimate.sheet import Sheet

HOURS_PER_MONTH = 730.0
PER_MILLION = 1e6


class Ledger(dict[str, Figure]):
    """Figures of one arm, with the sheet and the setting they are computed from."""

    def __init__(self, arm: Arm, sheet: Sheet, setting: Setting) -> None:
        super().__init__()
        self.arm, self.sheet, self.setting = arm, sheet, setting
        self.tariff: TokenPrice | None = None  # whose token prices apply

    @property
    def brief(self) -> Brief:
        """The brief behind the sheet."""
        return self.sheet.brief

    def put(self, id: str, unit: str, figure: Figure | float, anchor: str, why: str = "") -> Figure:
        """Name a figure and keep it. A bare number is a definition; `why` states it."""
        if not isinstance(figure, Figure):
            self[id] = Figure(float(figure), unit, id, source=why, anchor=anchor)
        else:
            self[id] = figure.named(id, unit, anchor)
        return self[id]

    def quoted(self, id: str, value: float | None, unit: str = "USD/1M tokens") -> Figure:
        """A figure of the tariff as an input; unknown where nobody quotes it."""
        if self.tariff is None or value is None:
            return self.sheet.exact(id, None, unit, Basis.ASSUMED, f"no {id} known for {self.arm.model}", "")
        cited = self.tariff.cited
        return self.sheet.exact(id, value, unit, Basis.QUOTED, f"{self.tariff.provider}: {cited.source}", cited.as_of)

    def assumed(self, id: str, low: float, likely: float, high: float, unit: str, source: str) -> Figure:
        """An uncertain constant of the model, with the source of its range (P10, P50, P90)."""
        return self.sheet.figure(id, Quantity(Range(low, likely, high), unit, Basis.ASSUMED, source, ""), low=0.0)
