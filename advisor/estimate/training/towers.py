"""Towers of vision-language models: what they add where pictures are trained on. The shapes of our
table are those of the language models alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from advisor.core.constants import GIB
from advisor.core.format import decimal, share
from advisor.core.training import TrainingRun
from advisor.estimate.training.shape import Shape
from advisor.estimate.training.throughput import matmul_flops_per_token


@dataclass(frozen=True, slots=True)
class Tower:
    """A vision tower: its parameters, and patches that it reads per token of a picture."""

    params: float
    patches: float


TOWERS = (
    (r"qwen2-?vl|qvq", Tower(6.75e8, 4.0)),
    (r"qwen2\.5-?(?:vl|omni)", Tower(6.7e8, 4.0)),
    (r"qwen3-?(?:vl|omni)-[24]b", Tower(4.15e8, 4.0)),
    (r"qwen3-?(?:vl|omni)", Tower(5.67e8, 4.0)),
    (r"llava-(?:v?1\.[56]|next)", Tower(3.04e8, 1.0)),
    (r"pixtral", Tower(4.0e8, 1.0)),
    (r"internvl[\d._-]*(?:1|2|4|8|9|14)b", Tower(3.0e8, 4.0)),
    (r"minicpm-?v", Tower(4.28e8, 16.0)),
)
"""By name, with the parameters that transformers builds (a test counts them) and the patches of
their papers: Qwen2-VL (arXiv 2409.12191) and Qwen2.5-VL (arXiv 2502.13923), whose four patches are
one token; Qwen3-VL, SigLIP 2 Large and So400m with mergers of three layers (arXiv 2511.21631);
LLaVA 1.5, CLIP ViT-L/14 with 576 patches and tokens (arXiv 2310.03744); Pixtral (arXiv 2410.07073);
InternVL 2.5, InternViT-300M (arXiv 2412.05271); MiniCPM-V, So400m with 64 tokens of 1,024 patches
(arXiv 2408.01800).
"""


def of_name(name: str) -> Tower | None:
    """The tower of a vision-language model, by its name; None of others and unknown ones."""
    return next((tower for named, tower in TOWERS if re.search(named, name.lower())), None)


def is_alone(run: TrainingRun) -> bool:
    """Whether only the language model of a vision-language model is estimated."""
    return run.model is not None and run.model.name.endswith("(text)")


def remarks(run: TrainingRun, name: str, shape: Shape) -> tuple[str, ...]:
    """What pictures add to an estimate of the language model alone: memory, and time per token of a
    picture (2 operations per parameter and patch, forward, against those of the language model).
    """
    tower = of_name(name)
    if tower is None and not is_alone(run):
        return ()
    if tower is None:
        return (
            "if it is trained on pictures: add their tokens to --mean-tokens; the memory and time "
            "of its vision tower are not known here",
        )
    more = 2.0 * tower.params * tower.patches / matmul_flops_per_token(run, shape)
    return (
        "if it is trained on pictures: add their tokens to --mean-tokens; its frozen vision tower "
        f"takes about {decimal(2.0 * tower.params / GIB)} GiB more in 16 bits, and its pass adds "
        f"about {share(more)} to the time of each token of a picture",
    )
