"""Numbers by which people know documents: gapless series of the kernel, the last lock that a work takes."""

from __future__ import annotations

from fenbu.values import document_number
from fenbu.work import Work

PREFIXES = {
    "employee": "E",
    "leave": "LV",
    "payroll": "PR",
}


def next_number(work: Work, series: str) -> str:
    """Take the next number of a series: ``PR-00000123``."""
    return document_number(PREFIXES[series], work.number(series))
