"""How texts become tokens: by the model's chat template where it has one, else as plain text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from advisor.calibrate.prompts import ANSWER, GAP, NEXT, chat, prompt
from advisor.calibrate.worker.batches import TokenisedExample

if TYPE_CHECKING:
    from advisor.calibrate.prompting.rendering import Prompter

Pair = tuple[str, str]
PLAIN = "plain text"
TEMPLATE = "chat template"
NO_SYSTEM = "chat template, instruction in the first question"
MOST_REPLIES = 4096
_MARK = "answer-zqxj"


class PromptFormat:
    """The same prompt for training and scoring of one arm.

    Tokens are numbers; `ends` are those that end an answer.

    `name` says which form it is. A prompt and its answer are encoded apart, so that all arms cut
    texts at one place.
    """

    def __init__(
        self,
        tokenizer: Any,
        instruction: str = "",
        examples: Sequence[Pair] = (),
        seq_len: int = 1024,
        ends: Collection[int] = (),
        prompter: Prompter | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.seq_len = seq_len
        self._prompter = prompter
        self._replies: dict[str, list[int]] = {}
        self.cut_texts: set[str] = set()
        self._instruction = prompter.instruction if prompter is not None else instruction
        self._shown = prompter.choice.fixed if prompter is not None else examples
        self._template = bool(getattr(tokenizer, "chat_template", None))
        self._system = self._template and _takes_system(tokenizer)
        self.name = self._format_name(instruction)
        self._lead = [] if self._template else _lead(tokenizer)
        end_ids = {*ends, *([tokenizer.eos_token_id] if tokenizer.eos_token_id is not None else [])}
        self._tail = self._tail_tokens(end_ids)
        self.ends = frozenset(int(t) for t in end_ids)
        self.pad = int(
            tokenizer.pad_token_id
            if tokenizer.pad_token_id is not None
            else min(self.ends, default=0)
        )
        self.stop = "" if self._template else NEXT
        bare = chat("", (), "") if self._template else prompt("", (), "")
        self.static_tokens = len(self.asked("")) - len(self._prompted(bare))

    def _format_name(self, instruction: str) -> str:
        if not self._template:
            return PLAIN
        return TEMPLATE if self._system or not instruction else NO_SYSTEM

    def asked(self, text: str) -> list[int]:
        """The prompt of an item, whole."""
        examples = self._shown
        if self._prompter is not None:
            if self._prompter.form.template:
                return self._prompted(self._messages(self._prompter.messages(text)))
            examples = self._prompter.choice.of(text)
            text = self._prompter.question(text)
        if self._template:
            return self._prompted(chat(self._instruction, examples, text, system=self._system))
        return self._prompted(prompt(self._instruction, examples, text))

    def _messages(self, messages: list[dict[str, str]]) -> str | list[dict[str, str]]:
        """The messages of a template file as this model takes them."""
        if not self._template:
            return GAP.join(message["content"] for message in messages)
        if self._system or messages[0]["role"] != "system":
            return messages
        head, first, *rest = messages
        return [first | {"content": f"{head['content']}{GAP}{first['content']}"}, *rest]

    def fitted(self, text: str, reserve: int) -> list[int]:
        """The prompt of an item with `reserve` positions left for its answer; one too long loses
        its beginning.
        """
        return self._cut(self.asked(text), reserve, text)

    def _cut(self, tokens: list[int], reserve: int, text: str) -> list[int]:
        room = self.seq_len - reserve
        if len(tokens) <= room:
            return tokens
        self.cut_texts.add(text)
        return [*self._lead, *tokens[len(tokens) - (room - len(self._lead)) :]]

    def answered(self, text: str) -> list[int]:
        """An answer as it follows the prompt, without what ends it."""
        if self._template:
            return self._encode(text)
        anchor = self._encode(ANSWER.strip())
        joint = self._encode(f"{ANSWER.strip()} {text}")
        return joint[len(anchor) :] if joint[: len(anchor)] == anchor else self._encode(f" {text}")

    def example(self, question: str, answer: str, *, ended: bool = True) -> TokenisedExample:
        """Prompt and answer with its end; a prompt that is too long loses its beginning, never its
        answer.
        """
        return self._examples(question, [answer], ended=ended)[0]

    def examples(self, question: str, answers: Sequence[str]) -> list[TokenisedExample]:
        """As `example`, for several answers to one prompt, which is encoded once."""
        return self._examples(question, answers, ended=True)

    def _examples(
        self, question: str, answers: Sequence[str], *, ended: bool
    ) -> list[TokenisedExample]:
        before_cut = self.asked(question)
        examples = []
        for answer in answers:
            reply = [*self._reply(answer), *(self._tail if ended else [])]
            reply = reply[: self.seq_len - 1 - len(self._lead)]
            before = self._cut(before_cut, len(reply), question)
            examples.append(TokenisedExample([*before, *reply], len(before)))
        return examples

    def _reply(self, answer: str) -> list[int]:
        """The tokens of an answer, remembered: labels come with every item."""
        if answer not in self._replies:
            if len(self._replies) >= MOST_REPLIES:
                self._replies.clear()
            self._replies[answer] = self.answered(answer)
        return self._replies[answer]

    def text(self, tokens: Sequence[int]) -> str:
        """An answer as text, up to where the model began another item by itself."""
        decoded = str(self.tokenizer.decode(tokens, skip_special_tokens=True))
        return decoded.partition(self.stop)[0] if self.stop else decoded

    def _prompted(self, given: str | list[dict[str, str]]) -> list[int]:
        if isinstance(given, str):
            return [*self._lead, *self._encode(given)]
        return self._encode(
            self.tokenizer.apply_chat_template(given, tokenize=False, add_generation_prompt=True)
        )

    def _encode(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _tail_tokens(self, ends: set[int]) -> list[int]:
        """What follows an answer up to its end token; a template's own end of turn joins the
        ends.
        """
        if not self._template:
            return (
                sorted(ends)[:1]
                if self.tokenizer.eos_token_id is None
                else [int(self.tokenizer.eos_token_id)]
            )
        messages = [
            {"role": "user", "content": "question"},
            {"role": "assistant", "content": _MARK},
        ]
        tail = self._encode(
            str(self.tokenizer.apply_chat_template(messages, tokenize=False)).rpartition(_MARK)[2]
        )
        if tail and tail[0] in self.tokenizer.all_special_ids:
            ends.add(tail[0])
        first = next((place for place, token in enumerate(tail) if token in ends), None)
        return tail[: first + 1] if first is not None else [*tail, *sorted(ends)[:1]]


def _takes_system(tokenizer: Any) -> bool:
    """Whether the template knows a system's turn; some refuse it, some leave it out in silence."""
    try:
        rendered = tokenizer.apply_chat_template(chat(_MARK, (), "question"), tokenize=False)
    except Exception:  # a template may raise whatever it likes
        return False
    return _MARK in rendered


def _lead(tokenizer: Any) -> list[int]:
    """What the tokenizer puts before any text, such as a begin of text; many models read nothing
    well without it.
    """
    bare = list(tokenizer("a", add_special_tokens=False)["input_ids"])
    dressed = list(tokenizer("a")["input_ids"])
    place = next((i for i in range(len(dressed)) if dressed[i : i + len(bare)] == bare), 0)
    return dressed[:place]
