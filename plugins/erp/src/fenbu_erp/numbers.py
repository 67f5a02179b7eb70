"""Numbers by which people know documents.

All come from gapless series of the kernel, the last lock that a work takes.
"""

from __future__ import annotations

from fenbu.values import document_number
from fenbu.work import Work

PREFIXES = {
    "order": "SO",
    "invoice": "INV",
    "credit_note": "CN",
    "receipt": "RC",
    "entry": "JE",
}


def next_number(work: Work, series: str) -> str:
    """Take the next number of a series: ``SO-00000123``."""
    return document_number(PREFIXES[series], work.number(series))
