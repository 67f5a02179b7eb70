"""Numbers by which people know documents.

Shipments are counted within their order (``SO-00000123-1``), so that workers do not queue for a number; the rest
come from gapless series of the kernel, the last lock that a work takes.
"""

from __future__ import annotations

from fenbu.values import document_number
from fenbu.work import Work

PREFIXES = {
    "receipt": "GR",
    "return": "RT",
    "adjustment": "SA",
    "transfer": "ST",
}


def next_number(work: Work, series: str) -> str:
    """Take the next number of a series: ``GR-00000123``."""
    return document_number(PREFIXES[series], work.number(series))
