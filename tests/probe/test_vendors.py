"""GPUs of AMD, Intel and Apple.

The answers are made by hand in the shape of the tools' documentation.
"""

import json
import stat
from types import SimpleNamespace

import pytest

from advisor.core.probes import Reading
from advisor.probe import vendors
from advisor.probe.hardware import probe
from advisor.probe.vendors import ToolFailedError, other_gpus, run_tool

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
    def no_driver():
        raise OSError("no library")

    report = probe(
        SimpleNamespace(nvmlInit=no_driver), gpu_ids=KNOWN, environ={}, run=tools(rocm_smi=ROCM)
    )
    assert [c.index for c in report.gpus] == [0, 1, 2]
    assert report.driver == Reading("amdgpu 6.2.4")
    assert report.gpus_reason == ""
    assert any("GPU 0 is busy" in w for w in report.warnings)
    assert any("MI210" in w and "hardware.gpu" in w for w in report.warnings)
    failed = tools(amd_smi=ToolFailedError("amd-smi did not answer within 10 s"))
    report = probe(SimpleNamespace(nvmlInit=no_driver), gpu_ids=KNOWN, environ={}, run=failed)
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
