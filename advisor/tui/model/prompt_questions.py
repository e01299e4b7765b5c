"""What the Calibrate tab asks of a prompt run alone, in groups with a heading.

No Textual here.
"""

from __future__ import annotations

from types import MappingProxyType

from advisor.tui.model.asked import ask
from advisor.tui.model.run_request import ENDPOINT, HERE

OPTIMISERS = ("gepa", "mipro")

TECHNIQUES = MappingProxyType(
    {
        "zero-shot": "the instruction alone",
        "one-shot": "one example",
        "few-shot": "examples, each answer once before any twice",
        "random few-shot": "the same, at random",
        "retrieved-examples": "the rows most like the item",
        "many-shot": "as many as the context takes",
        "chain-of-thought": "thinks step by step first",
        "self-consistency": "five such answers vote",
        "retrieval": "passages of your documents",
    }
)
"""What the prompt of a technique is, in a few words, in the order of the command line."""

MODEL = (
    ask(
        "runs_on",
        "Where is the model?",
        "endpoint: an OpenAI-compatible server, to which your items are sent. "
        "this machine: a folder with weights; nothing leaves.",
        "choice",
        "an endpoint",
        default=ENDPOINT,
        choices=(ENDPOINT, HERE),
    ),
    ask(
        "url",
        "Which endpoint?",
        "Base address of an OpenAI-compatible endpoint.",
        "text",
        "needed: http://…/v1",
    ),
    ask(
        "served_model",
        "Which model on the endpoint?",
        "Its name on the endpoint.",
        "text",
        "needed",
    ),
    ask(
        "key_env",
        "Which variable holds the key?",
        "The key itself is read from the environment; it is never stored or shown.",
        "text",
        "OPENAI_API_KEY",
    ),
    ask(
        "input_usd",
        "What do a million input tokens cost?",
        "For the price of the run, and for a limit in dollars.",
        "number",
        "the list price, where one is known",
        unit="USD",
        low=0.0,
        high=1e4,
    ),
    ask(
        "output_usd",
        "What do a million output tokens cost?",
        "For the price of the run, and for a limit in dollars.",
        "number",
        "the list price, where one is known",
        unit="USD",
        low=0.0,
        high=1e4,
    ),
)

PROMPT = (
    ask(
        "techniques",
        "Which techniques?",
        "Each chooses its best prompt on development items, then answers the test items once.",
        "names",
        "zero-shot and few-shot",
    ),
    ask(
        "shots",
        "How many examples in the prompt?",
        "Of several numbers above 1 the best is chosen on development items: 3,8.",
        "text",
        "0,3",
    ),
    ask(
        "instructions",
        "More instructions to choose from?",
        "A text file; lines of --- part them. The brief's own instruction is always a candidate.",
        "path",
        "the brief's own alone",
    ),
    ask(
        "prompts",
        "Prompts in files?",
        "Text with {{input}}, chat messages, or a promptfoo file; commas between files.",
        "names",
        "none",
    ),
    ask(
        "documents",
        "Which documents may be read?",
        "A folder of .txt, .md and .rst files for the technique retrieval.",
        "path",
        "needed",
    ),
    ask(
        "structured",
        "Answers in JSON?",
        "By a schema where the endpoint accepts one.",
        "yes-no",
        "plain answers",
        default=False,
    ),
)

SIMILARITY = (
    ask(
        "embedding_model",
        "Find similar rows and passages by embeddings too?",
        "A model of embeddings; the better of both ways is chosen. On this machine: an encoder's "
        "folder.",
        "text",
        "by words alone",
    ),
    ask(
        "embedding_url",
        "Where are texts embedded?",
        "An endpoint; rows, passages and items are sent there.",
        "text",
        "the endpoint above",
    ),
    ask(
        "embedding_key_env",
        "Which variable holds the key for embeddings?",
        "The key itself is never stored or shown.",
        "text",
        "OPENAI_API_KEY",
    ),
    ask(
        "embedding_usd",
        "What do a million embedded tokens cost?",
        "Counts towards the limit in dollars.",
        "number",
        "the list price, where one is known",
        unit="USD",
        low=0.0,
        high=1e4,
    ),
)

ITEMS = (
    ask(
        "items",
        "How many test items?",
        "Every option answers the same ones, once.",
        "whole",
        "100",
        low=10,
        high=100_000,
    ),
    ask(
        "development",
        "How many items to choose on?",
        "Training rows on which prompts are chosen, at most a fifth; no prompt shows them.",
        "whole",
        "50",
        low=0,
        high=10_000,
    ),
    ask(
        "group_field",
        "Which field groups the items?",
        "Items of one customer or conversation say less than as many of others; "
        "intervals then resample whole groups.",
        "text",
        "items stand alone",
    ),
    ask(
        "repeats",
        "How often is an item asked again?",
        "Three in ten items: how much answers change by themselves.",
        "whole",
        "0",
        low=0,
        high=10,
    ),
    ask(
        "paraphrases",
        "How many other wordings?",
        "Three in ten items with other wordings of the instruction.",
        "whole",
        "0",
        low=0,
        high=5,
    ),
)

SEARCH = (
    ask(
        "search",
        "Search for a better prompt?",
        "Instructions × example sets by successive halving; what it costs is part of the option.",
        "yes-no",
        "no search",
        default=False,
    ),
    ask(
        "search_calls",
        "How many answers may the search take?",
        "Its budget; all candidates answer a few items, the better half answers more.",
        "whole",
        "1000",
        low=2,
        high=1_000_000,
    ),
    ask(
        "proposals",
        "How many instructions may the model write?",
        "From your rows, as candidates of the search.",
        "whole",
        "0",
        low=0,
        high=20,
    ),
    ask(
        "optimiser",
        "Search with an optimiser of dspy instead?",
        "Needs pip install 'prompt-or-tune[optimise]'.",
        "choice",
        "successive halving",
        choices=OPTIMISERS,
    ),
)

JUDGE = (
    ask(
        "judge_model",
        "Which model marks open answers?",
        "Left out: answers are scored by the metric of the brief.",
        "text",
        "no judge",
    ),
    ask(
        "judge_url",
        "Where is the judge?",
        "Its endpoint; answers and references are sent there.",
        "text",
        "the endpoint above",
    ),
    ask(
        "judge_key_env",
        "Which variable holds the judge's key?",
        "The key itself is never stored or shown.",
        "text",
        "OPENAI_API_KEY",
    ),
    ask(
        "judge_input_usd",
        "What do a million of its input tokens cost?",
        "Counts towards the limit in dollars.",
        "number",
        "unknown",
        unit="USD",
        low=0.0,
        high=1e4,
    ),
    ask(
        "judge_output_usd",
        "What do a million of its output tokens cost?",
        "Counts towards the limit in dollars.",
        "number",
        "unknown",
        unit="USD",
        low=0.0,
        high=1e4,
    ),
    ask(
        "rubric",
        "What makes an answer good?",
        "The rubric that the judge marks by.",
        "text",
        "correct, complete, no contradiction",
    ),
    ask(
        "pairwise",
        "Judge in pairs with the reference?",
        "In both orders, so that a preference for a position cancels out.",
        "yes-no",
        "marks from 1 to 5",
        default=False,
    ),
    ask(
        "judge_labels",
        "Answers that you marked?",
        "CSV of question,answer,reference,score: shows how far the judge agrees with you.",
        "path",
        "none",
    ),
)

CALLS = (
    ask(
        "at_once",
        "How many calls at once?",
        "Calls under way at the same time.",
        "whole",
        "4",
        low=1,
        high=64,
    ),
    ask(
        "max_tokens",
        "How long may an answer be?",
        "In tokens.",
        "whole",
        "twice the longest known",
        low=1,
        high=1_000_000,
    ),
    ask(
        "send_anyway",
        "Send rows that should stay here?",
        "Although the brief forbids it or they hold personal data; the plan names what leaves.",
        "yes-no",
        "they stay",
        default=False,
    ),
)
