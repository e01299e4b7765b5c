"""The commands data and probe, as a user meets them."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from advisor.cli.data import command as data_command
from advisor.cli.main import main
from advisor.cli.probe import command as probe_command
from advisor.core.probes import DataReport, HardwareReport


def run(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["advisor", *map(str, args)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def train(tmp_path):
    path = tmp_path / "train.jsonl"
    rows = [
        {"text": f"my card number {i} was declined again", "label": f"la\x1b[31mbel{i % 2}"}
        for i in range(30)
    ]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows) + "broken\n")
    return path


def test_text_fits_80_columns_and_is_safe(train, monkeypatch, capsys):
    code, out, _ = run(monkeypatch, capsys, "data", train, "--eval", train)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out
    assert "30, of these 30 distinct" in out
    assert "line 31" in out
    assert "30 items copied" in out


def test_json_is_the_report(train, monkeypatch, capsys):
    code, out, _ = run(monkeypatch, capsys, "data", train, "--json")
    held = json.loads(out)
    assert code == 0
    assert set(held) == set(DataReport.__dataclass_fields__)
    assert held["eval_rows"] is None
    assert held["labels"] == {"la\x1b[31mbel0": 15, "la\x1b[31mbel1": 15}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl"),
        (["{train}", "--prompt-field", "txt"], "did you mean 'text'"),
        (["{train}", "--tokenizer", "nowhere"], "tokenizer.json"),
        ([], "FILE"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(train, monkeypatch, capsys, args, said):
    code, out, err = run(monkeypatch, capsys, "data", *(a.format(train=train) for a in args))
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_probe_prints_text_and_json():
    shown = CliRunner().invoke(probe_command, [])
    assert shown.exit_code == 0
    assert "Memory" in shown.output
    held = json.loads(CliRunner().invoke(probe_command, ["--json"]).output)
    assert set(held) == set(HardwareReport.__dataclass_fields__)


def test_help_names_the_forms():
    assert "Parquet" in CliRunner().invoke(data_command, ["--help"]).output


def test_no_torch_is_loaded(train):
    code = (
        "import sys; from click.testing import CliRunner; from advisor.cli.data import command;"
        f"CliRunner().invoke(command, [{str(train)!r}]);"
        "print([m for m in ('torch', 'textual', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
