"""Chat templates rendered in a process of their own, bounded in time and memory: a template is a
program that came with a model.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advisor.core.errors import UsageError
from advisor.probe.forms.chats import ChatInput
from advisor.probe.forms.records import JsonObject

SECONDS = 30.0
"""For a batch of rows; hundreds take a few hundredths of a second, and a busy machine is slow."""


class Renderer:
    """A template at work. `render` gives (text, reason why there is none) per row.

    Raises UsageError for a template that is damaged, does not end, or ends its process.
    """

    def __init__(self, folder: Path, source: str, marks: JsonObject) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "advisor.probe.templates.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="surrogatepass",
        )
        reply = self._exchange({"source": source, "marks": marks})
        if reply["error"]:
            self.close()
            raise UsageError(
                f"{folder}: the chat template is damaged: {reply['error']}; fetch it again"
            )

    def render(self, rows: Sequence[ChatInput]) -> list[tuple[str, str]]:
        """The rows in the template, in order."""
        reply = self._exchange([[row.messages, row.tools, row.documents] for row in rows])
        return [(text, reason) for text, reason in reply]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not yet written has nobody to read it
                    continue

    def _exchange(self, request: Any) -> Any:
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(SECONDS, give_up)
        timer.start()
        try:
            answer = self._answer(json.dumps(request, default=str))
        finally:
            timer.cancel()
        if answer:
            return json.loads(answer)
        self.close()
        why = f"does not finish within {SECONDS:.0f} s" if late.is_set() else "ends its process"
        raise UsageError(
            f"{self._folder}: the chat template {why}; check where it comes from, or remove it"
        )

    def _answer(self, request: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except OSError:  # the process has ended
            return ""
