"""Which code measures which kind of trial; loads torch when the first trial needs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.session import Run
from advisor.calibrate.worker.stop import Stop
from advisor.core.experiment import ExperimentPlan, JsonObject, Trial

if TYPE_CHECKING:
    from advisor.calibrate.worker.device import Device
    from advisor.calibrate.worker.embedding import EndpointEmbedder

TINY: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "vocab_size": 64,
}
TINY |= {"num_attention_heads": 2, "num_key_value_heads": 2}
"""A model that costs nothing."""

THREADS = 1
"""On a CPU: one thread measures what a core does; two on a busy machine measure who waits for
whom.
"""


def runner(plan: ExperimentPlan, reporter: Reporter, folder: Path) -> Run:
    """The function that measures this plan's trials; the plan lies in `folder`."""
    if plan.kind == "prompts":
        return _asking(plan, folder)
    return _training(plan, reporter, folder)


def _asking(plan: ExperimentPlan, folder: Path) -> Run:
    from advisor.calibrate.embeddings import embedding_source
    from advisor.calibrate.judge import JudgeSpec
    from advisor.calibrate.quality_records import PromptsSpec
    from advisor.calibrate.worker.calls import Session, beside, session_for
    from advisor.calibrate.worker.endpoint import measure
    from advisor.calibrate.worker.judging import AnswerJudge

    sessions: list[Session] = []
    judge = JudgeSpec.from_json(plan.shared["judge"]) if plan.shared.get("judge") else None
    source = embedding_source(plan.shared)
    embeds = source.endpoint if source is not None else None
    beside_it: dict[tuple[str, str, str], Session] = {}

    def session_of(spec: PromptsSpec) -> Session:
        """Of the judge or of the embeddings, under the same limit of money."""
        key = (spec.url, spec.model, spec.key_env)
        if key not in beside_it:
            beside_it[key] = beside(sessions[0], spec, folder)
        return beside_it[key]

    def embedder_of(stop: Stop) -> EndpointEmbedder | None:
        if embeds is None:
            return None
        from advisor.calibrate.worker.embedding import EndpointEmbedder

        return EndpointEmbedder(embeds, session_of(embeds), stop)

    def run(trial: Trial, shared: JsonObject, reporter: Reporter, stop: Stop) -> JsonObject:
        if not sessions:
            spec = PromptsSpec.from_json(trial.spec)
            sessions.append(session_for(spec, folder, plan.max_usd, stop))
        marker = AnswerJudge(judge, session_of(judge.spec), stop) if judge else None
        return measure(trial, shared, reporter, stop, sessions[0], marker, embedder_of(stop))

    return run


def load_all(device: Device) -> None:
    """One step of a tiny adapted model: libraries that load on first use do so before the first
    reading of memory.
    """
    from advisor.calibrate.worker.adapters import adapt
    from advisor.calibrate.worker.architecture import blueprint
    from advisor.calibrate.worker.batches import TokenisedExample, collate
    from advisor.calibrate.worker.lean import import_transformers
    from advisor.calibrate.worker.loop import Trainer

    import_transformers()
    dtype = device.default_dtype()
    model = blueprint({"config": TINY}, 0, "sdpa").build(dtype, device.kind)
    model = adapt(model, "lora", rank=1)
    trainer = Trainer(model, device, dtype=dtype, optimizer="adamw", learning_rate=1e-4)
    for _ in range(2):
        trainer.step(iter([collate([TokenisedExample([1, 2, 3, 4])], device.kind)]))


def _training(plan: ExperimentPlan, reporter: Reporter, folder: Path) -> Run:
    """Trials of one process run here; others by processes of their own, so that this one never
    holds a GPU.
    """
    alone = None if all(_together(t) for t in plan.trials) else _alone(plan, reporter)

    def run(trial: Trial, shared: JsonObject, reporter: Reporter, stop: Stop) -> JsonObject:
        if alone is not None and not _together(trial):
            return alone(trial, shared, reporter, stop)
        from advisor.calibrate.worker.launcher import measure

        return measure(
            folder, plan.trial_digest(trial), int(trial.spec["processes"]), reporter, stop
        )

    return run


def _together(trial: Trial) -> bool:
    """Whether the trial's processes are started for it."""
    return bool(trial.spec.get("sharding", "none") != "none")


def _alone(plan: ExperimentPlan, reporter: Reporter) -> Run:
    import torch

    from advisor.calibrate.worker.device import Device
    from advisor.calibrate.worker.lean import leave_out_bitsandbytes

    torch.set_num_threads(THREADS)
    device = Device(plan.device)
    leave_out_bitsandbytes(trial.spec for trial in plan.trials)
    load_all(device)
    reporter.say("started", device=device.about())

    def run(trial: Trial, shared: JsonObject, reporter: Reporter, stop: Stop) -> JsonObject:
        torch.manual_seed(plan.seed)
        if trial.kind == "throughput":
            from advisor.calibrate.worker.throughput import measure

            return measure(trial, shared, reporter, stop, device)
        if trial.spec.get("method") == "encoder":
            from advisor.calibrate.worker.encoder import measure as classify

            return classify(trial, shared, reporter, stop, device)
        from advisor.calibrate.worker.quality import measure as train_and_score

        return train_and_score(trial, shared, reporter, stop, device)

    return run
