"""The hardware probe on replayed NVML readings, so that every branch runs without a GPU."""

from types import SimpleNamespace

import pytest

from advisor.core.constants import GIB
from advisor.core.probes import Reading
from advisor.probe.hardware import probe
from advisor.probe.show_machine import hardware_lines

KNOWN = {
    "NVIDIA GeForce RTX 4090": "RTX 4090",
    "NVIDIA GeForce RTX 4060": "RTX 4060",
    "NVIDIA H100 80GB HBM3": "H100-SXM",
}


class NvmlError(Exception):
    """Stands for the binding's error."""


def gpu(name, total, free, *, processes=(), mig=0, slices=(), **more):
    return {
        "name": name, "total": total * GIB, "free": free * GIB, "processes": processes,
        "mig": mig, "slices": slices,
        "power": 68_512, "limit": 450_000, "clock": 2520, "temperature": 41, "busy": 3,
    } | more  # fmt: skip


class Replay:
    """Answers as a driver did; a missing reading raises as the binding does, and so does a lost
    GPU.
    """

    NVML_CLOCK_SM, NVML_TEMPERATURE_GPU = 1, 0

    def __init__(self, *gpus, lost_after=None):
        self.gpus, self.asked, self.lost_after = gpus, 0, lost_after
        self.running = False

    def _reading(self, handle, key):
        self.asked += 1
        if self.lost_after is not None and self.asked > self.lost_after:
            raise NvmlError("GPU is lost")
        if handle.get(key) is None:
            raise NvmlError("Not Supported")
        return handle[key]

    def nvmlInit(self):  # noqa: N802
        self.running = True

    def nvmlShutdown(self):  # noqa: N802
        self.running = False

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return "570.133.20"

    def nvmlSystemGetCudaDriverVersion_v2(self):  # noqa: N802
        return 12080

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self.gpus[index]

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return self._reading(handle, "name")

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        return self._reading(handle, "uuid")

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        return SimpleNamespace(
            total=self._reading(handle, "total"), free=self._reading(handle, "free")
        )

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        return self._reading(handle, "power")

    def nvmlDeviceGetEnforcedPowerLimit(self, handle):  # noqa: N802
        return self._reading(handle, "limit")

    def nvmlDeviceGetClockInfo(self, handle, kind):  # noqa: N802
        return self._reading(handle, "clock")

    def nvmlDeviceGetNvLinkState(self, handle, link):  # noqa: N802
        links = self._reading(handle, "links")
        if link >= len(links):
            raise NvmlError("Invalid Argument")
        return links[link]

    def nvmlDeviceGetTemperature(self, handle, sensor):  # noqa: N802
        return self._reading(handle, "temperature")

    def nvmlDeviceGetUtilizationRates(self, handle):  # noqa: N802
        return SimpleNamespace(gpu=self._reading(handle, "busy"), memory=0)

    def nvmlDeviceGetComputeRunningProcesses(self, handle):  # noqa: N802
        return [
            SimpleNamespace(pid=p, usedGpuMemory=m) for p, m in self._reading(handle, "processes")
        ]

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle):  # noqa: N802
        return [
            SimpleNamespace(pid=p, usedGpuMemory=m) for p, m in self._reading(handle, "processes")
        ]

    def nvmlDeviceGetMigMode(self, handle):  # noqa: N802
        mode = self._reading(handle, "mig")
        return [mode, mode]

    def nvmlDeviceGetMaxMigDeviceCount(self, handle):  # noqa: N802
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle, index):  # noqa: N802
        if index >= len(handle["slices"]):
            raise NvmlError("Not Found")
        return handle["slices"][index]


def look(*gpus, environ=None, **more):
    nvml = Replay(*gpus, **more)
    report = probe(nvml, gpu_ids=KNOWN, environ=environ or {})
    assert not nvml.running  # shut down whatever happened
    return report


def test_a_free_gpu_of_24_gib():
    report = look(gpu("NVIDIA GeForce RTX 4090", 24, 23.5, uuid="GPU-1"))
    (found,) = report.gpus
    assert (found.name, found.product, found.index, found.hidden) == (
        "NVIDIA GeForce RTX 4090",
        "RTX 4090",
        0,
        False,
    )
    assert found.memory_total_gib == Reading(24.0, "GiB")
    assert found.memory_free_gib == Reading(23.5, "GiB")
    assert found.power_watts == Reading(68.512, "W")
    assert found.power_limit_watts == Reading(450.0, "W")
    assert found.clock_mhz == Reading(2520, "MHz")
    assert found.temperature_c == Reading(41, "°C")
    assert found.utilisation == Reading(0.03, "share")
    assert found.mig.value == "off"
    assert (report.driver.value, report.cuda.value) == ("570.133.20", "12.8")
    assert report.warnings == ()


def test_a_busy_gpu_is_noticed_and_its_program_listed_once():
    report = look(
        gpu("NVIDIA GeForce RTX 4090", 24, 6, processes=((4_000_001, 18 * GIB), (4_000_002, None)))
    )
    assert [(p.pid, p.memory_gib) for p in report.gpus[0].processes] == [
        (4_000_001, 18.0),
        (4_000_002, None),
    ]
    assert "busy" in report.warnings[0]
    assert "6.0 GiB free" in report.warnings[0]


def test_links_between_gpus():
    report = look(
        gpu("NVIDIA H100 80GB HBM3", 80, 80, links=[1] * 17 + [0]),
        gpu("NVIDIA GeForce RTX 4060", 8, 8),
    )
    assert [c.nvlink for c in report.gpus] == [
        Reading(17, "links"),
        Reading(None, "links", "not readable: Not Supported"),
    ]
    assert report.gpus[0].memory_clock_mhz == Reading(2520, "MHz")
    assert any("17 links up" in line for line in hardware_lines(report))


def test_an_unknown_or_similar_name_is_not_guessed():
    report = look(gpu("NVIDIA GeForce RTX 4090 D", 24, 24), gpu("NVIDIA GeForce RTX 4060", 8, 7.7))
    assert [c.product for c in report.gpus] == ["", "RTX 4060"]
    assert any("RTX 4090 D" in w and "hardware.gpu" in w for w in report.warnings)


def test_a_split_gpu_shows_its_slices():
    part = gpu("NVIDIA H100 80GB HBM3 MIG 3g.40gb", 39.5, 39)
    report = look(gpu("NVIDIA H100 80GB HBM3", 79.6, 79, mig=1, slices=(part, part), power=None))
    (found,) = report.gpus
    assert [s.memory_free_gib.value for s in found.slices] == [39.0, 39.0]
    assert found.power_watts == Reading(None, "W", "not readable: Not Supported")
    assert any("MIG" in w for w in report.warnings)


@pytest.mark.parametrize("readings", range(14))
def test_a_driver_lost_midway_leaves_reasons_and_not_zeros(readings):
    report = look(gpu("NVIDIA GeForce RTX 4090", 24, 23.5, uuid="GPU-1"), lost_after=readings)
    (found,) = report.gpus
    for reading in (
        found.memory_total_gib,
        found.memory_free_gib,
        found.power_watts,
        found.temperature_c,
    ):
        assert reading.value or "lost" in reading.reason


def test_no_driver_says_why():
    def fail():
        raise NvmlError("NVML Shared Library Not Found")

    report = probe(SimpleNamespace(nvmlInit=fail), gpu_ids=KNOWN, environ={})
    assert report.gpus == ()
    assert "Not Found" in report.gpus_reason
    assert report.cores >= 1
    assert 0 < report.memory_free_gib <= report.memory_gib


@pytest.mark.parametrize(
    ("visible", "seen"),
    [
        ("0,1", [0, 1]),
        ("1", [1]),
        ("", []),
        ("-1", []),
        ("GPU-b", [1]),
        ("0,9,1", [0]),
        ("GPU-x,0", []),
    ],
)
def test_hidden_gpus(visible, seen):
    gpus = [gpu("NVIDIA GeForce RTX 4090", 24, 24, uuid=f"GPU-{c}") for c in "ab"]
    report = look(*gpus, environ={"CUDA_VISIBLE_DEVICES": visible})
    assert [c.index for c in report.gpus if not c.hidden] == seen


@pytest.mark.parametrize(
    ("visible", "gpus", "slices"),
    [
        ("MIG-2", [0], [1]),
        ("MIG-3,MIG-1", [0, 1], [0, 2]),
        ("GPU-a", [0], [0, 1]),
        ("MIG-GPU-a/7/0", [0], [0, 1]),
        ("MIG-9", [], []),
    ],
)
def test_slices_named_by_their_ids_are_seen_and_the_others_hidden(visible, gpus, slices):
    parts = [gpu("NVIDIA H100 80GB HBM3 MIG 3g.40gb", 39.5, 39, uuid=f"MIG-{n}") for n in (1, 2, 3)]
    split = [
        gpu("NVIDIA H100 80GB HBM3", 79.6, 79, mig=1, uuid="GPU-a", slices=parts[:2]),
        gpu("NVIDIA H100 80GB HBM3", 79.6, 79, mig=1, uuid="GPU-b", slices=parts[2:]),
    ]
    report = look(*split, environ={"CUDA_VISIBLE_DEVICES": visible})
    assert [c.index for c in report.gpus if not c.hidden] == gpus
    held = [part for found in report.gpus for part in found.slices]
    assert [at for at, part in enumerate(held) if not part.hidden] == slices


def test_the_order_of_mixed_gpus_is_doubted():
    gpus = [gpu("NVIDIA GeForce RTX 4090", 24, 24), gpu("NVIDIA GeForce RTX 4060", 8, 8)]
    assert any(
        "PCI_BUS_ID" in w for w in look(*gpus, environ={"CUDA_VISIBLE_DEVICES": "0"}).warnings
    )
    ordered = {"CUDA_VISIBLE_DEVICES": "0", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert not any("PCI_BUS_ID" in w for w in look(*gpus, environ=ordered).warnings)


def test_software_is_read_without_importing_it():
    import subprocess
    import sys

    code = (
        "from advisor.probe.hardware import probe; probe(); "
        "import sys; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_shown_in_80_columns_with_what_a_driver_says_made_safe():
    report = look(
        gpu("Evil\x1b[31m GPU", 24, 6, processes=((4_000_001, None),)),
        gpu("NVIDIA GeForce RTX 4060", 8, 8),
    )
    lines = list(hardware_lines(report))
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "\x1b" not in text
    assert "6.0 of 24.0 GiB free" in text


def test_a_gpu_with_unified_memory_has_that_of_the_host() -> None:
    """NVML on DGX Spark answers Not Supported for memory (XuehaiPan/nvitop issue 208)."""
    spark = gpu("NVIDIA GB10", 0, 0) | {"total": None, "free": None}
    report = probe(Replay(spark), gpu_ids={"NVIDIA GB10": "GB10"}, unified={"GB10"}, environ={})
    (found,) = report.gpus
    assert found.memory_total_gib == Reading(report.memory_gib, "GiB, unified")
    assert found.memory_free_gib == Reading(report.memory_free_gib, "GiB, unified")
    assert not any("not in the table" in warning for warning in report.warnings)


def test_a_gpu_of_no_table_that_has_no_memory_of_its_own_may_share_it() -> None:
    strange = gpu("NVIDIA Zeta", 0, 0) | {"total": None, "free": None}
    report = look(strange)
    assert "may share the memory of the host" in report.gpus[0].memory_total_gib.reason
    (warning,) = report.warnings
    assert "gpus.csv" in warning
    assert '"NVIDIA Zeta","NVIDIA Zeta",?' in warning


def test_the_row_to_add_is_a_row_of_the_table(tmp_path) -> None:
    from advisor.facts import load

    report = look(gpu("NVIDIA Zeta", 24, 23.5))
    (warning,) = report.warnings
    columns = warning.partition("columns ")[2].partition(", such")[0]
    row = warning.partition("such as ")[2].partition("; or")[0]
    (tmp_path / "gpus.csv").write_text(f"{columns}\n{row}\n")
    gpus = load(tmp_path)
    assert gpus.gpu("NVIDIA Zeta").memory_gb == 26
    assert gpus.driver_names["NVIDIA Zeta"] == "NVIDIA Zeta"


def test_memory_that_cannot_be_read_of_a_gpu_with_its_own_stays_unknown() -> None:
    broken = gpu("NVIDIA GeForce RTX 4090", 0, 0) | {"total": None, "free": None}
    assert look(broken).gpus[0].memory_total_gib == Reading(
        None, "GiB", "not readable: Not Supported"
    )
