"""The data probe on planted problems, and on public data against independent counts."""

import collections
import csv
import json
import math
import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import Cancelled, UsageError
from advisor.core.events import CancelToken
from advisor.core.quantity import Basis
from advisor.probe.data import probe
from advisor.probe.statistics import kept
from advisor.probe.tokens import _o200k

GIVEN = Path(__file__).parents[3] / "shared"
WORDS = [
    first + second
    for first in (
        "ba",
        "ce",
        "di",
        "fo",
        "gu",
        "la",
        "me",
        "ni",
        "po",
        "ru",
        "sa",
        "te",
        "vi",
        "xo",
        "zu",
    )
    for second in ("ran", "tel", "min", "dor", "fus", "kel")
]


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def sentence(rng, words=14):
    return " ".join(rng.choice(WORDS) for _ in range(words))


def with_one_word_changed(rng, text):
    words = text.split()
    words[rng.randrange(len(words))] = "replaced"
    return " ".join(words)


@pytest.mark.parametrize("length", [8, 14, 40, 150])
def test_planted_copies_and_leaks_are_found(tmp_path, length):
    rng = random.Random(length)
    rows = [{"prompt": sentence(rng, length), "completion": sentence(rng, 5)} for _ in range(600)]
    exact = [dict(rows[i]) for i in range(40)]
    near = [
        {**rows[i], "prompt": with_one_word_changed(rng, rows[i]["prompt"])}
        for i in range(100, 200)
    ]
    tests = [{"prompt": sentence(rng, length), "completion": "x"} for _ in range(200)]
    leaked = [
        {**rows[i], "prompt": with_one_word_changed(rng, rows[i]["prompt"])}
        for i in range(300, 350)
    ]
    leaked += [dict(rows[i]) for i in range(400, 420)]
    mixed = rows + exact + near
    rng.shuffle(mixed)
    report = probe(
        [jsonl(tmp_path / "train.jsonl", mixed)],
        eval_paths=[jsonl(tmp_path / "test.jsonl", tests + leaked)],
    )
    assert report.rows == 740
    assert report.distinct_rows == 700
    assert 95 <= report.near_duplicate_rows <= 110  # recall ≥ 0.95, precision ≥ 0.9 of 100
    assert report.effective_rows == 700 - report.near_duplicate_rows
    assert report.leaked_exact_rows == 20
    assert 67 <= report.leaked_eval_rows <= 77  # of 70
    assert "leakage" in report.warnings[0]


def test_planted_labels_secrets_and_broken_lines(tmp_path):
    rng = random.Random(7)
    texts = [sentence(rng) for _ in range(300)]
    rows = [{"text": text, "label": rng.choice("abc")} for text in texts]
    flipped = [
        {"text": texts[i], "label": {"a": "b", "b": "c", "c": "a"}[rows[i]["label"]]}
        for i in range(30)
    ]
    phones = [
        {"text": f"{sentence(rng)} call +1 202 555 {1000 + i}", "label": "a"} for i in range(25)
    ]
    keys = [{"text": f"{sentence(rng)} AKIA{'ABCDEFGH' * 2}", "label": "b"} for _ in range(5)]
    lines = [json.dumps(row) for row in rows + flipped + phones + keys]
    broken = ['{"text": "cut', "", "null", '{"label": "a"}', '{"text": " ", "label": "a"}']
    for line in broken:
        lines.insert(rng.randrange(len(lines)), line)
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(lines) + "\n")
    report = probe([path])
    assert report.rows == 360
    assert report.conflicting_rows == 60  # each flipped row and the row it contradicts
    assert report.near_conflicting_rows >= 60
    assert dict(report.personal_data) == {"phone": 25, "key or password": 5}
    assert report.bad_row_count == 4  # an empty line is no row
    numbered = {number for number, line in enumerate(lines, 1) if line in broken and line}
    assert {bad.line for bad in report.bad_rows} == numbered
    assert sum(report.labels.values()) == 360
    assert set(report.labels) == {"a", "b", "c"}


def test_shared_instructions_make_no_duplicates(tmp_path):
    rng = random.Random(3)
    instruction = sentence(rng, 120)
    rows = [
        {"prompt": f"{instruction}\n\nText: {sentence(rng, 12)}\nAnswer:", "completion": "ok"}
        for _ in range(200)
    ]
    assert probe([jsonl(tmp_path / "a.jsonl", rows)]).near_duplicate_rows == 0


def test_a_table_without_a_header_is_noticed(tmp_path):
    (tmp_path / "a.csv").write_text(
        "".join(f"some words number {at},{'yes' if at % 2 else 'no'}\n" for at in range(12))
    )
    assert (
        "a.csv has no header: its columns are called column_1 to column_2"
        in probe([tmp_path / "a.csv"]).assumed
    )
    (tmp_path / "b.csv").write_text("text,label\n" + (tmp_path / "a.csv").read_text())
    assert "header" not in probe([tmp_path / "b.csv"]).assumed


def test_several_instructions_and_odd_rows_make_no_duplicates(tmp_path):
    rng = random.Random(9)
    asked = [sentence(rng, 60), sentence(rng, 25)]
    rows = [
        {"prompt": f"{asked[at % 2]}\n\n{sentence(rng, 12)}\nAnswer:", "completion": "ok"}
        for at in range(200)
    ]
    rows[7]["prompt"] = sentence(rng, 12)
    copies = [{**row, "prompt": row["prompt"].replace("Answer:", "answer:")} for row in rows[20:25]]
    report = probe([jsonl(tmp_path / "a.jsonl", rows + copies)])
    assert (report.rows, report.near_duplicate_rows) == (205, 5)


def test_a_template_repeats_where_its_answers_add_nothing_to_its_numbers(tmp_path):
    """Among other rows, so that the template is not taken for an instruction."""
    rng = random.Random(7)
    others = [{"prompt": sentence(rng, 15), "completion": sentence(rng, 8)} for _ in range(200)]
    carried = [
        {"prompt": f"My parcel for order {n} has not come yet, can you tell me where it is?",
         "completion": f"I am sorry that order {n} is late."}
        for n in range(1000, 1020)]  # fmt: skip
    sums = [
        {"prompt": f"A train travels at 60 km per hour for {n} hours. How far does it go?",
         "completion": f"{60 * n} km"} for n in range(1, 21)]  # fmt: skip
    assert probe([jsonl(tmp_path / "a.jsonl", others + carried)]).near_duplicate_rows == 19
    assert probe([jsonl(tmp_path / "b.jsonl", others + sums)]).near_duplicate_rows == 0


def test_one_prompt_for_all_rows_compares_the_answers(tmp_path):
    rng = random.Random(4)
    rows = [{"prompt": "Write a greeting.", "completion": sentence(rng, 20)} for _ in range(50)]
    report = probe([jsonl(tmp_path / "a.jsonl", [*rows, rows[0]])])
    assert (report.distinct_rows, report.near_duplicate_rows) == (50, 0)


def test_mean_and_its_uncertainty_follow_the_hand_formula(tmp_path):
    rows = [{"prompt": "word " * n, "completion": "yes"} for n in (10, 20, 30, 60)]
    report = probe([jsonl(tmp_path / "a.jsonl", rows)])
    count = [len(_o200k().encode_ordinary(r["prompt"])) + 1 for r in rows]
    mean = sum(count) / 4
    error = 1.2816 * (sum((c - mean) ** 2 for c in count) / 3) ** 0.5 / 2
    held = report.tokens_per_row
    assert held.basis is Basis.MEASURED
    assert held.range.likely == pytest.approx(mean)
    assert held.range.p10 == pytest.approx(mean - error)
    assert held.range.p90 == pytest.approx(mean + error)
    assert report.max_tokens == max(count)


def test_a_stand_in_scales_and_widens(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", [{"prompt": "plain words here", "completion": "yes"}] * 40)
    exact, stand_in = (
        probe([path]).tokens_per_row,
        probe([path], model="claude-sonnet-5").tokens_per_row,
    )
    assert stand_in.basis is Basis.MODELLED
    assert stand_in.likely == pytest.approx(1.10 * exact.likely)
    assert stand_in.range.p90 == pytest.approx(1.30 * exact.likely)
    estimated = probe([path], count_tokens=False).tokens_per_row
    assert estimated.basis is Basis.MODELLED
    assert "bytes" in estimated.source


def test_no_answer_is_unknown_and_not_zero(tmp_path):
    report = probe([jsonl(tmp_path / "a.jsonl", [{"id": 1, "prompt": "only a prompt"}])])
    assert not report.answer_tokens.range.is_known
    assert "no answer" in report.answer_tokens.reason
    assert report.empty_answers == 0


def test_human_ceiling_from_a_second_column(tmp_path):
    rows = [
        {"text": f"row {i}", "label": "a", "second": "A" if i < 8 else "b" if i < 10 else ""}
        for i in range(12)
    ]
    report = probe([jsonl(tmp_path / "a.jsonl", rows)], second_labels="second")
    assert report.human_ceiling == pytest.approx(0.8)


def test_near_conflicts_and_boilerplate(tmp_path):
    rng = random.Random(9)
    texts = [sentence(rng) for _ in range(60)]
    rows = [{"text": text, "label": "ab"[i % 2]} for i, text in enumerate(texts)]
    rows += [
        {"text": with_one_word_changed(rng, texts[i]), "label": "ba"[i % 2]} for i in range(10)
    ]
    report = probe([jsonl(tmp_path / "a.jsonl", rows)])
    assert (report.conflicting_rows, report.near_conflicting_rows) == (0, 20)
    sorry = (
        "I am sorry, but I can only say that this is not something "
        "that we do here at all, not even on request."
    )
    rows = [
        {"prompt": text, "completion": sorry if i < 12 else text[::-1]}
        for i, text in enumerate(texts)
    ]
    report = probe([jsonl(tmp_path / "b.jsonl", rows)])
    assert report.same_answer_rows == 12
    assert any("12 rows share one answer" in w for w in report.warnings)


def test_beyond_what_is_kept_counts_go_on(tmp_path, monkeypatch):
    rng = random.Random(11)
    rows = [{"prompt": sentence(rng), "completion": sentence(rng, 2)} for _ in range(3000)]
    rows += rows[:300]
    tests = [rows[2999], {"prompt": sentence(rng), "completion": "x"}]
    train, test = jsonl(tmp_path / "a.jsonl", rows), jsonl(tmp_path / "b.jsonl", tests)
    whole = probe([train], eval_paths=[test])
    monkeypatch.setattr(kept, "MAX_KEPT", 1000)
    monkeypatch.setattr(kept, "LEFT_OF_MORE", 500)
    report = probe([train], eval_paths=[test])
    assert (report.rows, report.distinct_rows) == (3300, 3000)
    assert report.leaked_exact_rows == 1  # a row far beyond what is kept
    assert report.tokens_per_row == whole.tokens_per_row
    assert report.histogram == whole.histogram
    assert any("the first 500 rows only" in w for w in report.warnings)
    assert not any("only" in w for w in whole.warnings)


def test_unusual_rows_are_named_by_file_and_line(tmp_path):
    plain = "please tell me when the next train to the city will leave from here today"
    odd = (
        "λ-calculus eigenvector homeomorphism dysprosium phosphofructokinase "
        "qubit lemmatisation stochasticity axon"
    )
    first = jsonl(
        tmp_path / "a.jsonl", [{"prompt": f"{plain} {i}", "completion": "x"} for i in range(40)]
    )
    rows = [{"prompt": f"{plain} {i}", "completion": "y"} for i in range(40, 60)]
    second = jsonl(tmp_path / "b.jsonl", [*rows[:7], {"prompt": odd, "completion": "z"}, *rows[7:]])
    report = probe([first, second])
    assert [(r.file, r.line) for r in report.unusual_rows] == [(str(second), 8)]
    assert report.unusual_rows[0].score > 0.5
    assert (
        report.row_specificity[50]
        < 0.12
        < report.row_specificity[99]
        < report.unusual_rows[0].score
    )


def test_uneven_labels_are_put_in_words(tmp_path):
    rng = random.Random(2)
    counts = {"a": 90, "b": 6, "c": 4}
    rows = [
        {"text": sentence(rng), "label": label}
        for label, count in counts.items()
        for _ in range(count)
    ]
    report = probe([jsonl(tmp_path / "a.jsonl", rows)])
    entropy = -sum(n / 100 * math.log(n / 100) for n in counts.values())
    assert report.effective_labels == pytest.approx(math.exp(entropy))
    assert report.rare_labels == 2
    assert any("as even as 1.5 equally frequent ones" in w for w in report.warnings)
    assert any("2 labels have fewer than 10 rows" in w for w in report.warnings)
    even = [{"text": sentence(rng), "label": "abc"[i % 3]} for i in range(60)]
    report = probe([jsonl(tmp_path / "b.jsonl", even)])
    assert report.effective_labels == pytest.approx(3)
    assert not any("equally" in w for w in report.warnings)


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        ("I'm sorry, but I can't help with that request.", True),
        ("As an AI language model, I do not have opinions.", True),
        ("I cannot assist with that.", True),
        ("N/A", True),
        ("TODO", True),
        ("I'm sorry to hear that your card was stolen. Please call us.", False),
        ("As an airline we carry your bags.", False),
        ("None of the planes left on time.", False),
        ("I can help you with that.", False),
    ],
)
def test_refusals_and_fillers(tmp_path, answer, counts):
    rng = random.Random(6)
    rows = [{"prompt": sentence(rng), "completion": sentence(rng, 30)} for _ in range(20)]
    report = probe([jsonl(tmp_path / "a.jsonl", [*rows, {"prompt": "ask", "completion": answer}])])
    assert report.boilerplate_answers == counts
    assert any("set phrase" in w for w in report.warnings) == counts


def test_a_saved_dataset_folder(tmp_path):
    rng = random.Random(12)
    for split, rows in (("train", 30), ("test", 10)):
        folder = tmp_path / "set" / split
        folder.mkdir(parents=True)
        table = pa.table(
            {
                "text": [sentence(rng) for _ in range(rows)],
                "label": ["ab"[i % 2] for i in range(rows)],
            }
        )
        with (
            pa.OSFile(str(folder / "data-00000-of-00001.arrow"), "wb") as file,
            pa.ipc.new_stream(file, table.schema) as out,
        ):
            out.write_table(table)
        (folder / "dataset_info.json").write_text("{}")
        (folder / "state.json").write_text("{}")
    (tmp_path / "set" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    report = probe([tmp_path / "set"], eval_paths=[tmp_path / "set" / "test"])
    assert "only the split train of set; left aside: test" in report.assumed
    assert (report.rows, report.eval_rows, report.leaked_eval_rows) == (30, 10, 0)
    assert dict(report.labels) == {"a": 15, "b": 15}


def test_a_folder_of_plain_texts(tmp_path):
    rng = random.Random(13)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(sentence(rng, 50))
    report = probe([tmp_path])
    assert (report.rows, len(report.files), report.answer_field) == (5, 5, "")


def test_texts_are_not_kept(tmp_path):
    secret = "+1 202 555 0143"
    report = probe(
        [jsonl(tmp_path / "a.jsonl", [{"prompt": f"call {secret}", "completion": "ok" * 60}])]
    )
    assert secret not in repr(report)
    assert dict(report.personal_data) == {"phone": 1}


def test_nothing_usable_is_one_line(tmp_path):
    (tmp_path / "a.jsonl").write_text("nonsense\n")
    with pytest.raises(UsageError, match="line 1"):
        probe([tmp_path / "a.jsonl"])


def test_can_be_cancelled(tmp_path):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        probe([jsonl(tmp_path / "a.jsonl", [{"prompt": "p", "completion": "c"}])], cancel=token)


texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40
).filter(str.strip)


@given(
    st.lists(
        st.tuples(
            texts, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
        ),
        min_size=1,
    )
)
def test_counts_agree_with_plain_python(tmp_path_factory, pairs):
    folder = tmp_path_factory.mktemp("any")
    rows = [{"prompt": p, "completion": a} for p, a in pairs]
    report = probe([jsonl(folder / "a.jsonl", rows)])
    encode = _o200k().encode_ordinary
    assert report.rows == len(pairs)
    assert report.distinct_rows == len(set(pairs))
    assert report.effective_rows <= report.distinct_rows
    assert report.empty_answers == sum(not a.strip() for _, a in pairs)
    assert report.tokens_per_row.likely == pytest.approx(
        sum(len(encode(p)) + len(encode(a)) for p, a in pairs) / len(pairs)
    )
    assert sum(n for _, _, n in report.histogram) == len(pairs)


def public(name):
    path = GIVEN / "data" / name
    if not path.exists():
        pytest.skip("the public data sets are not here")
    return path


def test_gsm8k_agrees_with_an_independent_count():
    path = public("gsm8k_test.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    encode = _o200k().encode_ordinary
    report = probe([path])
    assert (report.prompt_field, report.answer_field) == ("question", "answer")
    assert report.rows == len(rows)
    assert report.distinct_rows == len({(r["question"], r["answer"]) for r in rows})
    assert report.prompt_tokens.likely == pytest.approx(
        sum(len(encode(r["question"])) for r in rows) / len(rows)
    )
    assert report.answer_tokens.likely == pytest.approx(
        sum(len(encode(r["answer"])) for r in rows) / len(rows)
    )
    assert not report.personal_data


def test_banking77_agrees_with_an_independent_count():
    train, test = public("banking77_train.csv"), public("banking77_test.csv")
    with train.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with test.open(newline="", encoding="utf-8") as file:
        items = list(csv.DictReader(file))
    encode = _o200k().encode_ordinary
    report = probe([train], eval_paths=[test])
    assert report.rows == len(rows)
    assert dict(report.labels) == dict(collections.Counter(r["category"] for r in rows))
    assert report.prompt_tokens.likely == pytest.approx(
        sum(len(encode(r["text"])) for r in rows) / len(rows)
    )
    assert report.eval_rows == len(items)
    seen = {" ".join(r["text"].casefold().split()) for r in rows}
    assert report.leaked_exact_rows == sum(
        " ".join(r["text"].casefold().split()) in seen for r in items
    )


@pytest.mark.parametrize(
    ("name", "distinct"),
    [("s1-catalogue-attributes/train.jsonl", 220), ("s4-twenty-five-tickets/tickets.jsonl", 24)],
)
def test_scenario_data(name, distinct):
    path = GIVEN / "scenarios" / name
    if not path.exists():
        pytest.skip("the scenarios are not here")
    tests = [path.parent / "eval.jsonl"] if (path.parent / "eval.jsonl").exists() else []
    report = probe([path], eval_paths=tests, count_tokens=False)
    assert report.distinct_rows == distinct
    assert report.near_duplicate_rows == 0
    if tests:
        assert report.leaked_eval_rows == 40
    else:
        assert dict(report.personal_data) == {"phone": 1}
