"""The panels as text: what they say at each width, and that unknown and hostile text stay what they
are.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import brief as files
from advisor.core import format as fmt
from advisor.core.brief import questions
from advisor.core.probes import Reading
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import NextStep, Readiness, SourceRecord
from advisor.tui.model.draft import Draft
from advisor.tui.model.proposed_answers import ProposedAnswer, proposed_answers
from advisor.tui.model.question_text import assumed, bounds, label, long_help
from advisor.tui.views.axis import Axis
from advisor.tui.views.decision import SECTIONS, section_lines
from advisor.tui.views.facts_age import price_age
from advisor.tui.views.figure import figure_lines, summary
from advisor.tui.views.gauges import History
from advisor.tui.views.options import Order, header, option_line, option_rows
from advisor.tui.views.probes import data_lines, machine_lines, proposal_lines
from advisor.tui.views.verdict import strip_lines, verdict_lines

BRIEF = files.parse(
    'schema = 1\n[task]\ntype = "extraction"\n'
    "[traffic]\nrequests_per_month = 3e6\n[quality]\ntarget = 0.9\n"
)
"""Says enough for a winner."""


@pytest.mark.parametrize("width", [30, 48, 56, 72, 100])
def test_the_panel_says_everything_at_every_width(verdict, width):
    text = verdict_lines(verdict, BRIEF, "", (), width).plain
    for said in (
        "FINE-TUNE",
        "Tuned Llama 3.1 8B (LoRA), in batches, on rented GPUs",
        "best in 91 of 100 draws",
        "$3,317",
        "$18,363",
        "0.912",
        "7",
        "prompting with requests per month below 1,150,000",
        "Decide now",
        "warn",
        "gpt-4.1-mini ends",
    ):
        assert said in text


def test_ranges_and_basis_come_with_room(verdict):
    narrow, middle, wide = (
        verdict_lines(verdict, BRIEF, "", (), width).plain for width in (40, 58, 72)
    )
    assert "$2,654 – $3,980" in narrow
    assert "├" in middle
    assert "modelled" not in middle
    assert "modelled" in wide


@pytest.mark.parametrize("width", [56, 66, 80])
def test_estimates_never_wrap(verdict, width):
    rows = [
        line
        for line in verdict_lines(verdict, BRIEF, "", (), width).plain.splitlines()
        if "├" in line
    ]
    assert len(rows) >= 5
    assert all(len(row.rstrip()) <= width for row in rows)


@given(st.integers(40, 160))
def test_the_strip_is_three_lines_that_fit(verdict, width):
    first, second, _ = strip_lines(verdict, BRIEF, "", (), width).plain.splitlines()
    assert len(first) <= width
    assert len(second) <= width
    assert "FINE-TUNE" in first
    assert "best in 91 of 100" in first


def test_what_stops_a_decision_comes_before_the_next_step(verdict):
    stopped = replace(
        verdict, verdict="undecided", readiness=(Readiness("test set", "stop", "none"),)
    )
    assert "NOT DECIDABLE YET" in strip_lines(stopped, BRIEF, "", (), 80).plain
    assert "✗ stop test set: none" in strip_lines(stopped, BRIEF, "", (), 80).plain
    assert (
        "if you must choose today: Tuned Llama" in verdict_lines(stopped, BRIEF, "", (), 80).plain
    )


def test_no_option_left_is_no_crash_and_no_number(verdict):
    none = replace(verdict, verdict="undecided", arm="", arms=())
    for text in (
        verdict_lines(none, BRIEF, "", (), 60).plain,
        strip_lines(none, BRIEF, "", (), 60).plain,
    ):
        assert "NO OPTION LEFT" in text
        assert "$" not in text.split("Why")[0]


def test_unknown_money_is_a_lower_bound_never_zero(verdict):
    tune = verdict.chosen
    total = tune.figure("run.total")
    unknown = replace(
        total, value=None, p10=None, p50=None, p90=None, at_least=400.0, missing=("run.inference",)
    )
    option = replace(tune, monthly_usd=UNKNOWN, figures=(unknown, *tune.figures[1:]))
    shown = replace(verdict, arms=(option,))
    assert "≥ $400, 1 unknown" in verdict_lines(shown, BRIEF, "", (), 80).plain
    assert "≥ $400" in option_line(option, shown, 0, 80).plain
    assert summary(unknown) == "≥ $400 per month"
    assert "! unknown: run.inference" in figure_lines(unknown).plain


def test_a_worthwhile_next_step_names_its_price_and_worth(verdict):
    step = replace(verdict, next_step=NextStep("label 1,500 more", 5000, 7, 61_000))
    assert (
        "Label 1,500 more: costs $5,000, worth $61,000"
        in verdict_lines(step, BRIEF, "", (), 80).plain
    )


def test_options_are_ranked_with_the_chosen_one_first_and_sort_by_any_column(verdict):
    prompt = "prompt/few-shot@claude-sonnet-5+batch"

    def ids(order):
        return [option.id for option, _ in option_rows(verdict, order)]

    assert ids(Order.CHANCE) == [verdict.arm, prompt]
    assert ids(Order.ONCE) == [prompt, verdict.arm]
    assert ids(Order.RUNNING) == [verdict.arm, prompt]
    assert ids(Order.TIME) == [prompt, verdict.arm]


@pytest.mark.parametrize("width", [44, 60, 76, 120])
def test_every_row_of_the_table_is_as_wide_as_its_header(verdict, width):
    rows = [option_line(option, verdict, 3, width).plain for option in verdict.arms]
    assert {len(row) for row in rows} == {len(header(width).plain)}
    assert all("91" in row or "9 " in row for row in rows)
    assert rows[1].startswith("▸ ")


def test_variants_of_a_model_fold_into_the_best_of_them(verdict):
    prompt, tune = verdict.arms
    other = replace(
        prompt, id="prompt/few-shot@claude-sonnet-5+cached", p_best=0.01, best_form="form"
    )
    prompt = replace(prompt, best_form="form")
    wider = replace(verdict, arms=(other, prompt, tune))
    folded = option_rows(wider, folded=True)
    assert [(option.id, variants) for option, variants in folded] == [(tune.id, 0), (prompt.id, 1)]


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(5, 60))
def test_ranges_on_one_axis_keep_their_order(one, other, width):
    axis = Axis.over([Range.exact(one), Range.exact(other)], width)
    assert 0 <= axis.column(one) < width
    assert (axis.column(one) <= axis.column(other)) == (one <= other) or axis.column(
        one
    ) == axis.column(other)
    assert len(axis.bar(Range.exact(one), other)) == width


def test_the_tornado_has_an_axis_and_marks_where_the_sign_turns(verdict):
    lines = section_lines("inputs", verdict, 100, 12).plain.splitlines()
    bar = next(line for line in lines if line.startswith("hours of tuning work") and "█" in line)
    assert "−$1,200" in bar
    ticks = next(line for line in lines if "$122 k" in line and "█" not in line)
    assert "−$1,200" in ticks


def test_the_chart_of_money_names_its_lines_and_the_break_even(verdict):
    lines = section_lines("money", verdict, 100, 12).plain.splitlines()
    assert "· equal cost at 1,150,000 requests per month" in lines
    # No difference of quality makes the options equally good, so no line says so.
    assert not any("quality difference" in line for line in lines)
    assert sum(line.startswith("━━") for line in lines) == 2
    assert any("12 months" in line or "24 months" in line for line in lines)


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("width", [44, 76, 120])
def test_no_section_is_wider_than_its_pane(verdict, name, width):
    drawn = list(section_lines(name, verdict, width, 10).plain.splitlines())
    pictures = [line for line in drawn if any(sign in line for sign in "┤│└●█├")]
    assert all(len(line) <= width for line in pictures)


def test_without_enough_answers_no_winner_is_named(verdict):
    empty = files.parse("schema = 1\n")
    panel = verdict_lines(verdict, empty, "", (), 70).plain
    strip = strip_lines(verdict, empty, "", (), 80).plain
    for text in (panel, strip):
        assert "NOT ENOUGH KNOWN YET" in text
        assert "FINE-TUNE" not in text
        assert "Llama" not in text
    assert "Answer first: " in panel
    assert "$2,654 – $14,602" in panel


def test_an_answer_tells_what_it_changed_in_one_line(verdict):
    from advisor.tui.model.verdict_change import change_line

    tune = replace(verdict.arms[1], monthly_usd=Range.exact(4000.0))
    after = replace(verdict, p_best=0.97, arms=(verdict.arms[0], tune))
    line = change_line(verdict, after)
    assert line == ("best in 97 of 100 (was 91) · running $4,000 per month (was $3,317 per month)")
    assert change_line(verdict, verdict) == ""
    assert line in verdict_lines(after, BRIEF, line, (), 120).plain


def test_a_figure_shows_formula_numbers_inputs_and_source(verdict):
    text = figure_lines(verdict.chosen.figure("run.total")).plain
    for said in (
        "run.total = volume × rate",
        "3,000,000 × ",
        "brief shop.toml",
        "2026-11-20",
        "price list",
        "#anchor",
    ):
        assert said in text


def test_probes_say_why_a_reading_is_missing(observations):
    assert "not supported, limit 350 W" in machine_lines(observations.hardware, 80).plain
    assert "python[/] (7): memory not visible" in machine_lines(observations.hardware, 80).plain
    assert "no data file" in data_lines(None, 80).plain.lower()
    assert "train.jsonl: line 17: no JSON" in data_lines(observations.data, 80).plain


@pytest.mark.parametrize("width", [40, 56, 76, 120])
def test_findings_fit_within_the_width(observations, width):
    lines = data_lines(observations.data, width).plain.splitlines()
    told = " ".join(" ".join(lines).split())
    for said in (
        "(card or refund?)",
        "line 42 (3.10)",
        "high specificity",
        "+ 9.0",
        "40 items copied",
    ):
        assert said in told
    assert max(map(len, lines)) <= max(width, 40)


def test_a_missing_test_set_is_named_in_the_app_and_not_by_a_flag(observations):
    less = replace(observations.data, eval_rows=None, leaked_eval_rows=None)
    told = " ".join(data_lines(less, 80).plain.split())
    assert "leakage is unknown (name one under Brief, Data, test path)" in told
    assert "--eval" not in told


def watched(observations, *shares: float | None) -> str:
    """The live view after readings with these shares of the GPU's time."""
    history = History()
    for share in shares:
        gpu = replace(observations.hardware.gpus[0], utilisation=Reading(share, "share", "asleep"))
        report = replace(observations.hardware, gpus=(gpu,))
        history.add(report)
    return history.lines(report, 80).plain


def test_a_course_stands_on_a_fixed_scale_and_leaves_gaps(observations):
    busy = next(
        line
        for line in watched(observations, 0.0, 1.0, None, 0.5).splitlines()
        if line.startswith("busy")
    )
    assert busy.endswith("▁█ ▅")
    assert "50 %" in busy


def test_the_live_view_tells_every_reading_or_that_it_cannot(observations):
    lines = watched(observations, None).splitlines()
    assert lines[0] == "GPU 0: NVIDIA L40S"
    told = {line.split()[0]: line for line in lines[1:]}
    assert "not readable" in told["busy"]
    assert "not readable" in told["power"]
    assert "41 of 100 °C" in told["temperature"]
    assert "24.0 of 64.0 GiB" in lines[-1]


@given(
    st.lists(st.one_of(st.none(), st.floats(-1, 2)), min_size=1, max_size=400), st.integers(0, 140)
)
def test_a_course_never_leaves_its_room(observations, shares, width):
    history = History()
    for share in shares:
        report = replace(observations.hardware, gpus=(), processor_use=Reading(share, "share"))
        history.add(report)
    course = history.lines(report, width).plain.splitlines()[1][33:]
    assert len(course) <= max(width - 33, 0)
    assert set(course) <= set(" ▁▂▃▄▅▆▇█")


def offered(observations, text: str = "", **changes) -> dict[str, tuple[str, str]]:
    brief = files.parse("schema = 1\n" + text)
    return {
        o.key: (o.now, o.text)
        for o in proposed_answers(replace(observations.data, **changes), Draft(brief))
    }


def test_proposals_are_answers_in_the_words_of_the_form(observations):
    found = offered(observations, "[data]\nexamples = 500\n")
    assert found["data.examples"] == ("500", "2,990")
    assert found["data.sensitive"] == ("", "yes")
    assert found["data.tokens_per_example"][0] == ""
    assert found["traffic.output_tokens"] == ("", "256 – 384")


def test_large_counts_are_exact_and_measured_ranges_readable(observations):
    assert offered(observations, distinct_rows=1_234_567)["data.examples"][1] == "1,234,567"
    prompt = replace(observations.data.prompt_tokens, range=Range(123.456789, 250.56789, 345.6789))
    assert (
        offered(observations, prompt_tokens=prompt)["traffic.input_tokens"][1]
        == "123.5 – 250.6 – 345.7"
    )


def test_test_items_that_are_in_training_are_not_proposed(observations):
    assert offered(observations)["data.eval_examples"] == ("", "560")
    assert offered(observations, "[data]\neval_examples = 600\n")["data.eval_examples"] == (
        "600",
        "560",
    )
    assert "data.eval_examples" not in offered(observations, "[data]\neval_examples = 560\n")


def test_a_proposal_says_why_and_is_no_markup():
    proposal = ProposedAnswer("data.examples", "", "[b]7", "counted in \x1b[2J[/].csv")
    said = proposal_lines(proposal, 80).plain
    assert said.startswith("data.examples: left out → [b]7")
    assert "\x1b" not in said
    assert "[/].csv" in said
    assert all(line.startswith("  ") for line in proposal_lines(proposal, 14).plain.split("\n")[1:])


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_with_nothing_to_show_says_so(verdict, name):
    empty = replace(
        verdict,
        arms=(),
        excluded=(),
        plan=(),
        why=(),
        warnings=(),
        assumptions=(),
        risks=(),
        considerations=(),
        steps=(),
        improvements=(),
        segments=(),
        flip_points=(),
        sensitivity=(),
    )
    assert section_lines(name, empty, 70, 10).plain.strip()


@given(st.text(max_size=60))
def test_no_text_from_data_reaches_the_terminal_raw(verdict, text):
    hostile = replace(verdict, warnings=(text,), why=(text,), name=text)
    shown = verdict_lines(hostile, BRIEF, "", (), 70).plain
    assert not any(ord(c) < 32 and c != "\n" for c in shown)
    assert fmt.clean(text) in shown


def test_short_names_are_short_and_tell_questions_of_a_group_apart():
    keys = [key for key in questions() if "[" not in key]
    assert all(len(label(key)) <= 30 for key in keys)
    assert len({(key.rpartition(".")[0], label(key)) for key in keys}) == len(keys)
    assert label("budget.one_off_usd") == "one-off $"
    assert label("traffic.requests_per_month") == "requests / month"


@pytest.mark.parametrize("key", [k for k in questions() if "[" not in k])
def test_every_question_can_be_explained(key):
    question = questions()[key]
    told = dict(long_help(question))
    assert told["Key"] == key
    assert question.kind in ("text", "path", "yes-no", "names", "date") or bounds(question)
    assert assumed(question) or question.default in ("", ())


def test_a_range_that_reads_alike_is_one_number(verdict):
    exact = replace(verdict.chosen, weeks=Range(7, 7, 7))
    assert "7.0" not in verdict_lines(replace(verdict, arms=(exact,)), BRIEF, "", (), 80).plain


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (("2026-11-08",), "prices up to 12 days old"),
        (("2026-11-08", "2026-08"), "prices up to 111 days old"),
        (("undated",), ""),
        (("2026-12-01",), "prices up to 0 days old"),
    ],
)
def test_the_oldest_price_gives_the_age(verdict, dates, said):
    prices = tuple(SourceRecord("list", "quoted", day, ("price.input",)) for day in dates)
    other = SourceRecord("paper", "published", "2001-01-01", ("quality.score",))
    assert price_age(replace(verdict, sources=(*prices, other))) == said
