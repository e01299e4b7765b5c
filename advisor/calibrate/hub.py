"""Weights by their name on the Hugging Face hub, or in a local folder: safetensors, settings and
tokenizer, no code.
"""

from __future__ import annotations

import importlib
import io
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from advisor.calibrate.embeddings import embedding_source
from advisor.calibrate.model_folder import checked_config, model_folder, reads_only
from advisor.calibrate.protocol import Event
from advisor.calibrate.quality_records import ModelWeights
from advisor.core.constants import GIB
from advisor.core.errors import Cancelled, MissingExtra, UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import ExperimentPlan, JsonObject

WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
UNWANTED = ("*/*", "consolidated*.safetensors", "adapter_*")
"""Nothing that can run code; of the top folder only; no second copy of the weights and no
adapter.
"""

SAY_EVERY_SECONDS = 0.5
SHORTER = 33
"""Of the 40 digits of a commit, what a line to read leaves out."""

_HUB_NAME = re.compile(r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>[\w./-]+))?")


def weights(model: str) -> ModelWeights:
    """What identifies the weights in a folder or behind `org/name` (with `@revision`); downloads no
    weights.

    Of the hub: `folder` is where they will lie, `hub` names the commit, `bytes` counts the
    safetensors. Raises UsageError where there are none, none that are safe, or the hub cannot be
    asked; MissingExtra.
    """
    named = _HUB_NAME.fullmatch(model)
    if Path(model).is_dir() or named is None:
        return model_folder(Path(model))
    repo = named["repo"]
    revision = named["revision"] or "main"
    hub = _library()
    try:
        files = hub.snapshot_download(
            repo, revision=revision, dry_run=True, tqdm_class=_bar(), **_patterns()
        )
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        return _cached(hub, repo, revision, error)
    sizes = {f.filename: f.file_size or 0 for f in files}
    total = sum(size for name, size in sizes.items() if name.endswith(".safetensors"))
    if "config.json" not in sizes or not total:
        raise UsageError(
            f"--model {model}: holds no config.json with .safetensors weights; use another model"
        )
    commit = files[0].commit_hash
    path = Path(_download(hub, repo, commit, ("config.json",))) / "config.json"
    config = checked_config(path, model)
    return _identity(Path(files[0].local_path).parent, repo, commit, total, config)


def hub_name(model: str) -> str:
    """`org/name` where the hub is asked for this model; empty where it is a folder, or no name."""
    named = _HUB_NAME.fullmatch(model)
    return named["repo"] if named is not None and not Path(model).is_dir() else ""


def fetch(plan: ExperimentPlan, events: Callable[[Event], None], cancel: CancelToken) -> None:
    """Download what the plan's models still lack, with progress; files that are complete are never
    fetched again.

    Raises UsageError where it cannot be had, Cancelled where the user stopped it.
    """
    for name, model in hub_models(plan).items():
        if not missing_bytes(model):
            continue
        room = shutil.disk_usage(_existing(Path(model.folder))).free
        if missing_bytes(model) > room:
            need = missing_bytes(model) / GIB
            free = room / GIB
            raise UsageError(
                f"--model {name}: needs {need:.1f} GiB of disk, {free:.1f} are free; set HF_HOME "
                "elsewhere"
            )
        repo, _, commit = name.rpartition("@")
        hub = _library()
        try:
            _download(hub, repo, commit, WANTED, _bar(name, model.bytes, events, cancel))
        except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
            raise _refusal(hub, repo, commit, error) from None


def hub_models(plan: ExperimentPlan) -> dict[str, ModelWeights]:
    """The models of a plan that lie on the hub, by repository and commit."""
    documents = (trial.spec.get("model") for trial in plan.trials)
    models = [ModelWeights.from_json(d) for d in documents if isinstance(d, Mapping)]
    source = embedding_source(plan.shared)
    models += [source.weights] if source is not None and source.weights is not None else []
    return {model.hub: model for model in models if model.hub}


def missing_bytes(model: ModelWeights) -> int:
    """Of the weights of a plan's model, what is not on this disk yet; 0 for a local folder."""
    if not model.hub:
        return 0
    folder = Path(model.folder)
    here = sum(f.stat().st_size for f in folder.glob("*.safetensors")) if folder.is_dir() else 0
    return max(model.bytes - here, 0)


def _patterns() -> dict[str, list[str]]:
    return {"allow_patterns": list(WANTED), "ignore_patterns": list(UNWANTED)}


def _identity(folder: Path, repo: str, commit: str, size: int, config: JsonObject) -> ModelWeights:
    return ModelWeights(
        str(folder), commit[:16], size, hub=f"{repo}@{commit}", reads_only=reads_only(config)
    )


def _cached(hub: Any, repo: str, revision: str, why: Exception) -> ModelWeights:
    """The copy an earlier download left, where the hub cannot be asked.

    Raises UsageError where there is none.
    """
    try:
        folder = Path(
            hub.snapshot_download(repo, revision=revision, local_files_only=True, **_patterns())
        )
    except (OSError, ValueError):
        raise _refusal(hub, repo, revision, why) from None
    config = checked_config(folder / "config.json", repo)
    size = sum(f.stat().st_size for f in folder.glob("*.safetensors"))
    if not size:
        raise _refusal(hub, repo, revision, why)
    return _identity(folder, repo, folder.name, size, config)


def _download(hub: Any, repo: str, commit: str, wanted: tuple[str, ...], bar: Any = None) -> str:
    patterns = {"allow_patterns": list(wanted), "ignore_patterns": list(UNWANTED)}
    return str(hub.snapshot_download(repo, revision=commit, tqdm_class=bar or _bar(), **patterns))


def _refusal(hub: Any, repo: str, revision: str, error: BaseException) -> UsageError:
    """One line for the user: what the hub said, and what to do."""
    errors = hub.errors
    where = f"--model {repo}"
    cause = error.__cause__ or error if isinstance(error, errors.DryRunError) else error
    if isinstance(cause, errors.GatedRepoError):
        return UsageError(
            f"{where}: its licence must be accepted on the hub first; then set HF_TOKEN"
        )
    if isinstance(cause, errors.RevisionNotFoundError):
        return UsageError(f"{where}: has no revision {revision}; name a branch, a tag or a commit")
    if isinstance(cause, (errors.RepositoryNotFoundError, errors.HFValidationError)):
        return UsageError(
            f"{where}: neither a folder here nor a model on the hub (a private one needs HF_TOKEN)"
        )
    cause_text = (
        "offline by HF_HUB_OFFLINE"
        if isinstance(cause, errors.OfflineModeIsEnabled)
        else type(cause).__name__
    )
    return UsageError(
        f"{where}: not on this disk, and the hub cannot be asked ({cause_text}); connect, or give "
        "a folder with the model"
    )


def _library() -> Any:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        importlib.import_module("huggingface_hub.errors")
        return importlib.import_module("huggingface_hub")
    except ImportError:
        raise MissingExtra(
            "a model of the hub needs huggingface_hub: pip install 'prompt-or-tune[calibrate]'"
        ) from None


def _bar(
    name: str = "",
    size: int = 0,
    events: Callable[[Event], None] | None = None,
    cancel: CancelToken | None = None,
) -> Any:
    """A progress bar for the library that draws nothing: it tells the bytes as events and hears a
    cancellation.
    """
    base: Any = importlib.import_module("tqdm").tqdm
    begun = time.monotonic()
    last = [0.0]

    class Bar(base):  # type: ignore[misc]
        monitor_interval = 0

        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings | {"file": io.StringIO()})

        def display(self, *_: Any, **__: Any) -> None: ...

        def update(self, n: float | None = 1) -> None:
            if cancel is not None and cancel.cancelled:
                raise Cancelled(
                    "cancelled; files that were complete are kept, the same command goes on"
                )
            super().update(n)
            now = time.monotonic()
            if self.unit == "B" and events is not None and now - last[0] >= SAY_EVERY_SECONDS:
                last[0] = now
                done = min(float(self.n) / GIB, size / GIB)
                label = f"download {name[:-SHORTER]}: {done:.2f} of {size / GIB:.2f} GiB"
                events(Event("step", now - begun, {"label": label, "phase": "begin"}))

    return Bar


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())
