"""The guide's commands run, and each answers its question by itself."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from advisor.cli.estimate import command

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "estimate.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))


def invoked(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        command, words, env={"COLUMNS": "80"}, catch_exceptions=False, standalone_mode=False
    )
    return int(done.return_value), done.stdout


def answer(part: str) -> dict[str, Any]:
    """The object of the guide's command that holds these words."""
    (line,) = (line for line in COMMANDS if part in line)
    return dict(json.loads(invoked(*shlex.split(line)[2:], "--json")[1]))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_guide_runs(line: str) -> None:
    words = shlex.split(line)
    assert words[:2] == ["advisor", "estimate"]
    code, text = invoked(*words[2:])
    assert code in (0, 4)
    assert text.strip()
    assert max(map(len, text.splitlines())) <= 80


def test_two_consumer_gpus_share_a_model_with_shards_on_the_host() -> None:
    # published on two GPUs of 24 GB with 2,048 tokens
    found = answer("--gpus 2")
    assert found["inputs"]["offload"] == "full"
    assert found["fits"] in ("fits", "tight")


def test_sixteen_bits_of_twenty_billion_do_not_fit_but_four_do() -> None:
    plain = json.loads(invoked("--model", "gpt-oss-20b", "--gpu", "RTX 4090", "--json")[1])
    assert plain["fits"] == "no"
    assert any("QLoRA" in way["change"] for way in plain["ways_to_fit"])
    assert answer('gpt-oss-20b --gpu "RTX 4090" --method')["fits"] in ("fits", "tight")


def test_pairs_of_answers_need_more_memory_than_one() -> None:
    pairs = answer("--objective dpo")
    words = shlex.split(next(c for c in COMMANDS if "dpo" in c))[2:]
    words[words.index("dpo")] = "sft"
    single = json.loads(invoked(*words, "--json")[1])
    assert pairs["memory_gib"]["terms"]["logits"] > 1.9 * single["memory_gib"]["terms"]["logits"]


def test_a_hosted_job_has_a_price_and_nothing_about_gpus() -> None:
    found = answer("--hosted")
    tokens = 5000 * 600 * 3
    assert found["inputs"]["tokens"] == tokens
    assert found["memory_gib"]["p50"] is None
    offers = {job["provider"]: job for job in found["hosted"]}
    # Together bills 0.48 USD per million tokens and at least 4 USD
    assert offers["together"]["cost_usd"]["p50"] == pytest.approx(0.48 * tokens / 1e6)
    assert found["cost_usd"]["p50"] == min(job["cost_usd"]["p50"] for job in found["hosted"])
    job = ("--model", "llama-3.1-8b", "--hosted", "--examples", "10", "--mean-tokens", "60")
    small = invoked(*job, "--json")
    least = {job["provider"]: job for job in json.loads(small[1])["hosted"]}
    assert least["together"]["cost_usd"]["p50"] == 4.0


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("--model llama-3.1-8b --hosted", "needs --examples"),
        ("--model claude-sonnet-5 --hosted --examples 9 --mean-tokens 9", "no price of hosted"),
    ],
)
def test_a_hosted_job_that_cannot_be_priced_says_why(words: str, wrong: str) -> None:
    from advisor.core.errors import UsageError

    with pytest.raises(UsageError, match=wrong):
        invoked(*words.split())


def test_an_own_gpu_is_compared_with_a_rented_one() -> None:
    found = answer("--electricity-usd-per-kwh")
    assert found["cost_usd"]["p50"] < found["rented"]["cost_usd"]["p50"]


def test_evaluations_are_inside_the_total() -> None:
    found = answer("--eval-examples")
    line = next(c for c in COMMANDS if "--eval-examples" in c)
    words = shlex.split(line.replace("--eval-examples 5000 --evaluations 2", ""))[2:]
    plain = json.loads(invoked(*words, "--json")[1])
    assert found["train_hours"]["p50"] > 1.05 * plain["train_hours"]["p50"]


def test_packing_and_the_largest_batch_are_in_the_answer() -> None:
    packed = answer("--mean-tokens 300")["packed"]
    assert packed["train_hours"]["p50"] < answer("--mean-tokens 300")["train_hours"]["p50"]
    assert answer("Qwen3-8B")["largest_micro_batch"] >= 4
