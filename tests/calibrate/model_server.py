"""A local OpenAI-compatible server for tests: answers as `behave` says, and keeps every call, with
its headers and its path.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = tuple[int, dict | bytes, dict[str, str]]
USAGE = {"prompt_tokens": 20, "completion_tokens": 3}


def said(text: object, finish: str = "stop", **message: object) -> dict:
    choice = {"message": {"content": text, **message}, "finish_reason": finish}
    return {"choices": [choice], "usage": USAGE}


class ModelServer:
    def __init__(self, behave: Callable[[dict], Reply]) -> None:
        self.calls: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.behave = behave
        outer = self
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    outer.calls.append(body)
                    outer.headers.append(dict(self.headers))
                    outer.paths.append(self.path)
                    status, answer, headers = outer.behave(body)
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", headers.pop("Content-Type", "application/json"))
                self.send_header("Content-Length", headers.pop("Length", str(len(data))))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def items(self) -> Counter[str]:
        return Counter(body["messages"][-1]["content"] for body in self.calls)

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
