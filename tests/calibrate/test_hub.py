"""Models by their name on a hub: a local server that speaks its API, with a small model made
here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub")

COMMIT = "c0ffee" * 6 + "abcd"
NEEDED = ("torch", "transformers", "peft")
needs_torch = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, NEEDED)), reason="no calibration libraries"
)


class Hub:
    """Serves folders as repositories with one commit; remembers what was asked of it."""

    def __init__(self, repositories: dict[str, dict[str, bytes]]) -> None:
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(f"{self.command} {self.path}")
                path = self.path.partition("?")[0]
                repo = next((r for r in repositories if f"/{r}/" in f"{path}/"), "")
                files = repositories.get(repo, {})
                if repo == "org/gated":
                    self._send(403, b"{}", {"X-Error-Code": "GatedRepo"})
                elif not repo:
                    self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
                elif path.startswith("/api/") and "/revision/none" in path:
                    self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
                elif path.startswith(f"/api/models/{repo}/tree/"):
                    rows = [
                        {"type": "file", "path": n, "size": len(d), "oid": oid(d)}
                        for n, d in files.items()
                    ]
                    self._send(200, json.dumps(rows).encode())
                elif path.startswith(f"/api/models/{repo}"):
                    held = {
                        "id": repo,
                        "sha": COMMIT,
                        "siblings": [{"rfilename": n} for n in files],
                    }
                    self._send(200, json.dumps(held).encode())
                else:
                    data = files[path.rpartition("/")[2]]
                    self._send(200, data, {"ETag": f'"{oid(data)}"', "X-Repo-Commit": COMMIT})

            def do_HEAD(self) -> None:
                self.do_GET()

            def _send(
                self, status: int, data: bytes, headers: dict[str, str] | None = None
            ) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def oid(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def tiny_model(folder: Path) -> dict[str, bytes]:
    """A random model with a tokenizer of a few words, and files beside it that must never be
    taken.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    words = {
        w: i
        for i, w in enumerate(
            ["<pad>", "<eos>", "<unk>", "Input", "Output", ":", "late", "paid", "yes", "no"]
        )
    }
    inner = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    ).save_pretrained(folder)
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    AutoModelForCausalLM.from_config(
        AutoConfig.for_model("llama", **sizes, vocab_size=10)
    ).save_pretrained(folder)
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    return held | {
        "pytorch_model.bin": b"pickle",
        "modeling_tiny.py": b"raise SystemExit",
        "weights.pkl": b"pickle",
        "original/model.safetensors": b"a second copy",
        "consolidated.safetensors": b"a third copy",
    }


CONFIG = json.dumps({"model_type": "llama", "hidden_size": 16}).encode()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    held = [
        {"prompt": f"{'late' if n % 2 else 'paid'} {n}", "completion": "yes" if n % 2 else "no"}
        for n in range(60)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in held))
    return path


def advisor(
    home: Path, hub: Hub | None, line: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    own = {
        "ADVISOR_HOME": str(home / "advisor"),
        "HF_HOME": str(home / "hf"),
        "CUDA_VISIBLE_DEVICES": "",
    }
    own["HF_ENDPOINT"] = hub.url if hub is not None else "http://127.0.0.1:9"
    return subprocess.run(
        [sys.executable, "-m", "advisor", *shlex.split(line)],
        capture_output=True,
        text=True,
        cwd=home,
        stdin=subprocess.DEVNULL,
        env={k: v for k, v in os.environ.items() if not k.startswith("HF_")} | own | settings,
    )


RUN = "calibrate quality --data rows.jsonl --gpu none --shots 0 --shares 1 --epochs 1 --model"


@pytest.fixture
def hub():
    with_code = json.dumps({"model_type": "own", "auto_map": {"AutoConfig": "x.Y"}}).encode()
    running = Hub(
        {
            "org/gated": {},
            "org/pickled": {"config.json": CONFIG, "pytorch_model.bin": b"pickle"},
            "org/coded": {"config.json": with_code, "model.safetensors": b"0" * 2**20},
            "org/plain": {
                "config.json": CONFIG,
                "model.safetensors": b"0" * 2**20,
                "evil.py": b"x",
            },
        }
    )
    yield running
    running.close()


def test_a_dry_run_names_commit_and_size_and_downloads_no_weights(
    hub: Hub, rows: Path, tmp_path: Path
) -> None:
    done = advisor(tmp_path, hub, f"{RUN} org/plain@v1 --dry-run")
    assert done.returncode == 0, done.stderr
    assert f"model     org/plain@{COMMIT}, 0.00 GiB; 0.00 GiB to download first" in done.stdout
    assert not any("model.safetensors" in line and line.startswith("GET") for line in hub.asked)
    assert not any("evil.py" in line for line in hub.asked)
    named = [
        json.loads(advisor(tmp_path, hub, f"{RUN} org/plain --dry-run --json").stdout)["plan"][
            "digest"
        ]
    ]
    named.append(
        json.loads(advisor(tmp_path, hub, f"{RUN} org/plain@{COMMIT} --dry-run --json").stdout)[
            "plan"
        ]["digest"]
    )
    assert named[0] == named[1]  # two names of one commit


def refusal_lines(stderr: str) -> list[str]:
    """What is said beside the announcement of what leaves this machine."""
    return [line for line in stderr.splitlines() if line and not line.startswith("leaves ")]


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        ("org/nothing", "neither a folder here nor a model on the hub"),
        ("org/gated", "licence must be accepted"),
        ("org/plain@none", "has no revision none"),
        ("org/pickled", "no config.json with .safetensors weights"),
        ("org/coded", "auto_map"),
        ("nowhere", "no config.json"),
        ("./nowhere", "no config.json"),
        ("org/a--b", "neither a folder here nor a model on the hub"),
    ],
)
def test_what_cannot_be_had_is_a_line(
    hub: Hub, rows: Path, tmp_path: Path, model: str, wrong: str
) -> None:
    done = advisor(tmp_path, hub, f"{RUN} {model}")
    assert done.returncode == 2
    assert wrong in done.stderr
    assert len(refusal_lines(done.stderr)) == 1
    assert not any("model.safetensors" in line for line in hub.asked if line.startswith("GET"))


@pytest.mark.parametrize("settings", [{"HF_HUB_OFFLINE": "1"}, {}], ids=["offline", "unreachable"])
def test_without_the_hub_a_line_says_what_to_do(
    rows: Path, tmp_path: Path, settings: dict[str, str]
) -> None:
    done = advisor(tmp_path, None, f"{RUN} org/plain", **settings)
    assert done.returncode == 2
    assert "the hub cannot be asked" in done.stderr
    assert "give a folder" in done.stderr
    assert len(refusal_lines(done.stderr)) == 1


@needs_torch
@pytest.mark.slow
def test_a_model_of_the_hub_is_downloaded_once_and_then_serves_offline(
    rows: Path, tmp_path: Path
) -> None:
    (tmp_path / "made").mkdir()
    hub = Hub({"org/tiny": tiny_model(tmp_path / "made")})
    try:
        done = advisor(tmp_path, hub, f"{RUN} org/tiny --json")
    finally:
        hub.close()
    assert done.returncode == 0, done.stderr
    assert {t["status"] for t in json.loads(done.stdout)["trials"]} == {"done"}
    got = [
        path.name
        for path in (tmp_path / "hf").rglob("*")
        if path.is_symlink() or path.suffix == ".safetensors"
    ]
    assert "model.safetensors" in got
    assert not any(name.endswith((".bin", ".py", ".pkl")) or "consolidated" in name for name in got)
    assert not any(
        ".bin" in line or ".py" in line or ".pkl" in line or "original" in line
        for line in hub.asked
    )
    again = advisor(tmp_path, None, f"{RUN} org/tiny --dry-run --json", HF_HUB_OFFLINE="1")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["left"] == 0
