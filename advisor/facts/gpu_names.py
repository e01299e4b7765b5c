"""GPU names as drivers give them, and the shares of a GPU that a program or virtual machine sees.

A vGPU profile is named after the board, the memory it has (GB) and a letter for its licence:
`GRID A100D-20C`, `NVIDIA L40S-48C`, `NVIDIA A100-1-5C` (one MIG slice). Source of the boards' short
names: NVIDIA Virtual GPU Software documentation, "Virtual GPU Types". A MIG slice is named after
the GPU, its sevenths of the multiprocessors and its memory, as `NVIDIA H100 80GB HBM3 MIG 3g.40gb`
(NVIDIA Multi-Instance GPU user guide, "Supported MIG profiles").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from advisor.core.facts import Gpu

_VGPU = re.compile(
    r"(?:NVIDIA|GRID)?\s*(?P<board>RTX ?A?\d+(?:-Ada)?|RTX Pro \d+ Blackwell DC|[A-Z]+\d+[A-Z]*)-"
    r"(?:(?P<slices>\d)-)?"
    r"(?P<gb>\d{1,3})(?P<licence>[ABCQ])(?:ME)?",
    re.IGNORECASE,
)
_MIG = re.compile(
    r"(?P<gpu>.+?)[ -](?:MIG[ -])?(?:\dc\.)?(?P<slices>\d)g\.(?P<gb>\d{1,3})gb(?:\+\w+)?",
    re.IGNORECASE,
)
_MAKERS = re.compile(
    r"\((?:R|TM|C)\)|\b(?:NVIDIA|AMD|Intel|Radeon|Instinct|GeForce|Graphics)\b", re.IGNORECASE
)
_LISTED = re.compile(r"\w \[([^\]]*[A-Za-z][^\]]*)\]")
SIZE_TOLERANCE = 0.1
"""Share by which the memory that a driver reports may be less than the nominal one (inline error
correction takes a sixteenth).
"""
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
    "V100D": "V100-32GB-PCIe",
    "V100DX": "V100-32GB-SXM2",
    "P100": "P100-16GB-PCIe",
    "P100X": "P100-16GB-SXM2",
    "P100C": "P100-12GB-PCIe",
    "GH200": "GH200",
    "M60": "Tesla M60",
    "RTX6000": "Quadro RTX 6000",
    "RTX8000": "Quadro RTX 8000",
    "RTXA5000": "RTX A5000",
    "RTXA5500": "RTX A5500",
    "RTXA6000": "RTX A6000",
    "RTX5880-ADA": "RTX 5880 Ada",
    "RTX6000-ADA": "RTX 6000 Ada",
    "RTX PRO 6000 BLACKWELL DC": "RTX PRO 6000 Blackwell (WS/Server)",
    "H100XL": "H100-SXM-96GB",
    **{
        name: name
        for name in ("T4", "A2", "A10", "A16", "A30", "A40", "L4", "L40", "L40S", "L20", "P40")
    },
}
"""The GPU behind each short name of a board in a vGPU profile."""


def virtual(name: str, gpus: Mapping[str, Gpu]) -> Gpu | None:
    """The part of a GPU that a vGPU profile or a MIG slice of this name is; None where it is
    neither.

    Its memory is the profile's. Of a slice the rate is its share of seven, and the bandwidth its
    share of the memory; else both are the whole GPU's, which other virtual machines may use at the
    same time.
    """
    profile = _VGPU.fullmatch(name.strip())
    if profile is not None:
        board = profile["board"].upper()
        base = gpus.get(BOARDS.get(board, BOARDS.get(board.replace(" ", ""), "")))
        what = "vGPU profile"
    else:
        profile = _MIG.fullmatch(name.strip())
        base = _whole(profile["gpu"], gpus) if profile else None
        what = "MIG slice"
    if profile is None or base is None:
        return None
    compute = int(profile["slices"]) / 7 if profile["slices"] else 1.0
    memory = float(profile["gb"]) / (base.memory_gb or float(profile["gb"]))
    bandwidth = min(memory, 1.0) if profile["slices"] else 1.0
    note = f"{what} of {base.name}: others may use the rest of the GPU"
    return replace(
        base,
        name=name.strip(),
        memory_gb=float(profile["gb"]),
        bandwidth_gb_per_second=_part(base.bandwidth_gb_per_second, bandwidth),
        bf16_tflops=_part(base.bf16_tflops, compute),
        fp16_tflops=_part(base.fp16_tflops, compute),
        power_watts=_part(base.power_watts, compute),
        cited=replace(base.cited, note=note),
    )


def _whole(name: str, gpus: Mapping[str, Gpu]) -> Gpu | None:
    """The GPU of a driver's name or an id."""
    wanted = without_maker(name)
    return next(
        (
            gpu
            for gpu in gpus.values()
            if wanted in map(without_maker, (gpu.name, *gpu.driver_names))
        ),
        None,
    )


def listed(name: str) -> list[str]:
    """The products in brackets in a name of the PCI database, which one chip has several of:
    `Navi 31 [Radeon RX 7900 XT/7900 XTX]`; nothing in another name.
    """
    brackets = _LISTED.search(name)
    parts = [part.strip() for part in brackets[1].split("/")] if brackets else []
    series = re.match(r"(?:Radeon )?(?:RX |Pro )?", parts[0], re.IGNORECASE) if parts else None
    head = series[0] if series else ""
    return [part if part.startswith(head) else head + part for part in parts]


def without_maker(name: str) -> str:
    """A name in lower case without its maker's words: `NVIDIA GeForce RTX 4090`, `GeForce RTX 4090`
    and `RTX 4090` are one GPU, as are `Intel(R) Arc(TM) B580 Graphics` and `Arc B580`.
    """
    return " ".join(_MAKERS.sub(" ", name).lower().split())


def _part(figure: float | None, share: float) -> float | None:
    return None if figure is None else figure * share


class DriverNames(Mapping[str, str]):
    """The GPU id of each name that a driver reports, in any case and with or without its maker; a
    vGPU profile or a MIG slice is its own id.
    """

    def __init__(self, names: Mapping[str, Iterable[str]], gpus: Mapping[str, Gpu]) -> None:
        """`names` are the ids that each name stands for."""
        self._exact = {name.lower(): tuple(ids) for name, ids in names.items()}
        self._loose: dict[str, set[str]] = {}
        for name, ids in names.items():
            self._loose.setdefault(without_maker(name), set()).update(ids)
        self._gpus = gpus

    def __getitem__(self, name: str) -> str:
        candidates = self._candidates(name)
        if len(candidates) == 1:
            return candidates[0]
        profile = virtual(name, self._gpus)
        if candidates or profile is None:
            raise KeyError(name)
        return profile.name

    def of_size(self, name: str, memory_gb: float) -> str:
        """The id of a name that several GPUs share, by the memory that was read; empty: none fits,
        or several do.
        """
        sizes = {gpu: self._gpus[gpu].memory_gb for gpu in self._candidates(name)}
        away = {gpu: abs(memory_gb / size - 1) for gpu, size in sizes.items() if size}
        nearest = min(away.values(), default=1.0)
        fitting = [gpu for gpu, share in away.items() if share == nearest < SIZE_TOLERANCE]
        return fitting[0] if len(fitting) == 1 else ""

    def _candidates(self, name: str) -> list[str]:
        exact = self._exact.get(name.strip().lower())
        names = (without_maker(part) for part in (name, *listed(name)))
        loose = {gpu for part in names if part for gpu in self._loose.get(part, ())}
        return list(exact) if exact else sorted(loose)

    def __iter__(self) -> Iterator[str]:
        return (name for name, ids in self._exact.items() if len(ids) == 1)

    def __len__(self) -> int:
        return sum(1 for _ in self)
