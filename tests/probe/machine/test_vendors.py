"""GPUs of AMD, Intel and Apple: answers that users recorded (tools/README.md), and answers made by
hand for what no record shows.
"""

import json
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from advisor.core.probes import Reading
from advisor.facts import load
from advisor.probe.hardware import probe
from advisor.probe.machine import vendors
from advisor.probe.machine.vendors import ToolFailedError, other_gpus, run_tool

KNOWN = {"AMD Instinct MI300X": "MI300X", "Apple M3 Max": "Apple M3 Max"}


def value(number, unit):
    return {"value": number, "unit": unit}


AMD_STATIC = [
    {"gpu": 0, "asic": {"market_name": "AMD Instinct MI300X"},
     "driver": {"name": "amdgpu", "version": "6.10.5"},
     "vram": {"type": "HBM3", "size": value(196592, "MB")}}
]  # fmt: skip
AMD_METRIC = [
    {"gpu": 0, "usage": {"gfx_activity": value(25, "%")},
     "power": {"socket_power": value(132, "W")},
     "clock": {"gfx_0": {"clk": value(2100, "MHz")}},
     "temperature": {"edge": "N/A", "hotspot": value(41, "C"), "mem": value(35, "C")},
     "mem_usage": {"total_vram": value(196592, "MB"), "used_vram": value(285, "MB"),
                   "free_vram": value(196307, "MB")}}
]  # fmt: skip
ROCM = {
    "card0": {
        "Card Series": "AMD Instinct MI210", "VRAM Total Memory (B)": str(64 * 1024**3),
        "VRAM Total Used Memory (B)": str(16 * 1024**3), "GPU use (%)": "50",
        "Average Graphics Package Power (W)": "43.0", "Max Graphics Package Power (W)": "300.0",
        "Temperature (Sensor edge) (C)": "38.0", "sclk clock speed:": "(800Mhz)",
    },
    "card10": {"Card Series": "AMD Radeon RX 7900 XTX"},
    "card2": {"Card Series": "AMD Radeon RX 7900 XTX", "VRAM Total Memory (B)": "N/A"},
    "system": {"Driver version": "6.2.4"},
}  # fmt: skip
INTEL = {
    "device_list": [
        {"device_id": 0, "device_name": "Intel(R) Data Center GPU Flex 170", "device_type": "GPU"}
    ]
}
INTEL_ONE = {
    "device_id": 0,
    "memory_physical_size_byte": str(14 * 1024**3),
    "driver_version": "I915_23.10",
}
INTEL_NOW = {
    "device_level": [
        {"metrics_type": "XPUM_STATS_GPU_UTILIZATION", "value": 7},
        {"metrics_type": "XPUM_STATS_POWER", "value": 40.5},
        {"metrics_type": "XPUM_STATS_MEMORY_USED", "value": 1024.0},
    ]
}
APPLE = {
    "SPDisplaysDataType": [
        {"sppci_model": "Apple M3 Max", "sppci_cores": "40"},
        {"_name": "Virtual"},
    ]
}


def tools(**answers):
    """A machine with these tools; an answer is text, something to show as JSON, or an error."""

    def run(command):
        held = answers.get(command[0].replace("-", "_"))
        if held is None:
            raise FileNotFoundError(command[0])
        if callable(held):
            held = held(command)
        if isinstance(held, Exception):
            raise held
        return held if isinstance(held, str) else json.dumps(held)

    return run


def amd(command):
    return AMD_STATIC if command[1] == "static" else AMD_METRIC


def intel(command):
    return INTEL_NOW if command[1] == "stats" else INTEL_ONE if "-d" in command else INTEL


RECORDED = Path(__file__).parent / "tools"


def recorded(name):
    return (RECORDED / name).read_text(encoding="utf-8")


def table():
    return load().driver_names


def amd_answers(static, metric='{"gpu_data": []}'):
    return tools(amd_smi=lambda c: static if c[1] == "static" else metric)


def test_recorded_mi210_and_its_odd_driver():
    (gpu,), reasons, driver = other_gpus(
        table(), amd_answers(recorded("amd-smi-static-mi210.json"))
    )
    assert (gpu.name, gpu.product, reasons) == ("AMD Instinct MI210", "MI210", ())
    assert gpu.memory_total_gib == Reading(65520 / 1024, "GiB")
    assert gpu.power_limit_watts == Reading(300.0, "W")
    assert gpu.memory_free_gib.value is None
    assert len(str(driver.value)) <= vendors.MAX_VERSION


def test_recorded_mi300x():
    (gpu,), _, driver = other_gpus(table(), amd_answers(recorded("amd-smi-static-mi300x.json")))
    assert (gpu.product, driver) == ("MI300X", Reading("amdgpu 6.19.14"))
    assert gpu.memory_total_gib.value == pytest.approx(191.984, abs=0.001)


def test_recorded_rx7800xt_tells_used_memory_alone():
    answer = recorded("amd-smi-metric-rx7800xt.json")
    (gpu,), _, _ = other_gpus(table(), amd_answers(answer, answer))
    assert gpu.product == "RX 7800 XT"
    assert gpu.memory_free_gib.value == pytest.approx((16368 - 14569) / 1024)
    assert (gpu.temperature_c.value, gpu.utilisation.value) == (41.0, 0.02)


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ("rocm-smi-rx7900xt.json", [("Radeon RX 7900 XT", "RX 7900 XT", 19.98)]),
        ("rocm-smi-mi250x.json",
         [("AMD INSTINCT MI200 (MCM) OAM LC MBA HPE C2", "MI250X-GCD", None)]),
        ("rocm-smi-780m.json", [("Phoenix3", "", None)]),
        ("rocm-smi-desktop-with-integrated.json",
         [("Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]", "", 15.98), ("Raphael", "", 0.0625)]),
    ],
)  # fmt: skip
def test_recorded_answers_of_rocm_smi(record, found):
    gpus, reasons, _ = other_gpus(table(), tools(rocm_smi=recorded(record)))
    sizes = [gpu.memory_total_gib.value for gpu in gpus]
    assert [(gpu.name, gpu.product) for gpu in gpus] == [(n, p) for n, p, _ in found]
    assert sizes == [None if gib is None else pytest.approx(gib, abs=0.01) for *_, gib in found]
    assert reasons == ()


def test_integrated_graphics_need_no_row_of_their_own():
    run = tools(rocm_smi=recorded("rocm-smi-desktop-with-integrated.json"))
    report = probe(no_nvml(), gpu_ids=table(), environ={}, run=run)
    assert [w for w in report.warnings if "Raphael" in w] == []
    assert any("Navi 21" in w and "gpus.csv" in w for w in report.warnings)


def test_recorded_arc_pro_b60_is_known_by_its_pci_id():
    listed = json.loads(recorded("xpu-smi-discovery-b60.json"))
    one = listed["device_list"][0]

    def run(command):
        if command[1] == "stats":
            return ToolFailedError("xpu-smi: permission denied")
        return one if "-d" in command else listed

    (gpu,), reasons, driver = other_gpus(table(), tools(xpu_smi=run))
    assert (gpu.product, reasons, driver.value) == ("Arc Pro B60", (), "7B7A46009E666C4D10E1134")
    assert gpu.memory_total_gib.value == pytest.approx(25669140480 / 1024**3)
    assert gpu.memory_free_gib.value == pytest.approx(25447600128 / 1024**3)


@pytest.mark.parametrize(
    ("record", "name", "product", "version"),
    [
        ("sycl-ls-b390.txt", "Intel(R) Arc(TM) B390 GPU", "", "1.15.38308+4"),
        ("sycl-ls-a770.txt", "Intel(R) Arc(TM) A770 Graphics", "Arc A770", "23.17.26241.33"),
    ],
)
def test_recorded_answers_of_sycl_ls(record, name, product, version):
    (gpu,), reasons, driver = other_gpus(table(), tools(sycl_ls=recorded(record)))
    assert (gpu.name, gpu.product, gpu.vendor) == (name, product, "Intel")
    assert (reasons, driver) == ((), Reading(version))
    assert gpu.memory_total_gib.value is None


def test_a_processor_alone_is_no_gpu():
    assert other_gpus(table(), tools(sycl_ls=recorded("sycl-ls-no-gpu.txt"))) == ((), (), None)


@pytest.mark.parametrize(
    ("record", "name"),
    [("system-profiler-m3-pro.json", "Apple M3 Pro"), ("system-profiler-m1.json", "Apple M1")],
)
def test_recorded_answers_of_apple(record, name):
    (gpu,), reasons, _ = other_gpus(table(), tools(system_profiler=recorded(record)))
    assert (gpu.name, gpu.product, gpu.vendor, reasons) == (name, name, "Apple", ())
    assert gpu.memory_total_gib.unit == "GiB, unified"


def test_a_chip_with_unified_memory_has_that_of_its_host():
    strix = {"card0": {"Card Series": "AMD Radeon 8060S Graphics",
                       "VRAM Total Memory (B)": str(512 * 1024**2)}}  # fmt: skip
    report = probe(
        no_nvml(), gpu_ids=table(), unified=load().unified_gpus, environ={},
        run=tools(rocm_smi=strix),
    )  # fmt: skip
    (gpu,) = report.gpus
    assert gpu.product == "Radeon 8060S"
    assert gpu.memory_total_gib == Reading(report.memory_gib, "GiB, unified")


def no_nvml():
    def no_driver():
        raise OSError("no library")

    return SimpleNamespace(nvmlInit=no_driver)


def test_no_tools_no_gpus():
    assert other_gpus(KNOWN, tools()) == ((), (), None)


@pytest.mark.parametrize("wrapped", [False, True])
def test_amd(wrapped):
    (gpu,), reasons, driver = other_gpus(
        KNOWN, tools(amd_smi=lambda c: {"gpu_data": amd(c)} if wrapped else amd(c)), first=3
    )
    assert (gpu.index, gpu.name, gpu.product, gpu.vendor) == (
        3,
        "AMD Instinct MI300X",
        "MI300X",
        "AMD",
    )
    assert gpu.memory_total_gib == Reading(196592 / 1024, "GiB")
    assert gpu.memory_free_gib.value == pytest.approx(196307 / 1024)
    assert gpu.power_watts == Reading(132.0, "W")
    assert (gpu.clock_mhz.value, gpu.temperature_c.value, gpu.utilisation.value) == (
        2100,
        41,
        0.25,
    )
    assert gpu.power_limit_watts == Reading(None, "W", "its tool does not tell")
    assert (reasons, driver) == ((), Reading("amdgpu 6.10.5"))


def test_older_amd_tool_stands_in_where_the_newer_fails():
    gpus, reasons, driver = other_gpus(
        KNOWN, tools(amd_smi=ToolFailedError("amd-smi did not answer"), rocm_smi=ROCM)
    )
    assert [c.name for c in gpus] == [
        "AMD Instinct MI210",
        "AMD Radeon RX 7900 XTX",
        "AMD Radeon RX 7900 XTX",
    ]
    first, second, _ = gpus
    assert (first.memory_total_gib.value, first.memory_free_gib.value) == (64.0, 48.0)
    assert (first.power_watts.value, first.power_limit_watts.value, first.clock_mhz.value) == (
        43.0,
        300.0,
        800.0,
    )
    assert (first.temperature_c.value, first.utilisation.value) == (38.0, 0.5)
    assert second.memory_total_gib.value is None
    assert (reasons, driver) == ((), Reading("amdgpu 6.2.4"))


def test_intel():
    (gpu,), _, driver = other_gpus(KNOWN, tools(xpu_smi=intel))
    assert (gpu.vendor, gpu.product) == ("Intel", "")
    assert (gpu.memory_total_gib.value, gpu.memory_free_gib.value) == (14.0, 13.0)
    assert (gpu.power_watts.value, gpu.utilisation.value) == (40.5, 0.07)
    assert driver == Reading("I915_23.10")


@pytest.mark.parametrize("in_a_list", [False, True])
def test_intel_s_tool_of_version_2_tells_by_tile(in_a_list):
    def run(command):
        if command[1] != "stats":
            return intel(command)
        by_tile = {"tile_0": {"avg": 1.0, "current": 1024.0}}
        now = {
            "device_index": 0,
            "memory": {"used_mib": by_tile},
            "power": {"gpu_power_w": by_tile},
        }
        return [now] if in_a_list else now

    (gpu,), reasons, _ = other_gpus(KNOWN, tools(xpu_smi=run))
    assert (gpu.memory_total_gib.value, gpu.memory_free_gib.value) == (14.0, 13.0)
    assert (gpu.power_watts.value, reasons) == (1024.0, ())


@pytest.mark.parametrize("none", [{"device_list": None}, []])
def test_intel_s_tool_that_finds_nothing_is_no_failure(none):
    assert other_gpus(KNOWN, tools(xpu_smi=none)) == ((), (), None)


def test_intel_without_rights_to_statistics():
    def run(command):
        return (
            ToolFailedError("xpu-smi: permission denied")
            if command[1] == "stats"
            else intel(command)
        )

    (gpu,), reasons, _ = other_gpus(KNOWN, tools(xpu_smi=run))
    assert gpu.memory_total_gib.value == 14.0
    assert gpu.memory_free_gib == Reading(None, "GiB", "its tool does not tell")
    assert reasons == ()


def test_apple_shares_the_machine_s_memory(monkeypatch):
    import psutil

    memory = SimpleNamespace(total=64 * 1024**3, available=40 * 1024**3)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    (gpu,), _, _ = other_gpus(KNOWN, tools(system_profiler=APPLE))
    assert (gpu.name, gpu.product, gpu.vendor) == ("Apple M3 Max", "Apple M3 Max", "Apple")
    assert gpu.memory_total_gib == Reading(64.0, "GiB, unified")
    assert gpu.power_watts.value is None


@pytest.mark.parametrize(
    "answer", ["", "not json", "[]", "[1]", '{"device_list": 3}', "null", "[" * 100_000, '{"a": 1}']
)
@pytest.mark.parametrize("tool", ["amd_smi", "rocm_smi", "xpu_smi", "system_profiler"])
def test_answers_of_another_form_are_a_reason_and_no_crash(tool, answer):
    gpus, reasons, _ = other_gpus(KNOWN, tools(**{tool: answer}))
    assert gpus == ()
    assert all("not readable" in r and "\n" not in r for r in reasons)


def test_in_the_report_and_its_warnings():
    report = probe(no_nvml(), gpu_ids=KNOWN, environ={}, run=tools(rocm_smi=ROCM))
    assert [c.index for c in report.gpus] == [0, 1, 2]
    assert report.driver == Reading("amdgpu 6.2.4")
    assert report.gpus_reason == ""
    assert any("GPU 0 is busy" in w for w in report.warnings)
    assert any("MI210" in w and "hardware.gpu" in w for w in report.warnings)
    failed = tools(amd_smi=ToolFailedError("amd-smi did not answer within 10 s"))
    report = probe(no_nvml(), gpu_ids=KNOWN, environ={}, run=failed)
    assert "no library" in report.gpus_reason
    assert "AMD GPU not readable: amd-smi did not answer within 10 s" in report.gpus_reason


def script(tmp_path, monkeypatch, text):
    file = tmp_path / "amd-smi"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


def test_a_real_program_is_run(tmp_path, monkeypatch):
    script(tmp_path, monkeypatch, "echo '[]'")
    assert run_tool(["amd-smi", "static"]) == "[]\n"


def test_a_program_that_fails_hangs_or_is_missing(tmp_path, monkeypatch):
    script(tmp_path, monkeypatch, "echo 'no device' >&2; exit 3")
    with pytest.raises(ToolFailedError, match="no device"):
        run_tool(["amd-smi"])
    script(tmp_path, monkeypatch, "exec sleep 5")
    monkeypatch.setattr(vendors, "TIMEOUT_SECONDS", 0.1)
    with pytest.raises(ToolFailedError, match="did not answer"):
        run_tool(["amd-smi"])
    with pytest.raises(FileNotFoundError):
        run_tool(["no-such-tool-here"])
