"""Kinds of personal data: what must be found, what must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.probe.statistics.privacy import kinds_by_row


def kinds_in(text):
    return {kind for _, kind in kinds_by_row([text])}


FOUND = [
    ("phone", "You can call me at +1 202 555 0143 after six."),
    ("phone", "(202) 555-0143"),
    ("phone", "202-555-0143 ok"),
    ("phone", "+49 30 1234567"),
    ("phone", "tel: 020 7946 0958."),
    ("phone", "07700900123"),
    ("phone", "01 23 45 67 89"),
    ("card number", "4111 1111 1111 1111"),
    ("card number", "5500-0000-0000-0004"),
    ("card number", "my GPU 378282246310005, please"),
    ("IBAN", "DE89 3704 0044 0532 0130 00"),
    ("IBAN", "GB82WEST12345698765432"),
    ("IP address", "from 192.168.1.10 to"),
    ("IP address", "2001:0db8:85a3:0000:0000:8a2e:0370:7334"),
    ("email", "write to a.b+c@example.co.uk, thanks"),
    ("US social security number", "SSN 123-45-6789"),
    ("key or password", "AKIAIOSFODNN7EXAMPLE"),
    ("key or password", "export KEY=sk-proj-abcdefghijklmnopqrstuvwx"),
    ("key or password", "Password: hunter2hunter"),
    ("key or password", '{"api_key": "abcd1234efgh"}'),
    ("key or password", "-----BEGIN RSA PRIVATE KEY-----"),
    ("key or password", "ghp_" + "a1B2" * 9),
]
CLEAN = [
    "2026-11-20 12:30:45",
    "1,234,567,890 people",
    "200-130=70",
    "version 1.2.3.4",
    "3.14159265358979",
    "order 12345678901",
    "$1234567890",
    "pages 100-120, 130-140",
    "1/2/2003 4/5/2006",
    "ISBN 978-3-16-148410-0",
    "5 10 15 20 25 30",
    "4111 1111 1111 1112",
    "DE89 3704 0044 0532 0130 01",
    "a task-force with risk-based planning at the @ sign",
    "000-12-3456",
]


@pytest.mark.parametrize(("kind", "text"), FOUND)
def test_found(kind, text):
    assert kind in kinds_in(text)


@pytest.mark.parametrize("text", CLEAN)
def test_not_found(text):
    assert kinds_in(text) == set()


@given(st.lists(st.sampled_from([t for _, t in FOUND] + CLEAN), max_size=12))
def test_a_batch_finds_what_each_text_holds(texts):
    alone = {(row, kind) for row, text in enumerate(texts) for kind in kinds_in(text)}
    assert kinds_by_row(texts) == alone


@given(st.integers(0, 10**14 - 1))
def test_luhn_finds_one_last_digit_of_ten(number):
    stem = f"4{number:014d}"
    cards = [d for d in "0123456789" if "card number" in kinds_in(f"paid with {stem}{d} today")]
    assert len(cards) == 1


@given(st.text(max_size=300))
def test_any_text_is_safe(text):
    kinds_in(text)
