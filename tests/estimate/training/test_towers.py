"""What the pictures of a vision-language model add to the estimate of its language model."""

from __future__ import annotations

import pytest

from advisor.estimate.training import picture_remarks, shape_of
from advisor.estimate.training.towers import of_name
from tests.estimate.training.catalogue import a_run


@pytest.mark.parametrize(
    ("name", "params", "patches"),
    [
        ("Qwen/Qwen2-VL-7B-Instruct", 6.75e8, 4),
        ("Qwen2.5-VL-72B", 6.7e8, 4),
        ("Qwen3-VL-2B-Instruct", 3e8, 4),
        ("Qwen3-VL-30B-A3B", 4e8, 4),
        ("llava-hf/llava-1.5-7b-hf", 3.04e8, 1),
        ("OpenBMB/MiniCPM-V-2_6", 4e8, 16),
        ("OpenGVLab/InternVL2_5-8B", 3e8, 4),
    ],
)
def test_towers_by_name(name: str, params: float, patches: float) -> None:
    tower = of_name(name)
    assert tower is not None
    assert (tower.params, tower.patches) == (params, patches)


def test_a_tower_is_said_in_memory_and_time() -> None:
    """By hand: 2 bytes × 6.7e8 are 1.2 GiB; 2 × 6.7e8 × 4 operations are 12 to 13 % of 6 × 7.1e9
    less what the head does not repeat.
    """
    run = a_run("Qwen2.5-VL-7B", checkpointing="full")
    shape = shape_of(run)
    assert shape is not None
    (remark,) = picture_remarks(run, "Qwen2.5-VL-7B-Instruct", shape)
    assert "about 1.2 GiB more" in remark
    assert "about 13%" in remark.replace("\u202f", "").replace(" %", "%")
    (unknown,) = picture_remarks(a_run("Llama-3.2-11B-Vision"), "Llama-3.2-11B-Vision", shape)
    assert "not known" in unknown
    assert picture_remarks(a_run("Llama-3.1-8B"), "Llama-3.1-8B", shape) == ()
