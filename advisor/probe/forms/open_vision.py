"""Tokens of a picture in open models that see, by the rules of their own processors.

The rules are those of transformers 5.23.0 (`models/*/image_processing_*.py`, `processing_*.py`),
with the settings that each model is published with in its preprocessor_config.json: sizes in
pixels, tokens as placeholders in the row. A rule that is not here is unknown, not zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

Rule = Callable[[int, int], int | None]
"""(width, height) in pixels to tokens; None where the model refuses the size."""

STEEPEST = 200  # Qwen refuses a picture whose sides differ by more
LLAVA_SIDE = 336
LLAVA_PATCHES = 24  # per side of 336 pixels
LLAVA_CANVASES = ((336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008))  # height, width


@dataclass(frozen=True, slots=True)
class _MergedCells:
    """Qwen's rule: sides rounded to `cell`, a token per cell, pixels within two bounds."""

    cell: int
    fewest_pixels: int
    most_pixels: int

    def __call__(self, width: int, height: int) -> int | None:
        if max(width, height) > STEEPEST * min(width, height):
            return None
        across = round(width / self.cell)
        down = round(height / self.cell)
        if across * down * self.cell**2 > self.most_pixels:
            shrink = math.sqrt(width * height / self.most_pixels)
            across = max(1, math.floor(width / shrink / self.cell))
            down = max(1, math.floor(height / shrink / self.cell))
        elif across * down * self.cell**2 < self.fewest_pixels:
            grow = math.sqrt(self.fewest_pixels / (width * height))
            across = math.ceil(width * grow / self.cell)
            down = math.ceil(height * grow / self.cell)
        return across * down


@dataclass(frozen=True, slots=True)
class _CellRows:
    """Mistral's rule: shrunk to `longest`, a token per cell and one at the end of each row."""

    cell: int
    longest: int

    def __call__(self, width: int, height: int) -> int:
        shrink = max(1.0, width / self.longest, height / self.longest)
        if shrink > 1:
            width = math.floor(width / shrink)
            height = math.floor(height / shrink)
        across = (width - 1) // self.cell + 1
        return (across + 1) * ((height - 1) // self.cell + 1)


@dataclass(frozen=True, slots=True)
class _NearestGrid:
    """InternVL's rule: the grid of tiles nearest in shape, and the whole picture beside it."""

    side: int
    most: int
    per_tile: int

    def __call__(self, width: int, height: int) -> int:
        across, down = self._grid(width, height)
        tiles = across * down
        return 2 + self.per_tile * (tiles + 1 if tiles > 1 else 1)

    def _grid(self, width: int, height: int) -> tuple[int, int]:
        grids = [
            (across, down)
            for across in range(1, self.most + 1)
            for down in range(1, self.most + 1)
            if across * down <= self.most
        ]
        best = (1, 1)
        nearest = math.inf
        for across, down in sorted(grids, key=math.prod):
            apart = abs(width / height - across / down)
            is_as_near = apart == nearest
            is_filled = width * height > 0.5 * self.side**2 * across * down
            if apart < nearest or (is_as_near and is_filled):
                nearest = apart
                best = (across, down)
        return best


@dataclass(frozen=True, slots=True)
class _SplitPicture:
    """The rule of Idefics 3 and SmolVLM: enlarged to `longest`, cut into tiles, each with marks,
    and the whole picture beside them.
    """

    longest: int
    side: int
    per_tile: int

    def __call__(self, width: int, height: int) -> int:
        wide, high = self._enlarged(width, height)
        across = math.ceil(wide / self.side)
        down = math.ceil(high / self.side)
        whole = self.per_tile + 3
        if across * down == 1:
            return whole
        return whole + down * (across * (self.per_tile + 2) + 1)

    def _enlarged(self, width: int, height: int) -> tuple[int, int]:
        shape = width / height
        if width >= height:
            short = int(self.longest / shape)
            return self.longest, max(1, short + short % 2)
        short = int(self.longest * shape)
        return max(1, short + short % 2), self.longest


def _llava_next(width: int, height: int) -> int:
    """The canvas that keeps most of the picture, without its padding, a token at the end of each
    row, and the whole picture beside it.
    """
    high, wide = max(LLAVA_CANVASES, key=lambda canvas: _kept(width, height, *canvas))
    down = high // LLAVA_SIDE * LLAVA_PATCHES
    across = wide // LLAVA_SIDE * LLAVA_PATCHES
    if width / height > across / down:
        down -= (down - int(round(height * (across / width), 7))) // 2 * 2
    else:
        across -= (across - int(round(width * (down / height), 7))) // 2 * 2
    return across * down + down + LLAVA_PATCHES**2


def _kept(width: int, height: int, high: int, wide: int) -> tuple[int, int]:
    """Pixels of the picture that a canvas shows, and those it wastes, counted below zero."""
    scale = min(wide / width, high / height)
    visible = min(int(width * scale) * int(height * scale), width * height)
    return visible, visible - high * wide


def _always(tokens: int) -> Rule:
    return lambda width, height: tokens


_RULES: tuple[tuple[str, Rule], ...] = (
    (r"qwen-?2(\.5)?-?(vl|omni)|qvq", _MergedCells(28, 56 * 56, 12_845_056)),
    (r"qwen-?3-?(vl|omni)|qwen-?3\.5", _MergedCells(32, 256 * 256, 16_777_216)),
    (r"llama-?3\.2-?(11b|90b|vision)", _always(1)),  # the picture is read beside the text
    (r"gemma-?3n|gemma-?3-?(4|12|27)b", _always(256)),
    (r"paligemma.*-224", _always(256)),
    (r"paligemma.*-448", _always(1024)),
    (r"paligemma.*-896", _always(4096)),
    (r"pixtral-?12b", _CellRows(16, 1024)),
    (r"mistral-small-?(3\.[12]|2503|2506)|ministral-3", _CellRows(28, 1540)),
    (r"internvl-?(2|3)", _NearestGrid(448, 12, 256)),
    (r"llava-?(v?1\.6|next)", _llava_next),
    (r"llava-?v?1\.5", _always(LLAVA_PATCHES**2)),
    (r"idefics3", _SplitPicture(4 * 364, 364, 169)),
    (r"smolvlm2?-(256m|500m)|smolvlm2", _SplitPicture(2048, 512, 64)),
    (r"smolvlm", _SplitPicture(4 * 384, 384, 81)),
)
"""By what a model's name contains, the special before the general."""


def rule_of(name: str) -> Rule | None:
    """The rule of the model that a name (lower case, without its owner) means; None: unknown."""
    plain = re.sub(r"[\s_:]+", "-", name)
    return next((rule for pattern, rule in _RULES if re.search(pattern, plain)), None)
