"""Counts the parameters of rows of profiles/models.csv on the meta device, without weights.

    python tools/count_models.py                 compare every row with what transformers builds
    python tools/count_models.py --fill FILE     print the rows of FILE (columns of models.csv) with
                                                 the counted columns filled in

Needs torch and transformers (pip install "prompt-or-tune[calibrate]").
"""

from __future__ import annotations

import argparse
import csv
import sys
from datetime import date
from pathlib import Path
from typing import Any

from advisor.calibrate.throughput import architecture_of
from advisor.calibrate.worker.architecture import blueprint
from advisor.facts import load
from advisor.facts.models import model_of_row
from advisor.facts.table import FactRow

TABLE = Path(__file__).parents[1] / "profiles" / "models.csv"
COUNTED = ("params", "active_params", "embedding_params", "expert_params")


def counts(model: Any) -> dict[str, int]:
    """Parameters of a model of the table: all, those a token passes, token table, experts."""
    import torch

    plan = blueprint(architecture_of(model), 0, "sdpa")
    with torch.device("meta"):
        built = plan.kind(plan.config)
    built.tie_weights()
    experts = sum(
        p.numel()
        for name, p in built.named_parameters()
        if ".experts." in name and "shared" not in name
    )
    idle = experts - experts * model.experts_per_token // max(model.experts, 1)
    table = built.get_input_embeddings().weight.numel()
    total = plan.params()
    return dict(zip(COUNTED, (total, total - idle, table, experts), strict=True))


def fill(path: Path) -> None:
    """Print the rows of `path` with counts and the way they were checked."""
    import torch
    import transformers

    with TABLE.open(encoding="utf-8", newline="") as lines:
        columns = next(csv.reader(lines))
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    how = (
        f"counted on the meta device {date.today()} (transformers {transformers.__version__}, "
        f"torch {torch.__version__.partition('+')[0]})"
    )
    with path.open(encoding="utf-8", newline="") as lines:
        for number, cells in enumerate(csv.DictReader(lines), 2):
            row = {name: cells.get(name, "") for name in columns}
            placeholders = row | dict.fromkeys(COUNTED, "1")  # a count of 0 is refused
            counted = counts(model_of_row(FactRow(path, number, placeholders)))
            filled = {name: str(value) if value else "" for name, value in counted.items()}
            writer.writerow(row | filled | {"verified": how})


def compare() -> int:
    """Print the rows whose parameters differ from what is built; returns how many there are."""
    wrong = 0
    for model in load().models:
        built = counts(model)["params"]
        if built != model.params:
            wrong += 1
            print(f"{model.name}: {model.params:,} in the table, {built:,} built")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fill", type=Path)
    arguments = parser.parse_args()
    if arguments.fill:
        fill(arguments.fill)
    else:
        sys.exit(compare())
