"""A record written and read back is the same record."""

from __future__ import annotations

import json as plain

import pytest

from advisor.core.verdict import Verdict
from advisor.report import json, past


def test_a_record_reads_back(priced: Verdict, hostile: Verdict, nothing_left: Verdict) -> None:
    for verdict in (priced, hostile, nothing_left):
        text = json.render(verdict)
        assert json.render(past.read(text)) == text
    assert past.read(json.render(priced)).arms[0].one_off_usd.p50 == 720.0


def test_an_older_record_lacks_what_came_later(verdict: Verdict) -> None:
    document = plain.loads(json.render(verdict))
    for key in ("answers", "labels_needed", "criteria", "risks"):
        del document[key]
    document["from_the_future"] = 1
    assert past.read(plain.dumps(document)).arm == verdict.arm


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', "null", '"x"', '{"arms": 5}'])
def test_what_is_not_a_record_is_refused_on_one_line(text: str) -> None:
    with pytest.raises(past.UnreadableRecord, match=r"^this record cannot be read[^\n]+$"):
        past.read(text)


def test_draws_of_different_numbers_are_refused(priced: Verdict) -> None:
    document = plain.loads(json.render(priced))
    drawn = {"option": "prompt/few-shot@a", "monthly_usd": [], "errors_usd": [], "quality": []}
    document["drawn"] = [{**drawn, "once_usd": [1.0, 2.0], "cash_usd": [3.0, 4.0]}]
    assert past.read(plain.dumps(document)).drawn[0].cash_usd == (3.0, 4.0)
    document["drawn"][0]["cash_usd"].append(5.0)
    with pytest.raises(past.UnreadableRecord, match="its draws are of different numbers"):
        past.read(plain.dumps(document))
