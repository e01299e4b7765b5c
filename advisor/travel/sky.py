"""A bundle as a task of SkyPilot: which GPU to rent, what it costs, how the result comes back.

Keys: https://docs.skypilot.co/en/latest/reference/yaml-spec.html; names of GPUs as its catalogues
write them (SkyPilot 0.14).
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.constants import SECONDS_PER_HOUR
from advisor.core.errors import UsageError
from advisor.core.quantity import Quantity, Range
from advisor.travel.bundle import Bundle

if TYPE_CHECKING:
    from advisor.core.facts import Gpu

IDLE_MINUTES = 10
"""After this long without a job the machine stops; its disk with the result stays."""

OWN_NAMES = {
    "A100-40GB-SXM": "A100",
    "A100-40GB-PCIe": "A100",
    "H100-PCIe": "H100",
    "RTX 6000 Ada": "RTX6000-Ada",
    "RTX PRO 6000 Blackwell (WS/Server)": "RTXPRO6000",
    "V100-16GB-SXM2": "V100",
    "V100-16GB-PCIe": "V100",
    "V100-32GB-SXM2": "V100-32GB",
}
_FORM_FACTOR = re.compile(r"-(?:SXM\d?|PCIe)$")


@dataclass(frozen=True, slots=True)
class SkyPlan:
    """A GPU to rent, its price per hour, and how long the run takes there (s)."""

    gpu: Gpu
    count: int
    hour: Quantity
    seconds: Range


def sky_name(gpu: str) -> str:
    """The name of our table as SkyPilot's catalogues write it."""
    return OWN_NAMES.get(gpu) or _FORM_FACTOR.sub("", gpu).replace(" ", "")


def sky_task(bundle: Bundle, bundle_path: Path, task_path: Path, rented: SkyPlan) -> str:
    """The YAML text of the task; `bundle_path` lies in the folder of `task_path`.

    Raises UsageError where the bundle lies elsewhere.
    """
    if bundle_path.resolve().parent != task_path.resolve().parent:
        raise UsageError(f"--bundle {bundle_path}: put it beside {task_path}, which refers to it")
    name = re.sub(r"[^a-z0-9-]+", "-", task_path.stem.lower()).strip("-") or "calibration"
    lines = [
        f"# Calibration by advisor: {bundle.plan.kind}, {_plain(bundle.plan.name)}",
        *(f"# {line}" for line in price_lines(rented)),
        f"# Sends {bundle.announcement}.",
        "# Run in this folder:",
        f"#   sky launch -c {name} {_plain(shlex.quote(task_path.name))}",
        f"#   scp {name}:result.json . && advisor runs import result.json",
        f"#   sky down {name}",
        f"name: {name}",
        "resources:",
        f"  accelerators: {{{sky_name(rented.gpu.name)}: {rented.count}}}",
        "  autostop:",
        f"    idle_minutes: {IDLE_MINUTES}",
        "file_mounts:",
        f"  ~/calibration.advisor: {json.dumps(f'./{bundle_path.name}')}",
        "setup: |",
        f"  pip install {_requirement(bundle)}",
        "run: |",
        "  advisor calibrate run ~/calibration.advisor -o ~/result.json",
    ]
    return "\n".join(lines) + "\n"


def price_lines(rented: SkyPlan) -> list[str]:
    """The price of an hour with its source, and of the run."""
    gpus = f"{rented.count} × {rented.gpu.name}" if rented.count > 1 else rented.gpu.name
    hour = rented.hour.range
    if hour.p50 is None:
        return [f"{gpus}: no price in our tables; state it with --usd-per-hour"]
    dated = f", {rented.hour.as_of}" if rented.hour.as_of else ""
    lines = [f"{gpus}: ${hour.p50 * rented.count:.2f} per hour ({rented.hour.source}{dated})"]
    middle = rented.seconds.p50
    high = rented.seconds.p90
    if middle is not None and high is not None:
        usd = hour.p50 * rented.count / SECONDS_PER_HOUR
        lines.append(
            f"The run: {middle / 60:.1f} – {high / 60:.1f} minutes, ${middle * usd:.2f} – "
            f"${high * usd:.2f} (P50 – P90), beside start and setup of the machine"
        )
    return lines


def _requirement(bundle: Bundle) -> str:
    quantized = any(trial.spec.get("method") == "qlora" for trial in bundle.plan.trials)
    return "'prompt-or-tune[calibrate,qlora]'" if quantized else "'prompt-or-tune[calibrate]'"


def _plain(text: str) -> str:
    """On one line, whatever a name holds."""
    return " ".join(text.split())
