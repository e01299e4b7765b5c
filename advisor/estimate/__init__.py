"""Estimates: memory, throughput, time, cost and quality of every option. Pure.

The package can be called, because `from advisor import estimate` is the function of the Python
interface: a package and a function of one name cannot stand side by side.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class CallablePackage(ModuleType):
    """This package, which is also `advisor.interface.estimate`."""

    def __call__(self, run: Any, /, **flags: Any) -> Any:
        """Memory, speed, time and cost of one training run: `advisor.interface.estimate`."""
        return import_module("advisor.interface").estimate(run, **flags)


sys.modules[__name__].__class__ = CallablePackage
