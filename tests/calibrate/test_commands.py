"""`advisor calibrate` and `advisor runs` as programs: plan and price, a line per mistake, a run,
resume, replay.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor import experiments, facts
from advisor.calibrate import throughput
from advisor.calibrate.measurements import measurements
from advisor.calibrate.protocol import plan_data
from advisor.cli.main import main
from advisor.core.experiment import RunRecord, RunSummary, Status, TrialOutcome
from advisor.estimate.training import estimate

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide" / "calibrate.md"
HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "peft"))
CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 96,
}
needs_torch = pytest.mark.skipif(
    not HAS_TORCH, reason="the calibration libraries are not installed"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
    rows = [
        {
            "prompt": f"ticket {i} {'late ' * (i % 5)}",
            "completion": "shipping" if i % 5 else "other",
        }
        for i in range(60)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    brief = (
        'schema = 1\n[data]\npath = "rows.jsonl"\n[hardware]\ngpu = "none"\n'
        '[models]\ntune = ["Qwen3-0.6B"]\n'
    )
    (tmp_path / "brief.toml").write_text(brief)
    (tmp_path / "runs.csv").write_text(
        "id,model,method,gpu,tokens_per_second\na,Llama-3.1-8B,lora,L40S,4000\n"
    )
    return tmp_path


def advisor(folder: Path, line: str, **settings) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *shlex.split(line)],
        capture_output=True,
        text=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        env=os.environ | settings,
    )


Typed = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def typed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Runs a command in this process, which saves a start of the program."""

    def run(line: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["advisor", *shlex.split(line)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(line, int(code or 0), out, err)  # type: ignore[call-overload]

    return run


SHORT = (
    "calibrate throughput --config model/config.json --gpu none --micro-batch 2 --seq-len 32 "
    "--steps 12"
)


def test_a_dry_run_shows_plan_and_price_and_runs_nothing(folder: Path, home: Path) -> None:
    line = f"{SHORT} --slices 2,4 --data rows.jsonl --usd-per-hour 3.6 --dry-run"
    done = advisor(folder, line)
    assert done.returncode == 0, done.stderr
    assert "2 layers" in done.stdout
    assert re.search(r"costs +\$\d", done.stdout)
    held = json.loads(advisor(folder, f"{line} --json").stdout)
    assert held["left"] == 2
    assert held["forecast"]["seconds"]["p10"] < held["forecast"]["seconds"]["p90"]
    assert held["forecast"]["usd"]["p50"] == pytest.approx(
        held["forecast"]["seconds"]["p50"] / 1000.0
    )
    assert not (home / "state" / "runs").exists()
    assert json.loads(advisor(folder, "runs list --json").stdout) == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("calibrate throughput", "name one of --model and --config"),
        ("calibrate throughput --brief none.toml", "none.toml: no such file"),
        ("calibrate quality --model model", "--data or --brief"),
        ("calibrate prompts --url http://localhost:1 --model m", "--data FILE"),
        ("calibrate throughput --config rows.jsonl", "--config rows.jsonl: not JSON"),
        ("calibrate throughput --model llama-3.1-8bb", "llama-3.1-8b"),
        (f"{SHORT} --slices two", "--slices two: not numbers"),
        (f"{SHORT} --slices 2,40", "has 6 layers"),
        (f"{SHORT} --method magic", "--method magic"),
        (f"{SHORT} --max-usd 1", "--usd-per-hour"),
        ("calibrate throughput --config model/config.json --gpu 7", "--gpu 7"),
        ("calibrate quality --model model --data rows.jsonl", "no .safetensors"),
        ("calibrate prompts --url nowhere --model m --data rows.jsonl", "--url nowhere"),
        ("runs show 3", "run 3: no such run"),
        ("runs replay nothing.jsonl", "nothing.jsonl"),
        ("runs import rows.jsonl", "rows.jsonl"),
        ("runs record-actual train.hours 3", "--prediction"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(typed: Typed, line: str, wrong: str) -> None:
    done = typed(line)
    assert done.returncode == 2
    assert wrong in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_without_torch_one_line_says_what_to_install(folder: Path, home: Path) -> None:
    (folder / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\")")
    done = advisor(folder, SHORT, PYTHONPATH=str(folder))
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("advisor: calibration needs torch")
    assert list((home / "state" / "runs").glob("*")) == []
    assert json.loads(advisor(folder, "runs list --json").stdout) == []


def test_repeated_options_give_every_combination_in_one_run(typed: Typed) -> None:
    done = typed(
        "calibrate throughput --model llama-3.2-1b --model qwen2.5-0.5b --gpu none --method full "
        "--seq-len 512 --seq-len 64 --micro-batch 2 --optimizer adamw --optimizer sgd --dtype bf16 "
        "--slices 2,4 --dry-run"
    )
    assert done.returncode == 0, done.stderr
    trials = [x.split(None, 1)[1] for x in done.stdout.splitlines() if x.startswith("trial")]
    assert trials == [
        f"{model} full, 2 × {length}, {depth} layers{other}, bf16"
        for model in ("llama-3.2-1b", "qwen2.5-0.5b")
        for length in (512, 64)
        for other in ("", ", sgd")
        for depth in (2, 4)
    ]


@needs_torch
@pytest.mark.slow
def test_a_run_resumes_replays_and_leaves_no_file(folder: Path, home: Path) -> None:
    line = f"{SHORT} --slices 2,4,6 --data rows.jsonl --json"
    running = subprocess.Popen(
        [sys.executable, "-m", "advisor", *shlex.split(line)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    for said in running.stderr:
        if "2 layers: done" in said:
            running.send_signal(signal.SIGINT)
            break
    running.communicate()
    assert running.returncode in (130, 0)
    interrupted = json.loads(advisor(folder, "runs show 1 --json").stdout)
    done = [t["digest"] for t in interrupted["trials"] if t["status"] == "done"]
    assert done
    resumed = advisor(folder, line)
    assert resumed.returncode == 0, resumed.stderr
    held = json.loads(resumed.stdout)
    assert held["run"]["id"] == 1
    assert [t["status"] for t in held["trials"]] == ["done"] * 3
    assert set(done) <= {t["digest"] for t in held["trials"]}
    (whole,) = held["result"]["whole_models"]
    assert whole["step"]["layers"] == 6
    assert list((home / "state" / "runs").glob("*")) == []
    events = [json.loads(e) for e in advisor(folder, "runs replay 1 --json").stdout.splitlines()]
    assert [e["event"] for e in events].count("trial") >= 3
    again = advisor(folder, line)
    assert "nothing is left to run" in again.stderr
    assert json.loads(again.stdout)["trials"] == held["trials"]


def record_on(gpu_name: str, device: str, steady: bool) -> RunRecord:
    known = facts.load()
    model = known.model("Llama-3.1-8B")
    setup = throughput.ThroughputSpec(
        model.name, throughput.architecture_of(model), micro_batch=2, seq_len=1024
    )
    plan = throughput.plan([setup], [400, 600, 2000], device="cuda", machine=gpu_name)
    sliced = throughput.plan(
        [setup], [400, 600, 2000], slices=(2, 4), device="cuda", machine=gpu_name
    )
    both = throughput.ExperimentPlan(
        "throughput", "x", (*plan.trials, *sliced.trials), plan.shared, "cuda"
    )

    def outcome(trial) -> TrialOutcome:
        layers = trial.spec["layers"] or 32
        result = {
            "device": device,
            "layers": layers,
            "full_layers": 32,
            "params": model.params,
            "trainable_params": 41_943_040,
            "dtype": "bf16",
            "attention": "sdpa",
            "micro_batch": 2,
            "steady": steady,
            "tokens_per_second": 5000.0,
            "tokens_per_step": 1300.0,
            "positions_per_step": 2048.0,
            "mean_step_seconds": 0.1 * layers,
            "memory": {"allocated_gib": 2.0 + 0.5 * layers, "process_gib": 24.0},
        }
        return TrialOutcome(both.trial_digest(trial), trial.label, Status.DONE, 1.0, result)

    summary = RunSummary(
        1, "throughput", "x", Status.DONE, 3, 3, "2026-11-21T00:00:00+00:00", device=gpu_name
    )
    return RunRecord(summary, both.digest, plan_data(both), tuple(outcome(t) for t in both.trials))


def test_measurements_of_a_gpu_correct_its_estimate() -> None:
    known = facts.load()
    gpu = known.gpu("L40S")
    models = {m.name.lower(): m for m in known.models}
    whole, sliced = measurements(record_on(gpu.nvml_name, "cuda", True), gpu, models)
    assert (whole.memory_gib, whole.tokens_per_second) == (24.0, 5000.0)
    assert (whole.run.seq_len, whole.run.mean_tokens) == (
        1024,
        pytest.approx((400 + 600 + 1024) / 3),
    )
    assert sliced.run.memory_basis == "allocated"
    assert sliced.memory_gib == pytest.approx(2.0 + 0.5 * 32)
    assert sliced.tokens_per_second == pytest.approx(1300.0 / 3.2)
    told = estimate(whole.run, (whole,))
    assert told.tokens_per_second.basis == "measured"
    assert abs(told.tokens_per_second.likely - 5000.0) < abs(
        estimate(whole.run).tokens_per_second.likely - 5000.0
    )


def test_what_is_not_steady_or_not_a_gpu_is_no_measurement_of_speed() -> None:
    known = facts.load()
    gpu = known.gpu("L40S")
    (whole,) = measurements(record_on(gpu.nvml_name, "cuda", False), gpu, {})
    assert whole.tokens_per_second is None
    assert whole.memory_gib == 24.0
    assert measurements(record_on("cpu", "cpu", True), gpu, {}) == ()


def test_a_gpu_that_is_not_here_is_named() -> None:
    known = facts.load()
    assert experiments.machine(known, "none").device == "cpu"


GUIDE_LINES = [
    line.strip()
    for block in re.findall(
        r"^```sh\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for line in block.splitlines()
    if line.strip()
]


def test_the_guide_shows_every_subcommand() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for name in ("throughput", "quality", "prompts"):
        assert f"advisor calibrate {name}" in text
    for name in ("list", "show", "replay", "import", "record-actual"):
        assert f"advisor runs {name}" in text


@pytest.mark.parametrize("line", GUIDE_LINES)
def test_a_command_of_the_guide_runs(typed: Typed, line: str) -> None:
    words = shlex.split(line, comments=True)
    assert words[0] == "advisor"
    done = typed(shlex.join(words[1:]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_sample_task_keeps_train_and_test_apart_and_its_files_are_small() -> None:
    model, train, test, _ = experiments.pocket()
    rows, items = (experiments.examples(path) for path in (train, test))
    assert (len(rows), len(items)) == (320, 120)
    assert not {p for p, _ in rows} & {p for p, _ in items}
    assert (
        {a for _, a in rows}
        == {a for _, a in items}
        == {"billing", "shipping", "technical", "account"}
    )
    assert sum(f.stat().st_size for f in model.iterdir()) < 10_000_000


@needs_torch
@pytest.mark.slow
def test_the_sample_shows_prompting_above_chance_and_tuning_well_above_prompting(
    folder: Path,
) -> None:
    done = advisor(folder, "calibrate quality --sample --gpu none --shares 1 --shots 0 --json")
    assert done.returncode == 0, done.stderr
    held = json.loads(done.stdout)
    zero, tuned = held["result"]["trials"]
    assert zero["interval"][0] > 0.25
    assert tuned["score"] >= zero["score"] + 0.15
    assert tuned["loss_fell"]
    assert held["result"]["demonstration"]
    refused = advisor(folder, f"runs show {held['run']['id']} --for-brief")
    assert refused.returncode == 2
    assert "demonstration" in refused.stderr
