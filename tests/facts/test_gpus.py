"""GPUs by exact name, and what they cost to rent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.core.facts import ErrorCorrection, Link
from advisor.core.quantity import Basis
from advisor.facts import load
from advisor.facts.gpu_names import virtual
from advisor.facts.gpus import quantile


@pytest.mark.parametrize(
    ("name", "gpu"),
    [
        ("l40s", "L40S"),
        (" RTX 4090 ", "RTX 4090"),
        ("NVIDIA H100 80GB HBM3", "H100-SXM"),
        ("A4000", "RTX A4000"),
        ("A40", "A40"),
        ("b200", "B200-SXM"),
        ("NVIDIA GeForce RTX 4060", "RTX 4060"),
        ("L40", "L40"),
    ],
)
def test_names_match_exactly(name: str, gpu: str) -> None:
    assert load().gpu(name).name == gpu


@pytest.mark.parametrize(
    "name", ["H100", "A100", "A100-80GB", "V100", "NVIDIA GeForce RTX 4060 Ti"]
)
def test_a_name_of_several_products_lists_them(name: str) -> None:
    with pytest.raises(
        UsageError, match=f"GPU '{name}' names several products; write one of '{name[-4:]}|'"
    ) as caught:
        load().gpu(name)
    for found in str(caught.value).partition("write one of ")[2].split(", "):
        assert load().gpu(found.strip("'"))


@pytest.mark.parametrize("name", ["A4", "L4S", "RTX 40", "H10-", "409", "40", "RTX", "24GB", ""])
def test_parts_of_names_are_unknown(name: str) -> None:
    with pytest.raises(UsageError, match="unknown GPU"):
        load().gpu(name)


def test_rent_spreads_over_providers_with_one_price_each() -> None:
    facts = load()
    offers = [o for o in facts.gpu_offers("L40S") if o.cited.confidence != "low"]
    by_provider: dict[str, list[float]] = {}
    for offer in offers:
        by_provider.setdefault(offer.provider, []).append(offer.usd_per_hour or 0.0)
    prices = [float(np.median(values)) for values in by_provider.values()]
    rent = facts.gpu_usd_per_hour("L40S")
    assert (rent.range.p10, rent.range.p50, rent.range.p90) == pytest.approx(
        np.quantile(prices, [0.1, 0.5, 0.9])
    )
    assert rent.basis is Basis.QUOTED
    assert rent.unit == "USD/h"
    assert set(by_provider) == {name for name in by_provider if name in rent.source}


def test_rent_at_one_provider_is_its_own_price() -> None:
    facts = load()
    nebius = facts.gpu_usd_per_hour("L40S", "nebius")
    assert nebius.likely == 1.5484
    assert nebius.source.startswith("Nebius: skypilot-org/")
    assert facts.gpu_usd_per_hour("RTX 4090", "RunPod serverless").likely == 1.116
    assert (
        facts.gpu_offers("H100-SXM", "Fireworks on-demand", billing="managed endpoint")[
            0
        ].usd_per_hour
        == 5.8
    )


def test_no_offer_is_unknown_with_a_reason() -> None:
    for rent in (load().gpu_usd_per_hour("RTX 4060"), load().gpu_usd_per_hour("L40S", "nobody")):
        assert not rent.range.is_known
        assert "hardware.usd_per_hour" in rent.reason


def test_a_quoted_name_of_open_form_stands_under_each_form() -> None:
    facts = load()
    for gpu in ("A100-80GB-SXM", "A100-80GB-PCIe"):
        assert any(o.provider == "Jarvislabs" for o in facts.gpu_offers(gpu))
    assert not any(o.provider == "GCP" for o in facts.gpu_offers("A100-80GB-PCIe"))
    assert {o.gpu for o in facts.gpu_offers("L4")} == {"L4"}


def test_measured_matrix_rates_are_below_theory() -> None:
    facts = load()
    rate = facts.achieved_tflops("H100-SXM")
    assert rate.likely == 794.5
    assert rate.likely < (facts.gpu("H100-SXM").bf16_tflops or 0)
    assert not facts.achieved_tflops("L40S").range.is_known


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.floats(0, 1))
def test_quantiles_are_numpy_s(values: list[float], share: float) -> None:
    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)))


def test_a_driver_name_leads_to_one_gpu_and_apple_chips_name_themselves() -> None:
    found = load().driver_names
    assert found["NVIDIA L40S"] == "L40S"
    assert found["Apple M4 Max"] == "Apple M4 Max"
    assert set(found.values()) <= {gpu.name for gpu in load().gpus}


@pytest.mark.parametrize(
    ("name", "link", "ecc", "unified"),
    [
        ("H100-SXM", Link.NVLINK, ErrorCorrection.SEPARATE, False),
        ("H100-PCIe", Link.PCIE, ErrorCorrection.SEPARATE, False),
        ("MI300X", Link.INFINITY_FABRIC, ErrorCorrection.SEPARATE, False),
        ("L40S", Link.PCIE, ErrorCorrection.INLINE, False),
        ("RTX 4090", Link.PCIE, ErrorCorrection.UNKNOWN, False),
        ("Apple M2 Max", Link.UNKNOWN, ErrorCorrection.UNKNOWN, True),
    ],
)
def test_traits_are_columns(name: str, link: Link, ecc: ErrorCorrection, unified: bool) -> None:
    gpu = load().gpu(name)
    assert (gpu.link, gpu.ecc, gpu.unified_memory) == (link, ecc, unified)


def test_only_links_of_nvlink_class_are_fast() -> None:
    fast = {gpu.link for gpu in load().gpus if gpu.has_fast_link}
    assert fast == {Link.NVLINK, Link.INFINITY_FABRIC, Link.ETHERNET}


def test_a_link_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gpus.csv").write_text("gpu,link,source,as_of\nX,wire,me,2026\n")
    with pytest.raises(UsageError, match=r"gpus.csv:2: link: 'wire' is none of nvlink, .*pcie"):
        load(tmp_path).gpu("X")


@pytest.mark.parametrize(
    ("reported", "gpu"),
    [
        ("NVIDIA RTX PRO 5000 72GB Blackwell", "RTX PRO 5000 72GB Blackwell"),
        ("NVIDIA RTX 3500 Ada Generation Laptop GPU", "RTX 3500 Ada Laptop"),
        ("NVIDIA GeForce RTX 3050 6GB Laptop GPU", "RTX 3050 6GB Laptop"),
        ("Tesla V100S-PCIE-32GB", "V100S-32GB-PCIe"),
        ("AMD Instinct MI300X VF", "MI300X"),
        ("AMD Instinct MI250X/MI250", "MI250X-GCD"),
        ("Intel(R) Data Center GPU Flex 140", "Flex 140"),
        ("Intel(R) Arc(TM) A380 Graphics", "Arc A380"),
        ("NVIDIA RTX Pro 6000 Blackwell DC-24C", "NVIDIA RTX Pro 6000 Blackwell DC-24C"),
        ("NVIDIA RTX A6000-48Q", "NVIDIA RTX A6000-48Q"),
        ("GRID M60-2Q", "GRID M60-2Q"),
        ("NVIDIA GB10", "GB10"),
        ("NVIDIA Thor", "Jetson AGX Thor"),
        ("Orin (nvgpu)", "Jetson AGX Orin 64GB"),
        ("NVIDIA H20", "H20"),
        ("NVIDIA L20", "L20"),
        ("NVIDIA GeForce RTX 4090 D", "RTX 4090 D"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "RTX 4090 Laptop"),
        ("Tesla P100-PCIE-16GB", "P100-16GB-PCIe"),
        ("NVIDIA GH200 480GB", "GH200"),
        ("NVIDIA GB200", "GB200-SXM"),
        ("nvidia a100-sxm4-80gb", "A100-80GB-SXM"),
        ("Apple M2 Max", "Apple M2 Max"),
        ("NVIDIA RTX PRO 5000 Blackwell Generation Laptop GPU", "RTX PRO 5000 Blackwell Laptop"),
        ("NVIDIA RTX A2000 8GB Laptop GPU", "RTX A2000 8GB Laptop"),
        ("NVIDIA A100-SXM-64GB", "A100-64GB-SXM"),
        ("NVIDIA L2", "L2"),
        ("AMD Instinct MI308X OAM", "MI308X"),
        ("AMD Radeon 890M Graphics", "Radeon 890M"),
        ("Intel(R) Arc(TM) 140V GPU (16GB)", "Arc 140V"),
    ],
)
def test_what_a_driver_reports_leads_to_the_product(reported: str, gpu: str) -> None:
    facts = load()
    assert facts.driver_names.get(reported) == gpu
    assert facts.gpu(gpu).name == gpu


def test_no_two_products_are_reported_by_one_name() -> None:
    names = [name for gpu in load().gpus for name in gpu.driver_names]
    assert len(names) == len(set(names)) > 80


@pytest.mark.parametrize(
    ("profile", "base", "memory_gb", "share"),
    [
        ("NVIDIA A100-40C", "A100-40GB-PCIe", 40, 1),
        ("GRID A100D-20C", "A100-80GB-PCIe", 20, 1),
        ("GRID A100X-8C", "A100-40GB-SXM", 8, 1),
        ("NVIDIA A100-1-5C", "A100-40GB-PCIe", 5, 1 / 7),
        ("NVIDIA H100XM-80C", "H100-SXM", 80, 1),
        ("NVIDIA L40S-48Q", "L40S", 48, 1),
        ("GRID T4-16Q", "T4", 16, 1),
        ("GRID V100D-32Q", "V100-32GB-PCIe", 32, 1),
        ("NVIDIA RTX6000-Ada-48Q", "RTX 6000 Ada", 48, 1),
        ("NVIDIA H100 80GB HBM3 MIG 3g.40gb", "H100-SXM", 40, 3 / 7),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "A100-40GB-SXM", 5, 1 / 7),
        ("NVIDIA A100 80GB PCIe MIG 2g.20gb+me", "A100-80GB-PCIe", 20, 2 / 7),
        ("NVIDIA Zeta MIG 1g.5gb", "", 0, 0),
        ("NVIDIA A100-SXM4-40GB", "", 0, 0),
    ],
)
def test_vgpu_profiles_have_their_own_memory_and_the_rate_of_their_board(
    profile: str, base: str, memory_gb: float, share: float
) -> None:
    facts = load()
    whole = {gpu.name: gpu for gpu in facts.gpus}
    found = virtual(profile, whole)
    if not base:
        assert found is None
        return
    assert found == facts.gpu(profile)
    assert facts.driver_names[profile] == profile
    assert found.memory_gb == memory_gb
    assert found.fp16_tflops == pytest.approx((whole[base].fp16_tflops or 0.0) * share)
    assert base in found.cited.note


def test_an_unknown_gpu_has_a_way_out() -> None:
    with pytest.raises(UsageError, match=r"unknown GPU 'Zeta'.*add a row to gpus\.csv"):
        load().gpu("Zeta")


def test_a_cpu_is_no_gpu_and_says_what_to_write() -> None:
    with pytest.raises(UsageError, match="write 'none': small classifiers"):
        load().gpu("CPU")


def test_shared_memory_is_marked() -> None:
    assert {"GB10", "Jetson AGX Thor", "Apple M3 Ultra"} <= load().unified_gpus
    assert "H100-SXM" not in load().unified_gpus


@pytest.mark.parametrize(
    ("name", "gpu"),
    [
        ("GeForce RTX 3090", "RTX 3090"),  # as drivers before 460 say
        ("A100-SXM4-80GB", "A100-80GB-SXM"),
        ("NVIDIA Tesla T4", "T4"),
        ("Radeon RX 7900 XT", "RX 7900 XT"),
        ("Instinct MI210", "MI210"),
        ("AMD INSTINCT MI200 (MCM) OAM LC MBA HPE C2", "MI250X-GCD"),
        ("Intel(R) Arc(TM) Pro B60 Graphics", "Arc Pro B60"),
        ("Intel(R) Graphics [0xe211]", "Arc Pro B60"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "RTX 4090 Laptop"),
        ("NVIDIA GeForce RTX 4090 D", "RTX 4090 D"),
        ("NVIDIA GH200 480GB", "GH200"),
        ("NVIDIA B300 SXM6 AC", "B300-SXM"),
        ("NVIDIA Thor", "Jetson AGX Thor"),
    ],
)
def test_a_driver_name_with_or_without_its_maker(name: str, gpu: str) -> None:
    assert load().driver_names[name] == gpu
    assert load().gpu(name).name == gpu


@pytest.mark.parametrize("name", ["NVIDIA GeForce", "AMD Radeon Graphics", "RTX 409", "A100"])
def test_a_name_that_is_no_product_or_several_leads_to_none(name: str) -> None:
    assert name not in load().driver_names


@pytest.mark.parametrize(
    ("name", "memory_gb", "gpu"),
    [
        ("NVIDIA GeForce RTX 4060 Ti", 17.2, "RTX 4060 Ti 16GB"),
        ("NVIDIA GeForce RTX 4060 Ti", 8.6, "RTX 4060 Ti 8GB"),
        ("NVIDIA GeForce RTX 3080", 10.7, "RTX 3080 10GB"),
        ("NVIDIA GeForce RTX 3080", 12.9, "RTX 3080 12GB"),
        ("NVIDIA GeForce RTX 3080", 24.0, ""),
        ("A100", 42.5, ""),  # PCIe and SXM have the same memory
    ],
)
def test_memory_tells_products_of_one_name_apart(name: str, memory_gb: float, gpu: str) -> None:
    assert load().driver_names.of_size(name, memory_gb) == gpu


@pytest.mark.parametrize(("name", "gpu"), [
    ("RTX4090", "RTX 4090"), ("h100 sxm", "H100-SXM"), ("rtx-3090ti", "RTX 3090 Ti"),
    ("rtx_a6000", "RTX A6000"), ("a100 80gb sxm", "A100-80GB-SXM"),
    ("rtx4070 ti-super", "RTX 4070 Ti SUPER"), ("Instinct MI250X", "MI250X"),
])  # fmt: skip
def test_what_stands_between_words_does_not_matter(name: str, gpu: str) -> None:
    assert load().gpu(name).name == gpu


@pytest.mark.parametrize(
    ("gpu", "stated"),
    [  # as their makers state them (dense, 16 bit)
        ("MI300A", 980.6),
        ("MI350X", 2_300),
        ("Max 1550", 839),
        ("Jetson AGX Orin 64GB", 42.5),
        ("Jetson AGX Thor", 2_070 / 8),
        ("Quadro RTX 4000", 57.0),
        ("V100S-32GB-PCIe", 130.0),
        ("Arc 140V", 67 * 1.95 / 2.05 / 2),
    ],
)
def test_derived_rates_agree_with_the_makers(gpu: str, stated: float) -> None:
    assert load().gpu(gpu).fp16_tflops == pytest.approx(stated, rel=0.02)


def test_a_name_that_a_table_cut_off_is_not_guessed() -> None:
    with pytest.raises(UsageError, match="give what `nvidia-smi -L` shows"):
        load().gpu("NVIDIA GeForce RTX 3070 ...")
