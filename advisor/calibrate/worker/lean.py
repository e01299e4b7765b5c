"""Imports without what training never uses."""

from __future__ import annotations

import sys


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
