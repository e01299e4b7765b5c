"""Model types that transformers builds by itself."""

from __future__ import annotations

import pytest

from advisor.core import native_types


def test_the_table_of_transformers_is_read_without_importing_it() -> None:
    pytest.importorskip("transformers")
    names = native_types.native_types()
    assert {"llama", "qwen3_moe", "gemma3n_text", "deepseek_v3"} <= names
    assert "deepseek_v9" not in names
    assert native_types.is_native("llama")
    assert not native_types.is_native("deepseek_v9")


def test_without_transformers_the_library_decides_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_types, "native_types", frozenset)
    assert native_types.is_native("anything")
