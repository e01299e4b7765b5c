"""Studies that share authors, data sets, a method or a question, and are left out together."""

from __future__ import annotations

from collections.abc import Iterable

RELATED: tuple[tuple[str, ...], ...] = (
    ("BetterTogether", "GEPA", "DSPy", "mmGRPO"),  # optimised prompts beside DSPy's tuning
    (
        "Fine-tuning or retrieval",
        "RAG vs fine-tuning",
        "RAFT retrieval",
        "Domain-specific LLMs RAG",
        "Should we fine-tune or RAG",
        "PolymarketLM",
        "OpenAI accuracy",
    ),  # retrieval
    ("T-Few", "RAFT leaderboard"),  # tuning on 20 to 70 examples
    ("ChatGPT vs fine-tuned BERT", "GPT-3 SuperGLUE", "LoRA (Hu"),  # GLUE and SuperGLUE
    ("Biomedical NLP", "Medical QA", "Clinical summarisation", "Do we still need clinical"),
    (
        "Long-context ICL",
        "Few-shot banking",
        "Fine-tuned in-context",
        "FIAT",
    ),  # demonstrations in the prompt against tuning
    ("CodeAlpaca", "LoRA Learns Less", "DAIL-SQL", "Open-SQL", "FedICL-SQL"),  # code
    ("LoRA Land", "Georgian LLM"),  # one-GPU adapters of the same open models
    (
        "Small fine-tuned LLMs",
        "AGILE",
        "LexGLUE",
        "OpenPipe",
        "CMU small",
        "JointBERT",
        "Few-shot intents",
        "TweetEval",
        "TailorMatch",
    ),  # small tuned classifiers against large prompted models
)
"""Beginnings of the studies' names, a group a line."""


def related_to(study: str, studies: Iterable[str]) -> frozenset[str]:
    """The study and those of `studies` in its group."""
    group = next((g for g in RELATED if study.startswith(g)), ())
    return frozenset({study, *(s for s in studies if group and s.startswith(group))})
