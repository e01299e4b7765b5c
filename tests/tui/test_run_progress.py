"""What is seen of a run: events become trials and curves, whatever a file of events holds; curves
become charts.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import experiments
from advisor.calibrate.protocol import Event, parse
from advisor.core.experiment import ExperimentPlan, Status, Trial, TrialOutcome
from advisor.core.quantity import Range
from advisor.tui.model.run_progress import RunProgress
from advisor.tui.model.run_questions import QUESTIONS, in_words
from advisor.tui.model.run_request import CalibrationRequest
from advisor.tui.views.chart import SCALE, LineChart
from advisor.tui.views.plan import duration, price
from advisor.tui.views.run import chart_lines, end_lines, head_lines, indicator
from advisor.tui.views.trials import clock
from advisor.tui.work.run_jobs import RunOnScreen

TRIALS = tuple(Trial("quality", f"t{n}", {"n": n}) for n in range(3))


def event(kind: str, at: float = 0.0, **fields) -> Event:
    return Event(kind, at, fields)


def test_a_recorded_run_becomes_trials_and_curves():
    progress = RunProgress()
    events = experiments.recorded_events("cpu-llama-slices")
    for one in events:
        progress.note(one)
    steps = [e for e in events if e.kind == "step" and "loss" in e.fields]
    losses = [value for _, value in progress.curves["loss"] if value is not None]
    assert losses == [e.fields["loss"] for e in steps]
    assert [t.status for t in progress.trials] == [Status.DONE] * 6
    assert progress.share == 1.0
    assert progress.device == "Intel Xeon, 2.5 GHz"
    assert progress.last == "result"


def test_a_line_breaks_between_trials_and_time_goes_on_over_a_new_child():
    progress = RunProgress()
    for at in (1.0, 2.0):
        progress.note(event("planned", 0.0, trials=["a", "b"]))
        progress.note(event("step", at, label="a", phase="begin"))
        progress.note(event("step", at + 1.0, label="a", step=1, steps=2, loss=at))
    assert progress.curves["loss"] == [(2.0, 1.0), (4.0, None), (5.0, 2.0)]
    assert len(progress.trials) == 2


def test_answers_of_an_earlier_run_count_neither_as_work_nor_as_progress():
    plan = ExperimentPlan("quality", "p", TRIALS)
    earlier = [
        TrialOutcome(plan.trial_digest(t), t.label, s)
        for t, s in zip(TRIALS, (Status.DONE, Status.CANCELLED), strict=False)
    ]
    progress = RunProgress.of_plan(plan, earlier)
    assert [t.status for t in progress.trials] == [Status.DONE, None, None]
    assert progress.share == 0.0
    progress.note(event("step", 1.0, label="t1", phase="begin"))
    progress.note(event("step", 1.0, label="t1", item=5, items=10))
    assert progress.share == pytest.approx(0.25)
    progress.note(event("trial", 2.0, label="t1", status="done", seconds=1.0))
    assert (progress.finished, progress.share) == (1, 0.5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = (
    "label",
    "phase",
    "step",
    "steps",
    "item",
    "items",
    "loss",
    "watts",
    "trials",
    "status",
    "seconds",
    "result",
)
FIELDS = st.dictionaries(
    st.sampled_from((*NAMES, "reason", "text", "device", "score", "item_scores")), JSON, max_size=5
)
KINDS = st.sampled_from(
    ("planned", "started", "step", "trial", "warning", "result", "cancelled", "failed")
)


@given(
    st.lists(st.tuples(KINDS, st.floats(), FIELDS), max_size=12),
    st.integers(1, 120),
    st.integers(1, 40),
)
def test_no_file_of_events_breaks_the_screen(losses, width, height):
    run = RunOnScreen(RunProgress(), replay="x\x1b[2J[red]")
    for kind, at, fields in losses:
        line = json.dumps({"event": kind, "at": at, **fields})
        if (one := parse(line)) is not None:
            run.progress.note(one)
    for _ in range(2):
        text = "\n".join(
            part.plain
            for part in (
                head_lines(run, 10.0, width),
                chart_lines(run.progress, width, height),
                end_lines(run, width),
            )
        )
        assert all(c.isprintable() for line in text.split("\n") for c in line)
        run.ended = True
    assert 0.0 <= run.progress.share <= 1.0


@given(
    st.lists(st.tuples(st.floats(0, 1e4), st.none() | st.floats(-1e9, 1e9)), max_size=60),
    st.integers(12, 100),
    st.integers(3, 12),
)
def test_a_chart_has_the_size_it_is_given(points, width, height):
    held = sorted(points, key=lambda p: p[0])
    first, last = (held[0][0], held[-1][0]) if held else (0.0, 0.0)
    lines = LineChart("loss", held, first, last).lines(width, height)
    assert len(lines) == height
    assert {line.cell_length for line in lines} == {width}


def test_a_chart_draws_what_it_is_given():
    """A line from the lowest left to the highest right dot passes every column of dots, in
    order.
    """
    points = [(float(x), float(x)) for x in range(21)]
    lines = [
        line.plain[SCALE + 1 :]
        for line in LineChart("x", points, 0.0, 20.0).lines(SCALE + 1 + 10, 7)
    ][1:-1]
    rows = [[c != "\u2800" for c in line] for line in lines]
    drawn = [[x for x, dot in enumerate(row) if dot] for row in rows]
    for row, own in zip(drawn, ({8, 9}, {6, 7}, {4, 5}, {2, 3}, {0, 1}), strict=True):
        assert (
            own <= set(row) <= own | {min(own) - 1, max(own) + 1}
        )  # the stroke may touch the next cell
    assert lines[0][-1] > "\u2800" < lines[-1][0]


def test_the_scale_says_highest_and_lowest_and_the_title_the_value_now():
    lines = [
        line.plain
        for line in LineChart("loss", [(0.0, 3.5), (5.0, 0.000309), (9.0, 1.25)], 0.0, 9.0).lines(
            40, 6
        )
    ]
    assert lines[0].startswith("loss 1.25")
    assert lines[1].startswith("   3.50 │")
    assert lines[-2].startswith("  3e-04 │")
    assert lines[-1].strip().startswith("└0 ")
    assert lines[-1].endswith(" 9 s")


@pytest.mark.parametrize(
    ("seconds", "losses"), [(45, "45 s"), (59.6, "1:00 min"), (185, "3:05 min"), (4800, "1:20 h")]
)
def test_time_left_reads_like_a_clock(seconds, losses):
    assert clock(seconds) == losses


@pytest.mark.parametrize(
    ("held", "losses"),
    [
        (Range(10.0, 30.0, 60.0), "30 – 60 seconds (P50 – P90)"),
        (Range(60.0, 120.0, 450.0), "2 – 7.5 minutes (P50 – P90)"),
        (Range(60.0, 3600.0, 7200.0), "1 – 2 hours (P50 – P90)"),
        (Range(None, None, None), "unknown"),
    ],
)
def test_a_duration_has_the_unit_that_suits_it(held, losses):
    assert duration(held) == losses


@pytest.mark.parametrize(
    ("held", "losses"),
    [(Range(0.0, 0.0, 0.0), "nothing"), (Range(0.1, 0.2, 0.4), "$0.20 – $0.40 (P50 – P90)")],
)
def test_a_price_is_never_guessed(held, losses):
    assert price(held) == losses
    assert price(Range(None, None, None)).startswith("unknown")


def test_only_a_run_of_ours_is_told_on_the_line_on_top():
    assert indicator(RunOnScreen(RunProgress(), replay="x")) == ""
    assert indicator(RunOnScreen(RunProgress(), ended=True)) == ""
    assert "starting" in indicator(RunOnScreen(RunProgress()))


def test_every_question_is_named_like_the_command_lines_option():
    assert in_words("busy; use --allow-busy or --gpu") == "busy; use “allow busy” or “GPU”"
    assert (
        CalibrationRequest().answered("calibrate.minutes", 5.0).answered("calibrate.minutes", None)
        == CalibrationRequest()
    )
    assert all(question.key == f"calibrate.{name}" for name, question in QUESTIONS.items())
