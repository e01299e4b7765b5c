"""Turn many shared run records into rows of the table of published runs.

usage: python -m tools.reference_rows RECORD.json... > rows.csv

A record is what `advisor runs export` writes. Each trial that measured training on a known GPU is a
row; what a record does not say stays empty. Records that give no row are named on stderr. The rows
are read by `advisor backtest runs` and `advisor runs import`, and fitted by tools/fit_training.py.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from advisor import facts as tables
from advisor.calibrate.imports.columns import COLUMNS, as_cells
from advisor.calibrate.measurements import measurements
from advisor.core.errors import AdvisorError
from advisor.core.experiment import JsonObject
from advisor.core.facts import Gpu
from advisor.core.training import TrainingMeasurement
from advisor.facts import Facts
from advisor.travel.sealed import content_hash
from advisor.travel.taking_in import read_record

Cells = dict[str, str]


def rows(paths: Sequence[Path], facts: Facts, complaints: TextIO) -> Iterator[Cells]:
    """The rows of all records, the same trial once."""
    earlier_ids: set[str] = set()
    for path in paths:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            new = list(_rows_of(document, path.name, facts))
        except (OSError, ValueError, AttributeError, AdvisorError) as error:
            print(f"{path}: left out: {error}", file=complaints)
            continue
        if not new:
            print(f"{path}: left out: no training measured on a GPU of our tables", file=complaints)
        yield from (cells for cells in new if cells["id"] not in earlier_ids)
        earlier_ids |= {cells["id"] for cells in new}


def _rows_of(document: JsonObject, name: str, facts: Facts) -> Iterator[Cells]:
    record = read_record(document, name)
    gpu = next((g for g in facts.gpus if record.summary.device in g.driver_names), None)
    if gpu is None:
        return
    models = {model.name.lower(): model for model in facts.models}
    measured = measurements(record, gpu, models)
    for number, measurement in enumerate(measured):
        about = {
            "id": f"{content_hash(document)[:12]}-{number}",
            "source": f"run of advisor {record.digest}",
            "date": record.summary.started_at[:10],
        }
        yield as_cells({**about, **_cells(measurement, gpu)})


def _cells(measurement: TrainingMeasurement, gpu: Gpu) -> dict[str, str | float | None]:
    """A measurement by the columns of the table."""
    run = measurement.run
    return {
        "framework": run.framework,
        "model": run.model_name,
        "params_total": run.params,
        "method": run.method,
        "rank": run.rank if run.method != "full" else None,
        "targets": run.targets if run.method != "full" else None,
        "trainable_params": run.trainable_params,
        "quantization": run.quantization,
        "weights_dtype": run.dtype,
        "optimizer": run.optimizer,
        "packed": "yes" if run.packed else "no",
        "mean_tokens": run.mean_tokens,
        "max_tokens": run.seq_len,
        "micro_batch": run.micro_batch,
        "grad_accum": run.grad_accum,
        "checkpointing": run.checkpointing,
        "attention": run.attention,
        "gpu": gpu.name,
        "gpu_count": run.gpus,
        "sharding": run.sharding,
        "outcome": "ok",
        "memory_gib": measurement.memory_gib,
        "memory_basis": run.memory_basis if measurement.memory_gib is not None else None,
        "tokens_per_second": measurement.tokens_per_second,
        "tokens_basis": "real" if measurement.tokens_per_second is not None else None,
    }


def main() -> None:
    """Write the rows of the records named on the command line to stdout."""
    paths = [Path(name) for name in sys.argv[1:]]
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(paths, tables.load(), sys.stderr))


if __name__ == "__main__":
    main()
