"""How fast the program opens and answers, as ratios and medians of interleaved runs on this
machine.

Run: python benchmarks/startup.py [BRIEF] [--runs N]. Goals: `--help` within 2.5 × `import
argparse`; `recommend --json` within 1.0 s and 150 MB; the first frame of the app and the first key
answered within 1.6 × those of an empty Textual app; a change of one input judged again within
100 ms.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P][^\x1b\x07]*(?:\x07|\x1b\\)|[@-Z\\^_])")
GIVE_UP_SECONDS = 20.0
F1 = b"\x1bOP"

EMPTY_APP = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("first-frame")

    def on_key(self):
        self.query_one(Static).update("key-answered")

Empty().run()
"""
ADVISOR = [sys.executable, "-m", "advisor"]


def run_seconds(command: list[str]) -> tuple[float, float, float]:
    """Wall time (s), processor time (s) and peak resident memory (MB, 10⁶ bytes) of one run.

    Raises SystemExit where the command fails.
    """
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode not in (0, 3, 4):
        raise SystemExit(f"{' '.join(command)}: {errors.decode(errors='replace')[-400:]}")
    return (
        time.perf_counter() - start,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * 1024 / 1e6,
    )


def opening_seconds(
    command: list[str], sign: bytes, answer: bytes, columns: int = 120, rows: int = 40
) -> tuple[float, float]:
    """Seconds from the start of the process until `sign` stands on a real pseudo-terminal, and
    until F1, pressed at once then, is answered by `answer`.
    """
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)}
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    try:
        _read_until(terminal, sign)
        first_frame = time.perf_counter() - start
        os.write(terminal, F1)
        _read_until(terminal, answer)
        return first_frame, time.perf_counter() - start
    except (OSError, TimeoutError) as error:
        raise SystemExit(f"{' '.join(command)}: {error}") from None
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _read_until(terminal: int, sign: bytes) -> None:
    output = b""
    while sign not in ESCAPES.sub(b"", output):
        if not select.select([terminal], [], [], GIVE_UP_SECONDS)[0]:
            raise TimeoutError(f"no {sign!r} on the screen after {GIVE_UP_SECONDS:.0f} s")
        output += os.read(terminal, 1 << 16)


def redraw_seconds(brief_file: Path, runs: int) -> tuple[float, float]:
    """Wall and processor time (s, medians) to judge again with other monthly requests, data and
    prices already read.
    """
    from advisor import pipeline
    from advisor.brief import with_answers

    brief = pipeline.load(brief_file)
    surroundings = pipeline.look(brief)
    pipeline.judge(brief, surroundings, deep=False)
    taken = []
    for step in range(runs):
        changed = with_answers(brief, [f"traffic.requests_per_month={100_000 + 1000 * step}"])
        start, processor = time.perf_counter(), time.process_time()
        pipeline.judge(changed, surroundings, deep=False)
        taken.append((time.perf_counter() - start, time.process_time() - processor))
    return median(wall for wall, _ in taken), median(cpu for _, cpu in taken)


def line(what: str, measured: str, goal: str, *, within: bool) -> None:
    """One aligned line of the result."""
    print(f"{what:<44} {measured:<34} {goal:<20} {'within' if within else 'OVER'}", flush=True)


def bench_help(runs: int) -> None:
    """`advisor --help` against the barest of command lines."""
    ours, bare = [], []
    for _ in range(runs):
        ours.append(run_seconds([*ADVISOR, "--help"])[0])
        bare.append(run_seconds([sys.executable, "-c", "import argparse"])[0])
    ratio = median(ours) / median(bare)
    measured = f"{ratio:.1f} × ({median(ours) * 1e3:.0f} of {median(bare) * 1e3:.0f} ms)"
    line("advisor --help : import argparse", measured, "at most 2.5 ×", within=ratio <= 2.5)


def bench_recommend(brief: Path, runs: int) -> None:
    """`advisor recommend --json` on one brief."""
    command = [*ADVISOR, "recommend", str(brief), "--json"]
    run_seconds(command)  # compiles
    taken = [run_seconds(command) for _ in range(runs)]
    seconds, processor, peak_mb = (median(run[part] for run in taken) for part in range(3))
    measured = f"{seconds:.2f} s ({processor:.2f} s of processor)"
    line(f"advisor recommend --json {brief.name}", measured, "at most 1.0 s", within=seconds <= 1)
    line("  peak memory", f"{peak_mb:.0f} MB", "under 150 MB", within=peak_mb < 150)


def bench_first_frame(brief: Path, runs: int) -> None:
    """The app with a brief against a Textual app that shows one word."""
    ours, bare = [], []
    empty = [sys.executable, "-c", EMPTY_APP]
    for _ in range(runs):
        ours.append(opening_seconds([*ADVISOR, str(brief)], b"Brief", b"finds every command"))
        bare.append(opening_seconds(empty, b"first-frame", b"key-answered"))
    for part, what, goal in ((0, "first frame", 1.6), (1, "first key answered", 3.0)):
        seconds, of = median(run[part] for run in ours), median(run[part] for run in bare)
        measured = f"{seconds / of:.1f} × ({seconds * 1e3:.0f} of {of * 1e3:.0f} ms)"
        line(
            f"{what} : of an empty app", measured, f"at most {goal} ×", within=seconds / of <= goal
        )


def main() -> None:
    """Print every line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "brief", nargs="?", type=Path, default=min((ROOT / "profiles" / "briefs").glob("*.toml"))
    )
    arguments.add_argument("--runs", type=int, default=7)
    chosen = arguments.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's runs find their modules compiled
    with tempfile.TemporaryDirectory() as home:
        os.environ["ADVISOR_HOME"] = home
        # As installed: compiled once, not in every run.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        opening_seconds([*ADVISOR, str(chosen.brief)], b"Brief", b"finds every command")
        bench_help(chosen.runs)
        bench_recommend(chosen.brief, chosen.runs)
        bench_first_frame(chosen.brief, chosen.runs)
        seconds, processor = redraw_seconds(chosen.brief, chosen.runs * 3)
        measured = f"{seconds * 1e3:.0f} ms ({processor * 1e3:.0f} ms of processor)"
        line("one input changed, judged again", measured, "under 100 ms", within=seconds < 0.1)


if __name__ == "__main__":
    main()
