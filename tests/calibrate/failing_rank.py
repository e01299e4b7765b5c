"""One process of several, of which the second has no memory left and the others wait for it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from advisor.calibrate.worker import rank


def measured(*_: object) -> dict:
    if os.environ["RANK"] == "1":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    time.sleep(600)
    return {}


if __name__ == "__main__":
    rank._measured = measured
    sys.exit(rank.main(Path(sys.argv[1]), sys.argv[2]))
