"""Files and folders as tools write them: LLaMA-Factory's registry, archives, annotation exports."""

import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.probe.data import probe
from advisor.probe.files.envelopes import rows_of_value
from advisor.probe.files.rows import expand, read
from advisor.probe.forms.fields import recognise

TEXT = st.text("abc xyz", min_size=3, max_size=30).filter(lambda t: len(t.split()) > 1)
LABEL = st.sampled_from(["red", "green", "blue"])


def taken(rows):
    """(prompt, answer) of all rows of some values, and the reasons of those that are not usable."""
    unfolded = [row for value in rows for row in rows_of_value(1, value)]
    values = [row.value for row in unfolded if row.value is not None]
    fields = recognise(values, where="rows.jsonl")
    pairs = [
        (part.prompt, part.answer) if fields.read else fields.take(value)
        for value in values
        for part in [fields.read(value, False) if fields.read else None]
    ]
    return pairs, [row.reason for row in unfolded if row.value is None]


EXPORTS = {
    "Argilla 2": lambda t, label: {
        "id": "1", "fields": {"text": t}, "metadata": {"from": "mail"}, "vectors": {},
        "suggestions": {"topic": {"value": "other", "score": 0.5, "agent": "m"}},
        "responses": {"topic": [{"value": label, "user_id": "u"}]}, "status": "completed"},
    "Argilla 2, suggestions alone": lambda t, label: {
        "id": "1", "fields": {"text": t}, "responses": {}, "status": "pending",
        "suggestions": {"colour": {"value": label, "score": None, "agent": None}}},
    "Label Studio, the second annotation": lambda t, label: {
        "data": {"text": t}, "annotations": [
            {"result": [], "was_cancelled": True},
            {"result": [{"value": {"choices": [label]}}], "was_cancelled": False}]},
    "Label Studio, a taxonomy": lambda t, label: {
        "data": {"text": t}, "annotations": [{"result": [{"value": {"taxonomy": [[label]]}}]}]},
    "Label Studio, JSON-MIN": lambda t, label: {
        "id": 1, "text": t, "what": {"choices": [label]}, "annotator": 1, "annotation_id": 2,
        "created_at": "2026-01-02T03:04:05Z", "lead_time": 1.5},
    "Prodigy, typed": lambda t, label: {
        "text": t, "user_input": label, "answer": "accept", "_task_hash": 1, "_input_hash": 2},
    "doccano": lambda t, label: {"id": 1, "text": t, "label": [label], "Comments": []},
    "spaCy, a pair": lambda t, label: [t, {"cats": {label: 1.0, "none": 0.0}}],
    "spaCy 2": lambda t, label: {"id": 0, "paragraphs": [
        {"raw": t, "sentences": [], "cats": [{"label": label, "value": 1.0}]}]},
    "Vertex AI, sentiment": lambda t, label: {
        "textContent": t, "sentimentAnnotation": {"sentiment": label, "sentimentMax": 2},
        "dataItemResourceLabels": {"aiplatform.googleapis.com/ml_use": "training"}},
    "intents": lambda t, label: {"tag": label, "patterns": [t], "responses": ["fixed answer"]},
    "OpenAI's evals": lambda t, label: {"item": {"text": t, "correct_label": label}},
    "Bedrock's evaluation": lambda t, label: {
        "prompt": t, "referenceResponse": label, "category": "c"},
    "Braintrust": lambda t, label: {"input": t, "expected": label, "metadata": {}, "tags": []},
}  # fmt: skip


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
@given(examples=st.lists(st.tuples(TEXT, LABEL), min_size=4, max_size=6))
@settings(max_examples=8, deadline=None)
def test_exports_of_tools_give_text_and_label(export, examples):
    pairs, refused = taken([export(*example) for example in examples])
    assert pairs == examples
    assert not refused


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"data": {"text": "a b"}, "annotations": []}, "not annotated yet"),
        (
            {"data": {"text": "a b"}, "annotations": [{"result": [], "was_cancelled": True}]},
            "skipped by its annotator",
        ),
        (
            {"fields": {"text": "a b"}, "responses": {}, "status": "discarded"},
            "discarded by its annotator",
        ),
        (
            {"messages": [{"role": "user", "content": "a b"}], "loss_mask": [0, 1, 1]},
            "loss_mask has 3 marks for 1 turns",
        ),
        (
            {"source-ref": "s3://b/a.txt", "j": 0, "j-metadata": {"class-name": "x"}},
            "its text or picture is in another file (source-ref); put the text here",
        ),
    ],
)
def test_a_row_without_an_answer_says_why(row, reason):
    (found,) = rows_of_value(3, row)
    assert (found.line, found.value, found.reason) == (3, None, reason)


@given(marks=st.lists(st.booleans(), min_size=1, max_size=5))
@settings(max_examples=20, deadline=None)
def test_loss_masks_choose_the_answers_that_are_learned(marks):
    turns = [
        {"role": role, "content": f"{role} {at}"}
        for at in range(len(marks))
        for role in ("user", "assistant")
    ]
    per_turn = [int(mark and role == 1) for mark in marks for role in (0, 1)]
    learned = "\n".join(f"assistant {at}" for at, mark in enumerate(marks) if mark)
    for mask in (per_turn, [int(m) for m in marks]):
        (row,) = rows_of_value(1, {"messages": turns, "loss_mask": mask})
        other = {
            "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
        }
        fields = recognise([row.value, other], where="a.jsonl")
        assert fields.read(row.value, False).answer == learned


def test_votes_and_several_labels_are_not_guessed():
    rows = [
        {"text": f"some text here {at}", "LF_a": at % 2, "LF_b": -1, "LF_c": 1 - at % 2}
        for at in range(6)
    ]
    assert recognise(rows, where="a.csv").answer == ""
    assert "votes of labelling functions" in recognise(rows, where="a.csv").assumed
    rows = [
        {"description": f"some text here {at}", "queue": "ab"[at % 2], "priority": "hl"[at // 3]}
        for at in range(6)
    ]
    found = recognise(rows, where="a.csv")
    assert found.answer == ""
    assert "queue, priority hold labels: name one with --answer-field" in found.assumed
    rows = [
        {"subject": f"Re: {at}", "body": f"some text here {at}", "desk": "ab"[at % 2]}
        for at in range(6)
    ]
    found = recognise(rows, where="a.csv")
    assert (found.prompt, found.answer) == ("body+subject", "desk")


@pytest.fixture
def registry(tmp_path):
    """LLaMA-Factory's folder: a table, a chat and pairs under names of their own."""
    entries = {
        "mine": {"file_name": "my.json", "columns": {"prompt": "frage", "response": "antwort"}},
        "chats": {
            "file_name": "chats.json",
            "formatting": "sharegpt",
            "columns": {"messages": "gespraech", "system": "rolle"},
            "tags": {
                "role_tag": "wer", "content_tag": "was", "user_tag": "kunde",
                "assistant_tag": "laden",
            },
        },
        "pairs": {
            "file_name": "pairs.json",
            "ranking": True,
            "columns": {"prompt": "q", "chosen": "gut", "rejected": "schlecht"},
        },
        "remote": {"hf_hub_url": "somebody/else"},
    }  # fmt: skip
    chat = [{"wer": "kunde", "was": "Was kostet es"}, {"wer": "laden", "was": "Drei Euro"}]
    files = {
        "dataset_info.json": entries,
        "my.json": [{"frage": f"Was kostet {n}", "antwort": f"{n} Euro"} for n in range(3)],
        "chats.json": [{"gespraech": chat, "rolle": "Sei nett"}],
        "pairs.json": [{"q": "Was denn", "gut": "Das hier", "schlecht": "Nichts"}],
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def parts(path):
    notes = []
    rows = [row.value for row in read(path, notes.append)]
    fields = recognise(rows, where=path.name)
    if fields.read is None:
        return (*fields.take(rows[0]), ""), notes
    found = fields.read(rows[0], False)
    return (found.prompt, found.answer, found.rejected), notes


def test_a_registry_names_fields_and_roles(registry):
    found, notes = parts(registry / "my.json")
    assert found == ("Was kostet 0", "0 Euro", "")
    assert notes == ["fields by dataset_info.json: frage as instruction, antwort as output"]
    assert parts(registry / "chats.json")[0] == ("Sei nett\nWas kostet es", "Drei Euro", "")
    assert parts(registry / "pairs.json")[0] == ("Was denn", "Das hier", "Nichts")


def test_a_registry_itself_gives_the_files_that_are_here(registry):
    notes = []
    files = expand([registry / "dataset_info.json"], notes.append)
    assert [file.name for file in files] == ["my.json", "chats.json", "pairs.json"]
    assert notes == ["of dataset_info.json, not in this folder and left aside: remote"]
    for file in files:
        file.unlink()
    with pytest.raises(UsageError, match="lists mine, chats, pairs, remote, but none of their"):
        expand([registry / "dataset_info.json"])


def test_another_dataset_info_maps_nothing(tmp_path):
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": {}, "splits": {"a": {}}}))
    (tmp_path / "a.jsonl").write_text(json.dumps({"prompt": "a b", "completion": "c"}) + "\n")
    notes = []
    assert [row.value for row in read(tmp_path / "a.jsonl", notes.append)]
    assert not notes


@pytest.mark.parametrize("name", ["a.csv.zip", "a.zip"])
def test_the_one_file_of_an_archive_is_read(tmp_path, name):
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/a.csv", "prompt,completion\nWhat is it,A thing\n")
        archive.writestr("__MACOSX/set/._a.csv", "x")
        archive.writestr("set/README.md", "about")
    (row,) = read(tmp_path / name)
    assert row.value == {"prompt": "What is it", "completion": "A thing"}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.csv", "b.csv"], r"holds 2 files \(a.csv, b.csv\); unpack it"),
        ([], "holds no data file; unpack it"),
        (["[Content_Types].xml", "xl/workbook.xml"], "an Office file; save its table as CSV"),
    ],
)
def test_an_archive_of_several_files_is_refused(tmp_path, names, words):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "prompt,completion\nq,a\n")
    with pytest.raises(UsageError, match=words):
        list(read(tmp_path / "a.zip"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl.zip", b"PK\x03\x04broken", "not a readable ZIP archive"),
        ("a.xlsx", b"PK\x03\x04", "a workbook; save its table as CSV"),
        ("a.yml", b"nlu:\n- intent: x\n", "YAML; write its rows as JSONL"),
        ("a.conll", b"EU B-ORG\n", "write JSONL with `tokens` and `ner_tags`"),
        ("a.pkl", b"\x80\x04\x95", "pickled Python; write it as JSONL"),
        ("a.npy", b"\x93NUMPY\x01", "an array of NumPy"),
        ("a.tar.gz", b"\x1f\x8b", "an archive; unpack it"),
    ],
)
def test_what_is_not_read_says_what_to_give(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=words):
        probe([tmp_path / name])
