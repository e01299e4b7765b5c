"""What an answer changed in the verdict, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.core import format as fmt
from advisor.core.naming import option_name

if TYPE_CHECKING:
    from advisor.core.verdict import OptionRecord, Verdict


def change_line(before: Verdict, after: Verdict) -> str:
    """`now Tuned X · best in 91 of 100 (was 72) · …`; what stayed is left out.

    Empty where nothing that is shown has changed.
    """
    return " · ".join(_parts(before, after))


def _parts(before: Verdict, after: Verdict) -> list[str]:
    from advisor.report.headline import approach_chance

    parts: list[str] = []
    if after.verdict != before.verdict:
        word = fmt.APPROACH_WORDS.get(after.verdict, after.verdict)
        parts.append(f"now {word}, before {fmt.APPROACH_WORDS.get(before.verdict, before.verdict)}")
    if after.arm != before.arm and after.arm:
        parts.append(f"now {fmt.clean(option_name(after.arm))}")
    now, then = (fmt.of_hundred(approach_chance(verdict)) for verdict in (after, before))
    if now != then:
        parts.append(f"best in {now} of 100 (was {then})")
    if after.chosen is not None and before.chosen is not None:
        parts += _figures(before.chosen, after.chosen)
    return parts


def _figures(before: OptionRecord, after: OptionRecord) -> list[str]:
    rows = (
        ("running", fmt.money_rate, before.monthly_usd.p50, after.monthly_usd.p50),
        ("once", fmt.money, before.one_off_usd.p50, after.one_off_usd.p50),
        ("quality", fmt.score, before.quality.p50, after.quality.p50),
    )
    return [
        f"{label} {show(now)} (was {show(then)})"
        for label, show, then, now in rows
        if show(now) != show(then)
    ]
