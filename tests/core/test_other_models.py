"""Models of other kinds get no answer instead of that of a language model of their size."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.core.other_models import why_not_estimated
from advisor.estimate.training import estimate
from advisor.facts import load
from advisor.facts.config_model import model_of_config
from advisor.shipped import folder
from tests.estimate.training.catalogue import a_run

OTHERS = (
    *("FLUX.1-dev", "flux-12b", "stabilityai/stable-diffusion-xl-base-1.0", "SDXL", "sd3"),
    *("Wan2.1-T2V-14B", "HunyuanVideo-13B", "Qwen/Qwen-Image", "DiT-XL-2", "PixArt-Sigma"),
    *("openai/whisper-large-v3", "facebook/wav2vec2-base", "musicgen-large", "stable-audio-open"),
    *("google/vit-base-patch16-224", "ResNet-50", "yolov8n", "esm2_t33_650M_UR50D"),
)
LANGUAGE = ("stablelm-3b", "stable-code-3b", "hunyuan-7b", "Fluxor-7b", "taiwan-7b", "vita-7b")


@pytest.mark.parametrize("name", OTHERS)
def test_a_model_of_another_kind_gets_no_answer_but_a_way_out(name: str) -> None:
    with pytest.raises(UsageError, match="which is not estimated") as error:
        load().model(name)
    assert "\n" not in str(error.value)
    assert "time a few steps" in str(error.value)
    found = estimate(replace(a_run(), model=None, model_name=name, params=2e9))
    assert (found.fits, found.memory_gib.range.p50) == ("unknown", None)
    assert found.tokens_per_second.reason == why_not_estimated(name)


def test_language_models_are_not_taken_for_others() -> None:
    with (folder("profiles") / "models.csv").open(newline="", encoding="utf-8") as file:
        names = [
            n for row in csv.DictReader(file) for n in (row["model"], *row["aliases"].split(";"))
        ]
    assert len(names) > 500
    assert not [name for name in (*names, *LANGUAGE) if name and why_not_estimated(name)]


@pytest.mark.parametrize(
    "config", [{"_class_name": "FluxTransformer2DModel"}, {"model_type": "vit"}]
)
def test_a_configuration_of_another_kind_is_refused(config: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    sizes = {"hidden_size": 768, "num_hidden_layers": 12, "vocab_size": 1000}
    path.write_text(json.dumps({**sizes, **config}), encoding="utf-8")
    with pytest.raises(UsageError, match="which is not estimated"):
        model_of_config(path)
