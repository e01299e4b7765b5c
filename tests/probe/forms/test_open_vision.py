"""Tokens of pictures in open models, beside what transformers' own processors say."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from advisor.probe.forms.media import Medium, tokens_of
from advisor.probe.forms.open_vision import rule_of

pytest.importorskip("transformers")
pytest.importorskip("PIL")

SIDE = st.integers(1, 5000)


def qwen(patch, fewest, most):
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    processor = Qwen2VLImageProcessorPil(patch_size=patch, merge_size=2)
    bounds = {"min_pixels": fewest, "max_pixels": most}

    def count(width, height):
        try:
            return processor.get_number_of_image_patches(height, width, bounds) // 4
        except ValueError:  # too long a strip
            return None

    return count


def mistral(patch, longest):
    import numpy as np
    from transformers.models.pixtral.image_processing_pil_pixtral import (
        get_resize_output_image_size,
    )

    def count(width, height):
        picture = np.broadcast_to(np.zeros(1, dtype=np.uint8), (height, width, 3))
        high, wide = get_resize_output_image_size(
            picture, (longest, longest), (patch, patch), "channels_last"
        )
        return (wide // patch + 1) * (high // patch)

    return count


def internvl():
    from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

    processor = GotOcr2ImageProcessorPil(
        size={"height": 448, "width": 448}, crop_to_patches=True, min_patches=1, max_patches=12
    )
    sized = {"patch_size": processor.size}

    def count(width, height):
        return 2 + 256 * processor.get_number_of_image_patches(height, width, sized)

    return count


def llava_next():
    from types import SimpleNamespace

    from transformers.models.llava_next.processing_llava_next import LlavaNextProcessor

    processor = object.__new__(LlavaNextProcessor)
    processor.image_processor = SimpleNamespace(
        image_grid_pinpoints=[[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
    )
    processor.patch_size = 14
    processor.num_additional_image_tokens = 1
    return lambda w, h: processor._get_number_of_features(h, w, 336, 336) - 1


def split(longest, side, per_tile):
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    processor = Idefics3ImageProcessorPil(
        size={"longest_edge": longest}, max_image_size={"longest_edge": side}
    )

    def count(width, height):
        _, rows, columns = processor.get_number_of_image_patches(
            height, width, {"size": {"longest_edge": longest},
                            "max_image_size": {"longest_edge": side}})  # fmt: skip
        return per_tile + 3 + rows * (columns * (per_tile + 2) + 1)

    return count


THEIRS = {
    "qwen2.5-vl-7b-instruct": lambda: qwen(14, 3136, 12_845_056),
    "qwen3-vl-8b-instruct": lambda: qwen(16, 65_536, 16_777_216),
    "pixtral-12b-2409": lambda: mistral(16, 1024),
    "mistral-small-3.1-24b-instruct-2503": lambda: mistral(28, 1540),
    "internvl3-8b-hf": internvl,
    "llava-v1.6-mistral-7b-hf": llava_next,
    "idefics3-8b-llama3": lambda: split(1456, 364, 169),
    "smolvlm-instruct": lambda: split(1536, 384, 81),
    "smolvlm2-2.2b-instruct": lambda: split(2048, 512, 64),
}


@pytest.mark.parametrize("model", THEIRS)
@settings(max_examples=60, deadline=None)
@given(width=SIDE, height=SIDE)
@example(1, 1)
@example(4096, 4096)
@example(1024, 768)
@example(336, 336)
def test_a_picture_is_counted_as_its_processor_does(model, width, height):
    assert rule_of(model)(width, height) == THEIRS[model]()(width, height)


@pytest.mark.parametrize(("model", "tokens"), [
    ("google/gemma-3-27b-it", 256), ("unsloth/gemma-3n-E4B-it", 256),
    ("meta-llama/Llama-3.2-11B-Vision-Instruct", 1), ("llava-hf/llava-1.5-7b-hf", 576),
    ("google/paligemma2-3b-pt-448", 1024), ("Qwen/Qwen2.5-VL-7B-Instruct", 37 * 27),
    ("qwen2.5vl:7b", 37 * 27),
])  # fmt: skip
def test_names_as_people_write_them(model, tokens):
    assert tokens_of(Medium("picture", width=1024, height=768), model) == tokens


@pytest.mark.parametrize("model", [
    "meta-llama/Llama-3.1-8B", "google/gemma-3-1b-it", "microsoft/Phi-4-multimodal-instruct",
    "Qwen/Qwen3-8B", "Llama-3.2-1B", "gemma-3-270m",
])  # fmt: skip
def test_a_model_without_a_rule_counts_nothing(model):
    assert tokens_of(Medium("picture", width=1024, height=768), model) is None


def test_without_a_size_nothing_is_counted():
    assert tokens_of(Medium("picture"), "Qwen/Qwen2.5-VL-7B-Instruct") is None
