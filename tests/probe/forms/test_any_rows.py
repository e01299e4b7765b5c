"""Rows of any shape under the names that data sets use: a report or a line, never a traceback."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.probe.data import probe
from advisor.probe.forms.chat_names import CHATS, ROLES, SYSTEMS, TOOLS
from advisor.probe.forms.names import ANSWERS, PROMPTS

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(allow_nan=True), st.text(max_size=12),
    st.sampled_from(["How do I return a parcel?", "### Human: a ### Assistant: b", "data:image/png"
                     ";base64,aGk=", "[{'role': 'user'}]", "<image>", "nan"]),
)  # fmt: skip
NAMES = st.sampled_from(
    [*PROMPTS[:12], *ANSWERS[:14], *CHATS[:6], *SYSTEMS[:3], *TOOLS[:2], "chosen", "rejected",
     "documents", "history", "images", "image", "audio", "label", "kto_tag", "scores", "winner",
     "response_a", "response_b", "rejected_response", "segments", "id", "translation", "winner",
     "role", "from", "content", "value", "parts", "type", "text", "tool_calls", "function_call",
     "weight", "train_detail", "thinking", "source", "data", "kwargs", "paragraphs", "qas", "row",
     "row_idx", "body", "custom_id", "completions", "output", "input_ids", "train_on_input"]
)  # fmt: skip
MESSAGE = st.dictionaries(
    st.sampled_from(["role", "from", "content", "value", "type", "data", "tool_calls", "weight",
                     "thinking", "train_detail", "images", "parts", "name", "text"]),
    st.one_of(st.sampled_from(sorted(ROLES)), LEAVES, st.lists(LEAVES, max_size=2),
              st.lists(st.dictionaries(NAMES, LEAVES, max_size=3), max_size=2)),
    max_size=4,
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(LEAVES, st.lists(MESSAGE, max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=4)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, repeated=st.booleans())
def test_any_rows_are_read_or_refused_in_a_line(tmp_path_factory, rows, repeated):
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    rows = rows * 3 if repeated else rows
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    line = ""
    try:
        report = probe([path], count_tokens=False)
    except UsageError as error:
        line = str(error)
    if line:
        assert "\n" not in line
        return
    assert report.rows >= 1
    assert report.unwanted_rows <= report.rows
    assert report.rejected_rows <= report.rows
