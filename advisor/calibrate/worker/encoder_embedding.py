"""Embeddings by an encoder's weights on this machine; nothing leaves it, and none is paid for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from advisor.calibrate.worker.device import Device
from advisor.calibrate.worker.stop import Stop
from advisor.calibrate.worker.weights import most_tokens

AT_ONCE = 32
MOST_TOKENS = 512
"""Of a text: as long as passages are, and as most encoders were trained on."""

POOLING = Path("1_Pooling") / "config.json"
"""Where sentence-transformers state how the vectors of a text's tokens become one."""


@dataclass(slots=True)
class LocalEmbedder:
    """An encoder whose vectors of a text's tokens become one: their mean, or, where its folder says
    so, the vector of the first token.
    """

    model: Any
    tokenizer: Any
    stop: Stop
    first_token: bool = False
    vectors: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: str, device: Device, stop: Stop) -> LocalEmbedder:
        """The encoder of a local folder: safetensors only, no code of its own, no network."""
        import torch
        from transformers import AutoModel, AutoTokenizer

        local = {"local_files_only": True, "trust_remote_code": False}
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        model = AutoModel.from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, **local
        )
        return cls(model.to(device.kind).eval(), tokenizer, stop, _by_first_token(Path(folder)))

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """The embeddings of texts, of shape (texts, dimensions), each row of length 1.

        Raises Stopped between batches.
        """
        missing = sorted({text for text in texts if text not in self.vectors}, key=len)
        for start in range(0, len(missing), AT_ONCE):
            self.stop.check()
            batch = missing[start : start + AT_ONCE]
            self.vectors |= zip(batch, self._embedded(batch), strict=True)
        return np.stack([self.vectors[text] for text in texts])

    def _embedded(self, batch: list[str]) -> np.ndarray:
        import torch

        tokens = self.tokenizer(
            batch,
            padding=True,
            truncation=True,
            max_length=most_tokens(self.model, self.tokenizer, MOST_TOKENS),
            return_tensors="pt",
        ).to(self.model.device)
        with torch.no_grad():
            states = self.model(**tokens).last_hidden_state
        if self.first_token:
            pooled = states[:, 0]
        else:
            mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
            pooled = (states * mask).sum(1) / mask.sum(1)
        return np.asarray(torch.nn.functional.normalize(pooled.double(), dim=-1).cpu().numpy())


def _by_first_token(folder: Path) -> bool:
    """Whether the folder says so, as those of sentence-transformers do; else the mean is taken."""
    try:
        stated = json.loads((folder / POOLING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(isinstance(stated, dict) and stated.get("pooling_mode_cls_token"))
