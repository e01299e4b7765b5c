"""The measuring side with small random models on the CPU: what is built, trained, counted, found
and scored.
"""

from __future__ import annotations

import asyncio
import io
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from advisor import facts  # noqa: E402
from advisor.calibrate import throughput  # noqa: E402
from advisor.calibrate.client import follow  # noqa: E402
from advisor.calibrate.protocol import parse  # noqa: E402
from advisor.calibrate.throughput_records import ThroughputSpec  # noqa: E402
from advisor.calibrate.worker import micro_batch  # noqa: E402
from advisor.calibrate.worker.adapters import adapt  # noqa: E402
from advisor.calibrate.worker.architecture import blueprint  # noqa: E402
from advisor.calibrate.worker.batches import Rows, TokenisedExample, collate  # noqa: E402
from advisor.calibrate.worker.device import Device  # noqa: E402
from advisor.calibrate.worker.loop import Trainer  # noqa: E402
from advisor.calibrate.worker.reporter import Reporter  # noqa: E402
from advisor.calibrate.worker.stop import Stop, Stopped  # noqa: E402
from advisor.calibrate.worker.throughput import measure  # noqa: E402
from advisor.core.events import CancelToken  # noqa: E402

pytestmark = [
    pytest.mark.xdist_group("torch"),
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning"
    ),
]

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 96,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 1,
}
LENGTHS = [8, 12, 16, 24, 40, 64]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def device() -> Device:
    torch.manual_seed(0)
    return Device("cpu")


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(io.StringIO())


def setup(**changes) -> throughput.ThroughputSpec:
    held = {
        "method": "lora",
        "rank": 4,
        "micro_batch": 4,
        "seq_len": 64,
        "steps": 12,
        "seconds": 20.0,
    }
    return throughput.ThroughputSpec("tiny", {"config": CONFIG}, **held | changes)


def trial_of(**changes):
    plan = throughput.plan([setup(**changes)], LENGTHS)
    return plan.trials[0], plan.shared


def lora_params(rank: int, layers: int, hidden: int, inner: int, kv: int) -> int:
    """rank × (in + out) of the seven matrices of a layer: q, k, v, o, gate, up, down."""
    shapes = [
        (hidden, hidden),
        (hidden, kv),
        (hidden, kv),
        (hidden, hidden),
        (hidden, inner),
        (hidden, inner),
        (inner, hidden),
    ]
    return layers * rank * sum(a + b for a, b in shapes)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("lora", lora_params(4, 3, 64, 128, 32)),
        ("soft-prompt", 4 * 64),
        (
            "dora",
            lora_params(4, 3, 64, 128, 32) + 3 * (64 + 32 + 32 + 64 + 128 + 128 + 64),
        ),  # and a magnitude per output
        ("full", None),
    ],
)
def test_each_method_trains_what_it_says_and_its_result_is_whole(
    method, expected, device, reporter
) -> None:
    trial, shared = trial_of(method=method)
    result = measure(trial, shared, reporter, Stop(), device)
    assert result["trainable_params"] == (expected if expected is not None else result["params"])
    assert (result["layers"], result["full_layers"], result["device"]) == (3, 3, "cpu")
    assert result["steps"] + result["dropped_steps"] == 12
    assert result["positions_per_second"] > result["tokens_per_second"] > 0.0
    assert result["padding_share"] == pytest.approx(
        1.0 - result["tokens_per_step"] / result["positions_per_step"]
    )
    assert result["memory"]["process_gib"] > 0.0
    assert result["memory"].get("allocated_gib") is None
    assert result.get("watts") is None
    assert result["watts_why"]
    assert result["saved_bytes"] > 4 * result["trainable_params"]
    assert json.dumps(result)


def test_packed_batches_have_no_padding(device, reporter) -> None:
    trial, shared = trial_of(packed=True)
    result = measure(trial, shared, reporter, Stop(), device)
    assert result["padding_share"] == pytest.approx(0.0)
    assert result["tokens_per_step"] == 4 * 64
    assert result.get("law") is None
    assert "same number" in result["law_why"]


def test_padding_is_that_of_the_lengths() -> None:
    """Against the same draws worked out by hand: each batch is as long as its longest row."""
    batches = Rows(LENGTHS, 32, 96).batches(4, 5, "cpu")
    for _ in range(20):
        batch = next(batches)
        rows = batch.inputs["attention_mask"].sum(1).tolist()
        assert set(rows) <= {min(n, 32) for n in LENGTHS}
        assert batch.tokens == sum(rows)
        assert batch.positions == 4 * max(rows) == batch.inputs["input_ids"].numel()
        assert (
            batch.supervised == batch.tokens - 4
        )  # the first token of a row has nothing before it


def test_prompts_and_padding_are_not_learned() -> None:
    batch = collate([TokenisedExample([5, 6, 7, 8], 2), TokenisedExample([9, 10], 1)], "cpu")
    assert batch.inputs["labels"].tolist() == [[-100, -100, 7, 8], [-100, 10, -100, -100]]
    assert batch.supervised == 3


def test_a_slice_has_the_layers_it_says_and_the_count_is_that_of_the_whole() -> None:
    model = facts.load().model("Llama-3.1-8B")
    one, two = (
        blueprint(throughput.architecture_of(model), layers, "sdpa").params() for layers in (1, 2)
    )
    assert two + 30 * (two - one) == model.params


def test_memory_of_a_deep_model_is_told_from_slices(tmp_path: Path) -> None:
    """12 layers from 2, 4 and 6 in a child that gives back freed memory at once: what the C library
    keeps for later scatters by 2 % from run to run, what is in use does not.
    """
    deep = CONFIG | {
        "num_hidden_layers": 12,
        "hidden_size": 256,
        "intermediate_size": 704,
        "vocab_size": 512,
    }
    base = throughput.ThroughputSpec(
        "deep", {"config": deep}, rank=8, micro_batch=4, seq_len=192, steps=4, seconds=60.0
    )
    sliced = throughput.plan([base], [192], slices=(2, 4, 6), device="cpu")
    both = replace(
        sliced, trials=(*sliced.trials, *throughput.plan([base], [192], device="cpu").trials)
    )
    exact = {"MALLOC_MMAP_THRESHOLD_": "131072"}
    heard = {"events": lambda e: None, "keep": lambda o: None, "cancel": CancelToken()}
    ending = asyncio.run(follow(both, tmp_path, **heard, environment=exact))
    *slices, whole = ending.outcomes
    peaks = [o.result["memory"]["process_gib"] for o in ending.outcomes]
    assert peaks == sorted(set(peaks))
    told = throughput.from_slices(
        [throughput.MeasuredTrial.of(t, o) for t, o in zip(sliced.trials, slices, strict=True)]
    )
    assert told is not None
    assert told.memory is not None
    assert told.memory.at_full_depth == pytest.approx(
        whole.result["memory"]["process_gib"], rel=0.03
    )


def test_the_search_finds_the_last_size_that_fits_and_recovers(
    device, reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial, shared = trial_of(search=True)
    tried = []

    def peak(trainer, rows, count):
        tried.append(count)
        if count > 11:
            return None
        return 0.1

    monkeypatch.setattr(micro_batch, "_peak", peak)
    result = measure(trial, shared, reporter, Stop(), device)
    assert result["search"]["largest"] == 11
    assert result["micro_batch"] == 11
    assert len(tried) <= 8


def test_an_out_of_memory_error_in_the_search_is_an_answer_and_others_are_not(
    device, monkeypatch
) -> None:
    model = adapt(blueprint({"config": CONFIG}, 0, "sdpa").build("fp32", "cpu"), "full")
    trainer = Trainer(model, device, dtype="fp32", optimizer="adamw", learning_rate=1e-4)
    whole = trainer.step

    def tight(batches, accumulate=1):
        batch = next(batches)
        if batch.inputs["input_ids"].shape[0] > 5:
            raise RuntimeError("CUDA out of memory. Tried to allocate 1 GiB")
        return whole(iter([batch]), accumulate)

    monkeypatch.setattr(trainer, "step", tight)
    spec = ThroughputSpec(seconds=60.0)
    found = micro_batch.largest_safe(
        trainer, spec, Rows([16], 16, 96), Reporter(io.StringIO()), Stop()
    )
    assert found.largest == 5
    assert found.tries["6"] is None
    assert all(p.grad is None for p in model.parameters())

    def broken(batches, accumulate=1):
        raise RuntimeError("a bug")

    monkeypatch.setattr(trainer, "step", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        micro_batch.largest_safe(trainer, spec, Rows([16], 16, 96), Reporter(io.StringIO()), Stop())


def test_a_memory_limit_bounds_the_search(device) -> None:
    model = adapt(blueprint({"config": CONFIG}, 0, "sdpa").build("fp32", "cpu"), "full")
    trainer = Trainer(model, device, dtype="fp32", optimizer="adamw", learning_rate=1e-4)
    spec = ThroughputSpec(memory_limit_gib=1e-6, seconds=60.0)
    assert (
        micro_batch.largest_safe(
            trainer, spec, Rows([16], 16, 96), Reporter(io.StringIO()), Stop()
        ).largest
        == 0
    )


def test_a_search_without_time_says_that_more_may_fit(device) -> None:
    model = adapt(blueprint({"config": CONFIG}, 0, "sdpa").build("fp32", "cpu"), "full")
    trainer = Trainer(model, device, dtype="fp32", optimizer="adamw", learning_rate=1e-4)
    spec = ThroughputSpec(seconds=0.0)
    found = micro_batch.largest_safe(
        trainer, spec, Rows([16], 16, 96), Reporter(io.StringIO()), Stop()
    )
    assert found.out_of_time
    assert found.tries == {}


def test_paged_states_of_a_trial_are_counted_since_the_process_keeps_them(device) -> None:
    model = adapt(blueprint({"config": CONFIG}, 0, "sdpa").build("fp32", "cpu"), "full")
    trainer = Trainer(model, device, dtype="fp32", optimizer="adamw", learning_rate=1e-4)
    trainer.step(Rows([16], 16, 96).batches(1, 0, "cpu", 0))
    assert trainer.paged_bytes() == 0
    moments = [state["exp_avg"] for state in trainer._optimizer.state.values()]
    for moment in moments:
        moment.is_paged = True
    assert trainer.paged_bytes() == 4 * sum(p.numel() for p in model.parameters())


def test_accumulated_steps_learn_what_one_large_step_learns(device) -> None:
    """Two micro-batches of equal length give the gradients of both at once."""

    def after(accumulate: int) -> list:
        torch.manual_seed(3)
        model = blueprint({"config": CONFIG}, 0, "sdpa").build("fp32", "cpu")
        trainer = Trainer(
            adapt(model, "full"),
            device,
            dtype="fp32",
            optimizer="sgd",
            learning_rate=0.1,
        )
        rows = [
            TokenisedExample([random.Random(i).randrange(96) for _ in range(10)]) for i in range(4)
        ]
        size = 4 // accumulate
        trainer.step(
            iter([collate(rows[i : i + size], "cpu") for i in range(0, 4, size)]), accumulate
        )
        return [p.detach().clone() for p in model.parameters()]

    for a, b in zip(after(1), after(2), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_a_stopped_trial_keeps_its_partial_result(device) -> None:
    trial, shared = trial_of(steps=500)
    stop = Stop()
    out = io.StringIO()
    reporter = Reporter(out)
    heard = reporter.step

    def step(**fields):
        heard(**fields)
        if fields.get("step", 0) >= 10:
            stop.ask("cancelled")

    reporter.step = step
    with pytest.raises(Stopped) as stopped:
        measure(trial, shared, reporter, stop, device)
    assert 0 < stopped.value.partial["steps"] < 500
    assert all(parse(line) is not None for line in out.getvalue().splitlines())


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"optimizer": "lion"}, "lion"),
        ({"targets": "nowhere"}, "nowhere"),
        ({"method": "full", "attention": "none-such"}, "none-such"),
    ],
)
def test_what_cannot_be_measured_is_named(changes: dict, wrong: str, device, reporter) -> None:
    trial, shared = trial_of(**changes)
    with pytest.raises(Exception, match=wrong):
        measure(trial, shared, reporter, Stop(), device)


def test_code_of_the_models_own_is_never_run() -> None:
    coded = CONFIG | {"auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.M"}}
    built = blueprint({"config": coded}, 0, "sdpa")
    assert built.kind.__module__.startswith("transformers.models.")
    assert built.params() == blueprint({"config": CONFIG}, 0, "sdpa").params()
    with pytest.raises(ValueError, match="never runs"):
        blueprint({"config": coded | {"model_type": "of-its-own"}}, 0, "sdpa")
