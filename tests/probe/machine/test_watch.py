"""The live view: what it shows, and that it fits."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.probes import HardwareReport, LocalGpu, Reading
from advisor.probe.machine.watch import COURSE, STEPS, Watch, line

AT = datetime(2026, 11, 20, 9, 30, 5)
NO = Reading(None, "", "not readable: lost")


def gpu(index, free=6.0, use=0.5, name="NVIDIA L40S"):
    return LocalGpu(
        index, name, "L40S", Reading(48.0, "GiB"), Reading(free, "GiB"),
        Reading(175.0, "W"), Reading(350.0, "W"),
        Reading(2520, "MHz"), Reading(61, "°C"), utilisation=Reading(use, "share"),
    )  # fmt: skip


def machine(*gpus, use=0.25):
    return HardwareReport(
        gpus, "" if gpus else "no driver", NO, NO, "cpu", 4, 32.0, 24.0, 100.0, "Linux",
        processor_use=Reading(use, "share"),
    )  # fmt: skip


def test_readings_and_their_course():
    watch = Watch()
    for use in (0.0, 0.5, 1.0):
        report = machine(gpu(0, use=use))
        watch.add(report)
    lines = watch.screen(report, AT, 80, 24)
    assert "09:30:05" in lines[0]
    assert "reading 3" in lines[0]
    (busy,) = [text for text in lines if text.startswith("  busy")]
    assert busy.split() == ["busy", "100", "%", STEPS[0] + STEPS[4] + STEPS[7]]
    assert any("42.0 of 48.0 GiB" in text for text in lines)
    assert any("175 W of 350 W" in text and STEPS[4] in text for text in lines)
    assert any("8.0 of 32.0 GiB" in text for text in lines)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (10, 3), (200, 60)])
def test_fits_whatever_the_window(width, height):
    watch, report = Watch(), machine(*(gpu(i, name="x" * 300) for i in range(8)))
    for _ in range(COURSE + 50):
        watch.add(report)
    lines = watch.screen(report, AT, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    if height == 24:
        assert any("more GPUs" in text for text in lines)
    if height == 60:
        assert not any("more GPUs" in text for text in lines)


def test_a_lost_reading_is_a_gap_and_a_question_mark():
    watch, good = Watch(), gpu(0)
    lost = replace(good, utilisation=NO, memory_free_gib=NO, power_watts=NO)
    for held in (good, lost, good, lost):
        watch.add(machine(held))
    (busy,) = [t for t in watch.screen(machine(lost), AT, 80, 24) if t.startswith("  busy")]
    assert "?" in busy
    assert busy.endswith(f"{STEPS[4]} {STEPS[4]}")


def test_without_a_gpu_it_says_why():
    watch = Watch()
    watch.add(machine())
    assert "no GPU: no driver" in watch.screen(machine(), AT, 80, 24)


def test_one_line():
    said = line(machine(gpu(1)), AT)
    assert said == (
        "2026-11-20T09:30:05; processor 25 %; memory 8.0 of 32.0 GiB; "
        "GPU 1 50 %, 42.0 of 48.0 GiB, 175 W, 61 °C"
    )


@given(st.text(max_size=60))
def test_what_a_driver_says_cannot_steer_the_terminal(name):
    watch = Watch()
    report = machine(gpu(0, name=name))
    watch.add(report)
    assert all(text.isprintable() for text in watch.screen(report, AT, 80, 24))
