"""Fit the constants of the training estimator on a table of published runs and write
profiles/training.toml.

usage: python tools/fit_training.py RUNS.csv [--output profiles/training.toml]

Constants start from values that physics or a library's documentation gives, with a stated doubt,
and move only where runs of several sources pull them (maximum a posteriori, robust loss, every
source about equally heavy). The fit is repeated without each source in turn; those constants serve
the back-test of that source and nothing else. Spreads come from the errors on sources left out.
Needs scipy.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize

from advisor.backtest.runs_table import RunRow, read, to_run
from advisor.core.training import TrainingRun
from advisor.estimate import training
from advisor.estimate.training import memory, spread, throughput
from advisor.estimate.training.shape import Shape
from advisor.facts import load

Floats = NDArray[np.float64]

MEMORY = {  # start, doubt in logarithms
    "norm": (13.0, 0.15),  # bytes per hidden value kept by two RMS norms that compute in fp32
    "mlp": (1.0, 0.10),
    "adapter_input": (2.0, 0.20),  # an adapter keeps its input in 16 bits
    "stored": (0.95, 0.10),
    "work": (1.1, 0.15),  # one layer computed again, and the gradients of its parts
    "work_fsdp_adapter": (1.8, 0.15),
    "quantized_input": (
        3.5,
        0.20,
    ),  # bitsandbytes keeps inputs of its matrices, mostly cast to fp32
    "quantized_kept": (1.1, 0.15),
    "head": (15.0, 0.20),
    "selective": (0.4, 0.20),
    "unsloth_kept": (0.35, 0.20),  # boundaries are offloaded
    "logits.no": (10.5, 0.10),  # 2 in 16 bits, 4 as fp32, 4 of their gradient
    "logits.kernel": (4.9, 0.10),
    "logits.projection": (1.0, 0.20),
    "logits.yes": (2.1, 0.20),
    "gathered": (2.5, 0.25),  # the layer in use and the next one
    "gathered_head": (3.0, 0.20),
    "zero_buckets_gib": (3.0, 0.30),  # DeepSpeed: buckets of 5e8 values to reduce and to gather
    "optimizer_temporary": (0.97, 0.05),  # AdamW over tensor lists copies the values once
    "constant_gib": (0.5, 0.40),
    "active": (1.01, 0.02),
    "reserved": (1.10, 0.04),
    "context_gib": (0.6, 0.20),
    "unstated": (1.12, 0.04),
    "offload_kept": (0.15, 0.30),
    "longest_over_mean": (3.0, 0.08),
}

SPEED = {  # start, doubt in the constant's own unit
    "eff_balance": (-0.25, 0.08),
    "launch_sharded": (0.4, 0.25),
    "efficiency.default": (-0.38, 0.2),
    "efficiency.Ampere": (-0.38, 0.1),
    "efficiency.Ada": (-0.35, 0.1),
    "efficiency.Hopper": (-0.3, 0.1),
    "efficiency.Blackwell": (-0.3, 0.1),
    "efficiency.Turing": (-0.9, 0.2),
    "efficiency.Volta": (-0.7, 0.2),
    "efficiency.CDNA2": (-0.7, 0.2),
    "efficiency.CDNA3": (-0.7, 0.2),
    "efficiency.CDNA4": (-0.8, 0.2),
    "efficiency.Gaudi": (-0.7, 0.2),
    "eff_fp8": (0.4, 0.12),
    "eff_other_method": (-0.2, 0.15),
    "eff_moe": (-0.6, 0.15),
    "eff_moe_width": (0.3, 0.1),
    "eff_tuned_stack": (0.0, 0.1),
    "eff_unsloth": (0.1, 0.1),
    "eff_padding": (-0.1, 0.08),
    "eff_nodes": (-0.04, 0.02),
    "traffic": (1.0, 0.3),
    "traffic_adapter": (1.0, 0.5),
    "traffic_compiled": (0.6, 0.15),
    "attention.default": (0.35, 0.08),
    "attention.Ampere": (0.5, 0.08),
    "attention.Hopper": (0.35, 0.06),
    "attention.Blackwell": (0.35, 0.06),
    "attention.Ada": (0.45, 0.08),
    "attention.eager": (0.25, 0.05),
    "context_parallel": (0.1, 0.08),
    "tensor_exposed": (0.5, 0.2),
    "pipeline_bubble": (0.04, 0.03),
    "launch_per_layer": (-6.2, 0.3),
    "launch_adapter": (0.4, 0.2),
    "launch_quantized": (0.4, 0.2),
    "launch_moe": (2.2, 0.4),  # plain PyTorch goes through the experts one by one, or not
    "launch_moe_fused": (
        0.5,
        0.4,
    ),  # router, sort, exchange and unsort beside the matrices of the experts
    "eff_quantized": (-0.1, 0.1),
    "eff_nodes_moe": (-0.06, 0.04),
    "dequantize.nf4": (6.0, 2.0),
    "dequantize.gptq4": (15.0, 8.0),
    "dequantize.int8": (20.0, 10.0),
    "optimizer_bytes": (16.0, 5.0),
    "optimizer_bytes_loops": (45.0, 10.0),
    "link_nvlink": (4.8, 0.3),
    "link_pcie": (1.6, 0.3),
    "link_nodes": (4.0, 0.5),  # 8 adapters of 200 to 400 Gbit/s for 8 cards
    "overlap": (3.5, 0.7),
    "link_offload": (2.1, 0.4),
    "unhidden": (0.2, 0.1),
}
NOT_NEGATIVE = ("traffic", "attention", "dequantize", "optimizer", "unhidden", "tensor")

GIVEN = {
    "tflops_per_gb": 0.16,  # dense 16-bit TFLOPS per GB/s: A100 0.153, RTX 4090 0.164
    # of the printed GB, in GiB: what the driver leaves; 79.1 of 80, 23.65 of 24
    "usable_memory": 0.985,
    "start_seconds": 25.0,
    "compile_seconds": 60.0,
}


@dataclass(frozen=True)
class Case:
    """A run, its inputs and what was measured."""

    row: RunRow
    run: TrainingRun
    shape: Shape
    measured: float

    @property
    def source(self) -> str:
        return self.row.text("source")


def cases(path: Path, column: str) -> list[Case]:
    """The finished, unsuspicious rows that report `column`."""
    facts = load()
    models = {m.name: m for m in facts.models}
    gpus = {g.name: g for g in facts.gpus}
    found = []
    for row in read(path):
        value = row.number(column)
        if not value or row.text("suspect") == "yes" or row.text("outcome") != "ok":
            continue
        run = to_run(row, models, gpus)
        shape = training.shape_of(run)
        if shape is not None:
            found.append(Case(row, run, shape, value))
    return found


@dataclass(frozen=True)
class Problem:
    """One fit: names, starts, doubts, whether constants are fitted as logarithms, and the model of
    a case.
    """

    start: Floats
    doubt: Floats
    names: tuple[str, ...]
    logarithmic: bool
    softness: float
    noise: float
    predict: Callable[[Mapping[str, float], Case], float]

    def constants(self, x: Floats) -> dict[str, float]:
        values = np.exp(x) if self.logarithmic else x
        return {
            **GIVEN,
            **{name: float(value) for name, value in zip(self.names, values, strict=True)},
        }

    def errors(self, x: Floats, rows: list[Case]) -> Floats:
        """log(predicted ÷ measured) of every case."""
        k = self.constants(x)
        return np.array([math.log(max(self.predict(k, c), 1e-9) / c.measured) for c in rows])

    def fit(self, rows: list[Case], start: Floats, rounds: int) -> Floats:
        """The constants that the cases and the starting values together make likeliest."""
        count = Counter(c.source for c in rows)
        careful = {"A": 1.0, "B": 1.0}
        weight = np.array(
            [careful.get(c.row.text("trust"), 0.65) / (count[c.source] + 8) ** 0.5 for c in rows]
        )
        weight *= math.sqrt(200 / len(rows)) / weight.mean()

        def residuals(x: Floats) -> Floats:
            e = self.errors(x, rows)
            soft = (
                self.softness
                * np.sign(e)
                * np.sqrt(2 * (np.sqrt(1 + (e / self.softness) ** 2) - 1))
            )
            return np.concatenate([weight * soft / self.noise, (x - self.start) / self.doubt])

        bounded = [not self.logarithmic and n.startswith(NOT_NEGATIVE) for n in self.names]
        low = np.where(bounded, 0.0, -np.inf)
        begin = np.maximum(start, low + 1e-3)
        solved = least_squares(
            residuals, begin, bounds=(low, np.inf), x_scale=self.doubt, max_nfev=rounds
        )
        return np.asarray(solved.x)


def memory_problem() -> Problem:
    """Peak memory on the row's own basis."""

    def predict(k: Mapping[str, float], case: Case) -> float:
        allocated = sum(memory.terms(case.run, case.shape, k).values()) / memory.GIB
        return memory.on_basis(allocated, case.run.memory_basis, k)

    start = np.log([v for v, _ in MEMORY.values()])
    return Problem(
        start, np.array([d for _, d in MEMORY.values()]), tuple(MEMORY), True, 0.15, 0.12, predict
    )


def speed_problem() -> Problem:
    """Tokens per second of the whole machine on the row's own basis."""

    def predict(k: Mapping[str, float], case: Case) -> float:
        assert case.run.gpu is not None
        seconds = throughput.micro_step_seconds(case.run, case.run.gpu, case.shape, k)
        assert seconds is not None
        return throughput.tokens_per_step(case.run) / seconds

    start = np.array([v for v, _ in SPEED.values()])
    return Problem(
        start, np.array([d for _, d in SPEED.values()]), tuple(SPEED), False, 0.25, 0.2, predict
    )


def left_out(
    problem: Problem, rows: list[Case], rounds: int = 10
) -> tuple[dict[str, dict[str, float]], Floats]:
    """Constants of all rows ("") and without each source; errors of each row under the constants
    without its source.
    """
    everything = problem.fit(rows, problem.start, rounds)
    found = {"": problem.constants(everything)}
    errors = np.zeros(len(rows))
    for source in sorted({c.source for c in rows}):
        others = [c for c in rows if c.source != source]
        x = problem.fit(others, everything, rounds // 2)
        found[source] = problem.constants(x)
        mine = [i for i, c in enumerate(rows) if c.source == source]
        errors[mine] = problem.errors(x, [rows[i] for i in mine])
    return found, errors


def spreads(
    what: str, rows: list[Case], errors: Floats, without: str, goal: float = 0.845
) -> dict[str, float]:
    """Standard deviations by cause that make the errors likeliest (Laplace), scaled so that 80 %
    intervals hold.

    Every source weighs the same; the errors of the source `without` are not looked at.
    """
    large = {source for source, n in Counter(c.source for c in rows).items() if n >= 3}
    keep = [i for i, c in enumerate(rows) if c.source != without and c.source in large]
    count = Counter(rows[i].source for i in keep)
    weight = np.array([1 / (count[rows[i].source] + 2) for i in keep])
    weight /= weight.sum()
    e = np.abs(errors[keep])
    causes = np.array([[spread.causes(rows[i].run, what)[c] for c in spread.CAUSES] for i in keep])

    def width(x: Floats) -> Floats:
        return np.asarray(np.sqrt(causes @ np.exp(2 * x)))

    def cost(x: Floats) -> float:
        s = width(x)
        return float(
            weight @ (np.log(s) + math.sqrt(2) * e / s) + 0.002 * np.sum((x - math.log(0.12)) ** 2)
        )

    x = minimize(cost, np.full(len(spread.CAUSES), math.log(0.12)), method="L-BFGS-B").x
    ratio = e / (spread.Z80 * width(x))
    order = np.argsort(ratio)
    covered = np.cumsum(weight[order])
    scale = float(ratio[order][np.searchsorted(covered, goal)])
    names = (f"spread_{what}.{cause}" for cause in spread.CAUSES)
    return {name: float(math.exp(v) * scale) for name, v in zip(names, x, strict=True)}


def repeats(what: str, rows: list[Case], errors: Floats) -> dict[str, float]:
    """How log errors differ between runs of one set-up, as standard deviations: typically, and at
    80 %.

    Most runs repeat within a few per cent; now and then something differs that no column tells. The
    first weighs a measured run, the second widens the range after it.
    """
    groups: dict[tuple[str, ...], list[float]] = {}
    for case, error in zip(rows, errors, strict=True):
        groups.setdefault(case.row.kind, []).append(error)
    deviations = [abs(e - float(np.median(v))) for v in groups.values() if len(v) > 2 for e in v]
    typical, wide = np.quantile(deviations, [0.5, 0.8])
    return {f"repeat.{what}": float(typical / 0.6745), f"hidden.{what}": float(wide / spread.Z80)}


def text(about: Mapping[str, str], tables: Mapping[str, Mapping[str, float]]) -> str:
    """The profile as TOML; a table `without` a source states only what differs from that of all."""
    lines = ["[about]", *(f'{key} = "{value}"' for key, value in about.items())]
    common = tables[""]
    for source, constants in tables.items():
        lines += ["", f'["without {source}"]' if source else "[all]"]
        for name, value in sorted(constants.items()):
            if not source or f"{value:.4g}" != f"{common[name]:.4g}":
                lines.append(f"{name} = {float(f'{value:.4g}')!r}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit memory, then speed, then the spreads of both; write the profile."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path)
    parser.add_argument("--output", type=Path, default=Path("profiles/training.toml"))
    given = parser.parse_args()
    tables: dict[str, dict[str, float]] = {"": {}}
    newest = ""
    for what, column, problem in (
        ("memory", "memory_gib", memory_problem()),
        ("speed", "tokens_per_second", speed_problem()),
    ):
        rows = [
            c
            for c in cases(given.runs, column)
            if what == "memory"
            or (c.run.gpu is not None and throughput.peak_tflops(c.run.gpu, c.run, GIVEN))
        ]
        found, errors = left_out(problem, rows)
        newest = max(newest, *(c.row.text("date") for c in rows))
        for source, constants in found.items():
            own = {
                **constants,
                **spreads(what, rows, errors, source),
                **repeats(what, rows, errors),
            }
            tables.setdefault(source, dict(tables[""]) if source else {}).update(own)
    sources = len([s for s in tables if s])
    about = {
        "source": f"fitted on published runs of {sources} sources, checked on sources left out",
        "as_of": newest,
    }
    given.output.write_text(text(about, tables), encoding="utf-8")


if __name__ == "__main__":
    main()
