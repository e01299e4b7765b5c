"""One training run: does it fit, how fast is it, how long does it take, and how sure is that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from advisor.core.constants import GIB, Z80
from advisor.core.other_models import why_not_estimated
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.training import TrainingEstimate, TrainingMeasurement, TrainingRun
from advisor.estimate.training import (
    basis,
    coefficients,
    correction,
    experts,
    lengths,
    memory,
    objectives,
    plugged,
    remarks,
    spread,
    throughput,
    time,
)
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.inherit import inherited
from advisor.estimate.training.model_name import MULTILINGUAL, active_by_name, is_encoder_decoder
from advisor.estimate.training.shape import Shape, of_encoder_decoder, of_model, of_size

BASIS_TERM = "allocator and context"
"""What the basis that is asked for adds to the allocated memory."""


def estimate(
    run: TrainingRun, measured: Sequence[TrainingMeasurement] = (), without: str = ""
) -> TrainingEstimate:
    """Memory per GPU, speed of all GPUs, times, and whether it fits.

    `measured` are runs of the same kind on the same machine: they correct the estimate and narrow
    it, and batches are taken to be padded as theirs where that is not stated. `without`
    leaves a published source out of the fitted coefficients; only the back-test uses it. Unknown
    models or GPUs give unknown quantities with a reason, never an error.
    """
    k = coefficients.fitted(without)
    measured = inherited(run, measured)
    if run.padding_free is None and measured:
        like = measured[0].run
        run = replace(run, padding_free=like.padding_free, sorted_by_length=like.sorted_by_length)
    shape = shape_of(run)
    if shape is None:
        neither = f"neither architecture nor size of {run.model_name!r} is known"
        return _unknown(run, why_not_estimated(run.model_name) or neither)
    if is_unknown_method(run):
        return _unknown(run, f"what the method {run.method!r} trains is not known")
    if objectives.of(run).writes:
        return _unknown(
            run,
            f"{run.objective} writes answers between its steps, whose time and memory are not "
            "estimated; time a few steps of it instead",
        )
    terms = _terms(run, shape, k)
    whole = sum(terms.values())
    memory_gib = _memory(run, shape, terms, measured, k)
    speed = _speed(run, shape, measured, k)
    if not measured and not without:
        memory_gib, speed = _as_plugged(run, memory_gib, speed)
    allocated = {name: size for name, size in terms.items() if name != BASIS_TERM}
    fragments = basis.most_fragments_gib(run, allocated, k)
    return TrainingEstimate(
        run=run,
        fits=_verdict(run, terms, memory_gib, k),
        memory_gib=_reaching(memory_gib, fragments),
        tokens_per_second=speed,
        step_seconds=_step_seconds(run, speed),
        train_hours=_train_hours(run, shape, speed, k),
        terms=MappingProxyType(
            {name: value * memory_gib.likely / whole for name, value in terms.items()}
        ),
        notes=(
            *remarks.of_run(run),
            *remarks.of_experts(experts.in_16_bits(run, shape)),
            *remarks.of_allocator(fragments),
            *remarks.carried_over(run, measured),
        ),
    )


def _as_plugged(
    run: TrainingRun, memory_gib: Quantity, speed: Quantity
) -> tuple[Quantity, Quantity]:
    """Memory and speed, from a plug-in where one knows this run."""
    known_run = plugged.predicted(run)
    if known_run is None:
        return memory_gib, speed
    estimator, prediction = known_run
    if prediction.memory_gib is not None:
        memory_gib = plugged.quantity(estimator, prediction.memory_gib, memory_gib.unit)
    if prediction.tokens_per_second is not None:
        speed = plugged.quantity(estimator, prediction.tokens_per_second, speed.unit)
    return memory_gib, speed


METHODS = frozenset({"full", "lora", "qlora", "dora", "soft-prompt", "prefix", "ia3", "adapter"})
"""Methods whose trained parameters and operations are known; others must state the former."""


def is_unknown_method(run: TrainingRun) -> bool:
    """Whether neither the method nor the parameters it trains are known."""
    return run.method not in METHODS and run.trainable_params is None


def memory_shares(run: TrainingRun, shape: Shape, k: Coefficients) -> Mapping[str, float]:
    """What each term has of the memory on the run's own basis."""
    return _shares(_terms(run, shape, k))


def fixed_seconds(run: TrainingRun, without: str = "") -> float:
    """Start-up, loading, first steps and saving, in seconds; 0 for a model of unknown size."""
    shape = shape_of(run)
    return 0.0 if shape is None else time.fixed_seconds(run, shape, coefficients.fitted(without))


def speed_shares(run: TrainingRun, without: str = "") -> Mapping[str, float]:
    """What each term has of the time of a step; empty where the speed is unknown."""
    shape = shape_of(run)
    if shape is None or run.gpu is None:
        return {}
    return throughput.shares(run, run.gpu, shape, coefficients.fitted(without))


def shape_of(run: TrainingRun) -> Shape | None:
    """The model's sizes, exact or typical for its parameter count; None where neither is known, or
    its name is not that of a language model.
    """
    if run.model is not None:
        return of_model(run.model)
    if not run.params or why_not_estimated(run.model_name):
        return None
    if is_encoder_decoder(run.model_name):
        return of_encoder_decoder(run.params, MULTILINGUAL.search(run.model_name) is not None)
    active = run.active_params or active_by_name(run.model_name)
    return of_size(run.params, active, run.model_name)


def trained(run: TrainingRun) -> float:
    """Trained parameters: as stated, by formula, or typical of the size; 0 for a model of unknown
    size.
    """
    shape = shape_of(run)
    return 0.0 if shape is None else memory.trained_params(run, shape)


def _verdict(
    run: TrainingRun, terms: Mapping[str, float], memory_gib: Quantity, k: Coefficients
) -> str:
    """`fits` where even P90 of the process is below the free memory, `tight` where only the median
    is, else `no`.

    `memory_gib` is the estimate on the run's own basis: own runs that shift or narrow it do so here
    as well.
    """
    free = free_gib(run)
    high = memory_gib.range.p90
    if free is None or high is None:
        return "unknown"
    allocated = {name: value for name, value in terms.items() if name != BASIS_TERM}
    used = basis.needed_gib(allocated, k) * memory_gib.likely / sum(terms.values())
    if used > free:
        return "no"
    return "fits" if used * high / memory_gib.likely <= free else "tight"


def free_gib(run: TrainingRun) -> float | None:
    """Memory a process can have on the GPU, GiB; None where it is unknown.

    A GPU sold as n GB shows about n GiB less what the driver and error correction take.
    """
    if run.free_memory_gib is not None:
        return run.free_memory_gib
    return None if run.gpu is None else basis.usable_gib(run.gpu, coefficients.fitted())


def _terms(run: TrainingRun, shape: Shape, k: Coefficients) -> dict[str, float]:
    """Terms in GiB; what the basis adds to the allocated peak is a term of its own."""
    terms = _in_gib(memory.terms(run, shape, k))
    terms[BASIS_TERM] = basis.shown_gib(run, terms, k) - sum(terms.values())
    return terms


def _in_gib(terms: Mapping[str, float]) -> dict[str, float]:
    return {name: value / GIB for name, value in terms.items()}


def _lognormal(median: float, log_sd: float) -> Range:
    factor = math.exp(Z80 * log_sd)
    return Range(median / factor, median, median * factor)


def _reaching(modelled: Quantity, more: float) -> Quantity:
    """With a P90 that also doubts whether `more` is added; measured runs show whether it is."""
    middle = modelled.range.p50
    high = modelled.range.p90
    if modelled.basis is not Basis.MODELLED or not more or not middle or high is None:
        return modelled
    up = math.hypot(math.log(high / middle), math.log1p(more / middle))
    return replace(modelled, range=replace(modelled.range, p90=middle * math.exp(up)))


def _memory_of(shape: Shape, k: Coefficients) -> spread.Predict:
    """GiB of any run of a model of this shape."""
    return lambda run: sum(_terms(run, shape, k).values())


def _speed_of(shape: Shape, k: Coefficients) -> spread.Predict:
    """Real tokens per second of any run of a model of this shape."""

    def speed(run: TrainingRun) -> float | None:
        if run.gpu is None:
            return None
        seconds = throughput.micro_step_seconds(run, run.gpu, shape, k)
        return throughput.tokens_per_step(run) / seconds if seconds else None

    return speed


def _memory(
    run: TrainingRun,
    shape: Shape,
    terms: Mapping[str, float],
    measured: Sequence[TrainingMeasurement],
    k: Coefficients,
) -> Quantity:
    sources = []
    for m in measured:
        measured_shape = shape_of(m.run)
        if m.memory_gib is None or measured_shape is None:
            continue
        of_source = _terms(m.run, measured_shape, k)
        ratio = math.log(m.memory_gib / sum(of_source.values()))
        noise = math.hypot(
            correction.noise(run, m.run, k.repeat["memory"], "memory"), m.memory_doubt
        )
        shares = _shares(of_source)
        log_sd = spread.log_sd(m.run, "memory", shares, k, _memory_of(measured_shape, k))
        sources.append(correction.SourceRun(ratio, log_sd, shares, noise))
    shares = _shares(terms)
    log_sd = spread.log_sd(run, "memory", shares, k, _memory_of(shape, k))
    corrected = _corrected(sum(terms.values()), log_sd, shares, sources, k, "memory")
    return _told_apart(run, measured, corrected)


def _speed(
    run: TrainingRun, shape: Shape, measured: Sequence[TrainingMeasurement], k: Coefficients
) -> Quantity:
    if run.gpu is None:
        return Quantity.unknown("tokens/s", f"the GPU {run.gpu_name!r} is not in profiles/gpus")
    seconds = throughput.micro_step_seconds(run, run.gpu, shape, k)
    if seconds is None:
        return Quantity.unknown(
            "tokens/s", f"neither peak nor bandwidth of {run.gpu_name} is known"
        )
    median = throughput.tokens_per_step(run) / seconds
    sources = [s for m in measured if (s := _speed_of_source(run, m, k)) is not None]
    shares = throughput.shares(run, run.gpu, shape, k)
    doubt = spread.log_sd(run, "speed", shares, k, _speed_of(shape, k))
    log_sd = math.hypot(doubt, lengths.padding_doubt(run))
    corrected = _corrected(median, log_sd, shares, sources, k, "speed")
    return _told_apart(run, measured, corrected)


def _speed_of_source(
    target: TrainingRun, measured: TrainingMeasurement, k: Coefficients
) -> correction.SourceRun | None:
    """What a measured run says about the speed of the target run; None where it says nothing."""
    run = measured.run
    shape = shape_of(run)
    if measured.tokens_per_second is None or run.gpu is None or shape is None:
        return None
    seconds = throughput.micro_step_seconds(run, run.gpu, shape, k)
    if seconds is None:
        return None
    ratio = math.log(measured.tokens_per_second * seconds / throughput.tokens_per_step(run))
    noise = math.hypot(correction.noise(target, run, k.repeat["speed"]), measured.speed_doubt)
    shares = throughput.shares(run, run.gpu, shape, k)
    log_sd = spread.log_sd(run, "speed", shares, k, _speed_of(shape, k))
    return correction.SourceRun(ratio, log_sd, shares, noise)


def _shares(terms: Mapping[str, float]) -> dict[str, float]:
    whole = sum(terms.values())
    return {term: value / whole for term, value in terms.items()}


def _corrected(
    median: float,
    log_sd: float,
    shares: Mapping[str, float],
    sources: Sequence[correction.SourceRun],
    k: Coefficients,
    what: str,
) -> Quantity:
    unit = "GiB" if what == "memory" else "tokens/s"
    if not sources:
        return Quantity(
            _lognormal(median, log_sd),
            unit,
            Basis.MODELLED,
            coefficients.source(),
            coefficients.as_of(),
        )
    shift, left = correction.update(log_sd, shares, sources, what)
    corrected = _lognormal(median * math.exp(shift), math.hypot(left, k.hidden[what]))
    runs = "own run" if len(sources) == 1 else "own runs"
    return Quantity(
        corrected, unit, Basis.MEASURED, f"corrected by {len(sources)} {runs}", coefficients.as_of()
    )


def _told_apart(
    run: TrainingRun, measured: Sequence[TrainingMeasurement], corrected: Quantity
) -> Quantity:
    """A correction by runs on other GPUs, or of other objectives alone, is modelled: nothing like
    this run was measured.
    """
    alike = any(
        m.run.gpu_name == run.gpu_name and m.run.objective == run.objective for m in measured
    )
    if alike or corrected.basis is not Basis.MEASURED:
        return corrected
    others = {
        "on another GPU": all(m.run.gpu_name != run.gpu_name for m in measured),
        "of another objective": all(m.run.objective != run.objective for m in measured),
    }
    of_what = " and ".join(words for words, is_so in others.items() if is_so) or "of other kinds"
    source = f"{corrected.source} {of_what}"
    return replace(corrected, basis=Basis.MODELLED, source=source)


def _inverse(speed: Quantity, amount: float, fixed: float, unit: str) -> Quantity:
    """amount ÷ speed + fixed, in `unit`."""
    low = speed.range.p10
    mid = speed.range.p50
    high = speed.range.p90
    if low is None or mid is None or high is None:
        return Quantity.unknown(unit, speed.reason)
    times = Range(amount / high + fixed, amount / mid + fixed, amount / low + fixed)
    return replace(speed, range=times, unit=unit)


def _step_seconds(run: TrainingRun, speed: Quantity) -> Quantity:
    return _inverse(speed, throughput.tokens_per_step(run) * run.grad_accum, 0.0, "s")


def _train_hours(run: TrainingRun, shape: Shape, speed: Quantity, k: Coefficients) -> Quantity:
    steps = time.optimizer_steps(run)
    if steps is None:
        return Quantity.unknown("h", "the number of examples is unknown")
    tokens = steps * run.grad_accum * throughput.tokens_per_step(run)
    tokens += time.evaluation_tokens(run)
    hours = _inverse(speed, tokens / 3600.0, time.fixed_seconds(run, shape, k) / 3600.0, "h")
    return _doubted(hours, *lengths.mean_doubt(run))


def _doubted(quantity: Quantity, low: float, high: float) -> Quantity:
    """The quantity with a range that also covers a second factor from `low` to `high` at P10 and
    P90, independent of what made the range.
    """
    p10 = quantity.range.p10
    p50 = quantity.range.p50
    p90 = quantity.range.p90
    if p10 is None or p50 is None or p90 is None or low == high == 1.0:
        return quantity
    below = math.hypot(math.log(p50 / p10), math.log(low))
    above = math.hypot(math.log(p90 / p50), math.log(high))
    return replace(quantity, range=Range(p50 * math.exp(-below), p50, p50 * math.exp(above)))


def _unknown(run: TrainingRun, reason: str) -> TrainingEstimate:
    units = ("GiB", "tokens/s", "s", "h")
    memory_gib, speed, step, hours = (Quantity.unknown(u, reason) for u in units)
    return TrainingEstimate(run, "unknown", memory_gib, speed, step, hours)
