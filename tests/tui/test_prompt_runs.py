"""The Calibrate tab measures prompts as the command line does: same plan, same questions, same
results.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.pilot import Pilot
from textual.widgets import Input, Select, Switch

from advisor import experiments
from advisor.calibrate.intervals import score_interval
from advisor.calibrate.prompt_choices import PromptChoices
from advisor.calibrate.prompting.forms import TECHNIQUES as MEASURED
from advisor.cli.calibrate.prompts import command
from advisor.core.errors import UsageError
from advisor.core.experiment import Status
from advisor.experiments import pocket
from advisor.tui.app import AdvisorApp
from advisor.tui.controllers.calibration import SPEND
from advisor.tui.model.draft import Draft
from advisor.tui.model.prompt_questions import TECHNIQUES
from advisor.tui.model.run_planning import prepared
from advisor.tui.model.run_progress import RunProgress
from advisor.tui.model.run_questions import QUESTIONS, questions_for
from advisor.tui.model.run_request import HERE, PROMPTS, QUALITY, SAMPLE, CalibrationRequest
from advisor.tui.model.twins import twin
from advisor.tui.screens.dialogs import Ask
from advisor.tui.views.prompt_scores import score_lines
from advisor.tui.views.trials import trial_lines
from advisor.tui.widgets.calibrate_pane import CalibratePane, PlanView
from advisor.tui.widgets.technique_list import TickList
from advisor.tui.work.engine import PipelineEngine
from tests.calibrate.model_server import ModelServer, said
from tests.tui.conftest import FakeEngine
from tests.tui.test_calibrate import drawn, ended, plan
from tests.tui.waiting import opened, settle, until

BRIEF = """\
schema = 1
name = "Ticket routing"

[task]
type = "classification"
labels = 2

[quality]
metric = "accuracy"

[data]
path = "train.jsonl"
eval_path = "test.jsonl"
"""


def written(path: Path, start: int, count: int, text: str = "") -> None:
    rows = [
        {
            "prompt": f"ticket {i}: {'parcel' if i % 2 else 'invoice'}{text}",
            "completion": "AB"[i % 2],
            "customer": f"c{i // 4}",
        }
        for i in range(start, start + count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def brief_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "")
    written(tmp_path / "train.jsonl", 0, 200)
    written(tmp_path / "test.jsonl", 200, 40)
    (tmp_path / "instructions.txt").write_text("Sort it: A or B.\n---\nWhich one, A or B?\n")
    (tmp_path / "prompt.txt").write_text("Label this, A or B: {{input}}\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "rules.md").write_text("Parcels are B.\n\nInvoices are A.\n")
    path = tmp_path / "tickets.toml"
    path.write_text(BRIEF)
    return path


@pytest.fixture
def server():
    """Nine in ten right; with examples all right; every tenth refused without."""

    def behave(body: dict):
        text = body["messages"][-1]["content"]
        number = int(text.partition("ticket ")[2].partition(":")[0])
        has_examples = any(m["role"] == "assistant" for m in body["messages"])
        if number % 10 == 0 and not has_examples:
            return 200, said("I'm sorry, but I can't help with that."), {}
        return 200, said("B" if "parcel" in text else "A"), {}

    running = ModelServer(behave)
    yield running
    running.close()


class PlanningEngine(FakeEngine):
    """Really plans and runs prompts; judges as the fake one does."""

    plan = PipelineEngine.plan
    run = PipelineEngine.run
    missing = PipelineEngine.missing


@pytest.fixture
def app(brief_file: Path) -> AdvisorApp:
    return AdvisorApp(Draft.read(brief_file), PlanningEngine())


AWAY = "http://models.example/v1"
REQUESTS = {
    "plain": CalibrationRequest(PROMPTS, url=AWAY, served_model="m"),
    "techniques": CalibrationRequest(
        PROMPTS,
        url=AWAY,
        served_model="m",
        input_usd=1.5,
        output_usd=6.0,
        max_usd=3.0,
        items=20,
        development=30,
        group_field="customer",
        max_tokens=9,
        at_once=2,
        prompt=PromptChoices(
            techniques=("zero-shot", "few-shot", "chain-of-thought", "self-consistency"),
            shots="2,4",
            instructions="instructions.txt",
            prompts=("prompt.txt",),
            structured=True,
            repeats=2,
            paraphrases=1,
        ),
    ),
    "retrieval and search": CalibrationRequest(
        PROMPTS,
        url=AWAY,
        served_model="m",
        prompt=PromptChoices(
            techniques=("retrieval", "retrieved-examples", "many-shot"),
            documents="docs",
            embedding_model="text-embedding-3-small",
            embedding_url="http://vectors.example/v1",
            embedding_key_env="VECTOR_KEY",
            embedding_usd=0.1,
            search=True,
            search_calls=120,
            proposals=2,
        ),
    ),
    "judge": CalibrationRequest(
        PROMPTS,
        url=AWAY,
        served_model="m",
        prompt=PromptChoices(
            judge_model="j",
            judge_url="http://judge.example/v1",
            judge_key_env="JUDGE_KEY",
            judge_input_usd=1.0,
            judge_output_usd=2.0,
            rubric="Right and short.",
            pairwise=True,
        ),
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_command_beside_a_plan_makes_the_same_plan(brief_file: Path, name: str) -> None:
    request = REQUESTS[name]
    draft = Draft.read(brief_file)
    ours = prepared(request, draft.brief, None, None)
    words = shlex.split(twin("calibrate", draft, request=request))
    assert words[:3] == ["advisor", "calibrate", "prompts"]
    shown = CliRunner().invoke(command, [*words[3:], "--dry-run", "--json"])
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["plan"]["digest"] == ours.plan.digest


def test_every_choice_of_the_command_line_is_offered() -> None:
    own = {parameter.name for parameter in command.params}
    rows = {"data", "test", "prompt_field", "answer_field", "metric", "task_type", "schema"}
    elsewhere = {"bundle", "on", "sky", "remote_command", "with_rows"}
    said_otherwise = {"brief", "model", "instruction", "seed", "everything", "dry_run", "as_json"}
    assert own - rows - elsewhere - said_otherwise - {"unknown_price"} <= set(QUESTIONS)
    assert tuple(TECHNIQUES) == tuple(MEASURED)


def test_what_follows_from_an_answer_is_asked_with_it() -> None:
    plain = REQUESTS["plain"]
    assert not {"search_calls", "rubric", "documents", "folder"} & set(questions_for(plain))
    assert "rubric" in questions_for(REQUESTS["judge"])
    assert not {"embedding_model", "embedding_url"} & set(questions_for(plain))
    similar = set(questions_for(REQUESTS["retrieval and search"]))
    assert {"search_calls", "documents", "embedding_usd"} <= similar
    here = questions_for(replace(plain, runs_on=HERE))
    assert {"folder", "gpu", "techniques", "search"} <= set(here)
    assert not {"url", "judge_model", "structured", "at_once"} & set(here)
    kinds = ["throughput", QUALITY, SAMPLE, PROMPTS]
    asked = {n for what in kinds for n in questions_for(CalibrationRequest(what))}
    extra = {n for request in REQUESTS.values() for n in questions_for(request)} | set(here)
    assert asked | extra == set(QUESTIONS)


async def fill(pilot: Pilot[None], request: CalibrationRequest) -> CalibratePane:
    """The plan of a request, or the reason why there is none."""
    await plan(pilot)
    pane = pilot.app.desk.query_one(CalibratePane)
    pane.fill(request)
    await until(pilot, lambda: pane.prepared is not None or "✗" in drawn(pilot.app))
    return pane


async def test_a_person_plans_by_the_keyboard_and_sees_what_leaves(
    app: AdvisorApp, server: ModelServer
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await plan(pilot)
        fields = pane.query_one(PlanView).fields
        fields["what"].query_one(Select).value = PROMPTS
        await until(pilot, lambda: fields["url"].display)
        fields["url"].query_one(Input).value = server.url
        fields["served_model"].query_one(Input).focus()
        await pilot.press("m", "enter")
        await until(pilot, lambda: pane.prepared is not None)
        assert [t.label for t in pane.prepared.plan.trials] == [
            "prompt/zero-shot",
            "prompt/few-shot, 3 shown",
        ]
        techniques = pane.query_one(TickList)
        techniques.focus()
        await pilot.press("down", "space", "down", "down", "down", "down", "down", "space")
        await until(pilot, lambda: pane.prepared is not None and len(pane.prepared.to_run) == 4)
        assert pane.request.prompt.techniques == (
            "zero-shot",
            "one-shot",
            "few-shot",
            "chain-of-thought",
        )
        await until(pilot, lambda: "leaves" in drawn(app))
        text = " ".join(drawn(app).split())
        assert "40 test items, 40 development items, 200 training rows" in text
        assert "--techniques zero-shot,one-shot,few-shot,chain-of-thought" in text
        assert "4 trials" in str(pane.query_one(".in-short").render())
        assert server.calls == []


async def test_a_run_shows_scores_choice_spend_and_what_it_changed(
    app: AdvisorApp, server: ModelServer
) -> None:
    request = CalibrationRequest(
        PROMPTS,
        url=server.url,
        served_model="m",
        input_usd=10.0,
        output_usd=30.0,
        max_usd=5.0,
        prompt=PromptChoices(
            instructions="instructions.txt", shots="0,2", search=True, search_calls=60
        ),
    )
    async with app.run_test(size=(140, 45)) as pilot:
        pane = await fill(pilot, request)
        assert pane.prepared is not None, drawn(app)
        await pilot.press("c")
        await ended(pilot)
        run = app.desk.calibration.jobs.run_on_screen
        assert run.record.summary.status is Status.DONE, run.failure
        paid = len(server.calls) * (20 * 10e-6 + 3 * 30e-6)
        assert 0.5 * paid < run.progress.spent_usd < 1.0001 * paid
        await until(pilot, lambda: "stays as it was" in drawn(app))
        text = drawn(app)
        assert "★ few-shot, 2 shown" in text
        assert "the best prompt on development items" in text
        assert "cannot be told apart" in text or "compared with" in text
        (zero,) = (line for line in text.splitlines() if line.startswith("  zero-shot"))
        assert zero.split()[1] == "0.900"
        assert zero.endswith(" 4")


async def test_a_model_here_is_asked_the_same_prompts_and_nothing_leaves(
    app: AdvisorApp,
) -> None:
    request = CalibrationRequest(
        PROMPTS,
        runs_on=HERE,
        folder=str(pocket()[0]),
        gpu="none",
        items=10,
        development=0,
        prompt=PromptChoices(shots="0,1"),
    )
    async with app.run_test(size=(140, 45)) as pilot:
        pane = await fill(pilot, request)
        assert pane.prepared is not None, drawn(app)
        assert "leaves" not in drawn(app)
        await pilot.press("c")
        await ended(pilot)
        run = app.desk.calibration.jobs.run_on_screen
        assert run.record.summary.status is Status.DONE, run.failure
        zero, one = run.record.result["trials"]
        assert [zero["label"], one["label"]] == ["prompt/zero-shot", "prompt/one-shot, 1 shown"]
        assert zero["items"] == one["items"] == 10
        assert zero["form"] == "plain text"
        await until(pilot, lambda: "one-shot, 1 shown" in drawn(app))


async def test_an_unknown_price_is_asked_about_before_the_first_byte(
    app: AdvisorApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def run(engine: object, *prepared: object) -> None:
        started.append(prepared)
        raise UsageError("not in this test")

    monkeypatch.setattr(PlanningEngine, "run", run)
    async with app.run_test(size=(80, 24)) as pilot:
        await fill(pilot, REQUESTS["plain"])
        await pilot.press("c")
        await opened(pilot, Ask)
        shown = str(app.screen.query("Static").first().render())
        assert "the price of m is not known; about" in shown
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.desk)
        await settle(pilot)
        assert started == []
        await pilot.press("c")
        await opened(pilot, Ask)
        app.screen.dismiss(SPEND)
        await until(pilot, lambda: started)


async def test_personal_data_stay_until_sending_is_insisted_on(
    app: AdvisorApp, tmp_path: Path
) -> None:
    written(tmp_path / "train.jsonl", 0, 200, " from ada.lovelace@example.org")
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await fill(pilot, REQUESTS["plain"])
        field = pane.query_one(PlanView).fields["send_anyway"]
        await until(pilot, lambda: field.display and field.query_one(Switch).display)
        assert pane.prepared is None
        assert "“send anyway”" in drawn(app)
        field.query_one(Switch).toggle()
        await until(pilot, lambda: pane.prepared is not None)
        await until(pilot, lambda: "with email in 200 rows" in " ".join(drawn(app).split()))


def test_the_interval_of_a_live_score_is_one_of_groups() -> None:
    request = REQUESTS["techniques"]
    scores = [float(n // 4 % 2) for n in range(40)]
    groups = [n // 4 for n in range(40)]
    progress = RunProgress(groups=groups)
    from advisor.calibrate.protocol import Event

    result = {"metric": "accuracy", "score": 0.5, "item_scores": scores}
    progress.note(Event("trial", 1.0, {"label": "t", "status": "done", "result": result}))
    low, high = score_interval(scores, None, groups)
    alone = score_interval(scores)
    assert high - low > 1.2 * (alone[1] - alone[0])
    (line,) = trial_lines(progress.trials, 100)
    assert f"({low:.3f} – {high:.3f})" in line.plain
    assert request.group_field == "customer"


@pytest.mark.parametrize("width", [50, 78, 120])
def test_scores_fit_their_pane(width: int, server: ModelServer, brief_file: Path) -> None:
    request = CalibrationRequest(PROMPTS, url=server.url, served_model="m")
    ready = prepared(request, Draft.read(brief_file).brief, None, None)
    from advisor.core.events import CancelToken

    record = experiments.run(ready, events=lambda e: None, cancel=CancelToken())
    lines = [line.plain for line in score_lines(record, width)]
    assert all(len(line) <= width for line in lines if not line.startswith("★")), lines
    assert [line[:1] for line in lines[1:3]].count("★") == 1
