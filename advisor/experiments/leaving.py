"""What a prompt run sends to an endpoint, and whether it may."""

from __future__ import annotations

from collections import Counter

from advisor.calibrate.embeddings import batches, embedded_texts, embedding_source
from advisor.calibrate.quality import CHARACTERS_PER_TOKEN
from advisor.calibrate.quality_records import PromptsSpec, Workload
from advisor.core.brief import Brief
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, JsonObject
from advisor.core.format import count, plural
from advisor.endpoint.address import address_of
from advisor.endpoint.client import ChatForm
from advisor.endpoint.embeddings import embedding_body
from advisor.endpoint.exchange import body_bytes


def leaving(plan: ExperimentPlan) -> list[str]:
    """What leaves this machine, in words: items, rows, passages, and the kinds of personal data in
    them.
    """
    shared = plan.shared
    rows = "training rows, some of them" if _shows_rows(plan) else ""
    parts = [f"{count(len(shared['items']))} test items"]
    if shared.get("development"):
        parts.append(f"{count(len(shared['development']))} development items")
    if rows:
        parts.append(f"{count(len(shared['train']))} {rows}")
    if shared.get("passages"):
        parts.append(f"{count(len(shared['passages']))} passages of documents")
    kinds = personal_kinds(plan)
    personal = ", ".join(f"{kind} in {count(rows)} rows" for kind, rows in kinds.items())
    size = requests_leaving(plan)
    return [
        f"leaves this machine: {size}: {', '.join(parts)}",
        *([f"with {personal}"] if personal else []),
    ]


def requests_leaving(plan: ExperimentPlan) -> str:
    """How many requests go out with how many bytes, in words.

    Expected, as the answers of a search decide what it asks next: characters of the prompts, by
    the bytes that a character of these rows takes in JSON, and what surrounds a prompt.
    """
    specs = [PromptsSpec.from_json(trial.spec) for trial in plan.trials]
    texts = [text for item in plan.shared["items"] for text in item[:2]]
    per_character = body_bytes({"": "".join(texts)}) / max(sum(map(len, texts)), 1)
    calls = 0.0
    size = 0.0
    for spec in specs:
        work = spec.expected or Workload()
        empty = ChatForm(spec.model, spec.max_tokens).body([{"role": "user", "content": ""}])
        calls += work.calls
        size += work.read_tokens * CHARACTERS_PER_TOKEN * per_character
        size += work.calls * body_bytes(empty)
    judged = ", and as many to the judge with the answers" if plan.shared.get("judge") else ""
    return f"about {size:,.0f} bytes in {calls:,.0f} requests{judged}{_embeddings_leaving(plan)}"


def _embeddings_leaving(plan: ExperimentPlan) -> str:
    """The texts that are embedded, with the exact bytes of their requests, in words."""
    source = embedding_source(plan.shared)
    if source is None or source.endpoint is None:
        return ""
    texts = embedded_texts(plan)
    bodies = [embedding_body(source.name, batch) for batch in batches(texts)]
    size = sum(map(body_bytes, bodies))
    return (
        f", and {size:,} bytes in {plural(len(bodies), 'request')} to {source.endpoint.url} for "
        f"the embeddings of {plural(len(texts), 'text')}"
    )


def personal_kinds(plan: ExperimentPlan) -> Counter[str]:
    """How many of the texts that a plan sends hold which kind of personal data or secret."""
    from advisor.probe.statistics.privacy import kinds_by_row

    shared = plan.shared
    rows = [*shared["items"], *shared["train"]]
    texts = [f"{row[0]}\n{row[1]}" for row in rows] + list(shared.get("passages", ()))
    return Counter(kind for _, kind in kinds_by_row(texts))


def _shows_rows(plan: ExperimentPlan) -> bool:
    return any(trial.spec.get("shown") or trial.spec.get("forms") for trial in plan.trials)


def check_may_leave(
    plan: ExperimentPlan, brief: Brief | None, url: str, *, send_anyway: bool = False
) -> None:
    """Raises UsageError where the brief forbids that rows go to another machine, or where they
    hold personal data; nothing is sent before.
    """
    addresses = {"--url": url}
    addresses |= {f"--{name}-url": str(spec["url"]) for name, spec in _specs_beside(plan).items()}
    away = next(((name, to) for name, to in addresses.items() if not address_of(to).is_local), None)
    if send_anyway or away is None:
        return
    if brief is not None and not brief.policy.data_may_leave:
        reason = "the brief says policy.data_may_leave = false"
    elif brief is not None and brief.data.sensitive:
        reason = "the brief says data.sensitive = true"
    else:
        kinds = personal_kinds(plan)
        if not kinds:
            return
        named = ", ".join(f"{kind} in {count(rows)} rows" for kind, rows in kinds.items())
        reason = f"the rows hold personal data or secrets ({named})"
    raise UsageError(
        f"{' '.join(away)}: {reason}, so they stay on this machine; use a local endpoint, or "
        "--send-anyway, which names what leaves"
    )


def _specs_beside(plan: ExperimentPlan) -> dict[str, JsonObject]:
    """The endpoints beside the one that is measured, by the beginning of their options."""
    judge = plan.shared.get("judge")
    source = embedding_source(plan.shared)
    specs = {"judge": judge["spec"]} if judge else {}
    if source is not None and source.endpoint is not None:
        specs["embedding"] = source.endpoint.to_json()
    return specs


def is_price_known(plan: ExperimentPlan) -> bool:
    """Whether the price of every call is known, or none is charged: an endpoint of this
    machine.
    """
    specs = [*(trial.spec for trial in plan.trials), *_specs_beside(plan).values()]
    return all(
        spec.get("input_usd") is not None or address_of(spec["url"]).is_local for spec in specs
    )


def unknown_price(plan: ExperimentPlan, model: str) -> str:
    """What is asked before money of an unknown amount is spent."""
    calls = sum(trial.spec["expected"]["calls"] for trial in plan.trials)
    return f"the price of {model} is not known; about {calls:,.0f} calls would be paid for"
