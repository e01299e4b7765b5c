"""The gate of `advisor recommend`: what a pipeline expects of a verdict, and whether it got it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core.errors import Exit, UsageError, did_you_mean

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict

VERDICTS = ("prompt", "tune", "hybrid", "undecided")


@dataclass(frozen=True, slots=True)
class Gate:
    """What is expected: a verdict's word or an option's id, and the most it may cost per month.

    `expect` empty and `max_monthly_usd` None expect nothing.
    """

    expect: str = ""
    max_monthly_usd: float | None = None

    @property
    def is_open(self) -> bool:
        return not self.expect and self.max_monthly_usd is None

    def check(self) -> None:
        """Raises UsageError where `expect` is neither a verdict's word nor an option's id."""
        if self.expect and self.expect not in VERDICTS and "/" not in self.expect:
            hint = did_you_mean(self.expect, VERDICTS)
            raise UsageError(
                f"--expect {self.expect}: neither a verdict ({', '.join(VERDICTS)}) nor the id of "
                f"an option{hint}"
            )

    def faults(self, verdict: Verdict) -> Iterator[str]:
        """What differs from the expectation, a line each."""
        answered = verdict.arm if "/" in self.expect else verdict.verdict
        if self.expect and self.expect != answered:
            yield f"expected {self.expect}, but the verdict is {answered}"
        if self.max_monthly_usd is not None:
            yield from _over(verdict, self.max_monthly_usd)

    def exit_of(self, verdict: Verdict, exit_code: Exit) -> Exit:
        """The exit code of a judged brief: an expectation that fails makes a success a failure, and
        an expected `undecided` is a success.
        """
        if exit_code is Exit.UNDECIDED and self.expect == "undecided":
            exit_code = Exit.DONE
        if exit_code is Exit.DONE and any(self.faults(verdict)):
            return Exit.FAILED
        return exit_code


def _over(verdict: Verdict, limit: float) -> Iterator[str]:
    """The median bill of the option to use, compared with the limit (USD per month)."""
    from advisor.core import format as fmt

    option = verdict.chosen
    bill = None if option is None else option.monthly_usd
    if bill is None or bill.p50 is None:
        yield f"the monthly cost is unknown, so it cannot be compared with {fmt.money(limit)}"
    elif bill.p50 > limit:
        span = "" if bill.is_exact else f" (80 %: {fmt.money(bill.p10)} to {fmt.money(bill.p90)})"
        yield f"{fmt.money(bill.p50)} per month{span} is above the limit of {fmt.money(limit)}"
