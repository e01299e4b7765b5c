"""What the child process of a calibration loads before its first trial."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytest.importorskip("torch")

NEVER = {
    *("datasets", "pandas", "pyarrow", "sklearn", "matplotlib", "tensorflow", "jax", "IPython"),
    *("transformers.trainer", "torch.utils.tensorboard", "wandb", "mlflow", "torchvision"),
    *("scipy", "scipy.optimize"),
}
"""Packages that other tasks need and take seconds to load."""

START = """
import json, sys
from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.runners import load_all
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
