"""GPU names as drivers give them, and the shares of a GPU that a virtual machine sees.

A vGPU profile is named after the board, the memory it has (GB) and a letter for its licence:
`GRID A100D-20C`, `NVIDIA L40S-48C`, `NVIDIA A100-1-5C` (one MIG slice). Source of the boards' short
names: NVIDIA Virtual GPU Software documentation, "Virtual GPU Types".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from advisor.core.facts import Gpu

_VGPU = re.compile(
    r"(?:NVIDIA|GRID)?\s*(?P<board>[A-Z]+\d+[A-Z]*)-(?:(?P<slices>\d)-)?(?P<gb>\d{1,3})"
    r"(?P<licence>[ABCQ])(?:ME)?",
    re.IGNORECASE,
)
BOARDS: Mapping[str, str] = {
    "A100": "A100-40GB-PCIe",
    "A100X": "A100-40GB-SXM",
    "A100D": "A100-80GB-PCIe",
    "A100DX": "A100-80GB-SXM",
    "H100": "H100-PCIe",
    "H100XM": "H100-SXM",
    "H100L": "H100-NVL",
    "H200X": "H200-SXM",
    "H200": "H200-NVL",
    "H20": "H20",
    "V100": "V100-16GB-PCIe",
    "V100X": "V100-16GB-SXM2",
    "V100DX": "V100-32GB-SXM2",
    "P100": "P100-16GB-PCIe",
    "P100X": "P100-16GB-SXM2",
    "P100C": "P100-12GB-PCIe",
    "GH200": "GH200",
    "RTX6000": "Quadro RTX 6000",
    "RTX8000": "Quadro RTX 8000",
    **{
        name: name for name in ("T4", "A10", "A16", "A30", "A40", "L4", "L40", "L40S", "L20", "P40")
    },
}
"""The GPU behind each short name of a board in a vGPU profile."""


def virtual(name: str, gpus: Mapping[str, Gpu]) -> Gpu | None:
    """The part of a GPU that a vGPU profile of this name is; None where it is not a profile.

    Its memory is the profile's. Of a MIG slice the rate is its share of seven; else the rate is the
    whole GPU's, which other virtual machines may use at the same time.
    """
    profile = _VGPU.fullmatch(name.strip())
    base = gpus.get(BOARDS.get(profile["board"].upper(), "")) if profile else None
    if profile is None or base is None:
        return None
    share = int(profile["slices"]) / 7 if profile["slices"] else 1.0
    note = f"vGPU profile on {base.name}: other virtual machines may share the GPU"
    return replace(
        base,
        name=name.strip(),
        memory_gb=float(profile["gb"]),
        bandwidth_gb_per_second=_part(base.bandwidth_gb_per_second, share),
        bf16_tflops=_part(base.bf16_tflops, share),
        fp16_tflops=_part(base.fp16_tflops, share),
        power_watts=_part(base.power_watts, share),
        cited=replace(base.cited, note=note),
    )


def _part(figure: float | None, share: float) -> float | None:
    return None if figure is None else figure * share


class DriverNames(Mapping[str, str]):
    """The GPU id of each name that a driver reports, in any case; a vGPU profile is its own id."""

    def __init__(self, ids: Mapping[str, str], gpus: Mapping[str, Gpu]) -> None:
        self._ids = {name.lower(): gpu for name, gpu in ids.items()}
        self._gpus = gpus

    def __getitem__(self, name: str) -> str:
        gpu = self._ids.get(name.strip().lower())
        if gpu is not None:
            return gpu
        profile = virtual(name, self._gpus)
        if profile is None:
            raise KeyError(name)
        return profile.name

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)
