"""Trouble behind stdout and stderr: closed by the caller, a reader that leaves, a full disk."""

from __future__ import annotations

import errno
import os
import sys

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def replace_closed() -> None:
    """Where the caller closed stdin, stdout or stderr (`2>&-`), Python has None: use the null
    device instead.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def drop_the_rest() -> None:
    """Send what is still buffered nowhere, so that no error follows at the end of the program."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_of_stdout(error: OSError) -> bool:
    """Whether what was printed could not be written; errors of files name their file."""
    return error.filename is None and error.errno in UNWRITABLE
