"""What the child process of a calibration loads before its first trial."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from advisor.calibrate.worker.lean import leave_out_bitsandbytes

pytest.importorskip("torch")

NEVER = {
    *("datasets", "pandas", "pyarrow", "sklearn", "matplotlib", "tensorflow", "jax", "IPython"),
    *("transformers.trainer", "torch.utils.tensorboard", "wandb", "mlflow", "torchvision"),
    *("scipy", "scipy.optimize"),
    *("bitsandbytes.nn", "torch._inductor.compile_fx"),
}
"""Packages that other tasks need and take seconds to load."""

START = """
import json, sys
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.lean import leave_out_bitsandbytes
from advisor.calibrate.worker.runners import load_all
leave_out_bitsandbytes([{"method": "lora", "optimizer": "adamw"}, {"method": "full"}])
load_all(Device("cpu"))
import advisor.calibrate.worker.throughput
print(json.dumps(sorted(sys.modules)))
"""


def test_a_worker_loads_nothing_that_training_does_not_need() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", START], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"torch", "transformers", "peft"} <= loaded
    assert loaded & NEVER == set()


@pytest.mark.parametrize(
    ("spec", "left_out"),
    [
        ({"method": "lora", "optimizer": "adamw"}, True),
        ({"method": "full"}, True),
        ({"method": "qlora"}, False),
        ({"method": "full", "optimizer": "paged-adamw8bit"}, False),
    ],
)
def test_bitsandbytes_is_loaded_where_a_trial_needs_it(
    spec: dict[str, str], left_out: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "modules", {})
    leave_out_bitsandbytes([{"method": "lora"}, spec])
    assert ("bitsandbytes" in sys.modules) is left_out


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_four_bit_layers_draw_no_weights_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven billion of them would take half a minute on the CPU, to be thrown away."""
    bnb = pytest.importorskip("bitsandbytes")
    import torch

    from advisor.calibrate.worker.adapters import adapt
    from advisor.calibrate.worker.architecture import blueprint
    from advisor.calibrate.worker.runners import TINY

    drawn: list[int] = []
    draw = torch.nn.init.kaiming_uniform_

    def counting(tensor: torch.Tensor, *args: float, **settings: str) -> torch.Tensor:
        if not tensor.is_meta:
            drawn.append(tensor.numel())
        return draw(tensor, *args, **settings)

    model = blueprint({"config": TINY | {"hidden_size": 64}}, 0, "sdpa").build("fp32", "cpu")
    monkeypatch.setattr(torch.nn.init, "kaiming_uniform_", counting)
    adapted = adapt(model, "qlora", rank=2)
    layers = [m for m in adapted.modules() if isinstance(m, bnb.nn.Linear4bit)]
    assert layers
    assert all(m.weight.quant_state is not None for m in layers)
    assert max(drawn, default=0) <= 2 * 64  # the adapters alone


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("tied", [False, True])
def test_four_bit_models_are_built_without_their_wide_weights(tied: bool) -> None:
    """A 70B model in 16 bits fits on no GPU that its 4-bit layers are trained on."""
    bnb = pytest.importorskip("bitsandbytes")
    import torch

    from advisor.calibrate.worker.adapters import adapt
    from advisor.calibrate.worker.architecture import blueprint
    from advisor.calibrate.worker.runners import TINY

    config = TINY | {"hidden_size": 64, "tie_word_embeddings": tied}
    empty = blueprint({"config": config}, 0, "sdpa").build("bf16", "meta")
    adapted = adapt(empty, "qlora", rank=2, device="cpu")
    assert not any(t.is_meta for t in (*adapted.parameters(), *adapted.buffers()))
    layers = [m for m in adapted.modules() if isinstance(m, bnb.nn.Linear4bit)]
    assert all(m.weight.quant_state is not None for m in layers)
    embedding, head = adapted.get_input_embeddings(), adapted.get_output_embeddings()
    assert (embedding.weight is head.weight) is tied
    loss = adapted(input_ids=torch.tensor([[1, 2, 3]]), labels=torch.tensor([[1, 2, 3]])).loss
    assert torch.isfinite(loss)
