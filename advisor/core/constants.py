"""Numbers that several rooms reckon with, each stated once.

The calendar of a brief: a month is 730 hours (8,760 hours of a year ÷ 12). The ends of every range
are P10 and P90, so that 80 % of the probability lies between them.
"""

from __future__ import annotations

HOURS_PER_MONTH = 730.0
HOURS_PER_WEEK = 168.0
HOURS_PER_DAY = 24.0
DAYS_PER_MONTH = HOURS_PER_MONTH / HOURS_PER_DAY
WEEKS_PER_MONTH = HOURS_PER_MONTH / HOURS_PER_WEEK
SECONDS_PER_HOUR = 3600.0
WORKING_HOURS_PER_WEEK = 40.0
"""Hours that one full-time person works in a week."""

Z80 = 1.2815515655446004
"""Half-width, in standard deviations, of the central 80 % interval of the normal distribution: its
quantile at 0.9.
"""

QUANTILES = (0.1, 0.5, 0.9)
"""The levels of `p10`, `p50` and `p90`."""

GIB = 1024.0**3
"""Bytes per GiB, in which memory in use is stated."""

GIGA = 1e9
"""Bytes per GB and parameters per billion: data sheets count in powers of ten."""

TERA = 1e12
"""Operations per second in one TFLOPS."""

NOT_KNOWN_AT = "is not known at"
"""What a warning says of a policy of providers that our tables do not state; their names follow."""
