"""What the pictures of a vision-language model add to the estimate of its language model."""

from __future__ import annotations

import importlib

import pytest

from advisor.estimate.training import picture_remarks, shape_of
from advisor.estimate.training.towers import of_name
from tests.estimate.training.catalogue import a_run


@pytest.mark.parametrize(
    ("name", "params", "patches"),
    [
        ("Qwen/Qwen2-VL-7B-Instruct", 6.75e8, 4),
        ("Qwen2.5-VL-72B", 6.7e8, 4),
        ("Qwen3-VL-2B-Instruct", 4.15e8, 4),
        ("Qwen3-VL-30B-A3B", 5.67e8, 4),
        ("llava-hf/llava-1.5-7b-hf", 3.04e8, 1),
        ("OpenBMB/MiniCPM-V-2_6", 4.28e8, 16),
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


CLIP_LARGE = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24} | {
    "num_attention_heads": 16
}
SIGLIP_SO = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27} | {
    "num_attention_heads": 16
}
QWEN3_SMALL = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "depth": 24,
    "out_hidden_size": 2560,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "module", "built", "more"),
    [
        ("Qwen2-VL-7B", "qwen2_vl", "Qwen2VisionTransformerPretrained", {}),
        (
            "Qwen2.5-VL-7B",
            "qwen2_5_vl",
            "Qwen2_5_VisionTransformerPretrained",
            {"hidden_size": 1280, "intermediate_size": 3420},
        ),
        ("Qwen3-VL-8B", "qwen3_vl", "Qwen3VLVision", {}),
        ("Qwen3-VL-4B", "qwen3_vl", "Qwen3VLVision", QWEN3_SMALL),
        (
            "llava-1.5-7b",
            "clip",
            "CLIPVision",
            {**CLIP_LARGE, "image_size": 336, "patch_size": 14},
        ),
        ("Pixtral-12B", "pixtral", "PixtralVision", {}),
        ("InternVL2_5-8B", "internvl", "InternVLVision", {}),
        (
            "MiniCPM-V-2_6",
            "siglip",
            "SiglipVision",
            {**SIGLIP_SO, "image_size": 384, "patch_size": 14},
        ),
    ],
)
def test_towers_have_the_parameters_that_transformers_builds(
    name: str, module: str, built: str, more: dict[str, int]
) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    place = f"transformers.models.{module}"
    configs = importlib.import_module(f"{place}.configuration_{module}")
    config = next(getattr(configs, one) for one in dir(configs) if one.endswith("VisionConfig"))
    model = getattr(importlib.import_module(f"{place}.modeling_{module}"), f"{built}Model")
    with torch.device("meta"):
        params = sum(p.numel() for p in model(config(**more)).parameters())
    tower = of_name(name)
    assert tower is not None
    assert tower.params == pytest.approx(params, rel=0.03)
