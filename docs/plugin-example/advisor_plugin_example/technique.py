"""Step-back prompting: ask for the principle first, then for the answer: two calls per request."""

from __future__ import annotations

from advisor.core.plugins import PluggedTechnique
from advisor.core.techniques import prompt

STEP_BACK = PluggedTechnique(
    prompt("step-back", 0, "chain-of-thought", calls=2.0),
    "Zheng et al., Take a Step Back, 2023 (arXiv:2310.06117)",
    "2023-10-09",
)
