"""Why a server could not be asked, or its answer not be used."""

from __future__ import annotations

from enum import StrEnum

from advisor.core.errors import AdvisorError


class Trouble(StrEnum):
    """What went wrong, by what a caller can do about it."""

    UNREACHABLE = "unreachable"  # no connection, or cut off: try again
    TIMEOUT = "timeout"  # no whole answer in time: try again
    BUSY = "busy"  # 408, 409, 429, 5xx: try again, when the server says so
    KEY = "key"  # 401, 403: nothing will work with this key
    QUOTA = "quota"  # the account has no money left
    REQUEST = "request"  # 400, 422: another form of request may work
    FILTERED = "filtered"  # a content filter refused this request
    BROKEN = "broken"  # an answer that cannot be read, or has no end
    OTHER = "other"


AGAIN = frozenset({Trouble.UNREACHABLE, Trouble.TIMEOUT, Trouble.BUSY})
"""What another try may mend."""

FINAL = frozenset({Trouble.KEY, Trouble.QUOTA})
"""What no further request can mend."""


class ServerError(AdvisorError):
    """The server could not be asked, or its answer not be used; one line, without the key.

    `status` is 0 where there was none; `retry_after` are seconds, as the server asked for.
    """

    def __init__(
        self,
        message: str,
        status: int = 0,
        trouble: Trouble = Trouble.OTHER,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.trouble = trouble
        self.retry_after = retry_after


def trouble_of(status: int, message: str) -> Trouble:
    """What an HTTP status with its message means."""
    text = message.lower()
    if "insufficient_quota" in text or "exceeded your current quota" in text or status == 402:
        return Trouble.QUOTA
    if status in (401, 403):
        return Trouble.KEY
    if status in (400, 422):
        filtered = "content_filter" in text or "content management policy" in text
        return Trouble.FILTERED if filtered else Trouble.REQUEST
    if status in (408, 409, 425, 429) or status >= 500:
        return Trouble.BUSY
    return Trouble.OTHER
