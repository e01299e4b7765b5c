"""How fast an encoder reads: on a CPU at its arithmetic, on GPUs at a share of the rated one.

Formula: docs/reference/formulas.md#serving.
"""

from __future__ import annotations

from advisor.core.figure import Figure
from advisor.core.quantity import Basis
from advisor.estimate.ledger import Ledger
from advisor.estimate.roofline import FORWARD_OPERATIONS, rated_operations


def is_encoder(ledger: Ledger) -> bool:
    """Whether the option's model reads and writes nothing."""
    return ledger.setting.is_encoder(ledger.option.model)


def reading_speed(ledger: Ledger) -> Figure | None:
    """Tokens per second that the machines of the option read; None where too little is known of
    the GPUs.
    """
    if ledger.option.serving.place.is_cpu:
        return cpu_speed(ledger, FORWARD_OPERATIONS)
    rated = rated_operations(ledger, ledger.setting.gpu, float(ledger.brief.hardware.count))
    if rated is None:
        return None
    source = "encoders in batches at 10 to 45 % of rated arithmetic; planning range"
    share = ledger.assumed("encoder.arithmetic_share", 0.1, 0.25, 0.45, "share", source)
    return rated * share / (FORWARD_OPERATIONS * _params(ledger))


def cpu_speed(ledger: Ledger, operations: float) -> Figure:
    """Tokens per second on a CPU, at so many operations per parameter and token: 6 to train, 2 to
    read.
    """
    source = "4 to 8 server cores in fp32 at a third of peak: vendor data sheets"
    rate = ledger.assumed("cpu.gflops", 50, 150, 400, "GFLOP/s", source)
    return rate * 1e9 / (operations * _params(ledger))


def _params(ledger: Ledger) -> Figure:
    model = ledger.setting.model(ledger.option.model)
    assert model is not None
    cited = model.cited
    return ledger.sheet.exact(
        "model.active_params",
        model.active_params,
        "parameters",
        Basis.PUBLISHED,
        cited.source,
        cited.as_of,
    )
