"""Personal data and secrets in texts, by kind.

Only that a row holds a kind is told: what was found is never kept.

Each pattern is checked further where a check exists (Luhn, IBAN's modulo 97, the ranges of an
address), so that plain numbers do not count.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterator

KINDS = (
    "email",
    "phone",
    "IBAN",
    "card number",
    "IP address",
    "US social security number",
    "key or password",
)

_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}\b")
_RUN = re.compile(r"[0-9][0-9 .()/-]{5,60}[0-9]")
_NUMBER = re.compile(r"[+(]{0,2}\d(?:[ .()/-]{0,2}\d){7,18}")
_INTERNATIONAL = re.compile(r"\+\(?[1-9]\d{0,2}\)?[ .()/-]{0,2}\d")
_NORTH_AMERICAN = re.compile(r"(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}")
_NATIONAL = re.compile(
    r"\(?0[1-9]\d{0,4}\)?[ /-]{1,2}\d[\d -]{4,12}\d|0[67][1-9]\d{7,9}|0[1-9](?: \d\d){4}"
)
_SSN = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_SHAPES = re.sub(
    rb"[^A0]", b" ", re.sub(rb"[0-9]", b"0", re.sub(rb"[A-Z]", b"A", bytes(range(256))))
)
"""Of a character only whether it is a capital or a digit."""

_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)")
_IPV6 = re.compile(r":[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){6}(?![\w:])")
_KEYS = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bASIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{50,255}\b|\bglpat-[\w-]{20,64}\b"
    r"|\bsk-(?:ant-|proj-|live-)?[A-Za-z0-9_-]{20,200}|\b[sr]k_live_[A-Za-z0-9]{16,99}\b"
    r"|\bAIza[\w-]{35}\b|\bhf_[A-Za-z0-9]{30,64}\b|\bxox[abposr]-[A-Za-z0-9-]{10,200}"
    r"|-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY-----"
    r"|\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,2000}"
    r"|(?i:\b(?:password|passwd|api[_-]?key|secret[_-]?key|access[_-]?token)\b\"?\s{0,2}[:=]\s{0,2}\"?[^\s\"']{8,128})"
)
_KEY_MARKS = (
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk-",
    "k_live_",
    "AIza",
    "hf_",
    "xox",
    "PRIVATE KEY",
    "eyJ",
)
_KEY_WORDS = (
    "passw",
    "api_key",
    "api-key",
    "apikey",
    "secret",
    "access_token",
    "access-token",
    "accesstoken",
)
MAX_SCANNED = 200_000


def kinds_by_row(texts: list[str]) -> set[tuple[int, str]]:
    """(row, kind) of what a batch of texts holds; the batch is searched as one text, which is many
    times faster.

    Of a very long text the first 200,000 characters are looked at.
    """
    parts = [text if len(text) <= MAX_SCANNED else text[:MAX_SCANNED] for text in texts]
    whole = "\n".join(parts)
    starts = list(itertools.accumulate((len(p) + 1 for p in parts), initial=0))

    def row(position: int) -> int:
        return bisect.bisect_right(starts, position) - 1

    kinds = {
        (row(at), kind)
        for at, kind in itertools.chain(_emails(whole), _numbers(whole), _ibans(whole))
    }
    kinds |= {(row(match.start()), "IP address") for match in _IPV6.finditer(whole)}
    suspects = {row(at) for at in _key_marks(whole)}
    return kinds | {(at, "key or password") for at in suspects if _KEYS.search(parts[at])}


def _emails(text: str) -> Iterator[tuple[int, str]]:
    """Around each @; a name before it is at most 64 characters long (RFC 5321)."""
    at = text.find("@")
    while at >= 0:
        begin = at
        while begin > max(0, at - 64) and (text[begin - 1].isalnum() or text[begin - 1] in "._+-"):
            begin -= 1
        if _EMAIL.match(text, begin):
            yield begin, "email"
        at = text.find("@", at + 1)


def _numbers(text: str) -> Iterator[tuple[int, str]]:
    for run in _RUN.finditer(text):
        for kind in _run_kinds(text, run.start(), run.end()):
            yield run.start(), kind


def _ibans(text: str) -> Iterator[tuple[int, str]]:
    shape = text.encode("latin-1", "replace").translate(_SHAPES)  # a byte for each character
    at = shape.find(b"AA00")
    while at >= 0:
        match = None if _joined(text, at) else _IBAN.match(text, at)
        if match and _is_iban(match.group()):
            yield at, "IBAN"
        at = shape.find(b"AA00", at + 1)


def _key_marks(text: str) -> Iterator[int]:
    """Where a key may be: literal marks, in any case for words such as password."""
    lower = text.lower()
    for marks, where in (
        (_KEY_MARKS, text),
        (_KEY_WORDS, lower if len(lower) == len(text) else text),
    ):
        for mark in marks:
            if any(sign not in where for sign in mark):  # one character is found far faster
                continue
            at = where.find(mark)
            while at >= 0:
                yield at
                at = where.find(mark, at + 1)


def _joined(text: str, start: int, marks: str = "") -> bool:
    """Whether what begins at `start` goes on from a word before it, or from one of `marks`."""
    before = text[start - 1 : start]
    return before.isalnum() or (bool(before) and before in "_" + marks)


def _run_kinds(text: str, start: int, end: int) -> Iterator[str]:
    """What a run of digits and separators holds; a sum, a decimal or a part of a word holds
    nothing.
    """
    while start and text[start - 1] in "+(":
        start -= 1
    after = text[end : end + 2]
    if (
        _joined(text, start, ".,/=*$€£-")
        or after[:1].isalpha()
        or after[:1] in ("%", "_", "*", "=")
    ):
        return
    if after[:1] in (".", ",") and after[1:].isdecimal():
        return
    run = text[start:end]
    if run.count(".") >= 3 and any(
        _is_address(m.group()) for m in _IPV4.finditer(run) if not _dotted(run, m)
    ):
        yield "IP address"
    for number in _NUMBER.finditer(run):
        if kind := _number_kind(number.group()):
            yield kind


def _dotted(run: str, match: re.Match[str]) -> bool:
    """Whether more dots or digits stand right beside what was found, as in a longer version
    number.
    """
    around = run[: match.start()][-1:] + run[match.end() :][:1]
    return any(c == "." or c.isdecimal() for c in around)


def _number_kind(number: str) -> str:
    """Card number, phone or social security number; nothing for a plain number or a date."""
    digits = [int(c) for c in number if c.isdecimal()]
    if (
        13 <= len(digits) <= 19
        and digits[0] in (2, 3, 4, 5, 6)
        and "+" not in number
        and _luhn(digits)
    ):
        return "card number"
    if _SSN.fullmatch(number):
        return "US social security number"
    if 8 <= len(digits) <= 15 and _INTERNATIONAL.match(number):
        return "phone"
    if _NORTH_AMERICAN.fullmatch(number) or (
        9 <= len(digits) <= 13 and _NATIONAL.fullmatch(number)
    ):
        return "phone"
    return ""


def _luhn(digits: list[int]) -> bool:
    """ISO/IEC 7812-1: every second digit from the right doubled, the sum of all digits divisible by
    ten.
    """
    if len(set(digits)) < 2:
        return False
    backwards = digits[::-1]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in backwards[1::2])
    return (sum(backwards[::2]) + doubled) % 10 == 0


def _is_iban(text: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as 10 to 35, modulo 97 is
    1.
    """
    packed = text.replace(" ", "")
    while len(packed) >= 15:
        moved = packed[4:] + packed[:4]
        if len(packed) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1:
            return True
        packed = packed[:-1]  # a following word in capitals may have been taken along
    return False


def _is_address(text: str) -> bool:
    """Four numbers with dots are an address where they do not look like a version or a mask."""
    parts = text.split(".")
    return (
        parts[0] != "0"
        and not (len(text) <= 7 and parts[0] in "123456789")
        and not text.startswith("255.")
    )
