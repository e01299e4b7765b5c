"""`advisor estimate`: the object's keys, the exit codes, flags that clash, and text that fits the
terminal.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.cli.estimate import command
from advisor.core.errors import Infeasible, UsageError

PUBLISHED = [
    *("--model", "llama-3.2-3b", "--method", "lora", "--rank", "32"),
    *("--targets", "q_proj,v_proj", "--gpu", "L40S", "--dtype", "bf16"),
    *("--micro-batch", "4", "--grad-accum", "1", "--seq-len", "768"),
    *("--padded", "--mean-tokens", "210", "--examples", "20000", "--epochs"),
    *("1", "--framework", "hf"),
]
SMALL_GPU = [
    "--model",
    "llama-3.2-3b",
    "--method",
    "full",
    "--gpu",
    "RTX 4060",
    "--micro-batch",
    "4",
    "--seq-len",
    "768",
]
KEYS = {
    "schema",
    "inputs",
    "fits",
    "memory_gib",
    "tokens_per_second",
    "step_seconds",
    "train_hours",
    "cost_usd",
    "sources",
}


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        command, words, env={"COLUMNS": "80"}, catch_exceptions=False, standalone_mode=False
    )
    return int(done.return_value), done.stdout


def test_the_object_has_the_keys_of_the_contract_and_holds_a_published_run() -> None:
    code, out = run(*PUBLISHED, "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found) >= KEYS
    assert found["fits"] == "fits"
    assert 15.5 < found["memory_gib"]["p50"] < 21.5
    assert found["memory_gib"]["p10"] < 18.7 + 0.6 < found["memory_gib"]["p90"]
    assert found["memory_gib"]["terms"]["logits"] > 1.0
    assert sum(found["memory_gib"]["terms"].values()) == pytest.approx(
        found["memory_gib"]["p50"], rel=1e-3
    )
    assert found["train_hours"]["p10"] < 0.17 < found["train_hours"]["p90"]
    assert found["inputs"]["trainable_params"] == 9_175_040
    assert all({"what", "basis", "source", "as_of"} == set(source) for source in found["sources"])


def test_what_does_not_fit_says_so_and_exits_with_four() -> None:
    code, out = run(*SMALL_GPU, "--json")
    assert code == 4
    assert json.loads(out)["fits"] == "no"
    code, text = run(*SMALL_GPU)
    assert code == 4
    assert "does not fit" in text
    assert "It would fit with" in text


def test_unknown_quantities_are_null_with_a_reason() -> None:
    found = json.loads(run("--model", "7B", "--gpu", "RTX 4060", "--method", "qlora", "--json")[1])
    assert found["train_hours"]["p50"] is None
    assert "examples" in found["train_hours"]["reason"]
    assert found["cost_usd"]["p50"] is None


def test_cost_is_hours_times_gpus_times_price() -> None:
    found = json.loads(run(*PUBLISHED, "--usd-per-hour", "2", "--json")[1])
    assert found["cost_usd"]["p50"] == pytest.approx(2 * found["train_hours"]["p50"], rel=1e-3)
    owned = json.loads(run(*PUBLISHED, "--electricity-usd-per-kwh", "0.3", "--json")[1])
    assert owned["cost_usd"]["p50"] == pytest.approx(
        0.35 * 0.3 * owned["train_hours"]["p50"], rel=1e-3
    )


@pytest.mark.parametrize("words", [PUBLISHED, SMALL_GPU], ids=["fits", "does not fit"])
def test_text_keeps_to_eighty_columns(words: list[str]) -> None:
    lines = run(*words)[1].splitlines()
    assert max(map(len, lines)) <= 80
    assert any("█" in line for line in lines)


def test_own_runs_of_the_same_kind_correct_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from advisor.experiments import import_runs

    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    before = json.loads(run(*PUBLISHED, "--json")[1])["tokens_per_second"]
    cells = {
        "id": "mine",
        "model": "Llama-3.2-3B",
        "method": "lora",
        "rank": "32",
        "targets": "q_proj+v_proj",
        "gpu": "L40S",
        "gpu_count": "1",
        "quantization": "none",
        "packed": "no",
        "mean_tokens": "210",
        "max_tokens": "768",
        "micro_batch": "4",
        "checkpointing": "none",
        "attention": "sdpa",
        "optimizer": "adamw",
        "framework": "hf",
        "tokens_basis": "real",
    }
    file = tmp_path / "mine.csv"
    rows = [
        {**cells, "tokens_per_second": str(before["p50"] * 0.6)},
        {**cells, "id": "other", "method": "full"},
    ]
    rows[1]["tokens_per_second"] = "1"
    file.write_text(
        "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n",
        encoding="utf-8",
    )
    import_runs(file, {})
    found = json.loads(run(*PUBLISHED, "--json")[1])
    after = found["tokens_per_second"]
    assert before["p50"] * 0.6 <= after["p50"] < before["p50"] * 0.75
    assert after["p90"] / after["p10"] < before["p90"] / before["p10"]
    assert {
        "what": "own runs",
        "basis": "measured",
        "source": "1 recorded by `advisor runs`",
        "as_of": "",
    } in found["sources"]
    assert "corrected by 1 own run" in run(*PUBLISHED)[1]
    assert json.loads(run(*PUBLISHED, "--no-own-runs", "--json")[1])["tokens_per_second"] == before


def test_without_a_gpu_the_cheapest_by_the_deadline_is_named() -> None:
    words = [w for w in PUBLISHED if w not in ("--gpu", "L40S")]
    found = json.loads(run(*words, "--deadline-hours", "1", "--json")[1])
    assert found["fits"] == "fits"
    assert found["inputs"]["gpu_name"]
    assert found["train_hours"]["p90"] <= 1
    with pytest.raises(Infeasible):
        run(*words, "--deadline-hours", "0.001")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "llama-3.2-3", "--gpu", "L40S"], "did you mean 'Llama-3.2-3B'"),
        (["--model", "7B", "--gpu", "L41"], "L41"),
        (
            ["--model", "llama-3.2-3b", "--gpu", "L40S", "--targets", "q_prj"],
            "did you mean 'q_proj'",
        ),
        (
            ["--model", "7B", "--gpu", "L40S", "--method", "full", "--quantization", "nf4"],
            "--quantization",
        ),
        (
            ["--model", "7B", "--gpu", "L40S", "--mean-tokens", "4000", "--seq-len", "512"],
            "--mean-tokens",
        ),
        (["--model", "7B", "--gpu", "L40S", "--tp", "8"], "--tp"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        run(*words)
    assert "\n" not in str(raised.value)
