"""A 1,000-item prompt run against `transformers serve` under injected faults.

usage: python benchmarks/served_prompts.py [--venv /tmp/advisor-serve] [--items 1000]

Installs the server's libraries in an environment of its own beside this one's packages, serves the
pocket model, and puts a proxy before it that answers 429, 503 and 500, hangs up, and cuts bodies
off. Prints how often each item was billed, which must be once. Needs the extra `calibrate`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from beside import ROOT, interpreter

LIBRARIES = ("fastapi", "uvicorn", "openai", "python-multipart")
TEMPLATE = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }}\n\n"
    "{% elif m['role'] == 'user' %}Input: {{ m['content'] }}\n"
    "{% else %}Output: {{ m['content'] }}\n\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Output:{% endif %}"
)


def model_folder(folder: Path) -> Path:
    """The pocket model with a chat template, as servers want one."""
    target = folder / "pocket"
    shutil.copytree(ROOT / "calibration" / "pocket", target)
    settings = json.loads((target / "tokenizer_config.json").read_text())
    settings["chat_template"] = TEMPLATE
    (target / "tokenizer_config.json").write_text(json.dumps(settings))
    return target


def serve(python: Path) -> tuple[subprocess.Popen, str]:
    """The server and its address, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(python), "-m", "transformers.cli.transformers", "serve"]
    command += ["--port", str(port), "--device", "cpu"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    log = Path(tempfile.gettempdir()) / "advisor-served.log"
    process = subprocess.Popen(
        command, env=environment, stdout=log.open("w"), stderr=subprocess.STDOUT
    )
    for _ in range(240):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process, f"http://127.0.0.1:{port}"
        time.sleep(0.5)
    process.terminate()
    sys.exit(f"the server did not start; see {log}")


class Proxy:
    """Passes requests on, or fails as servers do; counts what was billed."""

    def __init__(self, target: str) -> None:
        self.billed: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        outer = self
        rng = random.Random(3)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                draw = rng.random()
                limits = ((0.04, 429), (0.07, 503), (0.09, 500))
                status = next((code for limit, code in limits if draw < limit), 0)
                if status:
                    outer.faults[str(status)] += 1
                    self._reply(status, b'{"error": {"message": "injected"}}')
                elif draw < 0.10:
                    outer.faults["hang-up"] += 1
                    self.connection.close()
                else:
                    self._pass_on(body, cut=draw < 0.104)

            def _pass_on(self, body: bytes, *, cut: bool) -> None:
                request = urllib.request.Request(
                    target + self.path, body, {"Content-Type": "application/json"}
                )
                with urllib.request.urlopen(request, timeout=120) as answer:
                    data = answer.read()
                outer.billed[json.loads(body)["messages"][-1]["content"]] += 1
                if cut:
                    outer.faults["cut body"] += 1
                    data = data[: len(data) // 2]
                self._reply(200, data)

            def _reply(self, status: int, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"


def rows(count: int) -> list[tuple[str, str]]:
    """Notes as the pocket model knows them, no two alike."""
    sys.path.insert(0, str(ROOT / "tools"))
    from make_pocket import sample_rows

    samples = sample_rows(random.Random(5), count)
    return [(row["note"], row["label"]) for row in samples]


def main() -> None:
    """Serve, run, count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--venv", type=Path, default=Path("/tmp/advisor-serve"))
    parser.add_argument("--items", type=int, default=1000)
    arguments = parser.parse_args()
    from advisor import experiments
    from advisor.calibrate import quality
    from advisor.calibrate.prompts_plan import prompts_plan
    from advisor.core.events import CancelToken

    with tempfile.TemporaryDirectory() as folder:
        os.environ["ADVISOR_HOME"] = str(Path(folder) / "home")
        model = model_folder(Path(folder))
        process, address = serve(interpreter(arguments.venv, LIBRARIES))
        try:
            proxy = Proxy(address)
            pairs = rows(arguments.items + 50)
            task = quality.task(
                pairs[arguments.items :],
                pairs[: arguments.items],
                most_items=arguments.items,
                instruction="Labels: billing shipping technical account",
            )
            plan = prompts_plan(
                task, proxy.url, str(model), shots=(0,), input_usd=1, output_usd=1, max_tokens=8
            )
            where = experiments.endpoint(proxy.url)
            prepared = experiments.prepare(plan, where, experiments.Limits())
            begun = time.perf_counter()
            record = experiments.run(prepared, events=lambda e: None, cancel=CancelToken())
        finally:
            process.terminate()
        seconds = time.perf_counter() - begun
        (line,) = record.result["trials"] or ({"items": 0, "score": 0, "artefacts": {}},)
        times = Counter(proxy.billed.values())
        print(f"{record.summary.status.value} in {seconds:.0f} s; faults {dict(proxy.faults)}")
        print(f"{line['items']} items, accuracy {line['score']:.3f}, artefacts {line['artefacts']}")
        print(f"{len(proxy.billed)} items billed; times per item: {dict(times)}")


if __name__ == "__main__":
    main()
