"""Several processes that train one model: real ones, over gloo, against one process with all the
rows.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from advisor import experiments, facts
from advisor.calibrate import client, throughput
from advisor.calibrate.measurements import run_of
from advisor.calibrate.throughput_records import ThroughputResult, ThroughputSpec
from advisor.calibrate.worker import launcher
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.session import is_out_of_memory
from advisor.calibrate.worker.stop import Stop
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import Status, TrialOutcome
from tests.calibrate import launched

pytestmark = pytest.mark.xdist_group("torch")

HERE = Path(__file__).parent
TINY = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "vocab_size": 96,
}
TINY |= {"num_attention_heads": 4, "num_key_value_heads": 2}


def plan_of(**changes) -> throughput.ExperimentPlan:
    held = {"micro_batch": 2, "seq_len": 32, "steps": 12, "processes": 2, "sharding": "ddp"}
    return throughput.plan(
        [throughput.ThroughputSpec("tiny", {"config": TINY}, **held | changes)],
        [8, 16, 24],
        device="cpu",
    )


def left_behind(folder: Path) -> list[int]:
    """Processes whose command line names the folder, after some seconds to go."""
    give_up = time.monotonic() + 20.0
    while True:
        found = [
            p.pid
            for p in psutil.process_iter(["cmdline"])
            if str(folder) in " ".join(p.info["cmdline"] or [])
        ]
        if not found or time.monotonic() > give_up:
            return found
        time.sleep(0.2)


def follow(
    plan, folder: Path, on_step=lambda event: None, cancel: CancelToken | None = None
) -> client.Ending:
    def hear(event) -> None:
        if event.kind == "step" and event.fields.get("step"):
            on_step(event)

    return asyncio.run(
        client.follow(
            plan,
            folder,
            events=hear,
            keep=lambda outcome: None,
            cancel=cancel or CancelToken(),
            environment={"CUDA_VISIBLE_DEVICES": ""},
        )
    )


def test_two_processes_learn_what_one_learns_of_all_rows(tmp_path: Path) -> None:
    """Losses and parameters after three steps, with the model whole on each and in parts; tokens
    add up.
    """
    script, both = str(HERE / "launched.py"), tmp_path / "two.json"
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "TMPDIR": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
    }
    environment["PYTHONPATH"] = str(HERE.parent.parent)
    torchrun = launcher.command(tmp_path, "", 2)
    launch = torchrun[: torchrun.index(sys.executable, 1)]
    subprocess.run(
        [*launch, sys.executable, script, str(both)],
        check=True,
        env=environment,
        capture_output=True,
    )
    one = launched.learn("none")
    for found in json.loads(both.read_text()).values():
        assert found["losses"] == pytest.approx(one["losses"], abs=1e-5)
        assert found["tokens"] == one["tokens"] == [40] * 3
        assert found["slowest"]
        assert found["params"].keys() == one["params"].keys()
        for name, values in found["params"].items():
            assert values == pytest.approx(one["params"][name], abs=1e-5)


def test_a_trial_of_two_processes_has_the_figures_of_both_and_feeds_the_estimator(
    tmp_path: Path,
) -> None:
    plan = plan_of()
    ending = follow(plan, tmp_path)
    assert ending.status is Status.DONE, ending.reason
    result = ending.outcomes[0].result
    assert result["processes"] == len(result["memory_of_each"]) == 2
    assert result["clock"] == "wall"
    assert result["tokens_per_second"] == pytest.approx(
        result["tokens_per_step"] / result["mean_step_seconds"]
    )
    assert 4 * 8 <= result["tokens_per_step"] <= 4 * 24
    assert result["memory"]["process_gib"] == max(
        m["process_gib"] for m in result["memory_of_each"]
    )
    gpu = facts.load().gpu("L40S")
    run = run_of(
        ThroughputSpec.from_json(plan.trials[0].spec),
        ThroughputResult.from_json(result | {"device": "cuda"}),
        gpu,
        {},
        [8, 16, 24],
        "process",
    )
    assert (run.gpus, run.sharding, run.micro_batch) == (2, "ddp", 2)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("end", ["cancel", "kill"])
def test_nothing_stays_of_a_run_that_is_ended(end: str, tmp_path: Path) -> None:
    cancel = CancelToken()

    def stop(_) -> None:
        if end == "cancel":
            cancel.cancel()
            return
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or [])
            if str(tmp_path) in line and "torch" not in line and ".rank" not in line:
                process.send_signal(signal.SIGKILL)

    ending = follow(plan_of(steps=100_000), tmp_path, stop, cancel)
    assert ending.outcomes[0].status is (Status.CANCELLED if end == "cancel" else Status.KILLED)
    assert bool(ending.outcomes[0].result.get("steps")) == (end == "cancel")
    assert left_behind(tmp_path) == []


def test_no_memory_in_one_process_is_an_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = launcher.command

    def failing(folder: Path, digest: str, processes: int) -> list[str]:
        held = whole(folder, digest, processes)
        start = held.index(sys.executable, 1)
        return [*held[:start], sys.executable, str(HERE / "failing_rank.py"), str(folder), digest]

    monkeypatch.setattr(launcher, "command", failing)
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent.parent))
    with pytest.raises(
        RuntimeError, match="process 1 of 2: RuntimeError: CUDA out of memory"
    ) as error:
        launcher.measure(tmp_path, "", 2, Reporter(io.StringIO()), Stop())
    assert is_out_of_memory(error.value)
    assert left_behind(tmp_path) == []


def test_what_several_gain_is_told_against_one() -> None:
    setups = experiments.spread(
        [throughput.ThroughputSpec("tiny", {"config": TINY})],
        experiments.Machine("cpu", "cpu"),
        2,
        "",
        alone=True,
    )
    assert [(s.processes, s.sharding) for s in setups] == [(1, "ddp"), (2, "ddp")]
    plan = throughput.plan(setups, [8])
    speeds = {1: 100.0, 2: 150.0}
    outcomes = [
        TrialOutcome(
            plan.trial_digest(t),
            t.label,
            Status.DONE,
            1.0,
            {"tokens_per_second": speeds[t.spec["processes"]], "steady": True, "device": "cpu"},
        )
        for t in plan.trials
    ]
    (told,) = throughput.summary(plan, outcomes)["scaling"]
    assert (told["processes"], told["efficiency"]) == (2, 0.75)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"sharding": "zero3"}, "--sharding zero3"),
        ({"sharding": "none"}, "--sharding none"),
        ({"search": True}, "--search"),
        ({"sharding": "fsdp", "method": "qlora"}, "--method qlora"),
    ],
)
def test_what_several_processes_cannot_do_is_told(changes: dict, wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        plan_of(**changes)
