"""What the system refuses: streams that are closed, readers that leave, full disks, odd paths."""

from __future__ import annotations

import errno
import os
import sys

LONGEST_NAME = 300

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


def fault_of(error: OSError) -> str:
    """What the system refused, in a line: to write what was printed, or to use a file that was
    named; empty for other errors.
    """
    if error.filename is None and error.errno in UNWRITABLE:
        fault = f"stdout cannot be written ({error.strerror})"
        return f"{fault}; free some space, or send the output elsewhere"
    if error.filename is None:
        return ""
    from advisor.core.text import printable, shortened

    name = shortened(printable(os.fsdecode(error.filename)), LONGEST_NAME)
    return f"{name}: {error.strerror}; check the path, its permissions and the disk"
