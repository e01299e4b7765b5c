"""Reading a brief: the contract's own words, and one clear line for everything that cannot be an
answer.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.brief import answers, parse, read
from advisor.core.brief import questions
from advisor.core.errors import UsageError
from advisor.core.quantity import Basis, Range

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "profiles" / "briefs").glob("*.toml"))
SCENARIOS = ROOT.parent / "shared" / "scenarios"
ROW = 'approach = "prompt"\ntechnique = "few-shot"\nmodel = "m"\nscore = 0.9\nitems = 100\n'


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(text, name="brief.toml")
    return str(caught.value)


def outcome(text: str) -> str:
    """The line of a refusal, or nothing where the text is taken; any other error goes through."""
    try:
        parse(text, name="brief.toml")
    except UsageError as error:
        return str(error)
    return ""


def test_a_full_brief_is_read_as_written() -> None:
    brief = parse(
        """
        schema = 1
        name = "Catalogue"
        as_of = 2026-11-20
        [traffic]
        requests_per_month = {low = 2e6, likely = 3_000_000, high = 5e6}
        static_tokens = 1650
        can_wait_24h = true
        [current]
        model = "gpt-4.1-mini"
        ends = 2027-01-14
        [[segments]]
        name = "a"
        share = 0.7
        [[quality.measured]]
        approach = "tune"
        technique = "lora"
        model = "llama-3.1-8b"
        score = 0.912
        items = 6e2
        [models]
        prompt = []
        """,
        name="somewhere/brief.toml",
        folder="somewhere",
    )
    assert brief.traffic.requests_per_month == Range(2e6, 3e6, 5e6)
    assert brief.traffic.static_tokens == Range.exact(1650)
    assert brief.current is not None
    assert brief.current.ends == date(2027, 1, 14)
    assert brief.segments[0].share == Range.exact(0.7)
    assert (brief.quality.measured[0].items, type(brief.quality.measured[0].items)) == (600, int)
    assert brief.models.prompt == ()
    assert brief.models.tune is None
    assert brief.retrieval is None
    assert brief.folder == "somewhere"


def test_answers_are_quoted_from_the_file_at_its_date_and_scores_are_measured() -> None:
    brief = parse(
        f"as_of = 2026-11-20\n[data]\nexamples = 5\n[[quality.measured]]\n{ROW}", name="a/b.toml"
    )
    answered = brief.origin("data.examples")
    assert (answered.basis, answered.source, answered.as_of) == (
        Basis.QUOTED,
        "brief b.toml: data.examples",
        "2026-11-20",
    )
    assert brief.origin("quality.measured[0].score").basis is Basis.MEASURED
    assert brief.origin("quality.measured").basis is Basis.MEASURED
    assert brief.origin("data.label_usd").basis is Basis.ASSUMED


def test_without_a_date_answers_have_none() -> None:
    assert parse("[data]\nexamples = 5").origin("data.examples").as_of == ""


@pytest.mark.parametrize("key", ["watts", "train_tokens_per_second", "decode_tokens_per_second"])
def test_a_measured_zero_means_left_out(key: str) -> None:
    brief = parse(f"[hardware]\n{key} = 0\nusd_per_hour = 0.0")
    assert brief.get(f"hardware.{key}") is None
    assert f"hardware.{key}" not in brief.origins
    assert brief.hardware.usd_per_hour == Range.exact(0.0)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[traffic]\n\nrequest_per_month = 3",
            "brief.toml: line 3: unknown key traffic.request_per_month; "
            "did you mean 'requests_per_month'",
        ),
        ("[trafic]\na = 1", "brief.toml: line 1: unknown key trafic; did you mean 'traffic'"),
        (
            "[task]\nstatic_tokens = 1",
            "line 2: unknown key task.static_tokens; it belongs under [traffic]",
        ),
        (
            "requests_per_month = 1",
            "line 1: unknown key requests_per_month; it belongs under [traffic]",
        ),
        ("[traffic]\nxyzzy = 1", "line 2: unknown key traffic.xyzzy; remove it"),
        (
            f"[[quality.measured]]\n{ROW}itmes = 4",
            "unknown key quality.measured[0].itmes; did you mean 'items'?",
        ),
        (
            "[traffic]\nstatic_tokens = '5'",
            "line 2: traffic.static_tokens: needs a number, not the text '5'",
        ),
        ("[traffic]\nstatic_tokens = true", "traffic.static_tokens: needs a number, not true"),
        ("[traffic]\nstatic_tokens = [1]", "traffic.static_tokens: needs a number, not a list"),
        (
            "[traffic]\ncan_wait_24h = 1",
            "traffic.can_wait_24h: needs true or false, not the number 1",
        ),
        (
            "[traffic]\nstatic_tokens = -5",
            "line 2: traffic.static_tokens: -5 is impossible; give 0 to 10,000,000",
        ),
        (
            "[hardware]\nusd_per_hour = -0.5",
            "line 2: hardware.usd_per_hour: -0.5 is impossible; give 0 to 10,000",
        ),
        (
            "[traffic]\nretry_rate = 15",
            "traffic.retry_rate: 15 is impossible; give 0 to 1 (for 15 % write 0.15)",
        ),
        (
            "[traffic]\nstatic_tokens = 1e13",
            "traffic.static_tokens: 10,000,000,000,000 is impossible; give 0 to 10,000,000",
        ),
        ("[traffic]\nstatic_tokens = inf", "traffic.static_tokens: needs a finite number"),
        ("[traffic]\nstatic_tokens = nan", "traffic.static_tokens: needs a finite number"),
        ("[traffic]\nactive_hours_per_month = 800", "800 is impossible; give 1 to 744"),
        (
            "[traffic]\nstatic_tokens = {low = 3, likely = 2, high = 4}",
            "the range 3 – 2 – 4 is out of order",
        ),
        (
            "[traffic]\nstatic_tokens = {low = 3, likely = 4}",
            "the range lacks high; write low, likely and high",
        ),
        (
            "[traffic]\nstatic_tokens = {low = 3, likely = 4, high = 5, mean = 4}",
            "low, likely and high, not mean",
        ),
        (
            "[traffic]\nretry_rate = {low = 0.5, likely = 0.6, high = 1.2}",
            "traffic.retry_rate: 1.2 is impossible",
        ),
        (
            "[quality]\ntarget = {low = 0.8, likely = 0.9, high = 1}",
            "quality.target: takes one number, not a range",
        ),
        ("[hardware]\ncount = 1.5", "hardware.count: 1.5 is not a whole number; give 1 to 100,000"),
        (
            "[task]\ntype = 'extract'",
            "task.type: 'extract' is not one of classification, extraction",
        ),
        ("[task]\ntype = 7", "task.type: needs text, not the number 7"),
        (
            "as_of = '20 November'",
            "as_of: needs a date, not the text '20 November'; write it as 2026-11-20",
        ),
        ("as_of = '2026-02-30'", "as_of: 2026-02-30 is not a calendar date"),
        ("as_of = 2026-11-20T10:00:00Z", "as_of: needs a date, not a time of day"),
        ("[models]\nprompt = 'a'", "models.prompt: needs a list of names, not the text 'a'"),
        ("[models]\nprompt = ['a', 3]", "models.prompt: needs names, not the number 3"),
        ("[models]\nprompt = ['a', 'a']", "models.prompt: names 'a' twice"),
        ("[data]\npath = 3", "data.path: needs text"),
        ('[data]\npath = "a\\u0007b"', "data.path: contains a control character"),
        ("traffic = 5", "line 1: traffic: is a table; write [traffic] above its keys"),
        (
            "[[traffic]]\nstatic_tokens = 1",
            "line 1: traffic: occurs only once; write [traffic] above its keys",
        ),
        ("[segments]\nname = 'a'", "segments: is a list of tables; write [[segments]] above each"),
        ("segments = [3]", "segments[0]: is a table; write [[segments]] above its keys"),
        (
            "[[segments]]\nshare = 0.2",
            "line 1: segments[0].name: is missing; answer 'What is the segment called?'",
        ),
        ("[[segments]]\nname = ' '", "segments[0].name: is empty"),
        ("[current]\napproach = 'prompt'", "current.model: is missing"),
        ("schema = 2", "line 1: schema: 2 is unknown to this version; write schema = 1"),
        ("schema = true", "schema: True is unknown"),
        ("[traffic\nstatic_tokens = 1", "brief.toml: line 1: is not TOML"),
        ("name = 'a'\n[traffic]\nstatic_tokens = ", "brief.toml: line 3: is not TOML"),
        (
            "[traffic]\nstatic_tokens = 1\nstatic_tokens = 2",
            "brief.toml: line 3: is not TOML (cannot overwrite",
        ),
        ("name = 'a\nb'", "brief.toml: line 1: is not TOML"),
        ("a = " + "[" * 5000, "brief.toml: line 1: more than 64 brackets are open"),
        (
            "[traffic]\nstatic_tokens = " + "9" * 5000,
            "brief.toml: line 2: cannot be read; keep numbers short",
        ),
        ("", "brief.toml: is empty; write a brief with `advisor ask`"),
        (" \n\t\n", "brief.toml: is empty"),
        ("# nothing yet\n", "brief.toml: answers nothing"),
    ],
)
def test_what_cannot_be_an_answer_is_refused_in_one_line(text: str, line: str) -> None:
    message = refusal(text)
    assert line in message
    assert message.startswith("brief.toml: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[traffic]\nstatic_tokens = 1000\nshared_tokens = 1200",
            "line 3: traffic.shared_tokens: 1,200 is more than traffic.static_tokens = 1,000",
        ),
        (
            "[[segments]]\nname = 'a'\nshare = 0.7\n[[segments]]\nname = 'b'\nshare = 0.4",
            "segments: the shares add up to 1.1, more than the whole traffic",
        ),
        (
            "[[segments]]\nname = 'a'\nshare = 0.1\n[[segments]]\nname = 'a'\nshare = 0.1",
            "line 5: segments[1].name: 'a'",
        ),
        (
            f"[[segments]]\nname = 'brands'\n[[quality.measured]]\n{ROW}segment = 'brand'",
            "line 9: quality.measured[0].segment: no segment is named 'brand'; "
            "did you mean 'brands'?",
        ),
        (
            f"[[quality.measured]]\n{ROW}segment = 'x'",
            "no segment is named 'x'; name one of [[segments]]",
        ),
        (
            "[quality]\ntarget = 0.95\nhuman_ceiling = 0.9",
            "line 2: quality.target: 0.95 is above quality.human_ceiling",
        ),
        (
            "[[quality.measured]]\n" + ROW.replace('"prompt"', '"tune"'),
            "line 3: quality.measured[0].technique: "
            "'few-shot' is a technique of prompt, not of tune",
        ),
        (
            "[current]\nmodel = 'm'\ntechnique = 'lora'",
            "current.technique: 'lora' is a technique of tune, not of prompt",
        ),
    ],
)
def test_answers_that_contradict_each_other_are_refused(text: str, line: str) -> None:
    assert line in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        # the static prompt was not answered: its default does not count
        "[traffic]\nshared_tokens = 50_000",
        "[traffic]\nstatic_tokens = 1000\nshared_tokens = 1000",
        "[[segments]]\nname = 'a'\nshare = 0.7\n[[segments]]\nname = 'b'\nshare = 0.3",
        "[quality]\ntarget = 0.9\nhuman_ceiling = 0.9",
        f"[[quality.measured]]\n{ROW.replace('prompt', 'hybrid')}",
        "schema = 1",
        "as_of = '2026-11-20'",
    ],
)
def test_what_only_looks_odd_is_taken(text: str) -> None:
    parse(text)


def test_text_from_a_brief_is_escaped_in_messages() -> None:
    message = refusal('[traffic]\n"\\u001b[31mred" = 1')
    assert "\x1b" not in message
    assert "\\x1b[31mred" in message


def test_a_line_is_found_behind_texts_and_lists_that_span_lines() -> None:
    text = (
        'name = """\n[traffic]\nstatic_tokens = 1\n"""\n[models]\nprompt = [\n  "a",\n  "b",\n]\n'
    )
    text += "[traffic]\nstatic_tokens = -1"
    assert refusal(text).startswith("brief.toml: line 11: traffic.static_tokens")


def test_keys_in_inline_tables_and_dotted_keys_are_read_and_found() -> None:
    assert parse("traffic = {static_tokens = 7}").traffic.static_tokens == Range.exact(7)
    assert parse("traffic.static_tokens = 7").traffic.static_tokens == Range.exact(7)
    assert refusal("name = 'a'\ntraffic = {static_tokens = -7}").startswith(
        "brief.toml: line 2: traffic.static_tokens"
    )


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a binary file"),
        ("name = 'a'".encode("utf-16"), "is a binary file"),
        (b"name = 'a'\n# caf\xe9\n", "line 2: is not UTF-8 text; save the file as UTF-8"),
        (b"# " + b"x" * (1 << 20), "is larger than 1 MiB"),
        (b"", "is empty"),
    ],
)
def test_a_file_that_is_no_brief_is_refused(tmp_path: Path, raw: bytes, line: str) -> None:
    path = tmp_path / "brief.toml"
    path.write_bytes(raw)
    with pytest.raises(UsageError, match=line) as caught:
        read(path)
    assert str(path)[:20] in str(caught.value)


def test_a_mark_of_utf_8_and_windows_lines_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 'a'\r\n[traffic]\r\nstatic_tokens = 5\r\n")
    assert read(path).traffic.static_tokens == Range.exact(5)


def test_a_missing_file_gets_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "brief.toml").write_text("name = 'a'")
    with pytest.raises(UsageError, match=r"breif.toml: no such file; did you mean 'brief.toml'\?"):
        read(tmp_path / "breif.toml")
    with pytest.raises(UsageError, match=r"no such file; write one with `advisor ask`"):
        read(tmp_path / "nowhere" / "x.toml")


def test_a_folder_and_an_impossible_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder; name the brief inside it"):
        read(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        read("a\0b")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="rights do not bind the superuser"
)
def test_a_file_without_rights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    path.write_text("name = 'a'")
    path.chmod(0)
    with pytest.raises(UsageError, match="cannot be read"):
        read(path)


@given(st.text(max_size=200))
def test_no_text_ends_in_anything_but_a_brief_or_one_line(text: str) -> None:
    assert outcome(text).isprintable()


@given(st.data())
def test_a_damaged_brief_ends_in_a_brief_or_one_line(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(EXAMPLES)).read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    broken = text[:start] + data.draw(st.text(max_size=5)) + text[end:]
    assert outcome(broken).isprintable()


def test_there_are_six_examples_and_each_tells_its_story() -> None:
    assert len(EXAMPLES) == 6
    for path in EXAMPLES:
        assert read(path).as_of == date(2026, 11, 20)
        assert path.read_text(encoding="utf-8").startswith("# ")


def test_the_examples_differ_in_shape() -> None:
    briefs = [read(path) for path in EXAMPLES]
    assert len({b.task.type for b in briefs}) == 6
    assert any(b.current and b.current.ends == date(2027, 1, 14) for b in briefs)
    assert any(b.segments and b.retrieval and b.traffic.shared_tokens for b in briefs)
    assert any(b.hardware.owned and not b.policy.data_may_leave for b in briefs)
    assert any(len({s.train_examples for s in b.quality.measured}) > 3 for b in briefs)
    assert all(not b.prices.file for b in briefs)


@pytest.mark.skipif(not SCENARIOS.is_dir(), reason="the acceptance briefs are not here")
def test_every_acceptance_brief_is_read() -> None:
    briefs = [p for p in SCENARIOS.glob("*/*.toml") if p.name not in ("expect.toml", "prices.toml")]
    assert len(briefs) >= 6
    for path in briefs:
        assert read(path).name != "Untitled"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"[data]\npath = '{'a' * 300}'", "line 2: data.path: is too long for a path"),
        (f"[data]\npath = '{'a/' * 3000}b'", "line 2: data.path: is too long for a path"),
        (f"name = '{'n' * 5000}'", "line 1: name: has 5,000 characters; give at most 4,096"),
        ("as_of = 9999-12-31", "as_of: 9999-12-31 is out of range; give a date from 2000-01-01"),
        ("as_of = '1066-10-14'", "as_of: 1066-10-14 is out of range"),
        ("[current]\nmodel = 'm'\nends = 9999-01-01", "current.ends: 9999-01-01 is out of range"),
        ("[budget]\nhorizon_months = 100000", "budget.horizon_months: 100,000 is impossible"),
        (f"[hardware]\ncount = 0x{'F' * 400}", "hardware.count: needs a finite number"),
        (f"[models]\ntune = [0x{'F' * 400}]", "models.tune: needs names, not the number 1e482"),
        ("[hardware]\nusd_per_hour = 1e308", "hardware.usd_per_hour: "),
        ("[data]\neval_path = 'test.jsonl'", "line 2: data.eval_path: is compared with data.path"),
        (
            "[hardware]\ntrain_tokens_per_second = {low = 0, likely = 10, high = 20}",
            "hardware.train_tokens_per_second: 0 means that it is not known",
        ),
        ("[[segments]]\nname = 's'\n" * 2001, "segments: has 2,001 rows; give at most 2,000"),
        ("a." * 20_000 + "a = 1", "line 1: a key of 20,001 parts; keys have at most three"),
    ],
)
def test_what_is_beyond_the_world_is_refused_with_its_bound(text: str, words: str) -> None:
    found = refusal(text)
    assert words in found
    assert "\n" not in found
    assert len(found) < 300


def test_every_number_has_a_bound_of_its_own() -> None:
    """A default stays inside it, and no bound is the general one."""
    for key, question in questions().items():
        if question.kind not in ("number", "whole"):
            continue
        assert question.low is not None, key
        assert question.high is not None, key
        points = question.default
        if isinstance(points, Range):
            assert question.low <= points.p10 <= points.p90 <= question.high, key


def test_roles_share_all_hours_and_gates_keep_their_words() -> None:
    text = """
        [[team.roles]]
        name = "engineer"
        share = 0.5
        hourly_usd = 120
    """
    with pytest.raises(UsageError, match=r"team\.roles: the shares add up to 0\.5"):
        parse(text)
    gate = '[[plan.gates]]\nname = "Pilot"\naccept = "0.9 on 500 items"\nweeks = 6\n'
    kept = parse(gate)
    assert kept.plan.gates[0].accept == "0.9 on 500 items"
    assert [a.key for a in answers(kept)] == [
        f"plan.gates[0].{f}" for f in ("name", "accept", "weeks")
    ]
