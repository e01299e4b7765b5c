"""A small labelled task that the tests of experiments share."""

from __future__ import annotations

from advisor import experiments

CPU = experiments.Machine("this CPU", "cpu", free_gib=16.0)


def tickets(count: int) -> list[dict[str, str]]:
    """Rows of two labels, one in five of them `other`."""
    return [
        {
            "prompt": f"ticket {i} {'late ' * (i % 5)}",
            "completion": "shipping" if i % 5 else "other",
        }
        for i in range(count)
    ]
