"""Numbers by which people know what CRM keeps.

They come from gapless series of the kernel, the last lock that a work takes. A customer that came with an account
has the account's own number after another prefix, so that it is the same whatever was heard first.
"""

from __future__ import annotations

from fenbu.values import document_number
from fenbu.work import Work

PREFIXES = {
    "customer": "C",
    "lead": "L",
    "opportunity": "OPP",
    "case": "CS",
}


def next_number(work: Work, series: str) -> str:
    """Take the next number of a series: ``C-00000123``."""
    return document_number(PREFIXES[series], work.number(series))


def of_account(account: str) -> str:
    """Return the number of the customer that an account brings along: ``CA-17850``."""
    return f"CA-{account}"
