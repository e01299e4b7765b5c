"""GPU names as people write them."""

from __future__ import annotations

import re

import pytest

from advisor.core.errors import UsageError
from advisor.facts import load

FACTS = load()
SERIES = ("RTX", "GTX", "RX", "Arc", "Apple")


@pytest.mark.parametrize(
    ("name", "gpu"),
    [
        ("4090", "RTX 4090"),
        ("4090 laptop", "RTX 4090 Laptop"),
        ("RTX 4090 Mobile", "RTX 4090 Laptop"),
        ("4070ti super", "RTX 4070 Ti SUPER"),
        ("5090D", "RTX 5090 D"),
        ("8000", "Quadro RTX 8000"),
        ("7900xtx", "RX 7900 XTX"),
        ("B580", "Arc B580"),
        ("M3", "Apple M3"),
        ("m3 max", "Apple M3 Max"),
        ("RTX 3090 24 GB", "RTX 3090"),
        ("MI300X 192GB", "MI300X"),
        ("H100 SXM 80GB", "H100-SXM"),
        ("L40S PCIe", "L40S"),
        ("RTX Ada 6000", "RTX 6000 Ada"),
        ("RTX 5880", "RTX 5880 Ada"),
        ("NVIDIA_TESLA_T4", "T4"),
        ("NVIDIA-GeForce-RTX-4090", "RTX 4090"),
        ("NVIDIA_H100_MEGA_80GB", "H100-SXM"),
        ("1x A100 SXM4 (80 GB)", "A100-80GB-SXM"),
    ],
)
def test_people_leave_out_the_series_and_add_memory_and_form(name: str, gpu: str) -> None:
    assert FACTS.gpu(name).name == gpu


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("7900", {"RX 7900 XTX", "RX 7900 XT"}),
        ("6000", {"Quadro RTX 6000", "RTX 6000 Ada"}),
        ("3080", {"RTX 3080 10GB", "RTX 3080 12GB"}),
        ("RTX PRO 5000", {"RTX PRO 5000 Blackwell", "RTX PRO 5000 72GB Blackwell"}),
        ("H200 141GB", {"H200-SXM", "H200-NVL"}),
        ("nvidia-tesla-a100", {"A100-40GB-SXM", "A100-80GB-PCIe"}),
        ("Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]", {"RX 6800 XT", "RX 6900 XT"}),
    ],
)
def test_what_several_products_share_lists_them(name: str, some: set[str]) -> None:
    with pytest.raises(UsageError, match="names several products") as caught:
        FACTS.gpu(name)
    assert all(repr(gpu) in str(caught.value) for gpu in some)
    assert "Laptop" not in str(caught.value)


@pytest.mark.parametrize("name", ["RTX 4090 48GB", "6800", "MI300", "A100 NVL2"])
def test_another_memory_and_another_product_are_unknown(name: str) -> None:
    with pytest.raises(UsageError, match="unknown GPU"):
        FACTS.gpu(name)


@pytest.mark.parametrize("name", ["2x RTX 4090", "8xH100", "4 * A100"])
def test_a_count_has_its_own_place(name: str) -> None:
    with pytest.raises(UsageError, match="--gpus"):
        FACTS.gpu(name)


@pytest.mark.parametrize("gpu", [gpu.name for gpu in FACTS.gpus if gpu.name.split()[0] in SERIES])
def test_no_gpu_is_taken_for_another_without_its_series(gpu: str) -> None:
    rest = gpu.partition(" ")[2]
    names = FACTS.known_gpu(rest)
    if names is not None:
        assert names.name == gpu
        return
    with pytest.raises(UsageError, match=f"'{re.escape(gpu)}'"):
        FACTS.gpu(rest)


@pytest.mark.parametrize(("memory", "gpu"), [(24.0, "RX 7900 XTX"), (20.0, "RX 7900 XT")])
def test_of_products_with_one_chip_the_memory_tells_which(memory: float, gpu: str) -> None:
    name = "Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE/7900M]"
    assert FACTS.driver_names.of_size(name, memory) == gpu
