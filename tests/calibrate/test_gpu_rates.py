"""What a device can do at most: a process of its own measures, the table of GPUs gets a row."""

import csv
import json

import pytest

from advisor.calibrate import gpu_rates
from advisor.cli.probe import gpu_row
from advisor.core.errors import UsageError
from advisor.core.probes import LocalGpu, Reading
from advisor.core.quantity import Basis
from advisor.facts import load
from advisor.facts.own_gpus import add_row

NOT_READ = Reading(None, "", "not asked")


def gpu(name="NVIDIA Zeta", total=24.0):
    return LocalGpu(
        0, name, "", Reading(total, "GiB"), NOT_READ, NOT_READ, NOT_READ, NOT_READ, NOT_READ
    )


def test_a_processor_is_measured_behind_the_interface_of_a_gpu():
    pytest.importorskip("torch")
    rates = gpu_rates.measure("cpu", seconds=0.05)
    for figure, unit in ((rates.bandwidth, "GB/s"), (rates.matrix_rate, "TFLOP/s")):
        assert (figure.basis, figure.unit) == (Basis.MEASURED, unit)
        assert 0 < figure.range.p10 <= figure.range.p50 <= figure.range.p90
    assert rates.most[0] >= rates.bandwidth.range.p90
    assert rates.most[1] >= rates.matrix_rate.range.p90
    assert "float32" in rates.matrix_rate.source


def test_a_gpu_that_torch_cannot_use_says_why(monkeypatch):
    monkeypatch.setattr(gpu_rates, "_answer", lambda *_: {"reason": "no CUDA GPU can be used"})
    rates = gpu_rates.measure("cuda")
    assert not rates.matrix_rate.range.is_known
    assert rates.bandwidth.reason == "no CUDA GPU can be used"
    assert gpu_row(gpu(), rates) is None


def measured(monkeypatch, dtype="bfloat16"):
    answer = {"bandwidth": [880.0, 900.0, 910.0, 915.0],
              "matrix_rate": [140.0, 150.0, 152.0, 153.5],
              "dtype": dtype, "side": 8192, "rounds": 40}  # fmt: skip
    monkeypatch.setattr(gpu_rates, "_answer", lambda *_: json.loads(json.dumps(answer)))
    return gpu_rates.measure("cuda", "GPU-1")


@pytest.mark.parametrize(("dtype", "bf16"), [("bfloat16", 153.5), ("float16", None)])
def test_the_row_of_an_unknown_gpu_is_read_back(tmp_path, monkeypatch, dtype, bf16):
    row = gpu_row(gpu(), measured(monkeypatch, dtype))
    assert row is not None
    add_row(tmp_path, row)
    known = load(tmp_path).gpu("NVIDIA Zeta")
    assert known.memory_gb == pytest.approx(24 * 1024**3 / 1e9, abs=0.01)
    assert known.bandwidth_gb_per_second == 915.0
    assert (known.bf16_tflops, known.fp16_tflops) == (bf16, 153.5)
    assert known.cited.source.startswith("advisor probe --measure")
    assert load(tmp_path).driver_names["NVIDIA Zeta"] == "NVIDIA Zeta"


def test_a_row_takes_the_place_of_an_older_one_and_leaves_others(tmp_path, monkeypatch):
    table = tmp_path / "gpus.csv"
    table.write_text("gpu,memory_gb,source,as_of,note\nMine,7,own,2026-01-01,kept\n")
    row = gpu_row(gpu(), measured(monkeypatch))
    add_row(tmp_path, row)
    add_row(tmp_path, row | {"memory_gb": "25"})
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["gpu"], r["memory_gb"]) for r in rows] == [("Mine", "7"), ("NVIDIA Zeta", "25")]
    assert rows[0]["note"] == "kept"
    assert [p.name for p in tmp_path.iterdir()] == ["gpus.csv"]


def test_a_folder_that_is_a_file_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "folder").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        add_row(tmp_path / "folder", gpu_row(gpu(), measured(monkeypatch)))
