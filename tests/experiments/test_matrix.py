"""Many runs from one file: what the file may say, one run at a time on each place, failures and
cancels, a cluster.
"""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from advisor import experiments, facts
from advisor.calibrate.show import entry_lines, total_lines
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import ExperimentPlan, Status, Trial
from advisor.core.quantity import Range
from advisor.experiments import cluster, entries, matrix
from tests.calibrate.fake_worker import PRETEND

CPU = experiments.Machine("this CPU", "cpu", free_gib=16.0)
TINY = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "vocab_size": 96,
}
TINY |= {"num_attention_heads": 4, "num_key_value_heads": 2}


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "matrix.toml"
    path.write_text(text, encoding="utf-8")
    return path


def pretended(*does: str, steps: int = 2) -> list[ExperimentPlan]:
    specs = [{"does": d, "steps": steps, "layers": 0, "i": i} for i, d in enumerate(does)]
    return [
        ExperimentPlan("throughput", f"entry {s['i']}", (Trial("throughput", f"t{s['i']}", s),))
        for s in specs
    ]


def run_all(
    found, places=(CPU,), cancel: CancelToken | None = None, listen=lambda entry, event: None
) -> None:
    entries.run_all(found, places, listen=listen, cancel=cancel or CancelToken(), command=PRETEND)


def test_a_file_makes_every_combination_a_plan_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(TINY), encoding="utf-8")
    text = (
        'models = ["SmolLM2-135M"]\nconfigs = ["config.json"]\n'
        'methods = ["lora", "full"]\nseq_lens = [64, 128]\n'
    )
    held = matrix.read(
        written(tmp_path, text + "seeds = [0, 7]\n[settings]\nsteps = 5\nmicro_batch = 2\n")
    )
    plans = matrix.plans(held, CPU, facts.load())
    assert len({p.digest for p in plans}) == len(plans) == 2 * 2 * 2 * 2
    specs = [p.trials[0].spec for p in plans]
    assert {(s["method"], s["seq_len"], p.seed) for s, p in zip(specs, plans, strict=True)} == {
        (m, n, seed) for m in ("lora", "full") for n in (64, 128) for seed in (0, 7)
    }
    assert {(s["steps"], s["micro_batch"]) for s in specs} == {(5, 2)}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("models = [", "not TOML"),
        ("methods = ['lora']", "models or configs: names no model"),
        ("modles = ['a']", "modles: no such key; did you mean 'models'"),
        ("models = 'a'", "models: 'a' is not a list of names"),
        ("models = ['a']\nseq_lens = [1.5]", "seq_lens: .* whole numbers"),
        ("models = ['a']\nshares = [0.5]", "shares: belongs to kind = 'quality'"),
        ("kind = 'quality'\nfolders = ['a']\ndata = 'x'\nshares = [2]", "shares: .* up to 1"),
        ("kind = 'quality'\nfolders = ['a']", "data: names no file"),
        ("kind = 'prompts'", "neither throughput nor quality"),
        (
            "models = ['a']\n[settings]\nstep = 3",
            "settings.step: no such key; did you mean 'steps'",
        ),
        (
            "models = ['a']\n[settings]\nsteps = 'many'",
            "settings.steps: 'many' is not a whole number",
        ),
        ("models = ['no-such-model']", "no-such-model"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_in_a_line(text: str, wrong: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=wrong) as error:
        matrix.plans(matrix.read(written(tmp_path, text)), CPU, facts.load())
    assert "\n" not in str(error.value)


def test_each_run_is_kept_and_one_that_fails_does_not_stop_the_rest() -> None:
    found = entries.entries(pretended("work", "raise", "oom", "work"), [CPU], experiments.Limits())
    run_all(found)
    assert [e.status for e in found] == ["done", "failed", "done", "done"]
    assert len({e.record.summary.id for e in found if e.record}) == 4
    assert found[2].record is not None
    assert found[2].record.outcomes[0].status is Status.OUT_OF_MEMORY
    lines = entry_lines(found)
    assert len(lines) == 5
    assert "t1" in lines[2]


def test_what_is_answered_is_not_run_again() -> None:
    plans = pretended("work", "raise", "work")
    run_all(entries.entries(plans, [CPU], experiments.Limits()))
    again = entries.entries(plans, [CPU], experiments.Limits())
    assert [e.status for e in again] == ["done", "waiting", "done"]
    heard: list[str] = []
    run_all(again, listen=lambda entry, event: heard.append(entry.name))
    assert set(heard) == {"t1"}


def test_two_places_share_one_queue_and_a_place_has_one_run_at_a_time() -> None:
    """Places with locks of their own; a second run on a place would be refused by its lock and told
    as failed.
    """
    places = [experiments.Machine(f"endpoint {i}", "endpoint") for i in range(2)]
    found = entries.entries(pretended(*["work"] * 5), places, experiments.Limits())
    run_all(found, places)
    assert [(e.status, e.reason) for e in found] == [("done", "")] * 5


def test_a_cancel_ends_the_run_in_hand_and_starts_no_other() -> None:
    cancel = CancelToken()

    def listen(entry, event) -> None:
        if event is not None and event.kind == "step" and entry.number == 1:
            cancel.cancel()

    found = entries.entries(
        pretended("work", "work", "work", steps=30), [CPU], experiments.Limits()
    )
    run_all(found, cancel=cancel, listen=listen)
    assert [e.status for e in found] == ["done", "cancelled", "waiting"]


def test_the_price_of_all_is_the_sum_and_a_limit_is_shared_out() -> None:
    hour = Range.exact(2.0)
    plans = matrix_plans()
    found = entries.entries(plans, [CPU], experiments.Limits(usd_per_hour=hour))
    told = entries.total(found, 1)
    assert told.seconds.p90 == pytest.approx(
        sum(e.prepared.forecast.seconds.p90 or 0.0 for e in found)
    )
    assert told.usd.p50 == pytest.approx(sum(e.prepared.forecast.usd.p50 or 0.0 for e in found))
    assert entries.total(found, 2).seconds.p90 == pytest.approx((told.seconds.p90 or 0.0) / 2)
    limited = entries.entries(plans, [CPU], experiments.Limits(usd_per_hour=hour, max_usd=0.002))
    assert (entries.total(limited, 1).usd.p90 or 1.0) <= 0.002 + 1e-9
    assert any("left" in line for line in total_lines(told, 2, 2, [CPU]))


def matrix_plans() -> list[ExperimentPlan]:
    from advisor.calibrate import throughput

    setups = [
        throughput.ThroughputSpec(
            "tiny", {"config": TINY}, method=m, steps=4, seq_len=16, micro_batch=1
        )
        for m in ("lora", "full")
    ]
    return [throughput.plan([s], [8], device="auto", machine="ray") for s in setups]


def test_a_cluster_has_one_of_two_addresses() -> None:
    assert cluster.place("ray://head:10001").name == "ray://head:10001"
    with pytest.raises(UsageError, match="--on slurm"):
        cluster.place("slurm")


@pytest.mark.slow
@pytest.mark.xdist_group("torch")
def test_a_local_ray_cluster_runs_the_entries_and_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    pytest.importorskip("torch")
    from advisor.calibrate import throughput

    wrong = throughput.ThroughputSpec("wrong", {"config": {"model_type": "own-make"}}, steps=4)
    plans = [*matrix_plans()[:1], throughput.plan([wrong], [8], device="auto", machine="ray")]
    place = cluster.place("ray")
    found = entries.entries(plans, [place], experiments.Limits())
    before = {p.pid for p in psutil.process_iter()}
    cluster.run_all(found, place, listen=lambda entry, event: None, cancel=CancelToken(), cpus=2)
    assert [e.status for e in found] == ["done", "failed"]
    assert found[1].record is not None
    assert "own-make" in str(found[1].record.result["reason"])
    assert found[0].record is not None
    assert found[0].record.outcomes[0].result["tokens_per_second"] > 0.0
    assert experiments.run_record(found[0].record.summary.id).events
    rays = [
        p
        for p in psutil.process_iter(["name"])
        if p.pid not in before and "ray" in (p.info["name"] or "")
    ]
    _, alive = psutil.wait_procs(rays, timeout=15)
    assert alive == []
    assert entries.entries(plans[:1], [place], experiments.Limits())[0].status == "done"
