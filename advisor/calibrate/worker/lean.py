"""Imports without what training never uses."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from advisor.core.experiment import JsonObject


def import_transformers() -> None:
    """Load transformers' modelling code as if scipy were not installed.

    Its losses of object detection would load `scipy.optimize`, a sixth of the import. What loads
    scipy later finds it.
    """
    if any(name in sys.modules for name in ("scipy", "transformers.modeling_utils")):
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        import transformers.modeling_utils  # noqa: F401
    finally:
        del sys.modules["scipy"]


def leave_out_bitsandbytes(specs: Iterable[JsonObject]) -> None:
    """As if it were not installed, where no trial of these trains on 4-bit weights or with an 8-bit
    optimiser: peft would load it and with it torch's compiler, a third of the start.
    """
    if any(s.get("method") == "qlora" or "8bit" in (s.get("optimizer") or "") for s in specs):
        return
    sys.modules.setdefault("bitsandbytes", None)  # type: ignore[arg-type]
