"""`advisor ask` and `advisor schema` as a user meets them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from advisor.brief import read
from advisor.core.brief import SECTIONS
from advisor.core.quantity import Range

ANSWERS = "Support\n?\nclass\n<\nclassification\n77\nlabel\nn\n3M\n1650\n"


def advisor(*args: str, text: str = "", folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "advisor", *args]
    environment = {**os.environ, "TERM": "dumb"}
    return subprocess.run(
        command, input=text, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def test_answers_from_a_pipe_become_a_brief(tmp_path: Path) -> None:
    done = advisor("ask", "-o", "mine.toml", text=ANSWERS + "\n" * 60, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    brief = read(tmp_path / "mine.toml")
    assert (brief.name, brief.task.type, brief.task.labels) == ("Support", "classification", 77)
    assert brief.traffic.requests_per_month == Range.exact(3_000_000)
    assert done.stdout == ""
    assert "advisor recommend mine.toml" in done.stderr
    assert "The kind of task" in done.stderr
    assert "\x1b" not in done.stderr


def test_the_end_of_the_input_keeps_a_draft_to_go_on_from(tmp_path: Path) -> None:
    done = advisor("ask", text=ANSWERS, folder=tmp_path)
    assert done.returncode == 130
    assert "advisor ask --from brief.draft.toml" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "brief.toml").exists()
    again = advisor("ask", "--from", "brief.draft.toml", text="\n" * 60, folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "brief.toml").read_text() == (tmp_path / "brief.draft.toml").read_text()


def test_input_that_is_no_text_ends_the_interview(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "advisor", "ask"]
    raw = b"Support\nclass\n\xff\xfe\n"
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(
        command, input=raw, cwd=tmp_path, env=environment, capture_output=True, timeout=60
    )
    assert done.returncode == 130
    assert b"not UTF-8 text" in done.stderr
    assert b"Traceback" not in done.stderr


def test_nothing_answered_keeps_nothing(tmp_path: Path) -> None:
    assert advisor("ask", text="\n\n", folder=tmp_path).returncode == 130
    assert [p.name for p in tmp_path.iterdir()] == []


def _heeds_interrupts() -> None:
    """As in a terminal: tests that a shell started in the background pass on that interrupts are
    ignored.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_an_interrupt_keeps_a_draft(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "advisor", "ask"]
    pipe = subprocess.PIPE
    own = {
        "stdin": pipe,
        "stderr": pipe,
        "text": True,
        "bufsize": 1,
        "preexec_fn": _heeds_interrupts,
    }
    with subprocess.Popen(command, cwd=tmp_path, **own) as child:
        assert child.stdin is not None
        assert child.stderr is not None
        child.stdin.write("Half a brief\n")
        child.stdin.flush()
        while not (line := child.stderr.readline()).startswith("    (classification"):
            assert line
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read()
        assert child.wait(timeout=60) == 130
    assert "brief.draft.toml" in rest
    assert read(tmp_path / "brief.draft.toml").name == "Half a brief"


def test_a_file_that_exists_is_only_replaced_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "brief.toml"
    path.write_text("name = 'old'\n")
    refused = advisor("ask", text="n\n", folder=tmp_path)
    assert refused.returncode == 2
    assert "brief.toml: exists and was not changed" in refused.stderr
    assert path.read_text() == "name = 'old'\n"
    assert advisor("ask", text="yes\nnew\n" + "\n" * 60, folder=tmp_path).returncode == 0
    assert read(path).name == "new"
    assert (
        advisor("ask", "--overwrite", text="newer\n" + "\n" * 60, folder=tmp_path).returncode == 0
    )
    assert read(path).name == "newer"


@pytest.mark.parametrize(
    ("place", "words"), [("nowhere/b.toml", "does not exist; create it"), (".", "is a folder")]
)
def test_a_place_that_cannot_be_written_is_refused_before_the_first_question(
    tmp_path: Path, place: str, words: str
) -> None:
    done = advisor("ask", "-o", place, text="a\n", folder=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "kind of task" not in done.stderr


def test_the_schema_is_printed_and_is_a_schema(tmp_path: Path) -> None:
    done = advisor("schema", folder=tmp_path)
    assert done.returncode == 0
    printed = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert set(SECTIONS) <= set(printed["properties"])


def test_reading_a_brief_loads_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys, advisor.brief; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert not {"tomlkit", "numpy", "pydantic", "click", "textual"} & set(done.stdout.split())
