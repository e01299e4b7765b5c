"""The user's own tables in the configuration folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from advisor.core.errors import UsageError
from advisor.facts import load


def test_a_row_of_the_user_replaces_ours_and_new_ones_are_added(tmp_path: Path) -> None:
    (tmp_path / "gpus.csv").write_text(
        "gpu,memory_gb,bf16_tflops,source,as_of\n"
        "l40s,45,300,my own card,2026-11-01\nMy Card,7,,my own card,2026-11-01\n"
    )
    facts = load(tmp_path)
    assert (facts.gpu("L40S").memory_gb, facts.gpu("L40S").cited.source) == (45.0, "my own card")
    assert facts.gpu("my card").bf16_tflops is None
    assert facts.gpu("L4").memory_gb == 24
    assert len(facts.gpus) == len(load().gpus) + 1


def test_offers_constants_and_candidates_can_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "gpu_prices.csv").write_text(
        "provider,quoted_gpu,gpus,offer,usd_per_hour,billing,source,as_of\n"
        "Own Cloud,L40S,L40S,x,0.5,on-demand,bill,2026-11-01\n"
    )
    (tmp_path / "constants.csv").write_text(
        "key,value,unit,source,as_of\nelectricity_us_commercial,0.31,USD/kWh,my bill,2026-11-01\n"
    )
    (tmp_path / "candidates.toml").write_text(
        '[[prompt]]\nmodel = "gpt-6-luna"\nreason = "ours"\nsource = "us"\n'
        'as_of = "2026-11-01"\ntasks = ["qa"]\n'
    )
    facts = load(tmp_path)
    assert facts.gpu_usd_per_hour("L40S", "own cloud").likely == 0.5
    assert facts.constant("electricity_us_commercial").value == "0.31"
    (only,) = facts.candidates().prompt
    assert (only.model, only.suits("qa"), only.suits("code")) == ("gpt-6-luna", True, False)
    assert facts.candidates().tune == ()


def test_a_lifecycle_of_the_user_holds(tmp_path: Path) -> None:
    (tmp_path / "lifecycle.csv").write_text(
        "provider,model,ends,source,as_of\nopenai,gpt-4.1-mini,2027-06-30,our contract,2026-11-01\n"
    )
    (price, *_) = load(tmp_path).token_prices("gpt-4.1-mini", date(2026, 11, 20))
    assert price.ends == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            "gpu,memory,source,as_of\nX,1,s,2026\n",
            "gpus.csv:1: unknown column 'memory'; did you mean 'memory_gb'",
        ),
        (
            "gpu,memory_gb,source,as_of\nX,ten,s,2026\n",
            "gpus.csv:2: memory_gb: 'ten' is not a number",
        ),
        ("gpu,memory_gb,source,as_of\nX,-4,s,2026\n", "gpus.csv:2: memory_gb: '-4' is not allowed"),
        (
            "gpu,memory_gb,source,as_of\nX,inf,s,2026\n",
            "gpus.csv:2: memory_gb: 'inf' is not allowed",
        ),
        ("gpu,memory_gb,source,as_of\nX,4,,2026\n", "gpus.csv:2: source: is empty"),
        ("gpu,memory_gb,source,as_of\n,4,s,2026\n", "gpus.csv:2: gpu: is empty"),
        ("gpu,memory_gb,source,as_of\nX,4,s,2026,5\n", "gpus.csv:2: more cells than columns"),
    ],
)
def test_a_wrong_table_is_named_by_file_line_and_column(
    tmp_path: Path, content: str, complaint: str
) -> None:
    (tmp_path / "gpus.csv").write_text(content)
    with pytest.raises(UsageError) as caught:
        _ = load(tmp_path).gpus
    assert complaint in str(caught.value)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gpus.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UsageError, match="cannot be read as a CSV table"):
        _ = load(tmp_path).gpus


@pytest.mark.parametrize(
    ("table", "content", "complaint"),
    [
        (
            "models.csv",
            "model,kind,source,as_of\nX,other,s,2026\n",
            "kind: 'other' is none of decoder, encoder",
        ),
        ("models.csv", "model,kind,source,as_of\nX,decoder,s,2026\n", "params: is empty"),
        (
            "models.csv",
            "model,kind,params,source,as_of\nX,decoder,1.5,s,2026\n",
            "'1.5' is not a whole number",
        ),
        (
            "lifecycle.csv",
            "provider,model,ends,source,as_of\nopenai,x,soon,s,2026\n",
            "ends: 'soon' is not a date",
        ),
        (
            "providers.csv",
            "provider,tuning_open,source,as_of\nx,maybe,s,2026\n",
            "'maybe' is neither yes nor no",
        ),
        (
            "prompt_caches.csv",
            "provider,model,minutes,source,as_of\nx,y,five,s,2026\n",
            "minutes: 'five'",
        ),
        ("candidates.toml", '[[prompt]]\nmodel = "x"\n', "prompt[0].reason: is missing"),
        ("candidates.toml", "prompt = 3\n", "prompt: must be a list of tables"),
        ("candidates.toml", "prompt = [\n", "is not TOML"),
    ],
)
def test_wrong_cells_of_other_tables_are_named(
    tmp_path: Path, table: str, content: str, complaint: str
) -> None:
    (tmp_path / table).write_text(content)
    facts = load(tmp_path)
    with pytest.raises(UsageError) as caught:
        _ = (facts.models, facts.providers, facts.candidates())
    assert complaint in str(caught.value)
    assert table in str(caught.value)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("gpus.csv", "gpu,memory_gb,source,as_of\nX,0,me,2026\n", "memory_gb: 0 is impossible"),
        (
            "gpus.csv",
            "gpu,bf16_tflops,source,as_of\nX,1e-300,me,2026\n",
            "bf16_tflops: 1e-300 is impossible; write 0.01 to 1e+06",
        ),
        (
            "gpus.csv",
            "gpu,bandwidth_gb_per_second,source,as_of\nX,0,me,2026\n",
            "bandwidth_gb_per_second: 0 is impossible",
        ),
        (
            "gpus.csv",
            "gpu,power_watts,source,as_of\nX,1e308,me,2026\n",
            "power_watts: 1e308 is impossible; write",
        ),
    ],
)
def test_figures_that_no_product_has_are_refused(
    tmp_path: Path, file: str, content: str, words: str
) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(UsageError) as caught:
        load(tmp_path).gpu("X")
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / file}:2: ")
