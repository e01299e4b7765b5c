"""A one-page report in Org mode."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.plugins import PluggedReport
from advisor.core.verdict import Verdict


def render(verdict: Verdict) -> str:
    """The verdict, its reasons and the options by cost per month."""
    return "\n".join(lines(verdict)) + "\n"


def lines(verdict: Verdict) -> Iterator[str]:
    """The report, line by line."""
    yield f"#+TITLE: {verdict.name}"
    yield f"* {verdict.verdict}: {verdict.arm}"
    yield from (f"- {reason}" for reason in verdict.why)
    yield "* Options"
    yield "| option | per month |"
    yield "|-"
    yield from (f"| {o.id} | {fmt.money(o.monthly_usd.p50)} |" for o in verdict.arms)


ORG = PluggedReport("org", (".org",), "https://orgmode.org/manual", "2026-01-01", render)
