"""A bundle holds what another machine needs and nothing else, and says how much that is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import experiments, facts, travel
from advisor.calibrate import throughput
from advisor.calibrate.quality_records import ModelWeights, PromptsSpec
from advisor.calibrate.throughput_records import ThroughputSpec
from advisor.core.brief import Brief
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan
from advisor.experiments import planning
from advisor.experiments.datasets import Material
from advisor.travel.sealed import content_hash

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 96,
}
HERE = experiments.Machine("a GPU here", "cuda", free_gib=24.0)
ANYWHERE = experiments.elsewhere(facts.load())


def speed_plan(**changes: object) -> ExperimentPlan:
    setup = replace(ThroughputSpec("tiny", {"config": CONFIG}), **changes)
    return planning.throughput_plan([setup], [20, 30, 40], ANYWHERE)


def score_plan(tmp_path: Path, **own: object) -> ExperimentPlan:
    rows = [{"prompt": f"a secret of customer {i}", "completion": "yes"} for i in range(40)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder, *_ = experiments.pocket()
    return planning.quality_plan(Material(path), folder, ANYWHERE, facts.load(), **own)


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as error:
        travel.read_bundle(text, "x.advisor")
    return str(error.value)


def test_it_comes_back_as_it_was_written_on_one_line() -> None:
    plan = speed_plan()
    bundle = travel.bundle_of(plan, None, with_rows=False, minutes=5.0, examples=900, epochs=2.0)
    text = bundle.text
    assert text.count("\n") == 1
    back = travel.read_bundle(text, "x.advisor")
    assert back == bundle
    assert back.plan.digest == plan.digest
    assert (back.minutes, back.examples, back.epochs) == (5.0, 900, 2.0)


def test_it_announces_every_byte() -> None:
    bundle = travel.bundle_of(speed_plan(), None, with_rows=False)
    assert bundle.announcement.startswith(f"{len(bundle.text.encode()):,} bytes: the plan (1 trial")
    assert "3 row lengths, but no rows" in bundle.announcement


def test_rows_leave_only_where_asked_and_allowed(tmp_path: Path) -> None:
    plan = score_plan(tmp_path)
    with pytest.raises(UsageError, match="add --with-rows"):
        travel.bundle_of(plan, None, with_rows=False)
    asked = travel.bundle_of(plan, None, with_rows=True)
    assert "a secret of customer 7" in asked.text
    assert "30 to train on, 10 test items" in asked.announcement
    brief = Brief()
    for changed, why in (
        (replace(brief, policy=replace(brief.policy, data_may_leave=False)), "data_may_leave"),
        (replace(brief, data=replace(brief.data, sensitive=True)), "data.sensitive"),
    ):
        with pytest.raises(UsageError, match=why):
            travel.bundle_of(plan, changed, with_rows=True)
    assert travel.bundle_of(plan, brief, with_rows=True) == asked


def test_paths_of_this_machine_stay_here(tmp_path: Path) -> None:
    folder = str(experiments.pocket()[0].parent)
    assert folder in json.dumps(score_plan(tmp_path).trials[0].spec["model"])
    assert folder not in travel.bundle_of(score_plan(tmp_path), None, with_rows=True).text
    embeds = {"weights": ModelWeights("/home/jane/encoder", "e").to_json()}
    plan = score_plan(tmp_path)
    plan = replace(plan, shared={**plan.shared, "embedding": embeds})
    assert "jane" not in travel.bundle_of(plan, None, with_rows=True).text
    with pytest.raises(UsageError, match="--model encoder: a local folder is not sent"):
        travel.check_models_travel(plan)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**CONFIG, "_name_or_path": "/home/jane/tiny"}))
    assert "jane" not in json.dumps(experiments.config_json(config))


def test_a_plan_that_asks_a_server_is_never_taken_from_a_file() -> None:
    """It would send the key that it names to the address that it names."""
    spec = PromptsSpec("https://collector.example/v1", "m", key_env="AWS_SECRET_ACCESS_KEY")
    plan = replace(speed_plan(), kind="prompts")
    plan = replace(plan, trials=(replace(plan.trials[0], spec=spec.to_json()),))
    assert "a prompts run is never taken from a file" in refusal(travel.Bundle(plan).text)


def test_what_was_changed_or_is_something_else_is_refused_in_one_line() -> None:
    text = travel.bundle_of(speed_plan(), None, with_rows=False).text
    document = json.loads(text)
    assert "sha256 does not match" in refusal(json.dumps({**document, "minutes": 1.0}))
    later = {**document, "schema": 2}
    assert "schema 2" in refusal(json.dumps(later | {"sha256": content_hash(later)}))
    partial = {k: v for k, v in document.items() if k not in ("plan", "sha256")}
    assert "damaged" in refusal(json.dumps(partial))
    for other in ("", "[]", "{", text[:200], '{"form": "run"}', "\x00"):
        assert "not a bundle" in refusal(other)


FORGED = [
    ("minutes", -1),
    ("examples", "many"),
    ("plan", 3),
    ("plan.kind", []),
    ("plan.shared", {}),
    ("plan.shared.lengths", ["long"]),
    ("plan.trials", []),
    ("plan.trials.0.spec", {"model": 3}),
    ("plan.trials.0.spec.model", {"config": [1]}),
    ("plan.shared.embedding", ["x"]),
]


@pytest.mark.parametrize(("place", "value"), FORGED, ids=[place for place, _ in FORGED])
def test_a_forged_bundle_whose_hash_fits_is_refused_in_one_line(place: str, value: object) -> None:
    document = json.loads(travel.bundle_of(speed_plan(), None, with_rows=False).text)
    *path, last = place.split(".")
    part = document
    for name in path:
        part = part[int(name)] if name.isdigit() else part[name]
    part[last] = value
    document["sha256"] = content_hash(document)
    with pytest.raises(UsageError, match=r"^x\.advisor: .*$"):
        bound(json.dumps(document))


def bound(text: str) -> None:
    bundle = travel.read_bundle(text, "x.advisor")
    travel.bound_here(bundle, facts.load(), "none", None, "x.advisor")


def test_the_plan_is_bound_to_the_machine_that_measures() -> None:
    there = travel.plan_here(speed_plan(), HERE)
    (trial,) = there.trials
    assert (there.device, there.shared["machine"]) == ("cuda", "a GPU here")
    assert trial.spec["layers"] == 0
    small = replace(HERE, free_gib=1e-4)
    assert [t.spec["layers"] for t in travel.plan_here(speed_plan(), small).trials] == [2, 4, 6]
    chosen = planning.throughput_plan(
        [ThroughputSpec("tiny", {"config": CONFIG})], [20], ANYWHERE, slices=(1, 3)
    )
    assert [t.spec["layers"] for t in travel.plan_here(chosen, small).trials] == [1, 3]


def test_a_local_model_is_looked_for_where_it_lies_there(tmp_path: Path) -> None:
    plan = score_plan(tmp_path)
    sent = travel.bundle_of(plan, None, with_rows=True).plan
    assert sent.trials[0].spec["model"]["folder"] == "pocket"
    bound = travel.plan_here(sent, HERE)
    assert bound.trials[0].spec["model"]["folder"] == str(experiments.pocket()[0].resolve())
    travel.check_models_travel(plan)  # the sample comes with the program
    spec = sent.trials[0].spec
    own = {**spec, "model": {**spec["model"], "weights": "0123", "folder": "acme"}}
    other = replace(sent, trials=(replace(sent.trials[0], spec=own),))
    with pytest.raises(UsageError, match="add --model FOLDER"):
        travel.plan_here(other, HERE)
    with pytest.raises(UsageError, match="not the weights"):
        travel.plan_here(other, HERE, experiments.pocket()[0])
    with pytest.raises(UsageError, match="a local folder is not sent"):
        travel.check_models_travel(other)


def test_another_machine_has_the_gpu_that_is_named() -> None:
    book = facts.load()
    named = experiments.elsewhere(book, "L40S")
    assert (named.device, named.gpu.name) == ("cuda", "L40S")
    assert named.free_gib == pytest.approx(48e9 / 2**30)
    assert experiments.elsewhere(book, "none").device == "cpu"
    with pytest.raises(UsageError, match="L40S"):
        experiments.elsewhere(book, "L40SS")
    assert throughput.sampled([]) == [512]
