"""Whatever the record holds, every medium shows the same headline figures."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.core.quantity import Range
from advisor.core.verdict import Verdict
from advisor.report import html, markdown, text
from advisor.report import json as as_json
from advisor.report.headline import headline

RANGES = st.lists(st.floats(0, 1e9), min_size=3, max_size=3).map(
    lambda values: Range(*sorted(values))
)


class Text(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(source)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def flat(words: str) -> str:
    return re.sub(r"[\s*]+", " ", words.replace("\\", ""))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(once=RANGES, month=RANGES, total=RANGES, regret=st.floats(0, 1e9))
def test_every_medium_shows_the_same_headline(
    verdict: Verdict, once: Range, month: Range, total: Range, regret: float
) -> None:
    chosen = replace(verdict.chosen, one_off_usd=once, monthly_usd=month, horizon_usd=total)
    options = tuple(chosen if a.id == chosen.id else a for a in verdict.arms)
    held = replace(verdict, arms=options, expected_regret_usd=regret)
    head = headline(held)
    media = {
        "text": flat(text.render(held)),
        "markdown": flat(markdown.render(held)),
        "html": flat(" ".join(Text(html.render(held)).words)),
    }
    for name, shown in media.items():
        assert head.sure in shown, name
        for figure in head.figures:
            assert f"{figure.value} {figure.unit}".strip() in shown, (name, figure.label)
            if figure.low != figure.high and not figure.other:
                assert figure.low in shown, (name, figure.label)
                assert figure.high in shown, (name, figure.label)
    raw = next(a for a in json.loads(as_json.render(held))["arms"] if a["id"] == chosen.id)
    for key, range_ in (("one_off_usd", once), ("monthly_usd", month), ("horizon_usd", total)):
        assert [float(f"{v:.10g}") for v in (range_.p10, range_.p50, range_.p90)] == list(
            raw[key].values()
        )
