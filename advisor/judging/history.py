"""Keeps what was judged: brief, probes and verdict."""

from __future__ import annotations

from pathlib import Path

from advisor.core.events import EventSink, StageEvent
from advisor.core.verdict import Verdict
from advisor.judging.surroundings import Surroundings


def remember(
    path: Path,
    surroundings: Surroundings,
    verdict: Verdict,
    events: EventSink,
    text: str | None = None,
) -> None:
    """Keep brief, probes and verdict in the local database; one that cannot be written draws a
    warning and stops nothing. `text` is the brief as judged, where it is not the file's.
    """
    from advisor.report import json
    from advisor.store import Store, StoreError

    try:
        with Store.open() as store:
            if surroundings.data is not None:
                store.save_probe(
                    "data", "; ".join(surroundings.data.files), json.dump(surroundings.data)
                )
            if surroundings.hardware is not None:
                store.save_probe(
                    "hardware", surroundings.hardware.platform, json.dump(surroundings.hardware)
                )
            brief_id = store.save_brief(
                path.read_text(encoding="utf-8") if text is None else text,
                path,
                name=verdict.name,
            )
            store.save_verdict(
                brief_id,
                json.render(verdict),
                verdict=verdict.verdict,
                arm=verdict.arm,
                p_best=verdict.p_best,
                as_of=verdict.as_of,
            )
    except StoreError as error:
        events(StageEvent("history", f"the verdict was not kept: {error}", is_warning=True))
