"""Which fields of a row are the prompt and which the answer: recognised by name and by content,
stated in the report, and open to override.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core.errors import UsageError, did_you_mean
from advisor.probe.forms.answers import answer_by_content, is_vote, the_label, worked_out
from advisor.probe.forms.chats import is_medium, kind_beside
from advisor.probe.forms.columns import Column, Content, column
from advisor.probe.forms.conversations import conversation
from advisor.probe.forms.flat import FlatReader, is_nested_text, nested_names
from advisor.probe.forms.label_sets import indicator_columns, label_sets, set_labels, word_labels
from advisor.probe.forms.names import (
    ANSWERS,
    ASKING,
    EXTRAS,
    PROMPTS,
    SECOND_PROMPTS,
    is_label_name,
    is_never_prompt,
    is_row_reasoning,
    plain,
    telling_word,
    words_of_name,
)
from advisor.probe.forms.preferences import preference
from advisor.probe.forms.recognised import Fields, reading_all, weighted
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.row_weights import weight_field
from advisor.probe.forms.spans import are_spans, of_spans
from advisor.probe.forms.transcripts import divided, form_of
from advisor.probe.forms.turn_tables import check_joined
from advisor.probe.forms.turns import text_of

SURE = (*ASKING, "input", "input_text", "problem", "text")
"""Names that mean the prompt even where it is a number or a code."""

LANGUAGE_CODE = 3
"""A field inside `translation` of at most so many letters names a language."""


def recognise(
    rows: Sequence[JsonObject],
    prompt_field: str = "",
    answer_field: str = "",
    where: str = "",
    answer_role: str = "",
) -> Fields:
    """The form of some first rows.

    Fields the user names win; `a+b` joins fields, `a.b` goes into one. `answer_role` names the role
    of a chat that is learned.

    Raises UsageError where nothing can be recognised, where it would be a guess, or where a named
    field does not exist.
    """
    names = list(dict.fromkeys(key for row in rows for key in row))
    _check_named(names, (prompt_field, answer_field), where)
    if prompt_field or answer_field:
        return _by_columns(rows, names, prompt_field, answer_field, where)
    return weighted(_recognised(rows, names, where, answer_role), weight_field(rows))


def _recognised(
    rows: Sequence[JsonObject], names: list[str], where: str, answer_role: str
) -> Fields:
    if any(isinstance(row.get("input_ids"), list) for row in rows):
        raise UsageError(
            f"{where}: the rows hold token numbers (input_ids), not text; "
            "give the file from before they were tokenised"
        )
    pairs = preference(rows, lambda free: _prompt_fields(rows, free))
    if pairs is not None:
        return reading_all(pairs.prompt, pairs.answer, pairs.assumed, pairs.read)
    chat = conversation(rows, where, answer_role)
    if chat is not None:
        return reading_all(chat.prompt, chat.answer, chat.assumed, chat.read)
    check_joined(rows, where)
    return _by_columns(rows, names, "", "", where)


def _check_named(names: list[str], wanted: Sequence[str], where: str) -> None:
    for part in (part for name in wanted for part in filter(None, name.split("+"))):
        if part not in names and part.split(".")[0] not in names:
            raise UsageError(
                f"{where}: no field {part!r}{did_you_mean(part, names)}; it has {_listed(names)}"
            )


def _by_columns(
    rows: Sequence[JsonObject], names: list[str], prompt_field: str, answer_field: str, where: str
) -> Fields:
    """One question and its answer in fields of their own."""
    columns = {name: column(rows, name) for name in names}
    prompt = prompt_field
    answer = answer_field
    notes: list[str] = []
    if not prompt:
        prompt, answer = _chosen(rows, columns, answer, where, notes)
    elif not answer:
        free = {n: c for n, c in columns.items() if n not in prompt.split("+")}
        answer = _answer_by_name(free)
    medium = "" if prompt_field or answer else _medium(rows, prompt)
    if medium:
        answer = prompt
        prompt = medium
    given = [f for f, name in (("prompt", prompt_field), ("answer", answer_field)) if name]
    if not answer_field and answer:
        answer = _with_reasoning(columns, prompt, answer)
    assumed = f"prompt = {prompt}, answer = {answer or 'none found'}"
    if given:
        assumed += f" ({' and '.join(given)} as given)"
    if not answer and not given and prompt in names:
        special = _written_chat(rows, prompt) or _indicated(rows, columns, prompt)
        if special is not None:
            return special
    if prompt and answer and are_spans(rows, prompt, answer):
        return of_spans(prompt, answer, assumed)
    reader = FlatReader(prompt, answer)
    notes += reader.learn(rows)
    labels = word_labels(rows, answer, prompt)
    notes += ["a label per word: kinds of entities are counted per row"] if labels else []
    if labels is None:
        labels = label_sets(rows, answer, prompt)
        notes += ["several labels per row, each counted"] if labels else []
    assumed = "; ".join([assumed, *notes])
    read = None if reader.is_plain else reader.read
    return Fields(prompt, answer, assumed, reader.take, read, labels=labels)


def _indicated(
    rows: Sequence[JsonObject], columns: dict[str, Column], prompt: str
) -> Fields | None:
    """A text with a column of 0 and 1 per label."""
    free = [c for name, c in columns.items() if name != prompt and not is_vote(rows, name)]
    indicators = indicator_columns(rows, free)
    if not indicators:
        return None
    reader = FlatReader(prompt, "")
    reader.learn(rows)

    def take(row: JsonObject) -> tuple[str, str]:
        return reader.take(row)[0], ", ".join(set_labels(row, indicators))

    labels = ", ".join(indicators[:6]) + (" …" if len(indicators) > 6 else "")
    assumed = f"prompt = {prompt}, answer = the labels that are 1 among {labels}"
    return Fields(
        prompt, "+".join(indicators), assumed, take, labels=lambda row: set_labels(row, indicators)
    )


def _chosen(
    rows: Sequence[JsonObject],
    columns: dict[str, Column],
    answer_field: str,
    where: str,
    notes: list[str],
) -> tuple[str, str]:
    """(prompt, answer) of columns; content decides where names say nothing."""
    free = {name: c for name, c in columns.items() if name != answer_field}
    prompt = _prompt_by_name(free)
    if prompt:
        extras = _extras(free, prompt)
        answer = answer_field or _answer_by_name(
            {n: c for n, c in free.items() if n not in (prompt, *extras)}
        )
        if not answer and not answer_field:
            rest = {n: c for n, c in free.items() if n not in (prompt, *extras)}
            answer = answer_by_content(rows, rest) or the_label(rows, rest, notes)
            notes += [f"that {answer} is the answer is a guess"] if answer in free else []
        if not answer and not answer_field and extras:  # the extra is all there is to answer
            answer = _answer_by_name({n: c for n, c in free.items() if n != prompt})
            extras = [name for name in extras if name != answer]
        return "+".join((prompt, *extras)), answer
    nested = _nested(rows, free)
    if nested is not None:
        notes.append("the direction is a guess: swap it with --prompt-field and --answer-field")
        return nested
    return _by_content(rows, free, answer_field, where, notes)


def _prompt_by_name(columns: dict[str, Column]) -> str:
    """A field that is called as prompts are, and whose content does not speak against it."""
    by_name = {plain(name): c for name, c in reversed(columns.items())}
    for wanted in PROMPTS:
        candidate = by_name.get(wanted)
        if candidate is None:
            continue
        kinds = {Content.TEXT, Content.STRUCTURE}
        if wanted in ASKING:
            kinds |= {Content.LABEL, Content.NUMBER}
        if candidate.kind in kinds and not _is_a_word_beside_texts(candidate, columns):
            return candidate.name
    by_ending = [
        c.name
        for c in columns.values()
        if c.kind is Content.TEXT
        and telling_word(c.name) in PROMPTS
        and not is_never_prompt(c.name)
        and not kind_beside(c.name)
    ]
    asking = [name for name in by_ending if telling_word(name) in ASKING]
    if len(by_ending) == 1 or len(asking) == 1:
        return (asking or by_ending)[0]
    short = {
        plain(c.name): c for c in columns.values() if c.kind in (Content.LABEL, Content.NUMBER)
    }
    by_kind = next((short[w].name for w in PROMPTS if w in short and not by_ending), "")
    if by_kind:
        return by_kind
    return next((by_name[w].name for w in SURE if w in by_name and _may_be_sure(by_name[w])), "")


def _is_a_word_beside_texts(candidate: Column, columns: dict[str, Column]) -> bool:
    """Whether a field holds single words, such as names of users, and another one sentences."""
    if plain(candidate.name) in SURE or candidate.kind is not Content.TEXT or candidate.words >= 2:
        return False
    return any(c.kind is Content.TEXT and c.words >= 3 for c in columns.values())


def _may_be_sure(column_of_name: Column) -> bool:
    return column_of_name.kind is not Content.MEDIA


def _extras(columns: dict[str, Column], prompt: str) -> list[str]:
    """Fields that belong to the prompt beside its first field."""
    by_name = {
        _beside(name, prompt): name
        for name, c in columns.items()
        if name != prompt and c.kind not in (Content.IDENTIFIER, Content.MEDIA, Content.EMPTY)
    }
    lower = _beside(prompt, prompt)
    second = SECOND_PROMPTS.get(lower, "")
    if second in by_name:
        return [by_name[second]]
    if lower not in ASKING:
        return []
    extras = [by_name[e] for e in EXTRAS if e in by_name]
    free = {n: c for n, c in columns.items() if n not in (prompt, *extras)}
    return extras if _answer_by_name(free) or not _answer_by_name(columns) else []


def _beside(name: str, prompt: str) -> str:
    """A field's name without the words that it shares with the prompt's: `sql_context` beside
    `sql_prompt` is a context.
    """
    words = words_of_name(prompt)
    own = words_of_name(name)
    is_shared = len(words) > 1 and own[:-1] == words[:-1] and telling_word(prompt) in ASKING
    return own[-1] if is_shared else plain(name)


def _answer_by_name(columns: dict[str, Column]) -> str:
    by_name = {plain(name): c for name, c in reversed(columns.items())}
    for wanted in ANSWERS:
        candidate = by_name.get(wanted)
        if candidate is None or candidate.kind is Content.MEDIA:
            continue
        if candidate.kind is Content.IDENTIFIER and wanted in (
            "reference",
            "references",
            "target",
        ):
            continue
        return worked_out(candidate, by_name).name
    endings = [
        c
        for c in columns.values()
        if len(words_of_name(c.name)) > 1 and c.kind is not Content.MEDIA
    ]
    labels = [c.name for c in endings if is_label_name(c.name) and c.kind is not Content.TEXT]
    if len(labels) == 1:
        return labels[0]
    named = [
        c.name
        for c in endings
        if c.kind in (Content.TEXT, Content.LABEL, Content.STRUCTURE)
        and telling_word(c.name) in ANSWERS
    ]
    return named[0] if len(named) == 1 else ""


def _by_content(
    rows: Sequence[JsonObject],
    columns: dict[str, Column],
    answer_field: str,
    where: str,
    notes: list[str],
) -> tuple[str, str]:
    """The one field that holds language is the prompt, the one that holds labels the answer."""
    if not columns:
        raise UsageError(f"{where}: no field that holds text; give one with a prompt and an answer")
    texts = [c.name for c in columns.values() if c.may_be_prompt]
    if len(texts) != 1:
        raise _undecided(columns, where)
    rest = {n: c for n, c in columns.items() if n != texts[0]}
    notes.append("told by what the fields hold")
    answer = answer_field or _answer_by_name(rest) or the_label(rows, rest, notes)
    return texts[0], answer


def _undecided(columns: dict[str, Column], where: str) -> UsageError:
    return UsageError(
        f"{where}: cannot tell prompt and answer among {_listed(list(columns))}; "
        "name them with --prompt-field and --answer-field"
    )


def _nested(rows: Sequence[JsonObject], columns: dict[str, Column]) -> tuple[str, str] | None:
    """`{"translation": {"en": …, "de": …}}`: the first text is the prompt."""
    for name, c in columns.items():
        if c.kind is not Content.STRUCTURE or not is_nested_text(rows, name):
            continue
        inner = nested_names(rows, name)
        languages = [n for n in inner if len(n.split("_")[0].split("-")[0]) <= LANGUAGE_CODE]
        if len(inner) == 2 and len(languages) == 2:
            return f"{name}.{inner[0]}", f"{name}.{inner[1]}"
    return None


def _medium(rows: Sequence[JsonObject], prompt: str) -> str:
    """A picture or a sound beside the only text, which is then what is learned of it."""
    if "+" in prompt:
        return ""
    names = dict.fromkeys(key for row in rows for key in row if key != prompt)
    return next(
        (
            n
            for n in names
            if is_medium(n) and any(row.get(n) not in (None, "", []) for row in rows)
        ),
        "",
    )


def _with_reasoning(columns: dict[str, Column], prompt: str, answer: str) -> str:
    """The answer with the reasoning that stands in a field before it."""
    used = (*prompt.split("+"), *answer.split("+"))
    for name, c in columns.items():
        is_text = c.kind is Content.STRUCTURE or (c.kind is Content.TEXT and c.words >= 3)
        if is_row_reasoning(name) and name not in used and is_text:
            return f"{name}+{answer}"
    return answer


def _written_chat(rows: Sequence[JsonObject], name: str) -> Fields | None:
    """A text that holds a whole chat with its marks, trained on as it stands."""
    forms = [form_of(text_of(row.get(name))) for row in rows]
    form = max(set(forms), key=forms.count)
    if not form or forms.count(form) < len(forms) / 2:
        return None

    def take(row: JsonObject) -> tuple[str, str]:
        return divided(text_of(row[name]), form)

    assumed = f"{name}: a chat written with marks ({form}); what the assistant says is the answer"
    return Fields(f"{name}: others", f"{name}: assistant", assumed, take, is_written=True)


def _prompt_fields(rows: Sequence[JsonObject], names: list[str]) -> tuple[str, ...]:
    """The fields of the prompt among some; nothing where none can be told."""
    columns = {name: column(rows, name) for name in names}
    prompt = _prompt_by_name(columns)
    if not prompt:
        texts = [c.name for c in columns.values() if c.may_be_prompt]
        return (texts[0],) if len(texts) == 1 else ()
    by_name = {plain(name): name for name in names if name != prompt}
    extras = [by_name[e] for e in EXTRAS if e in by_name] if plain(prompt) in ASKING else []
    return (prompt, *extras)


def _listed(names: list[str]) -> str:
    listed = ", ".join(repr(n[:40]) for n in names[:12])
    return listed + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "no fields"
